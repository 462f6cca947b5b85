// Variables by reference: what yields them (VariableV2), writes them (Assign ...) and asks about them. The executor
// holds their values. Not resource variables: see resource-ops.ts. Sources: tensorflow/core/ops/state_ops.cc,
// core/kernels/{variable_ops,assign_op.h,dense_update_ops,count_up_to_op}.cc.
import { coreShapes } from "@org/graph/core-ops";
import { Shape } from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { explicitShape, mergeShapes, unchanged } from "../shape-rules.ts";
import { hostBool } from "./host-bool.ts";
import { sumOfComplex } from "./sum-of-complex.ts";

const shown = (dims: readonly number[]): string => `[${dims.join(",")}]`;

/** AssignAdd, AssignSub. */
const denseUpdate = (opcode: "add" | "subtract"): OpSpec => ({
  shape: coreShapes.AssignAdd!,
  variables: [0],
  gradient: null,
  lower: (c) => {
    const old = c.input(0);
    const value = c.input(1);
    if (shown(old.dims) !== shown(value.dims))
      c.fail("INVALID_ARGUMENT", "Parameters and update must be the same size");
    return { assign: new Map([[0, c.builder.binary(opcode, old, value)]]) };
  },
  // Complex numbers, which hlo has not.
  host: (c) => {
    const [old, value] = [c.input(0), c.input(1)];
    if (shown(old.shape) !== shown(value.shape))
      c.fail("INVALID_ARGUMENT", "Parameters and update must be the same size");
    c.assign(0, sumOfComplex(old, value, opcode === "add" ? 1 : -1));
    return [];
  },
});

function checkAssign(
  c: Pick<LoweringContext, "attrs" | "fail">,
  variable: Shape,
  value: readonly number[],
): void {
  if (c.attrs.bool("validate_shape") && !variable.isCompatibleWith(new Shape(value)))
    c.fail(
      "INVALID_ARGUMENT",
      `Assign requires shapes of both tensors to match. lhs shape= ${variable} rhs shape= ${shown(value)}`,
    );
}

/** Returns the value and adds one to it, until the limit. */
const countsUp: OpSpec = {
  shape: (c) => [mergeShapes(c.input(0), Shape.scalar)],
  variables: [0],
  gradient: null,
  host: (c) => {
    const before = c.input(0);
    const limit = c.attrs.bigint("limit");
    const [value] = before.data as BigInt64Array | Int32Array;
    if (BigInt(value!) >= limit) c.fail("OUT_OF_RANGE", `Reached limit of ${limit}`);
    const data =
      typeof value === "bigint" ? BigInt64Array.of(value + 1n) : Int32Array.of((value as number) + 1);
    c.assign(0, { ...before, data });
    return [before];
  },
};

/** Entries of ops on reference variables. */
export const variableOps: readonly OpEntry[] = defineOps({
  VariableV2: { shape: coreShapes.VariableV2!, gradient: null },
  Variable: { shape: coreShapes.Variable!, gradient: null },
  TemporaryVariable: { shape: explicitShape, gradient: null },
  DestroyTemporaryVariable: {
    shape: unchanged,
    variables: [0],
    readsOnly: [0],
    gradient: null,
    lower: (c) => c.input(0),
    host: (c) => [c.input(0)],
  },
  Assign: {
    shape: coreShapes.Assign!,
    variables: [0],
    writesOnly: [0],
    gradient: null,
    lower: (c) => {
      const value = c.input(1);
      checkAssign(c, c.outputShape(0), value.dims);
      return { assign: new Map([[0, value]]) };
    },
    host: (c) => {
      c.assign(0, c.input(1));
      return [];
    },
  },
  AssignAdd: denseUpdate("add"),
  AssignSub: denseUpdate("subtract"),
  IsVariableInitialized: {
    shape: coreShapes.IsVariableInitialized!,
    variables: [0],
    writesOnly: [0],
    readsOnly: [0],
    gradient: null,
    host: (c) => [hostBool(c.isInitialized(0))],
  },
  CountUpTo: countsUp,
  ResourceCountUpTo: {
    ...countsUp,
    shape: (c) => [mergeShapes(c.handleShape(0)?.shape ?? Shape.scalar, Shape.scalar)],
  },
});
