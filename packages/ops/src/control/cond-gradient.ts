// Gradients through conditionals: of Merge a Switch, of Switch a Merge whose other side is zeros made only where that
// branch was not taken. What a loop's own nodes have is in loop-gradient.ts. Source: _SwitchGrad, _MergeGrad in python/ops/control_flow_grad.py,
// ZerosLikeOutsideLoop in python/ops/control_flow_state.py of TensorFlow 1.15.
import {
  CondContext,
  isIndexedSlices,
  type Operation,
  outputContext,
  switchRefOrTensor,
  type Tensor,
  WhileContext,
} from "@org/graph";
import type { DType } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { zeros, zerosLike } from "../array/fill.ts";
import { shape } from "../array/shape-of.ts";
import { convertToTensor } from "../convert.ts";
import { type Grad, several } from "../gradient.ts";
import type { Gradient } from "../op-entry.ts";
import { merge, switchOn } from "./cond.ts";
import type { GradLoopState } from "./grad-loop-state.ts";
import { backwardLoop, isLoopMerge, loopSwitchGradient } from "./loop-gradient.ts";

const condOf = (op: Operation): CondContext | undefined =>
  op.controlFlowContext instanceof CondContext ? op.controlFlowContext : undefined;

/** What came of one branch or the other; rows are summed into dense tensors first. */
function mergeOf(grads: readonly Grad[], name?: string): Tensor {
  const tensors = grads.map((grad) => (isIndexedSlices(grad) ? convertToTensor(grad) : (grad as Tensor)));
  return merge(tensors, name)[0];
}

/** The type of zeros for a tensor: of a resource that of the variable behind it. */
function zerosType(tensor: Tensor): DType {
  if (tensor.dtype !== "resource") return tensor.dtype;
  return tensor.op.handles[tensor.valueIndex]?.dtype ?? "float32";
}

/** Zeros for an output that has no gradient: of a conditional's Switch, made only where its branch was not taken. */
export function zerosForOutput(output: Tensor): Tensor {
  const { op, graph } = output;
  const resource = output.dtype === "resource";
  const sizeOf = (tensor: Tensor): Tensor =>
    resource
      ? applyOne("VariableShape", [tensor], { attrs: { out_type: "int32" } })
      : shape(tensor, { optimize: false });
  const context = op.type === "Switch" || op.type === "RefSwitch" ? condOf(op) : undefined;
  if (!context)
    return resource ? zeros(sizeOf(output), zerosType(output)) : zerosLike(output, { optimize: false });
  const other = switchOn(op.inputs[0]!, context.pred)[context.branch === 0 ? 1 : 0];
  const pivot = applyOne("Identity", [other]);
  if (resource) return graph.controlDependencies([pivot], () => zeros(sizeOf(other), zerosType(output)));
  const dims = sizeOf(other);
  return graph.controlDependencies([pivot], () => zeros(dims, output.dtype));
}

/** The gradient of Switch and RefSwitch. */
export const switchGradient: Gradient = several((op, grads) => {
  if (op.controlFlowContext instanceof WhileContext) return loopSwitchGradient(op, grads);
  const context = condOf(op);
  const [data, pred] = op.inputs as [Tensor, Tensor];
  if (!context) {
    const sides = grads.map((grad, i) =>
      grad === undefined ? undefined : switchOn(convertToTensor(grad), pred)[i],
    );
    return sides.some((side) => side === undefined)
      ? [undefined, undefined]
      : [mergeOf(sides as Tensor[]), undefined];
  }
  const taken = grads[context.branch];
  const other = grads[1 - context.branch];
  if (other === undefined) {
    if (data.dtype !== "resource" || taken === undefined) return [undefined, undefined];
    return [mergeOf([taken, taken], "cond_resource_grad"), undefined];
  }
  return [mergeOf(grads as readonly Grad[], "cond_grad"), undefined];
});

/** The gradient of Merge and RefMerge. */
export const mergeGradient: Gradient = several((op, [grad]) => {
  if (grad === undefined) return op.inputs.map(() => undefined);
  const dense = isIndexedSlices(grad) ? convertToTensor(grad) : (grad as Tensor);
  if (isLoopMerge(op)) return switchRefOrTensor(dense, backwardLoop(op)!.pivot!);
  const context = outputContext(op.inputs[0]!.op);
  if (context instanceof CondContext)
    return switchRefOrTensor(dense, predicateIn(op, context.pred), "cond_grad");
  const chosen = op.inputs.map((_, i) => applyOne("Equal", [op.outputs[1]!, i]));
  return chosen.map((test) => switchRefOrTensor(dense, test)[1]);
});

/** A conditional's predicate; in a loop, that of the iteration that is gone back through. */
function predicateIn(op: Operation, pred: Tensor): Tensor {
  const context = backwardLoop(op);
  const state = context?.gradState as GradLoopState | undefined;
  if (!context || !state) return pred;
  const known = state.history.get(pred.name);
  if (known) return known;
  const history = context.outside(() => state.addForwardAccumulator(pred));
  const real = state.addBackpropAccumulatedValue(history, pred);
  state.history.set(pred.name, real);
  return real;
}
