export { assertOps } from "./assert-op.ts";
export { checkpointOps } from "./checkpoint-ops.ts";
export { dynamicPartition, dynamicPartitionOps } from "./dynamic-partition.ts";
export { selectionOps } from "./selection-ops.ts";
export { stringOps } from "./string-ops.ts";
export { type SummaryOptions, scalarSummary, summary } from "./summary.ts";
export { summaryOps } from "./summary-ops.ts";
export {
  generateVocabRemapping,
  loadAndRemapMatrix,
  type RemapMatrixOptions,
  remappingOps,
  type VocabRemappingOptions,
} from "./vocab-remapping.ts";
