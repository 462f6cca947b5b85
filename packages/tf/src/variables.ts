// Variables in the default graph. Source: python/ops/variables.py.
import * as variables from "@org/variables";
import { lift, liftClass } from "./default-graph.ts";

/** tf.Variable: `new tf.Variable(initialValue, { name })`, a ref variable as TensorFlow 1 makes by default. */
export const Variable: typeof variables.Variable = /* @__PURE__ */ liftClass(variables.Variable);
export type Variable = variables.Variable;
/** A resource variable, as `use_resource=True` makes. */
export const ResourceVariable: typeof variables.ResourceVariable = /* @__PURE__ */ liftClass(
  variables.ResourceVariable,
);
export type ResourceVariable = variables.ResourceVariable;

export const globalVariables: typeof variables.globalVariables = /* @__PURE__ */ lift(
  variables.globalVariables,
);
export const localVariables: typeof variables.localVariables = /* @__PURE__ */ lift(variables.localVariables);
export const modelVariables: typeof variables.modelVariables = /* @__PURE__ */ lift(variables.modelVariables);
export const movingAverageVariables: typeof variables.movingAverageVariables = /* @__PURE__ */ lift(
  variables.movingAverageVariables,
);
export const trainableVariables: typeof variables.trainableVariables = /* @__PURE__ */ lift(
  variables.trainableVariables,
);
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
export const allVariables: typeof variables.globalVariables = globalVariables;
