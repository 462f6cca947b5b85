// Dimensions in another order, elements in reverse: Transpose, InvertPermutation, ReverseV2.
// Source: core/ops/array_ops.cc, core/kernels/transpose_op.cc, reverse_op.cc, python/ops/array_ops.py.
import type { ShapeFunction, Tensor } from "@org/graph";
import { type NdArray, ndArray, Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { conjugatesResult, isComplex } from "../complex/kernels.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import { hostNumbers } from "../lowering.ts";
import { operator } from "../math/operator.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { type Dim, invalid, mergeDims, numbersOf, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";
import { concat } from "./concat.ts";
import { allBut, movesElements } from "./move-elements.ts";
import { rank as rankOf } from "./shape-of.ts";

export interface TransposeOptions extends NameOption {
  /** Complex conjugates of a complex tensor's elements. */
  readonly conjugate?: boolean | undefined;
}

/** tf.transpose: dimension `perm[i]` becomes dimension i; without `perm`, all in reverse order. @tfExport transpose */
export function transpose(
  a: TensorLike | Grad,
  perm?: TensorLike | null,
  options: TransposeOptions = {},
): Tensor {
  const graph = resolveGraph([a, perm]);
  return withScope(graph, options.name, "transpose", (scope) => {
    const conjugates = options.conjugate && isComplex((a as Tensor).dtype ?? convertToTensor(a).dtype);
    const type = conjugates ? "ConjugateTranspose" : "Transpose";
    if (perm !== undefined && perm !== null) return applyOne(type, [a, perm], { name: scope });
    const x = convertToTensor(a, { name: "a", graph });
    const { rank } = x.shape;
    let order: TensorLike;
    if (!rank) {
      const count = applyOne("Rank", [x]);
      const last = operator.sub(count, 1);
      order = operator.sub(last, applyOne("Range", [int32(0), count, int32(1)]));
    } else {
      order = Int32Array.from({ length: rank }, (_, i) => rank - 1 - i);
    }
    const result = applyOne(type, [x, order], { name: scope });
    if (x.shape.dims !== null) result.setShape([...x.shape.dims].reverse());
    return result;
  });
}

/** tf.matrix_transpose: the last two dimensions changed for each other. Throws TfError INVALID_ARGUMENT for fewer. @tfExport matrixTranspose, linalg.transpose */
export function matrixTranspose(a: TensorLike, options: TransposeOptions = {}): Tensor {
  const { conjugate } = options;
  const graph = resolveGraph([a]);
  return withScope(graph, options.name, "matrix_transpose", () => {
    const tensor = convertToTensor(a, { name: "a", graph });
    const { rank } = tensor.shape;
    if (rank === null) {
      const dims = rankOf(tensor);
      const outer = applyOne("Range", [int32(0), operator.sub(dims, 2), int32(1)]);
      const last = [operator.sub(dims, 1), operator.sub(dims, 2)] as TensorLike;
      return transpose(tensor, concat([outer, last], 0), { conjugate });
    }
    if (rank < 2)
      invalid(`Argument 'a' should be a (batch) matrix, with rank >= 2.  Found: ${tensor.shape.toTuple()}`);
    const outer = Array.from({ length: rank - 2 }, (_, i) => i);
    return transpose(tensor, [...outer, rank - 1, rank - 2], { conjugate });
  });
}

/** tf.invert_permutation: y with y[x[i]] = i. @tfExport invertPermutation */
export function invertPermutation(x: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("InvertPermutation", [x], options);
}

/** tf.reverse: the elements along the given axes in reverse order. @tfExport reverse */
export function reverse(tensor: TensorLike | Grad, axis: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("ReverseV2", [tensor, axis], options);
}

function permutation(c: LoweringContext, rank: number): number[] {
  const perm = hostNumbers(c, 1);
  if (perm.length !== rank) {
    c.fail(
      "INVALID_ARGUMENT",
      `transpose expects a vector of size ${rank}. But input(1) is a vector of size ${perm.length}`,
    );
  }
  const wrapped = perm.map((dim) => (dim < 0 ? dim + rank : dim));
  for (let i = 0; i < rank; i++) {
    const dim = wrapped[i]!;
    if (dim < 0 || dim >= rank) c.fail("INVALID_ARGUMENT", `${dim} is out of range [0 .. ${rank})`);
    if (!wrapped.includes(i)) c.fail("INVALID_ARGUMENT", `${i} is missing from {${perm}}.`);
  }
  return wrapped;
}

const transposedShape: ShapeFunction = (c) => {
  const input = c.input(0);
  const permShape = c.input(1);
  const perm = c.inputValue(1);
  const count = permShape.numElements();
  if (input.dims === null && count === null && !perm) return [Shape.unknown];
  const rank = input.rank ?? count ?? perm!.data.length;
  if (input.dims === null && rank < 2) return [input];
  const { dims } = withRank(input, rank);
  withRank(permShape, 1);
  if (count !== null) mergeDims(count, rank);
  if (!perm) return [Shape.ofRank(rank)];
  return [
    new Shape(
      numbersOf(perm).map((at): Dim => {
        if (at >= rank) invalid(`perm dim ${at} is out of range of input rank ${rank}`);
        return dims!.at(at)!;
      }),
    ),
  ];
};

function reversedDimensions(c: LoweringContext, rank: number): number[] {
  const seen = new Set<number>();
  for (const axis of hostNumbers(c, 1)) {
    const at = axis < 0 ? axis + rank : axis;
    if (at < 0 || at >= rank)
      c.fail("INVALID_ARGUMENT", `'axis'[0] = ${axis} is out of valid range [0, ${rank - 1}`);
    if (seen.has(at)) c.fail("INVALID_ARGUMENT", `axis ${at} specified more than once.`);
    seen.add(at);
  }
  return [...seen].sort((a, b) => a - b);
}

function likeInput(x: NdArray, values: readonly number[]): NdArray {
  return x.dtype === "int64"
    ? ndArray("int64", x.shape, BigInt64Array.from(values, BigInt))
    : ndArray("int32", x.shape, Int32Array.from(values));
}

const transposition = (conjugate: boolean): OpSpec =>
  movesElements(
    {
      shape: transposedShape,
      hostInputs: [1],
      lower: (c) => {
        const x = c.input(0);
        return c.builder.transpose(x, permutation(c, x.dims.length));
      },
      gradient: single((op, grad) => [
        transpose(grad, invertPermutation(op.inputs[1]!), { conjugate }),
        undefined,
      ]),
    },
    allBut(1),
  );

/** Transpose, ConjugateTranspose, InvertPermutation, ReverseV2. */
export const transposeOps: readonly OpEntry[] = defineOps({
  Transpose: transposition(false),
  ConjugateTranspose: conjugatesResult(transposition(true)),
  InvertPermutation: {
    shape: (c) => [withRank(c.input(0), 1)],
    host: (c) => {
      const x = c.input(0);
      const values = numbersOf(x);
      if (x.shape.length !== 1) {
        c.fail("INVALID_ARGUMENT", "invert_permutation expects a 1D vector.");
      }
      const result = new Array<number>(values.length).fill(-1);
      values.forEach((to, i) => {
        if (to < 0 || to >= values.length)
          c.fail("INVALID_ARGUMENT", `${to} is not between 0 and ${values.length}`);
        if (result[to] !== -1) c.fail("INVALID_ARGUMENT", `${to} is duplicated in the input.`);
        result[to] = i;
      });
      return [likeInput(x, result)];
    },
    gradient: null,
  },
  ReverseV2: movesElements(
    {
      shape: (c) => {
        const input = c.input(0);
        withRank(c.input(1), 1);
        const axes = c.inputValue(1);
        if (axes && input.rank !== null) {
          const { rank } = input;
          const seen = new Set<number>();
          numbersOf(axes).forEach((axis, i) => {
            const at = axis < 0 ? axis + rank! : axis;
            if (at < 0 || at >= rank!)
              invalid(`'axis'[${i}] = ${axis} is out of valid range [0, ${rank! - 1}`);
            if (seen.has(at)) invalid(`axis ${at} specified more than once.`);
            seen.add(at);
          });
        }
        return [input];
      },
      hostInputs: [1],
      lower: (c) => {
        const x = c.input(0);
        return c.builder.reverse(x, reversedDimensions(c, x.dims.length));
      },
      gradient: single((op, grad) => [reverse(grad, op.inputs[1]!), undefined]),
    },
    allBut(1),
  ),
});
