export {
  batchNormalization,
  type FusedBatchNormOptions,
  fusedBatchNorm,
} from "./batch-normalization.ts";
export * from "./bias.ts";
export * from "./convolutions.ts";
export {
  type CrossEntropyOptions,
  crossEntropyOps,
  sigmoidCrossEntropyWithLogits,
  softmaxCrossEntropyWithLogits,
  softmaxCrossEntropyWithLogitsV2,
  sparseSoftmaxCrossEntropyWithLogits,
  type WeightedCrossEntropyOptions,
  weightedCrossEntropyWithLogits,
} from "./cross-entropy.ts";
export {
  type EmbeddingLookupOptions,
  type EmbeddingLookupSparseOptions,
  type EmbeddingTable,
  embeddingLookup,
  embeddingLookupSparse,
} from "./embedding.ts";
export { type LocalResponseNormalizationOptions, localResponseNormalization, lrn } from "./lrn.ts";
export * from "./normalization.ts";
export * from "./pooling.ts";
export * from "./relu.ts";
export { logSoftmax, type SoftmaxOptions, softmax, softmaxOps } from "./softmax.ts";
export { type DilatedWindow, requiredSpaceToBatchPaddings, withSpaceToBatch } from "./space-to-batch.ts";
export * from "./top-k.ts";
export type { DataFormat2d, DataFormat3d, Padding, Steps } from "./window-options.ts";
