// tf.linalg.matrix_rank and pinv: what singular values tell. Source: python/ops/linalg/linalg_impl.py of TensorFlow 1.15.
import { type Graph, isTensor, type Tensor } from "@org/graph";
import { type DType, dtypes, ndArray, Shape } from "@org/tensor";
import { identity } from "../array/constant.ts";
import { expandDims } from "../array/reshape.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { assertRankAtLeast } from "../control/check-rank.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { maximum } from "../math/binary.ts";
import { cast } from "../math/cast.ts";
import { greater } from "../math/comparison.ts";
import { matmul } from "../math/matmul.ts";
import { operator } from "../math/operator.ts";
import { reduceMax, reduceSum } from "../math/reductions.ts";
import { whereV2 } from "../math/select.ts";
import { invalid } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { svd } from "./svd.ts";

const { gt, mul, truediv } = operator;

export interface MatrixRankOptions extends NameOption {
  /** What a singular value must be above to count; unless given the type's precision times the larger dim times the largest value. */
  readonly tol?: TensorLike | undefined;
  /** Check the rank of the tensor in a run where it is not known. */
  readonly validateArgs?: boolean | undefined;
}

export interface PinvOptions extends NameOption {
  /** What a singular value must be above, beside the largest; unless given 10 times the larger dim times the type's precision. */
  readonly rcond?: TensorLike | undefined;
  /** Check the rank of the tensor in a run where it is not known. */
  readonly validateArgs?: boolean | undefined;
}

const precision: Partial<Record<DType, number>> = {
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
  float32: 2 ** -23,
  float64: 2 ** -52,
};

/** Matrices of floating-point numbers, checked. */
function matrixOf(a: TensorLike, graph: Graph, validates: boolean): Tensor {
  const tensor = convertToTensor(a, { name: "a", graph });
  if (dtypes[tensor.dtype].kind !== "float")
    throw new TypeError(`Input \`a\` must have \`float\`-like \`dtype\` (saw ${tensor.dtype}).`);
  const { rank } = tensor.shape;
  if (rank !== null && rank < 2) invalid(`Input \`a\` must have at least 2 dimensions (saw: ${rank}).`);
  if (rank !== null || !validates) return tensor;
  const check = assertRankAtLeast(tensor, 2, { message: "Input `a` must have at least 2 dimensions." });
  return graph.controlDependencies([check], () => identity(tensor));
}

/** tf.linalg.matrix_rank: how many singular values of each matrix are not nearly zero. int32. Throws as tf.linalg.pinv. @tfExport linalg.matrixRank */
export function matrixRank(a: TensorLike, options: MatrixRankOptions = {}): Tensor {
  const graph = resolveGraph([a, options.tol]);
  return withScope(graph, options.name, "matrix_rank", () => {
    const matrix = matrixOf(a, graph, options.validateArgs ?? false);
    const s = svd(matrix, { computeUv: false });
    let tol = options.tol;
    if (tol === undefined) {
      const [rows, columns] = matrix.shape.dims?.slice(-2) ?? [null, null];
      const larger =
        typeof rows === "number" && typeof columns === "number"
          ? ndArray("int64", [], BigInt64Array.of(BigInt(Math.max(rows, columns))))
          : reduceMax(getItem(shapeOf(matrix), [{ start: -2 }]));
      const least = mul(precision[matrix.dtype]!, cast(larger, matrix.dtype));
      tol = mul(least, reduceMax(s, -1, { keepdims: true }));
    }
    return reduceSum(cast(gt(s, tol), "int32"), -1);
  });
}

/**
 * tf.linalg.pinv: Moore and Penrose's inverses [..., n, m] of matrices [..., m, n], through their singular values. Throws TypeError for what
 * are no floating-point numbers, TfError INVALID_ARGUMENT for what are no matrices.
 * @tfExport linalg.pinv
 */
export function pinv(a: TensorLike, options: PinvOptions = {}): Tensor {
  const graph = resolveGraph([a, options.rcond]);
  return withScope(graph, options.name, "pinv", () => {
    const matrix = matrixOf(a, graph, options.validateArgs ?? false);
    const { dtype } = matrix;
    const eps = precision[dtype]!;
    let rcond = options.rcond;
    if (rcond === undefined) {
      const known = (dim: number): number | null => matrix.shape.dims?.at(dim) ?? null;
      const extent = (dim: number): number | Tensor => known(dim) ?? getItem(shapeOf(matrix), dim);
      const [rows, columns] = [extent(-2), extent(-1)];
      rcond =
        isTensor(rows) || isTensor(columns)
          ? mul(mul(10, cast(maximum(rows as TensorLike, columns as TensorLike), dtype)), eps)
          : 10 * Math.max(rows, columns) * eps;
    }
    const least = convertToTensor(rcond, { dtype, name: "rcond", graph });
    const { s, u, v } = svd(matrix, { fullMatrices: false });
    const cutoff = mul(least, reduceMax(s, -1));
    const above = greater(s, expandDims(cutoff, -1));
    // What does not count becomes infinite: its reciprocal is 0, and no gradient is NaN.
    const infinity = ndArray(
      dtype,
      [],
      (dtype === "float64" ? Float64Array : Float32Array).of(Number.POSITIVE_INFINITY) as never,
    );
    const values = whereV2(above, s, infinity);
    const result = matmul(truediv(v, expandDims(values, -2)), u, { adjointB: true });
    const { dims } = matrix.shape;
    if (dims) result.setShape(new Shape([...dims.slice(0, -2), dims.at(-1)!, dims.at(-2)!]));
    return result;
  });
}
