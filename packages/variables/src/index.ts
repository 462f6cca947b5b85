export {
  allSaveableObjects,
  globalVariables,
  localVariables,
  modelVariables,
  movingAverageVariables,
  trainableVariables,
} from "./collections.ts";
export { group } from "./group.ts";
export {
  globalVariablesInitializer,
  type InitializerOptions,
  isVariableInitialized,
  localVariablesInitializer,
  variablesInitializer,
} from "./initializers.ts";
export { overrideInitializer } from "./override-initializer.ts";
export { isPartitionedVariable, PartitionedVariable } from "./partitioned-variable.ts";
export { reportUninitializedVariables } from "./report-uninitialized.ts";
export { ResourceVariable } from "./resource-variable.ts";
export { SaveSliceInfo } from "./save-slice-info.ts";
export { exportTable, isTableOp, type TableSaveable, tableSaveable } from "./table-saveable.ts";
export { Variable } from "./variable.ts";
export {
  variableCollectionType,
  variableCollectionTypes,
  variableFromProto,
} from "./variable-collection-types.ts";
export {
  type AssignOptions,
  type InitialValue,
  isVariable,
  type Operand,
  type VariableBase,
  type VariableOptions,
  variableAggregation,
  variableSynchronization,
} from "./variable-options.ts";
