// tf.norm: norms of vectors and matrices. Source: python/ops/linalg_ops.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import { concat } from "../array/concat.ts";
import { setdiff1d } from "../array/index-sets.ts";
import { expandDims, squeeze } from "../array/reshape.ts";
import { rank as rankOf } from "../array/shape-of.ts";
import { transpose } from "../array/transpose.ts";
import { cond } from "../control/cond.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { mapFn } from "../data-flow/functional.ts";
import { pow } from "../math/binary.ts";
import { cast } from "../math/cast.ts";
import { equal } from "../math/comparison.ts";
import { conj } from "../math/conj.ts";
import { operator } from "../math/operator.ts";
import { range } from "../math/range.ts";
import { reduceMax, reduceSum } from "../math/reductions.ts";
import { where } from "../math/select.ts";
import { abs, sqrt } from "../math/unary.ts";
import { invalid } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { svd } from "./svd.ts";

const { add, ge, mul } = operator;

export interface NormOptions extends NameOption {
  /** "euclidean" (unless given), "fro" (matrices), 1, 2, Infinity, or any positive number (vectors). */
  readonly ord?: "euclidean" | "fro" | number | undefined;
  /** Of vectors along an axis, or of matrices in two; of all elements unless given. */
  readonly axis?: number | readonly [number, number] | undefined;
  /** Keep axes as dimensions of 1. */
  readonly keepdims?: boolean | undefined;
}

const badAxis = "'axis' must be None, an integer, or a tuple of 2 unique integers";

function check(ord: "euclidean" | "fro" | number, axis: NormOptions["axis"]): void {
  if (Array.isArray(axis)) {
    const [x, y] = axis as readonly number[];
    if (axis.length !== 2 || !Number.isInteger(x) || !Number.isInteger(y) || x === y) invalid(badAxis);
    if (!["euclidean", "fro", 1, 2, Number.POSITIVE_INFINITY].includes(ord))
      invalid(`'ord' must be a supported matrix norm in ['euclidean', 'fro', 1, 2, inf], got ${ord}`);
    return;
  }
  if (axis !== undefined && !Number.isInteger(axis)) invalid(badAxis);
  if (ord !== "euclidean" && (typeof ord !== "number" || !(ord > 0)))
    invalid(`'ord' must be a supported vector norm, got ${ord}`);
}

/** The largest singular values of the matrices in two axes, which become 1. */
function spectral(tensor: Tensor, axis: readonly [number, number]): Tensor {
  const rank = rankOf(tensor);
  const positive = mapFn(
    (i) =>
      cond(
        ge(i as Tensor, 0),
        () => i as Tensor,
        () => add(i as Tensor, rank),
      ) as unknown as Tensor,
    convertToTensor(Int32Array.from(axis), { graph: tensor.graph }),
  ) as unknown as Tensor;
  const axes = range(rank);
  const before = concat([setdiff1d(axes, positive).out, positive], 0);
  const after = mapFn(
    (i) => cast(squeeze(where(equal(before, i as Tensor))), "int32"),
    axes,
  ) as unknown as Tensor;
  const values = abs(svd(transpose(tensor, before), { computeUv: false }));
  return transpose(expandDims(reduceMax(values, -1, { keepdims: true }), -1), after);
}

/**
 * tf.norm: norms of vectors along an axis, of matrices in two, or of all elements as one vector. Throws TfError INVALID_ARGUMENT for axes or
 * an `ord` that there are not.
 * @tfExport norm, linalg.norm
 */
export function norm(tensor: TensorLike, options: NormOptions = {}): Tensor {
  const { ord = "euclidean", axis, keepdims = false } = options;
  check(ord, axis);
  const matrix = Array.isArray(axis) ? (axis as readonly [number, number]) : undefined;
  const axes: readonly number[] | undefined = matrix ?? (axis === undefined ? undefined : [axis as number]);
  const graph = resolveGraph([tensor]);
  return withScope(graph, options.name, "norm", () => {
    const x = convertToTensor(tensor, { graph });
    const kept = { keepdims: true };
    let result: Tensor;
    if (ord === "fro" || ord === "euclidean" || ord === 2) {
      result = matrix && ord === 2 ? spectral(x, matrix) : sqrt(reduceSum(mul(x, conj(x)), axes, kept));
    } else {
      result = abs(x);
      if (ord === 1) {
        result = reduceSum(result, axes?.[0], kept);
        if (matrix) result = reduceMax(result, matrix[1], kept);
      } else if (ord === Number.POSITIVE_INFINITY) {
        if (matrix) result = reduceSum(result, matrix[1], kept);
        result = reduceMax(result, axes?.[0], kept);
      } else {
        result = pow(reduceSum(pow(result, ord), axes, kept), 1 / ord);
      }
    }
    return keepdims ? result : squeeze(result, axes as TensorLike | undefined as never);
  });
}
