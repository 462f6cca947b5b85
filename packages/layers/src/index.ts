export * as layers from "./layers.ts";
export * as losses from "./losses.ts";
export * as regularizers from "./regularizers.ts";
export { assertBroadcastable, broadcastWeights } from "./weights-broadcast.ts";
