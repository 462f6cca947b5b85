// Variables in the default graph. Source: python/ops/variables.py.
import * as variables from "@org/variables";
import { getDefaultGraph, lift, liftClass } from "./default-graph.ts";

/** tf.Variable: `new tf.Variable(initialValue, { name })`, a ref variable as TensorFlow 1 makes by default. */
export const Variable: typeof variables.Variable = /* @__PURE__ */ liftClass(variables.Variable);
export type Variable = variables.Variable;
/** A resource variable, as `use_resource=True` makes. */
export const ResourceVariable: typeof variables.ResourceVariable = /* @__PURE__ */ liftClass(
  variables.ResourceVariable,
);
export type ResourceVariable = variables.ResourceVariable;

export { PartitionedVariable, SaveSliceInfo } from "@org/variables";

/** The collection that tf.global_variables lists; `scope` filters by name. */
export const globalVariables = (scope?: string): variables.VariableBase[] =>
  variables.globalVariables(getDefaultGraph(), scope);
/** The collection that tf.local_variables lists; `scope` filters by name. */
export const localVariables = (scope?: string): variables.VariableBase[] =>
  variables.localVariables(getDefaultGraph(), scope);
/** The collection that tf.model_variables lists; `scope` filters by name. */
export const modelVariables = (scope?: string): variables.VariableBase[] =>
  variables.modelVariables(getDefaultGraph(), scope);
/** The collection that tf.moving_average_variables lists; `scope` filters by name. */
export const movingAverageVariables = (scope?: string): variables.VariableBase[] =>
  variables.movingAverageVariables(getDefaultGraph(), scope);
/** The collection that tf.trainable_variables lists; `scope` filters by name. */
export const trainableVariables = (scope?: string): variables.VariableBase[] =>
  variables.trainableVariables(getDefaultGraph(), scope);
export const globalVariablesInitializer: typeof variables.globalVariablesInitializer = /* @__PURE__ */ lift(
  variables.globalVariablesInitializer,
);
export const localVariablesInitializer: typeof variables.localVariablesInitializer = /* @__PURE__ */ lift(
  variables.localVariablesInitializer,
);
export const variablesInitializer: typeof variables.variablesInitializer = /* @__PURE__ */ lift(
  variables.variablesInitializer,
);
export const isVariableInitialized: typeof variables.isVariableInitialized = /* @__PURE__ */ lift(
  variables.isVariableInitialized,
);
export const reportUninitializedVariables: typeof variables.reportUninitializedVariables =
  /* @__PURE__ */ lift(variables.reportUninitializedVariables);

/** @deprecated Since TensorFlow 0.12: globalVariablesInitializer. */
export const initializeAllVariables: typeof variables.globalVariablesInitializer = globalVariablesInitializer;
/** @deprecated Since TensorFlow 0.12: localVariablesInitializer. */
export const initializeLocalVariables: typeof variables.localVariablesInitializer = localVariablesInitializer;
/** @deprecated Since TensorFlow 0.12: variablesInitializer. */
export const initializeVariables: typeof variables.variablesInitializer = variablesInitializer;
/** @deprecated Since TensorFlow 0.12: globalVariables. */
export const allVariables: typeof globalVariables = globalVariables;
