export { builtInTypes, condContextType, whileContextType } from "./built-in-types.ts";
export {
  type AnyCollectionType,
  type CollectionRegistry,
  type CollectionType,
  createCollectionRegistry,
  type FromProtoContext,
  type ToProtoContext,
} from "./collection-type.ts";
export { copyScopedMetaGraph } from "./copy-scoped-meta-graph.ts";
export {
  type ExportScopedOptions,
  exportScopedMetaGraph,
  type ScopedExport,
  statedVersions,
} from "./export-scoped-meta-graph.ts";
export { collectionKind, type FromCollectionDefOptions, fromCollectionDef } from "./from-collection-def.ts";
export { GraphKeys, unboundInputs } from "./graph-keys.ts";
export {
  type ImportScopedOptions,
  importScopedMetaGraph,
  type ScopedImport,
} from "./import-scoped-meta-graph.ts";
export { opsUsed, strippedOpList, withoutDefaultAttrs } from "./op-list.ts";
export { type NamedQueue, QueueRunner, type QueueRunnerParts, queueRunnersType } from "./queue-runner.ts";
export { type ToCollectionDefOptions, toCollectionDef } from "./to-collection-def.ts";
export type { CollectionWarning, OnCollectionWarning } from "./warnings.ts";
