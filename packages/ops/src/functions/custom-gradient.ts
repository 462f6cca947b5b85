// tf.custom_gradient: a piece of a graph whose gradient the program gives. Its results go through an IdentityN whose gradient is looked up
// under a name of its own. Source: python/ops/custom_gradient.py (_graph_mode_decorator) of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import { applyOp } from "../apply-op.ts";
import { convertToTensor, resolveGraph } from "../convert.ts";
import { dense, type Grad } from "../gradient.ts";
import type { TensorLike } from "../tensor-like.ts";
import { setGradientFunction } from "./gradient-functions.ts";

/** What the function gives: its result, or several, and what makes gradients of its arguments from those of its results. */
export type WithGradient<R extends TensorLike | readonly TensorLike[]> = readonly [
  result: R,
  gradient: (...grads: Tensor[]) => Grad | undefined | readonly (Grad | undefined)[],
];

let count = 0;

/**
 * A function that builds what `f` builds, with the gradient that `f` gives beside its result. As tf.custom_gradient.
 * Calling it throws TfError INVALID_ARGUMENT in `gradients()` where the gradient function gives another number than there are arguments.
 */
export function customGradient<A extends readonly TensorLike[]>(
  f: (...args: { [K in keyof A]: Tensor }) => WithGradient<TensorLike>,
): (...args: A) => Tensor;
export function customGradient<A extends readonly TensorLike[]>(
  f: (...args: { [K in keyof A]: Tensor }) => WithGradient<readonly TensorLike[]>,
): (...args: A) => readonly Tensor[];
export function customGradient(
  f: (...args: Tensor[]) => WithGradient<TensorLike | readonly TensorLike[]>,
): (...args: TensorLike[]) => Tensor | readonly Tensor[] {
  return (...given) => {
    const graph = resolveGraph(given);
    return graph.asDefault(() => {
      const name = `CustomGradient-${++count}`;
      const args = given.map((value) => convertToTensor(value));
      const [result, gradient] = f(...args);
      const results = (Array.isArray(result) ? result : [result]).map((value) =>
        convertToTensor(value as TensorLike),
      );
      setGradientFunction(graph.library, name, (op, grads) => {
        const own = op.graph.asDefault(() =>
          gradient(...grads.slice(0, results.length).map((grad) => dense(grad!))),
        );
        const list = Array.isArray(own) ? (own as readonly (Grad | undefined)[]) : [own as Grad | undefined];
        if (list.length !== args.length)
          throw new TfError(
            "INVALID_ARGUMENT",
            `custom_gradient function expected to return ${args.length} gradients but returned ${list.length} instead.`,
            { node: op.name, op: op.type },
          );
        return [...results.map(() => undefined), ...list];
      });
      const { outputs } = graph.gradientOverrideMap({ IdentityN: name }, () =>
        applyOp("IdentityN", [[...results, ...args]]),
      );
      return Array.isArray(result) ? outputs.slice(0, results.length) : outputs[0]!;
    });
  };
}
