export { undilatedConvolution } from "./convolutions.ts";
export { requiredSpaceToBatchPaddings } from "./space-to-batch.ts";
export type { DataFormat2d, DataFormat3d, Padding, Steps } from "./window-options.ts";
