// Gradients of a loop's nodes: an Exit becomes an Enter of the backward loop, an Enter an Exit, a Switch a Merge, a Merge a
// Switch; a loop invariant's gradient is summed over the iterations. Source: python/ops/control_flow_grad.py of TensorFlow 1.15.
import {
  type IndexedSlices,
  isIndexedSlices,
  isLoopExit,
  type Operation,
  type Tensor,
  WhileContext,
  whileContextAround,
} from "@org/graph";
import { applyOne } from "../apply-op.ts";
import { type Grad, single } from "../gradient.ts";
import type { Gradient } from "../op-entry.ts";
import { merge } from "./cond.ts";
import type { GradLoopState } from "./grad-loop-state.ts";
import { accumulate, accumulateRows } from "./loop-counters.ts";
import { addBackEdge } from "./while-loop.ts";

/** The backward loop that nodes are being added to. */
export function backwardLoop(op: Operation): WhileContext | undefined {
  return whileContextAround(op.graph.controlFlowContext) as WhileContext | undefined;
}

const stateOf = (context: WhileContext): GradLoopState | undefined =>
  context.gradState as GradLoopState | undefined;

/** A loop's Switch is visited twice: from its Exit, then from its body. */
export function loopSwitchGradient(
  op: Operation,
  grads: readonly (Grad | undefined)[],
): readonly (Grad | undefined)[] {
  const state = stateOf(backwardLoop(op)!)!;
  const merged = state.switches.get(op);
  if (merged) {
    if (grads[1] !== undefined) addBackEdge(merged, grads[1] as Tensor, false);
    return [undefined, undefined];
  }
  if (grads[0] === undefined) return [undefined, undefined];
  const first = grads[0] as Tensor;
  const made = merge([first, first], "b_switch")[0];
  state.switches.set(op, made);
  return [made, undefined];
}

export const exitGradient: Gradient = single((op, grad) => {
  const context = backwardLoop(op);
  // Without a loop around, `op` is an Exit of an imported graph that is not gone back through.
  if (!context?.backProp) return undefined;
  if ((op.controlFlowContext as WhileContext).gradState)
    throw new TypeError("Second-order gradient for while loops not supported.");
  const enter = (part: Tensor): Tensor => {
    context.addName(part.name);
    const entered = context.enter(() => context.enterTensor(part, { isConstant: false, name: "b_exit" }));
    context.loopEnters.push(entered);
    return entered;
  };
  if (!isIndexedSlices(grad)) return enter(grad as Tensor);
  throw new TypeError(`Rows as the gradient of a loop variable (${op.name}) are not supported`);
});

export const enterGradient: Gradient = single((op, grad) => {
  const context = backwardLoop(op);
  const state = context && stateOf(context);
  if (!context?.backProp || !state) return grad;
  if (op.attrs.bool("is_constant"))
    return isIndexedSlices(grad)
      ? accumulateRows(context, op, grad as IndexedSlices)
      : accumulate(context, state, op, grad as Tensor);
  const exit = applyOne("Exit", [grad as Tensor]);
  context.loopExits.push(exit);
  context.exitResult([exit]);
  return exit;
});

/** The NextIteration of the backward loop is added with the Switch. */
export const nextIterationGradient: Gradient = single((_, grad) => grad);

/** A loop's Merge goes back by a Switch on the backward loop's predicate; undefined for other merges. */
export function isLoopMerge(op: Operation): boolean {
  const source = op.inputs[0]!.op;
  const context = source.controlFlowContext;
  return (isLoopExit(source) ? context?.outerContext : context) instanceof WhileContext;
}
