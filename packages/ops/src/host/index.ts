export { assertOps } from "./assert-op.ts";
export { checkpointOps } from "./checkpoint-ops.ts";
export { dynamicPartition, dynamicPartitionOps } from "./dynamic-partition.ts";
export { loadAndRemapMatrix, type RemapMatrixOptions, remapMatrixOps } from "./remap-matrix.ts";
export { selectionOps } from "./selection-ops.ts";
export { stringOps } from "./string-ops.ts";
export { type SummaryOptions, scalarSummary, summary } from "./summary.ts";
export { summaryOps } from "./summary-ops.ts";
export { generateVocabRemapping, type VocabRemappingOptions, vocabRemappingOps } from "./vocab-remapping.ts";
