export * from "./assign.ts";
export { resourceOps, variableShape } from "./resource-ops.ts";
export { scatterOps } from "./scatter-ops.ts";
export { variableOps } from "./variable-ops.ts";
export * from "./variable-scope.ts";
