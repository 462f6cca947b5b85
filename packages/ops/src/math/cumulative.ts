// Running sums and products. Source: core/ops/math_ops.cc, core/kernels/scan_ops.cc, python/ops/math_grad.py.

import type { Tensor } from "@org/graph";
import type { Reducer } from "@org/hlo";
import { type NdArray, ndArray, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { byParts } from "../complex/kernels.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import { hostAxis, hostAxisOf } from "../lowering.ts";
import type { Gradient, HostContext, OpEntry } from "../op-entry.ts";
import { numbersOf, unchanged } from "../shape-rules.ts";
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

/** tf.cumsum: running sums along `axis` (0 unless given). @tfExport cumsum */
export function cumsum(
  x: TensorLike | Grad,
  axis?: TensorLike | CumulativeOptions,
  options: CumulativeOptions = {},
): Tensor {
  return cumulative("Cumsum", x, axis, options);
}

/** tf.cumprod: running products along `axis` (0 unless given). @tfExport cumprod */
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

/** Running products of complex numbers. */
function complexProducts(c: HostContext): NdArray[] {
  const { dtype, shape, data } = c.input(0);
  const dimension = hostAxisOf(c, numbersOf(c.input(1)), shape.length, "scan axis");
  const [exclusive, reverse] = [c.attrs.bool("exclusive"), c.attrs.bool("reverse")];
  const stride = sizeOf(shape.slice(dimension + 1));
  const length = shape[dimension]!;
  const from = data as Float64Array;
  const to = from.slice();
  for (let line = 0; line < sizeOf(shape) / length; line++) {
    const base = Math.floor(line / stride) * stride * length + (line % stride);
    let [re, im] = [1, 0];
    for (let i = 0; i < length; i++) {
      const at = 2 * (base + (reverse ? length - 1 - i : i) * stride);
      const [x, y] = [from[at]!, from[at + 1]!];
      const product = [re * x - im * y, re * y + im * x] as const;
      const [a, b] = exclusive ? [re, im] : product;
      to[at] = a;
      to[at + 1] = b;
      [re, im] = product;
    }
  }
  return [ndArray(dtype, shape, to as never)];
}

/** Cumsum, Cumprod. */
export const cumulativeOps: readonly OpEntry[] = defineOps({
  Cumsum: byParts(
    entry(
      "add",
      single((op, grad) => {
        const exclusive = op.attrs.bool("exclusive");
        const reverse = op.attrs.bool("reverse");
        return [cumsum(grad, op.inputs[1]!, { exclusive, reverse: !reverse }), undefined];
      }),
    ),
  ),
  // As in TensorFlow, not right where x holds zeros.
  Cumprod: {
    ...entry(
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
    host: complexProducts,
  },
});
