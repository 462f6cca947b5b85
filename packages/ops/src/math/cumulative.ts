// Running sums and products. Source: core/ops/math_ops.cc, core/kernels/scan_ops.cc, python/ops/math_grad.py.
import type { Tensor } from "@org/graph";
import type { Reducer } from "@org/hlo";
import { applyOne } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import { hostAxis } from "../lowering.ts";
import type { Gradient, OpEntry } from "../op-entry.ts";
import { unchanged } from "../shape-rules.ts";
import { isOptions, type NameOption, type TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";
import { operator } from "./operator.ts";

export interface CumulativeOptions extends NameOption {
  /** Leave out the element itself. */
  readonly exclusive?: boolean | undefined;
  /** From the end. */
  readonly reverse?: boolean | undefined;
  readonly axis?: TensorLike | undefined;
}

function cumulative(
  type: string,
  x: TensorLike | Grad,
  axis: TensorLike | CumulativeOptions | undefined,
  options: CumulativeOptions,
): Tensor {
  const all = isOptions(axis)
    ? { ...(axis as CumulativeOptions), ...options }
    : { ...options, axis: axis ?? options.axis };
  const graph = resolveGraph([x]);
  return withScope(graph, all.name, type, (scope) => {
    const tensor = convertToTensor(x, { name: "x", graph });
    return applyOne(type, [tensor, (all.axis as TensorLike) ?? int32(0)], {
      name: scope,
      attrs: { exclusive: all.exclusive ?? false, reverse: all.reverse ?? false },
    });
  });
}

/** tf.cumsum: running sums along `axis` (0 unless given). */
export function cumsum(
  x: TensorLike | Grad,
  axis?: TensorLike | CumulativeOptions,
  options: CumulativeOptions = {},
): Tensor {
  return cumulative("Cumsum", x, axis, options);
}

/** tf.cumprod: running products along `axis` (0 unless given). */
export function cumprod(
  x: TensorLike | Grad,
  axis?: TensorLike | CumulativeOptions,
  options: CumulativeOptions = {},
): Tensor {
  return cumulative("Cumprod", x, axis, options);
}

function entry(reducer: Reducer, gradient: Gradient): OpSpec {
  return {
    shape: unchanged,
    hostInputs: [1],
    lower: (c) => {
      const x = c.input(0);
      const dimension = hostAxis(c, 1, x.dims.length, "scan axis");
      return c.builder.cumulative(x, reducer, dimension, {
        exclusive: c.attrs.bool("exclusive"),
        reverse: c.attrs.bool("reverse"),
      });
    },
    gradient,
  };
}

/** Cumsum, Cumprod. */
export const cumulativeOps: readonly OpEntry[] = defineOps({
  Cumsum: entry(
    "add",
    single((op, grad) => {
      const exclusive = op.attrs.bool("exclusive");
      const reverse = op.attrs.bool("reverse");
      return [cumsum(grad, op.inputs[1]!, { exclusive, reverse: !reverse }), undefined];
    }),
  ),
  // As in TensorFlow, not right where x holds zeros.
  Cumprod: entry(
    "multiply",
    single((op, grad) => {
      const [x, axis] = op.inputs as [Tensor, Tensor];
      const exclusive = op.attrs.bool("exclusive");
      const reverse = op.attrs.bool("reverse");
      const product = cumprod(x, axis, { exclusive, reverse });
      const sums = cumsum(operator.mul(product, grad), axis, { exclusive, reverse: !reverse });
      return [operator.truediv(sums, x), undefined];
    }),
  ),
});
