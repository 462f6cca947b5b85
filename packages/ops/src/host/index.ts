export { loadAndRemapMatrix, type RemapMatrixOptions } from "./remap-matrix.ts";
export { summary } from "./summary.ts";
export { generateVocabRemapping, type VocabRemappingOptions } from "./vocab-remapping.ts";
