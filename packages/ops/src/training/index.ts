export { trainingOps } from "./apply-ops.ts";
