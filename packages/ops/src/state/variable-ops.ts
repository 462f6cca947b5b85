// Variables by reference: what yields them (VariableV2), writes them (Assign ...) and asks about them. The executor
// holds their values. Not resource variables: see resource-ops.ts. Sources: tensorflow/core/ops/state_ops.cc,
// core/kernels/{variable_ops,assign_op.h,count_up_to_op}.cc.
import { coreOps, type ShapeFunction } from "@org/graph/core-ops";
import type { HloBuilder, HloInstruction } from "@org/hlo";
import { type NdArray, ndArray, Shape } from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import type { HostContext, LoweringContext, OpEntry } from "../op-entry.ts";
import { explicitShape, mergedInputs, scalarShape, unchanged } from "../shape-rules.ts";

/** "[2,3]" as TensorShape::DebugString prints it. */
const shown = (dims: readonly number[]): string => `[${dims.join(",")}]`;

/** A scalar bool of the host. */
export const hostBool = (value: boolean): NdArray => ndArray("bool", [], Uint8Array.of(value ? 1 : 0));

const update = (combine: (b: HloBuilder, old: HloInstruction, value: HloInstruction) => HloInstruction): OpSpec => ({
  shape: mergedInputs,
  variables: [0],
  gradient: null,
  lower: (c) => {
    const old = c.input(0);
    const value = c.input(1);
    if (shown(old.dims) !== shown(value.dims))
      c.fail(
        "INVALID_ARGUMENT",
        `${"Assign"}requires shapes of both tensors to match. lhs shape= ${shown(old.dims)} rhs shape= ${shown(value.dims)}`,
      );
    return { assign: new Map([[0, combine(c.builder, old, value)]]) };
  },
});
