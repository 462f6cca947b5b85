// What builds solvers of linear equations: tf.linalg.inv, solve, triangular_solve, cholesky_solve. Kernels are in solvers.ts.
// Source: python/ops/linalg_ops.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import { applyOne } from "../apply-op.ts";
import { resolveGraph, withScope } from "../convert.ts";
import type { Grad } from "../gradient.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

export interface AdjointOption extends NameOption {
  /** Take the conjugate transposes of the matrices. */
  readonly adjoint?: boolean | undefined;
}

export interface TriangularSolveOptions extends AdjointOption {
  /** Look at the lower triangles (unless given), else at the upper ones. */
  readonly lower?: boolean | undefined;
}

/**
 * tf.linalg.inv: inverses of square matrices [..., n, n]. float32, float64, complex64, complex128. Running it throws TfError INVALID_ARGUMENT
 * "Input is not invertible." for a singular one.
 * @tfExport matrixInverse, linalg.inv
 */
export function matrixInverse(input: TensorLike | Grad, options: AdjointOption = {}): Tensor {
  const { adjoint, name } = options;
  return applyOne("MatrixInverse", [input], { name, attrs: { adjoint } });
}

/**
 * tf.linalg.solve: x with matrix x = rhs; matrices [..., n, n], right sides [..., n, k]. float32, float64, complex64, complex128. Running it
 * throws TfError INVALID_ARGUMENT "Input matrix is not invertible." for a singular one.
 * @tfExport matrixSolve, linalg.solve
 */
export function matrixSolve(
  matrix: TensorLike | Grad,
  rhs: TensorLike | Grad,
  options: AdjointOption = {},
): Tensor {
  const { adjoint, name } = options;
  return applyOne("MatrixSolve", [matrix, rhs], { name, attrs: { adjoint } });
}

/**
 * tf.linalg.triangular_solve: the same with triangular matrices; the other triangle is not looked at. Running it throws TfError
 * INVALID_ARGUMENT "Input matrix is not invertible." where a diagonal has a zero.
 * @tfExport matrixTriangularSolve, linalg.triangularSolve
 */
export function matrixTriangularSolve(
  matrix: TensorLike | Grad,
  rhs: TensorLike | Grad,
  options: TriangularSolveOptions = {},
): Tensor {
  const { lower, adjoint, name } = options;
  return applyOne("MatrixTriangularSolve", [matrix, rhs], { name, attrs: { lower, adjoint } });
}

/** tf.linalg.cholesky_solve: x with a x = rhs, where `chol` is tf.linalg.cholesky(a). @tfExport choleskySolve, linalg.choleskySolve */
export function choleskySolve(chol: TensorLike, rhs: TensorLike | Grad, options: NameOption = {}): Tensor {
  const graph = resolveGraph([chol, rhs]);
  return withScope(graph, options.name, "cholesky_solve", () => {
    const half = matrixTriangularSolve(chol, rhs, { adjoint: false, lower: true });
    return matrixTriangularSolve(chol, half, { adjoint: true, lower: true });
  });
}
