// Control flow of TensorFlow 1: Switch, Merge, Enter, Exit, NextIteration, LoopCond and their reference kin, NoOp.
// Structural: the executor knows what they do; here are their shapes and gradients.
// Source: tensorflow/core/ops/control_flow_ops.cc.
import type { InferenceContext } from "@org/graph";
import { Shape } from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import type { OpEntry } from "../op-entry.ts";
import { unchanged, withRank } from "../shape-rules.ts";
import { mergeGradient, switchGradient } from "./cond-gradient.ts";
import { enterGradient, exitGradient, nextIterationGradient } from "./loop-gradient.ts";

function branches(c: InferenceContext): readonly Shape[] {
  withRank(c.input(1), 0);
  const handle = c.handleShape(0);
  if (handle) for (const output of [0, 1]) c.setHandleShape(output, handle.dtype, handle.shape);
  return [c.input(0), c.input(0)];
}

/** What all inputs agree on; the rank where only that is common. */
function merged(c: InferenceContext): readonly Shape[] {
  const first = c.input(0);
  let dims = first.dims;
  for (let i = 1; i < c.inputCount && dims; i++) {
    const other = c.input(i).dims;
    dims = other?.length === dims.length ? dims.map((dim, j) => (dim === other[j] ? dim : null)) : null;
  }
  return [new Shape(dims), Shape.scalar];
}

const leaves: OpSpec = { shape: unchanged, gradient: exitGradient };
const goesOn: OpSpec = { shape: unchanged, gradient: nextIterationGradient };

/** A loop variable may change its shape from one iteration to the next, so Enter tells it of invariants alone. */
const enter: OpSpec = {
  shape: (c) => {
    const handle = c.handleShape(0);
    if (handle) c.setHandleShape(0, handle.dtype, handle.shape);
    return [c.attrs.bool("is_constant") ? c.input(0) : Shape.unknown];
  },
  gradient: enterGradient,
};

const nothing: OpSpec = { shape: () => [], gradient: null };

/** Entries of the structural ops. */
export const controlOps: readonly OpEntry[] = defineOps({
  Switch: { shape: branches, gradient: switchGradient },
  RefSwitch: { shape: branches, gradient: switchGradient },
  RefSelect: {
    shape: (c) => {
      withRank(c.input(0), 0);
      const first = c.input(1);
      if (!first.isFullyDefined()) return [Shape.unknown];
      for (let i = 2; i < c.inputCount; i++) if (!c.input(i).equals(first)) return [Shape.unknown];
      return [first];
    },
    gradient: null,
  },
  Merge: { shape: merged, gradient: mergeGradient },
  RefMerge: { shape: merged, gradient: mergeGradient },
  Enter: enter,
  RefEnter: { shape: unchanged, gradient: enterGradient },
  Exit: leaves,
  RefExit: leaves,
  NextIteration: goesOn,
  RefNextIteration: goesOn,
  LoopCond: { shape: (c) => [withRank(c.input(0), 0)], gradient: null },
  ControlTrigger: nothing,
  NoOp: nothing,
  Abort: nothing,
});
