// Entries of what solves systems of linear equations: MatrixInverse, MatrixSolve, MatrixTriangularSolve, MatrixSolveLs. Host kernels. What
// builds them is in solve.ts and lstsq.ts. Source: core/kernels/matrix_inverse_op.cc, matrix_solve_op.cc, matrix_triangular_solve_op.cc, matrix_solve_ls_op_impl.h,
// python/ops/linalg_ops.py, linalg_grad.py.
import type { Operation, Tensor } from "@org/graph";
import type { NdArray } from "@org/tensor";
import { matrixBandPart } from "../array/diagonal.ts";
import { defineOps } from "../define.ts";
import { dense, single } from "../gradient.ts";
import { matmul } from "../math/matmul.ts";
import { operator } from "../math/operator.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { withRank } from "../shape-rules.ts";
import { eachSquare, resultsOf, solverBatches } from "./batches.ts";
import { leastSquaresGradient } from "./least-squares-gradient.ts";
import { solvedShape, unchangedSquare } from "./matrix-shapes.ts";
import { leastSquares, leastSquaresByGram } from "./numerics/least-squares.ts";
import { decomposeLu, invertLu, isInvertible, type Lu, solveLu } from "./numerics/lu.ts";
import { type Matrix, zeroMatrix } from "./numerics/matrix.ts";
import { solveTriangular } from "./numerics/triangular.ts";
import { matrixSolve, matrixTriangularSolve } from "./solve.ts";

const { neg } = operator;

function invertible(c: HostContext, a: Matrix, sentence: string): Lu {
  const lu = decomposeLu(a);
  if (!isInvertible(lu)) c.fail("INVALID_ARGUMENT", sentence, "A matrix has a pivot of zero.");
  return lu;
}

/** Solutions of pairs of matrices, of the given rows each. */
function eachPair(
  c: HostContext,
  square: boolean,
  solve: (a: Matrix, b: Matrix, epsilon: number) => Matrix,
): readonly NdArray[] {
  const [left, right] = solverBatches(c, square);
  const dims = [...left.outer, left.columns, right.columns];
  const results = resultsOf(left.dtype, dims, left.count);
  for (let i = 0; i < left.count; i++) results.put(i, solve(left.at(i), right.at(i), left.epsilon));
  return [results.array];
}

const notInvertible = "Input matrix is not invertible.";

function solveWithTriangle(c: HostContext, a: Matrix, b: Matrix): Matrix {
  const n = a.rows;
  if (b.columns === 0) return b;
  for (let at = 0; at < n * n; at += n + 1)
    if (!(Math.hypot(a.re[at]!, a.im?.[at] ?? 0) > 0))
      c.fail("INVALID_ARGUMENT", notInvertible, "A diagonal has a zero.");
  solveTriangular(a, b, { lower: c.attrs.bool("lower"), adjoint: c.attrs.bool("adjoint") });
  return b;
}

function solveLeastSquares(c: HostContext, a: Matrix, b: Matrix, epsilon: number): Matrix {
  if (a.rows === 0 || a.columns === 0 || b.columns === 0)
    return zeroMatrix(a.columns, b.columns, a.im !== undefined);
  if (!c.attrs.bool("fast")) return leastSquares(a, b, epsilon);
  const found = leastSquaresByGram(a, b, Number(c.input(2).data[0]));
  return (
    found ??
    c.fail(
      "INVALID_ARGUMENT",
      "Input matrix was rank deficient or ill-conditioned. Try setting fast=False or provide a larger l2_regularizer > 0.",
    )
  );
}

// a x = b: b' = a^-H x', a' = -b' x^H; adjoint solvers turned.
function solutionGradient(op: Operation, gradB: Tensor, adjointA: boolean): Tensor {
  const x = op.outputs[0]!;
  return neg(adjointA ? matmul(x, gradB, { adjointB: true }) : matmul(gradB, x, { adjointB: true }));
}

/** MatrixInverse, MatrixSolve, MatrixTriangularSolve, MatrixSolveLs. */
export const solverOps: readonly OpEntry[] = defineOps({
  MatrixInverse: {
    shape: unchangedSquare,
    host: (c) => {
      const adjoint = c.attrs.bool("adjoint");
      return eachSquare(c, (a) =>
        a.rows === 0 ? a : invertLu(invertible(c, a, "Input is not invertible."), adjoint),
      );
    },
    gradient: single((op, grad) => {
      const inverse = op.outputs[0]!;
      // TensorFlow takes no notice of `adjoint`, and its gradient is then another.
      if (op.attrs.bool("adjoint")) return neg(matmul(inverse, matmul(grad, inverse, { adjointA: true })));
      return neg(matmul(inverse, matmul(grad, inverse, { adjointB: true }), { adjointA: true }));
    }),
  },
  MatrixSolve: {
    shape: (c) => solvedShape(c, true),
    host: (c) => {
      const adjoint = c.attrs.bool("adjoint");
      return eachPair(c, true, (a, b) =>
        a.rows === 0 || b.columns === 0 ? b : solveLu(invertible(c, a, notInvertible), b, adjoint),
      );
    },
    gradient: single((op, grad) => {
      const adjoint = op.attrs.bool("adjoint");
      const gradB = matrixSolve(op.inputs[0]!, grad, { adjoint: !adjoint });
      return [solutionGradient(op, gradB, adjoint), gradB];
    }),
  },
  MatrixTriangularSolve: {
    shape: (c) => solvedShape(c, true),
    host: (c) => eachPair(c, true, (a, b) => solveWithTriangle(c, a, b)),
    gradient: single((op, grad) => {
      const adjoint = op.attrs.bool("adjoint");
      const lower = op.attrs.bool("lower");
      const gradB = matrixTriangularSolve(op.inputs[0]!, grad, { lower, adjoint: !adjoint });
      const gradA = solutionGradient(op, gradB, adjoint);
      return [lower ? matrixBandPart(gradA, -1, 0) : matrixBandPart(gradA, 0, -1), gradB];
    }),
  },
  MatrixSolveLs: {
    shape: (c) => {
      withRank(c.input(2), 0);
      return solvedShape(c, false);
    },
    host: (c) => eachPair(c, false, (a, b, epsilon) => solveLeastSquares(c, a, b, epsilon)),
    gradient: single((op, grad) => leastSquaresGradient(op, dense(grad))),
  },
});
