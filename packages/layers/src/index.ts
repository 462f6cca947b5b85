export { type ConfusionMatrixOptions, confusionMatrix } from "./confusion-matrix.ts";
export * as layers from "./layers.ts";
export * as losses from "./losses.ts";
export * as metrics from "./metrics/index.ts";
export * as regularizers from "./regularizers.ts";
export * as rnnCell from "./rnn/cells.ts";
export { bidirectionalDynamicRnn, type DynamicRnnOptions, dynamicRnn } from "./rnn/dynamic-rnn.ts";
export { type StaticRnnOptions, staticRnn } from "./rnn/static-rnn.ts";
export { assertBroadcastable, broadcastWeights } from "./weights-broadcast.ts";
