// Determinants: MatrixDeterminant, LogMatrixDeterminant, and tf.linalg.logdet. Host kernels. Source: core/kernels/determinant_op.cc,
// python/ops/linalg_grad.py, linalg/linalg_impl.py.
import type { Tensor } from "@org/graph";
import type { Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { matrixDiagPart } from "../array/diagonal.ts";
import { reshape } from "../array/reshape.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import type { Pair } from "../complex/functions.ts";
import { real } from "../complex/parts.ts";
import { resolveGraph, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { type Grad, several, single } from "../gradient.ts";
import { operator } from "../math/operator.ts";
import { reduceSum } from "../math/reductions.ts";
import { log } from "../math/unary.ts";
import type { OpEntry } from "../op-entry.ts";
import { mergeDims } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { resultsOf, squareBatch } from "./batches.ts";
import { cholesky } from "./cholesky.ts";
import { matrixShape } from "./matrix-shapes.ts";
import { decomposeLu, logDeterminantOf } from "./numerics/lu.ts";
import { matrixInverse } from "./solve.ts";

const { mul } = operator;

/** tf.linalg.det: determinants of square matrices [..., n, n]; 1 of empty ones. float32, float64, complex64, complex128. @tfExport matrixDeterminant, linalg.det */
export function matrixDeterminant(input: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("MatrixDeterminant", [input], options);
}

/**
 * tf.linalg.slogdet: determinants [..., n, n] as exp(logAbsDeterminant) sign, which does not overflow.
 * @tfExport linalg.slogdet
 */
export function logMatrixDeterminant(
  input: TensorLike,
  options: NameOption = {},
): { readonly sign: Tensor; readonly logAbsDeterminant: Tensor } {
  const [sign, logAbsDeterminant] = applyOp("LogMatrixDeterminant", [input], options).outputs as [
    Tensor,
    Tensor,
  ];
  return { sign, logAbsDeterminant };
}

/** tf.linalg.logdet: logarithms of determinants of positive definite matrices. @tfExport linalg.logdet */
export function logdet(matrix: TensorLike, options: NameOption = {}): Tensor {
  const graph = resolveGraph([matrix]);
  return withScope(graph, options.name, "logdet", () => {
    const chol = cholesky(matrix);
    return mul(2, reduceSum(log(real(matrixDiagPart(chol))), [-1]));
  });
}

/** grad times the inverse of a^H, times `factor`. */
function byInverse(a: Tensor, like: Tensor, factor: () => Grad): Tensor {
  const inverse = matrixInverse(a, { adjoint: true });
  const given = factor();
  const dims = concat([shapeOf(like), [1, 1]] as TensorLike[], 0);
  return mul(reshape(given, dims), inverse);
}

/** Dims before those of square matrices. */
function outerShape(input: Shape): Shape {
  const { outer, rows, columns } = matrixShape(input);
  mergeDims(columns, rows);
  return outer;
}

/** MatrixDeterminant, LogMatrixDeterminant. */
export const determinantOps: readonly OpEntry[] = defineOps({
  MatrixDeterminant: {
    shape: (c) => [outerShape(c.input(0))],
    host: (c) => {
      const batch = squareBatch(c);
      const results = resultsOf(batch.dtype, batch.outer, batch.count);
      const out: Pair = [0, 0];
      for (let b = 0; b < batch.count; b++) {
        const size = Math.exp(logDeterminantOf(decomposeLu(batch.at(b)), out));
        results.put(b, { re: Float64Array.of(size * out[0]), im: Float64Array.of(size * out[1]) });
      }
      return [results.array];
    },
    gradient: single((op, grad) => {
      const [a, c] = [op.inputs[0]!, op.outputs[0]!];
      return byInverse(a, c, () => mul(grad, c));
    }),
  },
  LogMatrixDeterminant: {
    shape: (c) => {
      const outer = outerShape(c.input(0));
      return [outer, outer];
    },
    host: (c) => {
      const batch = squareBatch(c);
      const signs = resultsOf(batch.dtype, batch.outer, batch.count);
      const logs = resultsOf(batch.dtype, batch.outer, batch.count);
      const out: Pair = [0, 0];
      for (let b = 0; b < batch.count; b++) {
        const log = logDeterminantOf(decomposeLu(batch.at(b)), out);
        signs.put(b, { re: Float64Array.of(out[0]), im: Float64Array.of(out[1]) });
        logs.put(b, { re: Float64Array.of(log), im: undefined });
      }
      return [signs.array, logs.array];
    },
    gradient: several((op, [, grad]) => [grad && byInverse(op.inputs[0]!, op.outputs[1]!, () => grad)]),
  },
});
