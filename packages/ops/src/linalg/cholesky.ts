// Cholesky decompositions: Cholesky, CholeskyGrad (which the Python of TensorFlow 1.0 builds). Host kernels.
// Source: core/kernels/cholesky_op.cc, cholesky_grad.cc, python/ops/linalg_grad.py.
import type { Tensor } from "@org/graph";
import { applyOne } from "../apply-op.ts";
import { matrixBandPart, matrixDiagPart, matrixSetDiag } from "../array/diagonal.ts";
import { eye } from "../array/eye.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { defineOps } from "../define.ts";
import { single } from "../gradient.ts";
import { matmul } from "../math/matmul.ts";
import { operator } from "../math/operator.ts";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { adjoint } from "./adjoint.ts";
import { eachSquare, resultsOf, solverBatches } from "./batches.ts";
import { unchangedSquare } from "./matrix-shapes.ts";
import { choleskyGradient, cholesky as decompose } from "./numerics/cholesky.ts";
import { matrixTriangularSolve } from "./solve.ts";

const { add, mul } = operator;

/**
 * tf.linalg.cholesky: lower triangular l with l l^H = input [..., n, n]; the upper triangles are not looked at. float32, float64, complex64,
 * complex128. Running it throws TfError INVALID_ARGUMENT "Cholesky decomposition was not successful. ..." where one is not positive definite.
 * @tfExport cholesky, linalg.cholesky
 */
export function cholesky(input: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("Cholesky", [input], options);
}

/** Cholesky, CholeskyGrad. */
export const choleskyOps: readonly OpEntry[] = defineOps({
  Cholesky: {
    shape: unchangedSquare,
    host: (c) =>
      eachSquare(
        c,
        (a) =>
          decompose(a) ??
          c.fail(
            "INVALID_ARGUMENT",
            "Cholesky decomposition was not successful. The input might not be valid.",
            "The matrix is not positive definite.",
          ),
      ),
    // l^-H (l^H l' with half its diagonal, upper triangle off) l^-1, made symmetric
    gradient: single((op, grad) => {
      const l = op.outputs[0]!;
      const size = getItem(shapeOf(l), -1);
      const batchShape = getItem(shapeOf(l), [{ stop: -2 }]);
      const inverse = matrixTriangularSolve(l, eye(size, { batchShape, dtype: l.dtype }));
      let middle = matmul(l, grad, { adjointA: true });
      middle = matrixSetDiag(middle, mul(0.5, matrixDiagPart(middle)));
      middle = matrixBandPart(middle, -1, 0);
      const half = matmul(matmul(inverse, middle, { adjointA: true }), inverse);
      return mul(add(half, adjoint(half)), 0.5);
    }),
  },
  CholeskyGrad: {
    shape: unchangedSquare,
    host: (c) => {
      const [l, grad] = solverBatches(c, true);
      const results = resultsOf(l.dtype, c.input(0).shape, l.count);
      for (let b = 0; b < l.count; b++) results.put(b, choleskyGradient(l.at(b), grad.at(b)));
      return [results.array];
    },
  },
});
