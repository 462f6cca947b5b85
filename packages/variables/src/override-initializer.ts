// Gives a variable another start than the one it was built with: what loading from a checkpoint does to its initializer.
// Source: python/training/checkpoint_utils.py, which sets _initializer_op and _initial_value.
import type { Operation, Tensor } from "@org/graph";
import type { VariableBase } from "./variable-options.ts";

/**
 * Makes `initializer` the operation that initialises `variable`, and `initialValue` what `initializedValue()` starts from. Initializers
 * of several variables that were built before (globalVariablesInitializer) keep the old operation.
 */
export function overrideInitializer(
  variable: VariableBase,
  initializer: Operation,
  initialValue: Tensor,
): void {
  Object.assign(variable, { initializer, initialValue });
}
