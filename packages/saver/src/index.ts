export {
  CheckpointManager,
  type CheckpointManagerOptions,
  type ManagedSaveOptions,
} from "./checkpoint-manager.ts";
export { CheckpointRotation, type TimedCheckpoint } from "./checkpoint-rotation.ts";
export { exportMetaGraph, type MetaGraphExport } from "./export-meta-graph.ts";
export { objectGraphKeys } from "./object-based.ts";
export type { PartialRestoreOptions, RenameKeys, RestoreReport, TensorKind } from "./partial-restore.ts";
export {
  isSaveableObject,
  type Saveable,
  type SaveableObject,
  type SaveSpec,
  specTensor,
  toSaveables,
  type VarList,
} from "./saveable.ts";
export { Saver, type SaverExport, saversCollectionType, standardCollections } from "./saver.ts";
export { BaseSaverBuilder, BulkSaverBuilder } from "./saver-builder.ts";
export type { SaveOptions, SaverOptions } from "./saver-options.ts";
export type { Progress, SaverRunOptions, SaverSession } from "./saver-session.ts";
export { debugInfoOf, writeDebugInfo } from "./write-debug-info.ts";
export { writeGraph } from "./write-graph.ts";
export { writeGraphDef, writeMetaGraph } from "./write-meta-graph.ts";
