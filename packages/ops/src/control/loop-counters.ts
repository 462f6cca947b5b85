// Loops that run along with others: the counter of a forward loop's iterations, the one that counts a backward loop down, and
// sums of what a loop invariant received in each iteration. Source: AddForwardLoopCounter, AddBackpropLoopCounter,
// AddBackpropAccumulator, AddBackpropIndexedSlicesAccumulator of WhileContext in python/ops/control_flow_ops.py of 1.15.
import { IndexedSlices, type Operation, type Tensor, type WhileContext } from "@org/graph";
import { Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { constant } from "../array/constant.ts";
import { zeros, zerosLike } from "../array/fill.ts";
import { shape } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { add, maximum, subtract } from "../math/binary.ts";
import { greaterEqual } from "../math/comparison.ts";
import { merge, switchOn } from "./cond.ts";
import type { GradLoopState } from "./grad-loop-state.ts";
import { addBackEdge } from "./while-loop.ts";

/** Runs `fn` in the context around `context`, where there is one. */
export function aroundOf<R>(context: WhileContext, fn: () => R): R {
  const outer = context.outerContext;
  return outer ? context.graph.withControlFlowContext(outer, fn) : fn();
}

function enterVariable(context: WhileContext, data: Tensor, name: string, useInputShape = true): Tensor {
  const enter = context.enterTensor(data, { isConstant: false, name, useInputShape });
  context.loopEnters.push(enter);
  return enter;
}

function exitVariable(context: WhileContext, data: Tensor, name: string): Tensor {
  const exit = applyOne("Exit", [data], { name });
  context.loopExits.push(exit);
  context.exitResult([exit]);
  return exit;
}

/** Counts the iterations of a forward loop: their number after it, and the counter's next value within. */
export function forwardCounter(
  context: WhileContext,
  outerState: GradLoopState | undefined,
): { readonly total: Tensor; readonly index: Tensor } {
  const zero = constant(0, "int32", { name: "f_count" });
  // Pushes of the inner loop's one execution come before those of the next.
  if (outerState) zero.op.addControlInput(outerState.forwardIndex.op.inputs[0]!.op);
  return context.enter(() => {
    context.addName(zero.name);
    const enter = enterVariable(context, zero, "f_count");
    const merged = merge([enter, enter])[0];
    const [done, going] = switchOn(merged, context.pivot!);
    const index = addBackEdge(merged, add(going, 1), false);
    return { total: exitVariable(context, done, "f_count"), index };
  });
}

/** Counts a backward loop down from `count`; it is what the loop ends by. The counter's next value. */
export function backpropCounter(
  context: WhileContext,
  count: Tensor,
  outerState: GradLoopState | undefined,
): Tensor {
  const one = constant(1, "int32", { name: "b_count" });
  return context.enter(() => {
    context.addName(count.name);
    const enter = enterVariable(context, count, "b_count");
    const merged = merge([enter, enter])[0];
    context.pivotForPred = merged;
    const pivot = applyOne("LoopCond", [greaterEqual(merged, one)], { name: "b_count" });
    context.pivot = pivot;
    const [done, going] = switchOn(merged, pivot);
    const index = subtract(going, one);
    context.pivotForBody = index;
    const next = addBackEdge(merged, index, false);
    const exit = applyOne("Exit", [done], { name: "b_count" });
    context.loopExits.push(exit);
    // Pops of the inner loop's one execution come before those of the next.
    outerState?.gradSync.addControlInput(exit.op);
    context.exitResult([exit]);
    return next;
  });
}

/** Zeros in the shape of the gradient of the loop invariant that `enter` brings in. */
function zeroSum(context: WhileContext, state: GradLoopState, enter: Operation, grad: Tensor): Tensor {
  if (grad.shape.isFullyDefined()) {
    const dims = grad.shape.toNumbers();
    return aroundOf(context, () => constant(0, grad.dtype, { shape: dims, name: "b_acc" }));
  }
  const value = enter.inputs[0]!;
  const outerState = state.outerState;
  if (outerState && (context.outerContext as WhileContext | undefined)?.gradState) {
    const dims = aroundOf(state.forwardContext, () => shape(value, { optimize: false }));
    const history = outerState.addForwardAccumulator(dims);
    return aroundOf(context, () => zeros(outerState.addBackpropAccumulatedValue(history, dims), grad.dtype));
  }
  return aroundOf(context, () => zeros(shape(value, { optimize: false }), grad.dtype));
}

/** The sum over all iterations of what a loop invariant received; `enter` brings it into the forward loop. */
export function accumulate(
  context: WhileContext,
  state: GradLoopState,
  enter: Operation,
  grad: Tensor,
): Tensor {
  const start = context.outside(() => zeroSum(context, state, enter, grad));
  context.addName(start.name);
  const entered = enterVariable(context, start, "b_acc");
  const merged = merge([entered, entered], "b_acc")[0];
  const [done, going] = switchOn(merged, context.pivot!);
  addBackEdge(merged, add(going, grad), false);
  return exitVariable(context, done, "b_acc");
}

/** The same for rows: those of all iterations after one another. */
export function accumulateRows(context: WhileContext, enter: Operation, grad: IndexedSlices): IndexedSlices {
  const { values, indices, denseShape } = grad;
  const starts = context.outside(() => aroundOf(context, () => rowStarts(enter, grad)));
  for (const start of starts) context.addName(start.name);
  const entered = starts.map((start) => enterVariable(context, start, "b_acc", false));
  entered[0]!.setShape([null]);
  const rest = starts[1]!.shape.dims;
  if (rest) entered[1]!.setShape([null, ...rest.slice(1)]);
  const merged = entered.map((one) => merge([one, one], "b_acc")[0]);
  const sides = merged.map((one) => switchOn(one, context.pivot!));
  const grown = [indices, values].map((part, i) => concat([sides[i]![1], part], 0));
  if (denseShape) grown.push(maximum(denseShape, sides[2]![1]));
  for (const [i, one] of merged.entries()) addBackEdge(one, grown[i]!, false);
  const exits = sides.map(([done]) => applyOne("Exit", [done], { name: "b_acc" }));
  context.loopExits.push(...exits);
  context.exitResult(exits);
  return new IndexedSlices(exits[1]!, exits[0]!, exits[2]);
}

/** One row of zeros, its index, and the shape so far: what the sum of rows starts from. */
function rowStarts(enter: Operation, { values, indices, denseShape }: IndexedSlices): readonly Tensor[] {
  const value = enter.inputs[0]!;
  let start: Tensor;
  if (values.shape.isFullyDefined())
    start = constant(0, values.dtype, { shape: [1, ...values.shape.toNumbers().slice(1)], name: "b_acc" });
  else {
    const dims = getItem(safeShape(value), [{ start: 1 }]);
    start = zeros(concat([constant([1], "int32"), dims], 0), values.dtype);
  }
  const starts = [constant([0], indices.dtype), start];
  if (denseShape) {
    const outType = denseShape.dtype as "int32" | "int64";
    starts.push(
      denseShape.shape.isFullyDefined()
        ? constant(0, denseShape.dtype, { shape: denseShape.shape.toNumbers() })
        : zerosLike(shape(value, { optimize: false, outType }), { optimize: false }),
    );
  }
  return starts;
}

/** The shape of a tensor, or of the variable behind a handle. Source: _resource_safe_shape. */
function safeShape(tensor: Tensor): Tensor {
  if (tensor.dtype !== "resource") return shape(tensor, { optimize: false });
  let { op } = tensor;
  while (op.inputs.length > 0) op = op.inputs[0]!.op;
  return constant(Shape.of(op.attrs.shape("shape")).toNumbers(), "int32");
}
