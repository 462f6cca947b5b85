// tf.linalg.lstsq: least squares, out of products and a Cholesky decomposition where that is quick. Source: matrix_solve_ls in
// python/ops/linalg_ops.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import { dtypes } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { cond } from "../control/cond.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { matmul } from "../math/matmul.ts";
import { operator } from "../math/operator.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { regularizedGramCholesky } from "./least-squares-gradient.ts";
import { choleskySolve } from "./solve.ts";

export interface LstsqOptions extends NameOption {
  /** How much |x|^2 counts beside |matrix x - rhs|^2: 0 unless given. */
  readonly l2Regularizer?: number | Tensor | undefined;
  /** By the Gram matrix (unless given), which needs matrices of full rank. False: a complete orthogonal decomposition; l2Regularizer is not looked at. */
  readonly fast?: boolean | undefined;
}

const cacheSize = 256000;

/** Whether it is made of other ops: not where a large batch of small matrices is read from memory. */
function isComposed(matrix: Tensor, fast: boolean): boolean {
  if (!fast) return false;
  if (!matrix.shape.isFullyDefined()) return true;
  const dims = matrix.shape.toNumbers();
  const product = (numbers: readonly number[]): number => numbers.reduce((all, dim) => all * dim, 1);
  const bytes = product(dims) * bytesOf(matrix);
  return !(bytes > cacheSize && product(dims.slice(0, -2)) > Math.min(...dims.slice(-2)));
}

function bytesOf({ dtype }: Tensor): number {
  const { bytes, width } = dtypes[dtype] as { bytes: number; width: number };
  return bytes * width;
}

/**
 * tf.linalg.lstsq: x that makes |matrix x - rhs|^2 + l2Regularizer |x|^2 least; matrices [..., m, n], right sides [..., m, k].
 * Throws TfError UNIMPLEMENTED for complex128 with a regularizer, as TensorFlow does.
 * @tfExport matrixSolveLs, linalg.lstsq
 */
export function matrixSolveLs(matrix: TensorLike, rhs: TensorLike, options: LstsqOptions = {}): Tensor {
  const { l2Regularizer: l2 = 0, fast = true, name } = options;
  const graph = resolveGraph([matrix, rhs, l2]);
  const a = convertToTensor(matrix, { name: "matrix", graph });
  if (a.dtype === "complex128" && l2 !== 0)
    throw new TfError(
      "UNIMPLEMENTED",
      "matrix_solve_ls is currently disabled for complex128 and l2_regularizer != 0 due to poor accuracy.",
      { hint: "Leave l2Regularizer out, or solve with MatrixSolve." },
    );
  if (!isComposed(a, fast)) return applyOne("MatrixSolveLs", [a, rhs, l2], { name, attrs: { fast } });
  return withScope(graph, name, "matrix_solve_ls", () => {
    const over = (): Tensor => {
      const chol = regularizedGramCholesky(a, l2, "columns");
      return choleskySolve(chol, matmul(a, rhs, { adjointA: true }));
    };
    const under = (): Tensor => {
      const chol = regularizedGramCholesky(a, l2, "rows");
      return matmul(a, choleskySolve(chol, rhs), { adjointA: true });
    };
    const [rows, columns] = a.shape.dims?.slice(-2) ?? [null, null];
    if (typeof rows === "number" && typeof columns === "number") return rows >= columns ? over() : under();
    const dims = getItem(shapeOf(a), [{ start: -2 }]);
    return cond(operator.ge(getItem(dims, -2), getItem(dims, -1)), over, under) as unknown as Tensor;
  });
}
