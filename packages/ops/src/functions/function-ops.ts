// Calls of functions that an attribute names, gradients of functions, and what turns any value into a condition.
// Source: core/ops/functional_ops.cc, core/ops/function_ops.cc, core/kernels/functional_ops.cc.
import { dtypeString, dtypes, Shape, sizeOf } from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { expandCall, functionAttr } from "./call.ts";
import { statedOutputs } from "./stated-outputs.ts";
import { callGradient, expandSymbolicGradient, gradientShapes } from "./symbolic-gradient.ts";

const call: OpSpec = {
  shape: statedOutputs("Tout"),
  expand: (op, ops) => expandCall(op, functionAttr(op, "f"), ops),
  gradient: callGradient,
};

/** Whether a value counts as true: a number that is not 0, a text that is not empty, an array that has elements. */
function isTrue(c: HostContext): boolean {
  const { dtype, shape, data } = c.input(0);
  if (shape.length > 0) return sizeOf(shape) > 0;
  const value = (data as ArrayLike<unknown>)[0];
  switch (dtypes[dtype].kind) {
    case "bool":
    case "int":
    case "uint":
    case "float":
      return Number(value) !== 0;
    case "string":
      return (value as { readonly length: number }).length > 0;
    default:
      return c.fail("INVALID_ARGUMENT", `${dtypeString(dtype)} cannot be converted to a boolean`);
  }
}

/** Entries of calls. */
export const functionOps: readonly OpEntry[] = defineOps({
  PartitionedCall: call,
  StatefulPartitionedCall: call,
  SymbolicGradient: { shape: gradientShapes, expand: expandSymbolicGradient },
  ToBool: {
    shape: () => [Shape.scalar],
    host: (c) => [{ dtype: "bool", shape: [], data: Uint8Array.of(isTrue(c) ? 1 : 0) }],
    gradient: null,
  },
});
