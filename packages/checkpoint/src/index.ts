export { copySlice } from "./assemble.ts";
export { dataFilename } from "./bundle-format.ts";
export * from "./checkpoint-management.ts";
export type { CheckpointEntry, CheckpointReader, GetOptions } from "./checkpoint-reader.ts";
export {
  type CheckpointStateInfo,
  checkpointStateFilename,
  generateCheckpointStateProto,
  getCheckpointState,
  type StateOptions,
  type UpdateStateOptions,
  updateCheckpointState,
} from "./checkpoint-state.ts";
export {
  checkpointPrefix,
  type LoadOptions,
  listVariables,
  loadCheckpoint,
  loadVariable,
} from "./checkpoint-utils.ts";
export {
  type CheckpointWriter,
  createCheckpointWriter,
  type PartOf,
  type WriteOptions,
  type WriterOptions,
  writeCheckpoint,
} from "./checkpoint-writer.ts";
export {
  type ConvertedTensor,
  type ConvertOptions,
  type ConvertReport,
  convertCheckpoint,
} from "./convert-checkpoint.ts";
export { type MergeOptions, mergeCheckpoints } from "./merge-checkpoints.ts";
export { type OpenOptions, openCheckpoint } from "./open-checkpoint.ts";
export { decodeTensorNameSlice, encodeTensorNameSlice } from "./ordered-code.ts";
export { nearestNames } from "./reader-base.ts";
export { CheckpointReaderCache } from "./reader-cache.ts";
export {
  coverSlices,
  equalSlices,
  fullSlice,
  intersectSlices,
  isFullSlice,
  parseShapeAndSlice,
  parseSlice,
  relativeSlice,
  type ShapeAndSlice,
  sliceFromProto,
  sliceShape,
  sliceToProto,
  sliceToString,
  type TensorSlice,
} from "./tensor-slice.ts";
export { type V1Entry, type V1Part, writeV1, writeV1Parts } from "./v1-writer.ts";
export {
  type CheckpointsIteratorOptions,
  checkpointsIterator,
  type WaitOptions,
  waitForNewCheckpoint,
} from "./wait-for-checkpoint.ts";
