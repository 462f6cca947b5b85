// Pieces that gradient functions are made of. The rules of single ops stand beside the ops.
// Source: python/ops/math_grad.py of TensorFlow 1.15 (forward-compatibility horizon 2019-08-06).
import { type Graph, type IndexedSlices, isIndexedSlices, type Operation, type Tensor } from "@org/graph";
import { convertToTensor } from "./convert.ts";
import type { Gradient } from "./op-entry.ts";

/** What flows back: a tensor, or rows of one. */
export type Grad = Tensor | IndexedSlices;

/** The gradient of an op with one output: called with that output's gradient, never without. */
export function single(
  gradient: (op: Operation, grad: Grad) => Grad | undefined | readonly (Grad | undefined)[],
): Gradient {
  return (op, grads) => {
    const grad = grads[0];
    if (grad === undefined) return op.inputs.map(() => undefined);
    const result = op.graph.asDefault(() => gradient(op, grad));
    return Array.isArray(result) ? result : [result as Grad | undefined];
  };
}

/** The gradient of an op with several outputs; runs in the op's graph. */
export function several(
  gradient: (op: Operation, grads: readonly (Grad | undefined)[]) => readonly (Grad | undefined)[],
): Gradient {
  return (op, grads) => op.graph.asDefault(() => gradient(op, grads));
}

/** The gradient as a tensor (rows are summed into a dense one). */
export function dense(grad: Grad): Tensor {
  return isIndexedSlices(grad) ? convertToTensor(grad) : (grad as Tensor);
}

/** No gradient flows to any input, although the op has outputs that depend on them (Floor, ArgMax ...). */
export const noGradient: Gradient = (op) => op.inputs.map(() => undefined);

/** Builds under a control dependency on the gradient, so that it is not computed too early. */
export function after<R>(grad: Grad, body: () => R): R {
  const tensor = isIndexedSlices(grad) ? grad.values : (grad as Tensor);
  return tensor.graph.controlDependencies([tensor], body);
}

const caches = new WeakMap<Graph, Map<string, unknown>>();

/** A value kept with a graph: the second gradient of the same shapes makes no second set of nodes. */
export function cached<T>(graph: Graph, key: string, make: () => T): T {
  let cache = caches.get(graph);
  if (!cache) {
    cache = new Map();
    caches.set(graph, cache);
  }
  if (!cache.has(key)) cache.set(key, make());
  return cache.get(key) as T;
}
