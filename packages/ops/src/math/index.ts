export { broadcastReductionIndices } from "./broadcast-gradient.ts";
export { clipByAverageNorm, clipByGlobalNorm, clipByNorm, clipByValue, globalNorm } from "./clip.ts";
export { operator } from "./operator.ts";
export { reducedShape } from "./reduction-gradients.ts";
export { scatterSegments, unsortedSegmentShape } from "./segment.ts";
