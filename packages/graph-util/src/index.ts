export type { CheckpointKey, ValueReader } from "./checkpoint-values.ts";
export {
  type ConvertOptions,
  convertVariablesToConstants,
  type FreezeProgress,
} from "./convert-variables-to-constants.ts";
export { ensureGraphIsValid } from "./ensure-graph-is-valid.ts";
export { extractSubGraph } from "./extract-sub-graph.ts";
export { type FoldOptions, foldBatchNorms } from "./fold-batch-norms.ts";
export { type FreezeGraphOptions, freezeGraph } from "./freeze-graph.ts";
export { fuseResizeAndConv } from "./fuse-resize-and-conv.ts";
export type { NodeGraph } from "./graph-nodes.ts";
export { mustRunOnCpu } from "./must-run-on-cpu.ts";
export { nodeNameFromInput } from "./node-names.ts";
export { type OptimizeOptions, optimizeForInference } from "./optimize-for-inference.ts";
export { removeTrainingNodes } from "./remove-training-nodes.ts";
export { restoredKeys } from "./restored-keys.ts";
export type { FreezeSession } from "./session-values.ts";
export { type PlaceholderTypes, stripUnused } from "./strip-unused.ts";
export { tensorShapeFromNodeDefName } from "./tensor-shape-from-node-def-name.ts";
