export { assertOps } from "./assert-op.ts";
export { checkpointOps } from "./checkpoint-ops.ts";
export { dynamicPartition, dynamicPartitionOps } from "./dynamic-partition.ts";
export { Print, type PrintOptions } from "./print.ts";
export { loadAndRemapMatrix, type RemapMatrixOptions, remapMatrixOps } from "./remap-matrix.ts";
export { selectionOps } from "./selection-ops.ts";
export {
  type MediaOptions,
  type SummaryOptions,
  scalarSummary,
  summary,
  type TensorSummaryOptions,
} from "./summary.ts";
export { summaryOps } from "./summary-ops.ts";
export { generateVocabRemapping, type VocabRemappingOptions, vocabRemappingOps } from "./vocab-remapping.ts";
