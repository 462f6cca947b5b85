// Stacks: what a loop pushes in each iteration, and its backward loop pops. The executor keeps the values where they are.
// Source: tensorflow/core/ops/data_flow_ops.cc, core/kernels/stack.cc.
import type { InferenceContext } from "@org/graph";
import { Shape } from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import type { OpEntry } from "../op-entry.ts";

const handle: OpSpec = { shape: () => [new Shape([2])], gradient: null };
const popped: OpSpec = { shape: () => [Shape.unknown], gradient: null };
const pushed: OpSpec = { shape: (c: InferenceContext) => [c.input(1)], gradient: null };
const closed: OpSpec = { shape: () => [], gradient: null };

/** Stacks by resource handle, and by reference as graphs of TensorFlow 1.0 have them. */
export const stackOps: readonly OpEntry[] = defineOps({
  StackV2: handle,
  StackPushV2: pushed,
  StackPopV2: popped,
  StackCloseV2: closed,
  Stack: handle,
  StackPush: pushed,
  StackPop: popped,
  StackClose: closed,
});
