export { latestCheckpoint } from "@org/checkpoint"; // The how-to says tf.latest_checkpoint; tf.train.latestCheckpoint is the same.
export { GraphKeys } from "@org/collections";
export { isTfError, TfError } from "@org/errors";
export {
  createOpRegistry,
  IndexedSlices,
  Operation,
  prependNameScope,
  stripNameScope,
  Tensor,
} from "@org/graph";
export { regularizers } from "@org/layers";
export type { TensorLike } from "@org/ops";
export type { Fetches } from "@org/session";
export { Timeline } from "@org/session";
export {
  convertToNdArray,
  type DType,
  type NdArray,
  ndArray,
  readNpy,
  Shape,
  toArray,
  toElements,
  toNumbers,
  toStrings,
  writeNpy,
} from "@org/tensor";
export * from "./builders.ts";
export * from "./clip.ts";
export { registerProtoFunction } from "./collection-types.ts";
export * as data from "./data.ts";
export { Graph, getDefaultGraph, resetDefaultGraph } from "./default-graph.ts";
export * from "./dtypes.ts";
export * from "./functions.ts";
export * from "./gen/builders.ts";
export * from "./graph.ts";
export * as graphUtil from "./graph-util.ts";
export * as image from "./image.ts";
export { importGraphDef } from "./import-graph-def.ts";
export * as initializers from "./initializers.ts";
export * as io from "./io.ts";
export * as layers from "./layers.ts";
export * as linalg from "./linalg.ts";
export * as lookup from "./lookup.ts";
export * as losses from "./losses.ts";
export * as math from "./math.ts";
export * as metrics from "./metrics.ts";
export * as nn from "./nn.ts";
export * as protos from "./protos.ts";
export * as pythonIo from "./python-io.ts";
export * as savedModel from "./saved-model.ts";
export { type BackendChoice, type RunOptions, Session, type SessionOptions } from "./session.ts";
export * as signal from "./signal.ts";
export * as spectral from "./signal.ts";
export { standardOps } from "./standard-ops.ts";
export * as strings from "./strings.ts";
export * as summary from "./summary.ts";
export * as train from "./train.ts";
export * from "./variables.ts";
