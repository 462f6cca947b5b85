// tf.linalg.qr: the QR decomposition of matrices, by Householder reflections as Eigen makes them (the signs are its own). Host kernel.
// Source: core/ops/linalg_ops.cc, core/kernels/qr_op_impl.h, python/ops/linalg_grad.py.
import { TfError } from "@org/errors";
import type { Operation, Tensor } from "@org/graph";
import { Shape } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { matrixBandPart } from "../array/diagonal.ts";
import { isComplex } from "../complex/kernels.ts";
import { defineOps } from "../define.ts";
import { dense, type Grad, several } from "../gradient.ts";
import { matmul } from "../math/matmul.ts";
import { operator } from "../math/operator.ts";
import type { OpEntry } from "../op-entry.ts";
import { minDims } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { adjoint } from "./adjoint.ts";
import { batchOf, resultsOf } from "./batches.ts";
import { matrixShape } from "./matrix-shapes.ts";
import { decomposeQr } from "./numerics/householder.ts";
import { matrixTriangularSolve } from "./solve.ts";

const { add, sub } = operator;

export interface QrOptions extends NameOption {
  /** q of [m, m] and r of [m, n] instead of [m, p] and [p, n] with p the smaller of m and n. */
  readonly fullMatrices?: boolean | undefined;
}

/**
 * tf.qr: orthogonal (unitary) matrices q and upper triangular ones r with q r = input [..., m, n]. float32, float64, complex64, complex128.
 * @tfExport qr, linalg.qr
 */
export function qr(input: TensorLike, options: QrOptions = {}): { readonly q: Tensor; readonly r: Tensor } {
  const { fullMatrices, name } = options;
  const [q, r] = applyOp("Qr", [input], { name, attrs: { full_matrices: fullMatrices } }).outputs as [
    Tensor,
    Tensor,
  ];
  return { q, r };
}

function notImplemented(op: Operation, sentence: string): never {
  throw new TfError("UNIMPLEMENTED", sentence, { node: op.name });
}

/** x times the inverse of r^H, where r is upper triangular. */
function overTriangle(x: Tensor, r: Tensor): Tensor {
  return adjoint(matrixTriangularSolve(r, adjoint(x), { lower: false, adjoint: false }));
}

function qrGradient(op: Operation, gradQ: Grad, gradR: Grad): Tensor {
  const [q, r] = op.outputs as [Tensor, Tensor];
  if (isComplex(q.dtype)) notImplemented(op, `QrGrad not implemented for dtype: <dtype: '${q.dtype}'>`);
  const [rows, columns] = r.shape.dims?.slice(-2) ?? [null, null];
  if (typeof rows !== "number" || typeof columns !== "number")
    notImplemented(op, "QrGrad not implemented with dynamic shapes.");
  if (rows !== columns)
    notImplemented(
      op,
      "QrGrad not implemented when ncols > nrows or full_matrices is true and ncols != nrows.",
    );
  const qq = matmul(q, gradQ, { adjointA: true });
  const ofQ = sub(qq, adjoint(qq));
  const rr = matmul(r, gradR, { adjointB: true });
  const ofR = sub(rr, adjoint(rr));
  const lower = matrixBandPart(add(ofQ, ofR), -1, 0);
  const first = matmul(q, add(gradR, overTriangle(lower, r)));
  return add(first, overTriangle(sub(dense(gradQ), matmul(q, qq)), r));
}

/** Qr. */
export const qrOps: readonly OpEntry[] = defineOps({
  Qr: {
    shape: (c) => {
      const { outer, rows, columns } = matrixShape(c.input(0));
      const inner = c.attrs.bool("full_matrices") ? rows : minDims(rows, columns);
      return [outer.concat(new Shape([rows, inner])), outer.concat(new Shape([inner, columns]))];
    },
    host: (c) => {
      const { dtype, outer, count, rows, columns, at } = batchOf(c, 0);
      const inner = c.attrs.bool("full_matrices") ? rows : Math.min(rows, columns);
      const [qs, rs] = [
        resultsOf(dtype, [...outer, rows, inner], count),
        resultsOf(dtype, [...outer, inner, columns], count),
      ];
      for (let b = 0; b < count; b++) {
        const { q, r } = decomposeQr(at(b), inner);
        qs.put(b, q);
        rs.put(b, r);
      }
      return [qs.array, rs.array];
    },
    gradient: several((op, [gradQ, gradR]) => [gradQ && gradR && qrGradient(op, gradQ, gradR)]),
  },
});
