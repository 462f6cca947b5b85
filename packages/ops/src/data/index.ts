export { datasetOps } from "./dataset-ops.ts";
export { iteratorOps } from "./iterator-ops.ts";
