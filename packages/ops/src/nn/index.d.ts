export * from "./bias.ts";
export { type CrossEntropyOptions, crossEntropyOps, sigmoidCrossEntropyWithLogits, softmaxCrossEntropyWithLogits, softmaxCrossEntropyWithLogitsV2, sparseSoftmaxCrossEntropyWithLogits, } from "./cross-entropy.ts";
export { embeddingLookup } from "./embedding.ts";
export * from "./normalization.ts";
export * from "./relu.ts";
export { logSoftmax, type SoftmaxOptions, softmax, softmaxOps } from "./softmax.ts";
export * from "./top-k.ts";
