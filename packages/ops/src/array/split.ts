// Cutting along a dimension: Split into equal parts, SplitV into given ones.
// Source: core/ops/array_ops.cc, core/kernels/split_op.cc, split_v_op.cc, python/ops/array_ops.py.
import type { Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { Shape } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { convertToTensor, resolveGraph } from "../convert.ts";
import { defineOps } from "../define.ts";
import { dense, type Grad, several } from "../gradient.ts";
import { hostAxis, hostNumbers } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { invalid, numbersOf, replaceDim, scalarAxis, withRankAtLeast } from "../shape-rules.ts";
import { isOptions, type NameOption, type TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";
import { concat } from "./concat.ts";
import { allBut, movesElements } from "./move-elements.ts";

export interface SplitOptions extends NameOption {
  readonly axis?: TensorLike | undefined;
  /** How many parts, where a sizes tensor of unknown length does not tell. */
  readonly num?: number | undefined;
}

/**
 * tf.split: into `n` equal parts, or parts of given sizes (one may be -1), along `axis` (0 unless given).
 * Throws a TypeError where the number of parts is not known.
 * @tfExport split
 */
export function split(
  value: TensorLike | Grad,
  numOrSizes: TensorLike,
  axis?: TensorLike | SplitOptions,
  options: SplitOptions = {},
): readonly Tensor[] {
  const all: SplitOptions = isOptions(axis)
    ? { ...(axis as SplitOptions), ...options }
    : { ...options, axis: (axis as TensorLike | undefined) ?? options.axis };
  const { axis: at = int32(0), name = "split" } = all;
  const graph = resolveGraph([value, numOrSizes, at]);
  const sizes = convertToTensor(numOrSizes, { preferredDType: "int32", graph });
  if (typeof numOrSizes === "number") {
    return applyOp("Split", [at, value], { name, attrs: { num_split: numOrSizes } }).outputs;
  }
  if (sizes.shape.rank === 0) {
    throw new TypeError("Rank-0 tensors are not supported as the num_or_size_splits argument to split.");
  }
  const count = all.num ?? sizes.shape.dim(0);
  if (count === null) throw new TypeError(`Cannot infer num from shape ${sizes.shape}`);
  return applyOp("SplitV", [value, sizes, at], { name, attrs: { num_split: count } }).outputs;
}

function parts(
  c: LoweringContext,
  x: HloInstruction,
  axis: number,
  sizes: readonly number[],
): HloInstruction[] {
  let offset = 0;
  return sizes.map((size) => {
    const start = x.dims.map((_, d) => (d === axis ? offset : 0));
    const limit = x.dims.map((dim, d) => (d === axis ? offset + size : dim));
    offset += size;
    return c.builder.slice(x, start, limit);
  });
}

/** Split, SplitV. */
export const splitOps: readonly OpEntry[] = defineOps({
  Split: movesElements(
    {
      shape: (c) => {
        const count = c.attrs.int("num_split");
        let input = c.input(1);
        const axis = scalarAxis(c, 0, input.rank);
        let shape: Shape;
        if (axis === null) shape = input.rank === null ? Shape.unknown : Shape.ofRank(input.rank);
        else {
          input = withRankAtLeast(input, axis + 1);
          const dim = input.dim(axis);
          if (dim !== null && dim % count !== 0) {
            invalid(
              `Dimension size must be evenly divisible by ${count} but is ${dim}\n\tNumber of ways to split should evenly divide the split dimension`,
            );
          }
          shape = replaceDim(input, axis, dim === null ? null : dim / count);
        }
        return new Array<Shape>(count).fill(shape);
      },
      hostInputs: [0],
      lower: (c) => {
        const x = c.input(1);
        const count = c.attrs.int("num_split");
        const axis = hostAxis(c, 0, x.dims.length, "split_dim");
        const dim = x.dims[axis]!;
        if (dim % count !== 0) {
          c.fail(
            "INVALID_ARGUMENT",
            `Number of ways to split should evenly divide the split dimension, but got split_dim ${axis} (size = ${dim}) and num_split ${count}`,
          );
        }
        return parts(c, x, axis, new Array<number>(count).fill(dim / count));
      },
      gradient: several((op, grads) => [
        undefined,
        concat((grads as readonly Grad[]).map(dense), op.inputs[0]!),
      ]),
    },
    allBut(0),
  ),
  SplitV: movesElements(
    {
      shape: (c) => {
        const count = c.attrs.int("num_split");
        const input = c.input(0);
        const axis = scalarAxis(c, 2, input.rank);
        const sizes = c.inputValue(1);
        if (input.rank === null) return new Array<Shape>(count).fill(Shape.unknown);
        if (input.rank === 0) invalid("Can't split scalars");
        if (!sizes || axis === null) {
          const shape = axis === null ? Shape.ofRank(input.rank) : replaceDim(input, axis, null);
          return new Array<Shape>(count).fill(shape);
        }
        const lengths = numbersOf(sizes);
        if (lengths.length !== count) invalid("Length of size_splits should be equal to num_outputs");
        const open = lengths.filter((length) => length === -1).length;
        if (open > 1) invalid("size_splits can only have one -1");
        const total = lengths.reduce((sum, length) => sum + (length === -1 ? 0 : length), 0);
        const dim = withRankAtLeast(input, axis + 1).dim(axis);
        if (dim !== null && (open ? total > dim : total !== dim)) {
          invalid(`can't split axis of size ${dim} into pieces of size [${lengths}]`);
        }
        return lengths.map((length) =>
          replaceDim(input, axis, length === -1 ? (dim === null ? null : dim - total) : length),
        );
      },
      hostInputs: [1, 2],
      lower: (c) => {
        const x = c.input(0);
        const axis = hostAxis(c, 2, x.dims.length, "split_dim");
        const sizes = hostNumbers(c, 1);
        const dim = x.dims[axis]!;
        const total = sizes.reduce((sum, size) => sum + (size === -1 ? 0 : size), 0);
        const open = sizes.indexOf(-1);
        if (open === -1 ? total !== dim : total > dim) {
          c.fail(
            "INVALID_ARGUMENT",
            open === -1
              ? `Determined shape must either match input shape along split_dim exactly if fully specified, or be less than the size of the input along split_dim if not fully specified.  Got: ${total}`
              : `can't split axis of size ${dim} into pieces of size [${sizes}]`,
          );
        }
        if (open !== -1) sizes[open] = dim - total;
        return parts(c, x, axis, sizes);
      },
      gradient: several((op, grads) => [
        concat((grads as readonly Grad[]).map(dense), op.inputs[2]!),
        undefined,
        undefined,
      ]),
    },
    allBut(1, 2),
  ),
});
