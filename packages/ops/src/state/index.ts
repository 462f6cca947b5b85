export * from "./assign.ts";
export * from "./get-variable.ts";
export { PartitionInfo } from "./partition-info.ts";
export {
  fixedSizePartitioner,
  type MinMaxOptions,
  minMaxVariablePartitioner,
  type Partitioner,
  type VariableAxisSizeOptions,
  variableAxisSizePartitioner,
} from "./partitioners.ts";
export { resourceOps, variableShape } from "./resource-ops.ts";
export { scatterOps } from "./scatter-ops.ts";
export { variableOps } from "./variable-ops.ts";
export * from "./variable-scope.ts";
export {
  type AnyVariable,
  AUTO_REUSE,
  type CustomGetter,
  type GetVariableOptions,
  type Reuse,
  type ScopeDefaults,
  VariableScope,
  type VariableScopeOptions,
  variableStore,
} from "./variable-store.ts";
