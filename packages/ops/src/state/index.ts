export { PartitionInfo } from "./partition-info.ts";
export {
  fixedSizePartitioner,
  type MinMaxOptions,
  minMaxVariablePartitioner,
  type Partitioner,
  type VariableAxisSizeOptions,
  variableAxisSizePartitioner,
} from "./partitioners.ts";
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
