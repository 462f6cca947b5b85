// Softmax and LogSoftmax over the last dimension (builders: over any). Source: core/ops/nn_ops.cc,
// core/kernels/softmax_op_functor.h, python/ops/nn_ops.py, nn_grad.py.

import { TfError } from "@org/errors";
import { constantValue, isTensor, type Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { applyOne } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { rank } from "../array/shape-of.ts";
import { transpose } from "../array/transpose.ts";
import { convertToTensor } from "../convert.ts";
import { defineOps } from "../define.ts";
import { single } from "../gradient.ts";
import { subtract } from "../math/binary.ts";
import { less } from "../math/comparison.ts";
import { operator } from "../math/operator.ts";
import { range } from "../math/range.ts";
import { reduceSum } from "../math/reductions.ts";
import { where } from "../math/select.ts";
import { exp } from "../math/unary.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { numbersOf, unchangedAtLeast } from "../shape-rules.ts";
import { isOptions, type NameOption, type TensorLike } from "../tensor-like.ts";

export interface SoftmaxOptions extends NameOption {
  readonly axis?: number | Tensor | undefined;
}

function alongAxis(
  type: string,
  logits: TensorLike,
  axis: number | Tensor | SoftmaxOptions | undefined,
  options: SoftmaxOptions,
): Tensor {
  const all: SoftmaxOptions = isOptions(axis)
    ? { ...(axis as SoftmaxOptions), ...options }
    : { ...options, axis: (axis as number | Tensor | undefined) ?? options.axis };
  const { axis: at = -1, name } = all;
  const x = convertToTensor(logits);
  const { graph } = x;
  return graph.asDefault(() => {
    const count = x.shape.rank;
    if (at === -1 || (count !== null && at === count - 1)) return applyOne(type, [x], { name });
    const known = isTensor(at) ? constantValue(at) : undefined;
    const position = isTensor(at) ? known && numbersOf(known)[0]! : at;
    if (position !== undefined && count !== null && (position < -count || position >= count)) {
      throw new TfError(
        "INVALID_ARGUMENT",
        `Dimension (${position}) must be in the range [${-count}, ${count}) where ${count} is the number of dimensions in the input.`,
      );
    }
    if (count === null)
      throw new TypeError("softmax over another than the last dimension needs a known rank");
    const dims = rank(x);
    let dimension: number | Tensor = at;
    if (isTensor(at)) dimension = where(less(at, 0), operator.add(at, dims), at);
    else if (at < 0) dimension = operator.add(at, dims);
    const inputRank = rank(x);
    const swapAt = typeof dimension === "number" ? dimension % count : operator.mod(dimension, count);
    const moved = swapWithLast(x, swapAt, subtract(inputRank, 1));
    const result = swapWithLast(applyOne(type, [moved]), swapAt, subtract(inputRank, 1), name);
    result.setShape(x.shape);
    return result;
  });
}

/** Two dimensions exchanged: `dim` and the last. */
function swapWithLast(x: Tensor, dim: number | Tensor, last: Tensor, name?: string): Tensor {
  const order = concat(
    [
      range(dim),
      [last],
      range(typeof dim === "number" ? dim + 1 : operator.add(dim, 1), last),
      [dim],
    ] as TensorLike[],
    0,
  );
  return transpose(x, order, { name });
}

/** tf.nn.softmax: e^x / sum(e^x) along `axis` (-1 unless given). @tfExport nn.softmax */
export function softmax(
  logits: TensorLike,
  axis?: number | Tensor | SoftmaxOptions,
  options: SoftmaxOptions = {},
): Tensor {
  return alongAxis("Softmax", logits, axis, options);
}

/** tf.nn.log_softmax: x - log(sum(e^x)) along `axis` (-1 unless given). @tfExport nn.logSoftmax */
export function logSoftmax(
  logits: TensorLike,
  axis?: number | Tensor | SoftmaxOptions,
  options: SoftmaxOptions = {},
): Tensor {
  return alongAxis("LogSoftmax", logits, axis, options);
}

/** A reduction over the last dimension, stretched back over it. */
export function overLast(c: LoweringContext, x: HloInstruction, reducer: "add" | "maximum"): HloInstruction {
  return spreadOverLast(c, c.builder.reduce(x, reducer, [x.dims.length - 1]), x.dims);
}

/** One value a row, at every element of it. */
function spreadOverLast(c: LoweringContext, row: HloInstruction, dims: readonly number[]): HloInstruction {
  return c.builder.broadcast(
    row,
    dims,
    row.dims.map((_, i) => i),
  );
}

/** x less its largest in the last dimension: e^ of it does not overflow. */
export function shiftedLogits(c: LoweringContext, x: HloInstruction): HloInstruction {
  return c.builder.binary("subtract", x, overLast(c, x, "maximum"));
}

/** Softmax, LogSoftmax. */
export const softmaxOps: readonly OpEntry[] = defineOps({
  Softmax: {
    shape: unchangedAtLeast(1),
    lower: (c) => {
      const e = c.builder.unary("exp", shiftedLogits(c, c.input(0)));
      // As TensorFlow's kernel: one division a row, not one an element.
      const sum = c.builder.reduce(e, "add", [e.dims.length - 1]);
      const one = c.builder.broadcastTo(c.builder.scalar(e.dtype, 1), sum.dims);
      return c.builder.binary("multiply", e, spreadOverLast(c, c.builder.binary("divide", one, sum), e.dims));
    },
    // (dy - sum(dy y)) y
    gradient: single((op, grad) => {
      const y = op.outputs[0]!;
      const sums = reduceSum(operator.mul(grad, y), -1, { keepdims: true });
      return operator.mul(operator.sub(grad, sums), y);
    }),
  },
  LogSoftmax: {
    shape: unchangedAtLeast(1),
    lower: (c) => {
      const shifted = shiftedLogits(c, c.input(0));
      const sum = overLast(c, c.builder.unary("exp", shifted), "add");
      return c.builder.binary("subtract", shifted, c.builder.unary("log", sum));
    },
    // dy - sum(dy) softmax
    gradient: single((op, grad) => {
      const y = exp(op.outputs[0]!);
      return operator.sub(grad, operator.mul(reduceSum(grad, -1, { keepdims: true }), y));
    }),
  },
});
