export {
  type CheckpointEntry,
  type CheckpointReader,
  type CheckpointWriter,
  checkpointExists,
  checkpointsIterator,
  convertCheckpoint,
  createCheckpointWriter,
  getCheckpointState,
  latestCheckpoint,
  listVariables,
  loadCheckpoint,
  loadVariable,
  metaGraphFilename,
  openCheckpoint,
  waitForNewCheckpoint,
  writeCheckpoint,
} from "@org/checkpoint";
export {
  type AnyCollectionType,
  type CollectionRegistry,
  type CollectionType,
  type CollectionWarning,
  copyScopedMetaGraph,
  createCollectionRegistry,
  type FromProtoContext,
  GraphKeys,
  QueueRunner,
  type ToProtoContext,
} from "@org/collections";
export { type ErrorCode, isTfError, TfError } from "@org/errors";
export {
  constantValue,
  createOpRegistry,
  Graph,
  importGraphDef,
  isOperation,
  isTensor,
  Operation,
  type OpRegistry,
  Tensor,
} from "@org/graph";
export {
  blobFileSystem,
  type FileSystem,
  httpFileSystem,
  memoryFileSystem,
  opfsFileSystem,
} from "@org/io";
export {
  clone,
  create,
  decode,
  encode,
  equals,
  GraphDef,
  type IGraphDef,
  type IMetaGraphDef,
  type INodeDef,
  type ISaverDef,
  MetaGraphDef,
  NodeDef,
  SaverDef,
} from "@org/proto";
export {
  CheckpointManager,
  type CheckpointManagerOptions,
  type Progress,
  type SaveOptions,
  Saver,
  type SaverOptions,
  type SaverSession,
  standardCollections,
  writeGraph,
  writeGraphDef,
  writeMetaGraph,
} from "@org/saver";
export {
  convertToNdArray,
  type DType,
  type NdArray,
  ndArray,
  Shape,
  toArray,
  toElements,
  toNumbers,
  toStrings,
} from "@org/tensor";
export {
  globalVariables,
  isVariable,
  localVariables,
  PartitionedVariable,
  ResourceVariable,
  trainableVariables,
  Variable,
  type VariableBase,
} from "@org/variables";
export {
  type CollectionDescription,
  type Description,
  describe,
  type InputDescription,
  type InputKind,
  type MissingDescription,
  type OutputDescription,
  type PyFunctionDescription,
  type SaverDescription,
  type SignatureDescription,
  type SizeDescription,
  type TableDescription,
  type TensorDescription,
  type UnknownOpDescription,
  type VariableDescription,
} from "./describe.ts";
export { exportMetaGraph } from "./export-meta-graph.ts";
export { type ImportedMetaGraph, type ImportOptions, importMetaGraph } from "./import-meta-graph.ts";
export { readGraphDef } from "./read-graph-def.ts";
export { parseMetaGraph, readMetaGraph } from "./read-meta-graph.ts";
export type { ReadOptions, Source } from "./source.ts";
