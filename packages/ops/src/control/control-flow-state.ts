// All loops that one call of gradients() goes back through. Source: _ControlFlowState in
// python/ops/control_flow_state.py of TensorFlow 1.15.

import { TfError } from "@org/errors";
import {
  CondContext,
  isLoopExit,
  isSwitch,
  type Operation,
  switchRefOrTensor,
  type Tensor,
  WhileContext,
  whileContextAround,
} from "@org/graph";
import { applyOne } from "../apply-op.ts";
import { constant } from "../array/constant.ts";
import { zeros, zerosLike } from "../array/fill.ts";
import { shape } from "../array/shape-of.ts";
import { zerosForOutput } from "./cond-gradient.ts";
import { GradLoopState } from "./grad-loop-state.ts";
import { aroundOf } from "./loop-counters.ts";

const whileOf = (op: Operation): WhileContext | undefined =>
  whileContextAround(op.controlFlowContext) as WhileContext | undefined;

/** Whether `op` switches a loop variable (and not a value that a conditional lets in). */
export function isLoopSwitch(op: Operation): boolean {
  return isSwitch(op) && op.controlFlowContext instanceof WhileContext && !isCondSwitch(op);
}

/** A Switch that only conditionals read. Source: control_flow_util.IsCondSwitch. */
function isCondSwitch(op: Operation): boolean {
  for (const output of op.outputs)
    for (const reader of output.consumers()) {
      let context = reader.controlFlowContext;
      if (reader.type === "Enter" || reader.type === "RefEnter") context = context?.outerContext;
      if (!(context instanceof CondContext)) return false;
    }
  return true;
}

export class ControlFlowState {
  readonly #states: Map<WhileContext, GradLoopState> = new Map();

  get states(): Iterable<GradLoopState> {
    return this.#states.values();
  }

  #stateOf(context: WhileContext | undefined): GradLoopState | undefined {
    return context && this.#states.get(context);
  }

  /** The state of the loop that `op` is in; `before`: of an Exit, the loop around. */
  stateFor(op: Operation, before: boolean): GradLoopState | undefined {
    return this.#stateOf(
      before && isLoopExit(op)
        ? (whileContextAround(op.controlFlowContext?.outerContext) as WhileContext | undefined)
        : whileOf(op),
    );
  }

  /** Runs `fn` in the backward loop of the loop that `op` is in. */
  within<R>(op: Operation, before: boolean, fn: () => R): R {
    const state = this.stateFor(op, before);
    return state ? state.gradContext.enter(fn) : fn();
  }

  /** A backward loop for the loop that `exit` leaves; gradients then go through all of that loop's exits. */
  addWhileContext(exit: Operation, between: Set<Operation>): void {
    const forward = whileOf(exit);
    if (!forward)
      throw new TfError(
        "INVALID_ARGUMENT",
        "Failed to call gradients on a while loop without properly serializing graph via MetaGraphDef",
        { node: exit.name, op: exit.type, hint: "Import the loop with its while_context collection." },
      );
    if (this.#states.has(forward)) return;
    const outer = whileContextAround(forward.outerContext) as WhileContext | undefined;
    const state = new GradLoopState(forward, this.#stateOf(outer));
    this.#states.set(forward, state);
    for (const { op } of state.forwardExits) between.add(op);
  }

  /** Exits that no gradient comes to: those that are gone back through all the same. */
  unusedExits(pending: Map<Operation, number>, toOps: ReadonlySet<Operation>): readonly Tensor[] {
    const exits: Tensor[] = [];
    for (const state of this.states) {
      for (const exit of state.forwardExits) {
        if ((pending.get(exit.op) ?? 0) > 0) continue;
        state.pendingExits--;
        if (!toOps.has(exit.op)) state.unusedExits.push(exit);
        if (state.pendingExits === 0) exits.push(...state.unusedExits);
      }
      for (const { op } of state.forwardContext.loopEnters)
        if ((pending.get(op) ?? 0) === 0) pending.set(op, 1);
    }
    return exits;
  }

  /** Zeros for an Exit that no gradient comes to. */
  zerosForExit(exit: Tensor): Tensor {
    const forward = exit.op.controlFlowContext as WhileContext;
    const state = this.#stateOf(whileContextAround(forward.outerContext) as WhileContext | undefined);
    const known = exit.shape.isFullyDefined() ? exit.shape.toNumbers() : undefined;
    if (!state) return known ? zeros(known, exit.dtype) : zerosLike(exit, { optimize: false });
    if (known) return state.gradContext.enter(() => zeros(known, exit.dtype));
    const dims = aroundOf(forward, () => shape(exit, { optimize: false }));
    const history = state.addForwardAccumulator(dims);
    return state.gradContext.enter(() => zeros(state.addBackpropAccumulatedValue(history, dims), exit.dtype));
  }

  /** Zeros for an output that has no gradient, in the backward loop where `op` is in a loop; none for a loop's Switch. */
  zerosLike(op: Operation, index: number): Tensor | undefined {
    if (isLoopSwitch(op)) return undefined;
    const output = op.outputs[index]!;
    const state = this.#stateOf(whileOf(op));
    if (!state) return zerosForOutput(output);
    const branch = isSwitch(op) ? (op.controlFlowContext as CondContext) : undefined;
    if (output.shape.isFullyDefined()) {
      const filled = constant(0, output.dtype, { shape: output.shape.toNumbers() });
      if (!branch) return filled;
      return switchRefOrTensor(filled, state.history.get(branch.pred.name)!)[(1 - branch.branch) as 0 | 1];
    }
    const dims = branch ? this.#deadShape(op, branch) : this.#shapeOf(output);
    const history = state.gradContext.outside(() => state.addForwardAccumulator(dims, branch !== undefined));
    return zeros(state.addBackpropAccumulatedValue(history, dims, branch !== undefined), output.dtype);
  }

  #shapeOf(output: Tensor): Tensor {
    return output.graph.withControlFlowContext(output.op.controlFlowContext, () =>
      shape(output, { optimize: false }),
    );
  }

  /** The shape of what a Switch lets into a conditional, taken where the other branch is. */
  #deadShape(op: Operation, branch: CondContext): Tensor {
    return op.graph.withControlFlowContext(branch.outerContext, () => {
      const other = switchRefOrTensor(op.inputs[0]!, branch.pred)[(1 - branch.branch) as 0 | 1];
      const dims = shape(other, { optimize: false });
      other.op.controlFlowContext = branch;
      dims.op.controlFlowContext = branch;
      return dims;
    });
  }

  /** Closes backward loops of variables whose value does not depend on the iteration before: later gradients are zeros. */
  close(): void {
    for (const state of this.states)
      for (const merged of state.switches.values()) {
        const { inputs } = merged.op;
        if (inputs[0] !== inputs[1]) continue;
        const first = inputs[0]!;
        const next = (value: Tensor): Tensor => applyOne("NextIteration", [value]);
        const back = first.shape.isFullyDefined()
          ? state.gradContext.enter(() => next(constant(0, first.dtype, { shape: first.shape.toNumbers() })))
          : this.#closedByOuterZeros(state, first, next);
        merged.op.updateInput(1, back, { keepShapes: true });
      }
  }

  #closedByOuterZeros(state: GradLoopState, entered: Tensor, next: (value: Tensor) => Tensor): Tensor {
    const filled = state.aroundBackward(() => zeros(shape(entered.op.inputs[0]!, { optimize: false })));
    return state.gradContext.enter(() => next(filled));
  }
}
