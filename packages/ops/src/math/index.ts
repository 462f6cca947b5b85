export * from "../complex/index.ts";
export * from "./add-n.ts";
export * from "./arg.ts";
export * from "./binary.ts";
export { broadcastReductionIndices } from "./broadcast-gradient.ts";
export * from "./cast.ts";
export { clipByAverageNorm, clipByGlobalNorm, clipByNorm, clipByValue, globalNorm } from "./clip.ts";
export * from "./comparison.ts";
export * from "./conj.ts";
export * from "./cumulative.ts";
export * from "./division.ts";
export * from "./matmul.ts";
export { type BinaryBuilder, type Operand, type Operators, operator, type UnaryBuilder } from "./operator.ts";
export * from "./range.ts";
export { reducedShape } from "./reduction-gradients.ts";
export {
  type Axis,
  type ReduceBuilder,
  type ReduceOptions,
  reduceAll,
  reduceAny,
  reduceEuclideanNorm,
  reduceLogsumexp,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceProd,
  reduceStd,
  reduceSum,
  reduceVariance,
  reductionOps,
} from "./reductions.ts";
export * from "./segment.ts";
export * from "./select.ts";
export * from "./sparse-segment.ts";
export { type TensordotAxes, tensordot } from "./tensordot.ts";
export * from "./unary.ts";
export * from "./unary-gradient-ops.ts";
