// tf.linalg.svd: singular values and vectors. Host kernel. Source: core/kernels/svd_op_impl.h, python/ops/linalg_ops.py, linalg_grad.py.
import { TfError } from "@org/errors";
import type { Operation, Tensor } from "@org/graph";
import { ndArray, Shape } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { matrixDiag, matrixSetDiag } from "../array/diagonal.ts";
import { eye } from "../array/eye.ts";
import { zerosLike } from "../array/fill.ts";
import { expandDims } from "../array/reshape.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { matrixTranspose } from "../array/transpose.ts";
import { isComplex } from "../complex/kernels.ts";
import { real } from "../complex/parts.ts";
import { defineOps } from "../define.ts";
import { dense, several } from "../gradient.ts";
import { matmul } from "../math/matmul.ts";
import { operator } from "../math/operator.ts";
import { reciprocal, square } from "../math/unary.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { mergeDims, mergeShapes, minDims, subshape, withRankAtLeast } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { adjoint } from "./adjoint.ts";
import { batchOf, resultsOf } from "./batches.ts";
import { matrixShape } from "./matrix-shapes.ts";
import { fillNaN, isFiniteMatrix, zeroMatrix } from "./numerics/matrix.ts";
import { type SingularValues, singularValues } from "./numerics/singular-values.ts";

const { add, mul, sub } = operator;

export interface SvdOptions extends NameOption {
  /** u of [m, m] and v of [n, n] instead of [m, p] and [n, p] with p the smaller of m and n. */
  readonly fullMatrices?: boolean | undefined;
}

function svdOp(
  tensor: TensorLike,
  computeUv: boolean,
  { fullMatrices, name }: SvdOptions,
): [Tensor, Tensor, Tensor] {
  const attrs = { compute_uv: computeUv, full_matrices: fullMatrices };
  return applyOp("Svd", [tensor], { name, attrs }).outputs as unknown as [Tensor, Tensor, Tensor];
}

/**
 * tf.linalg.svd: singular values s [..., p], descending, and vectors u and v (their columns) of matrices [..., m, n]: u diag(s) v^H is the
 * matrix. float32, float64, complex64, complex128. Signs (phases) of vectors are not TensorFlow's: they are not determined.
 * @tfExport svd, linalg.svd
 */
export function svd(
  tensor: TensorLike,
  options?: SvdOptions & { readonly computeUv?: true | undefined },
): { readonly s: Tensor; readonly u: Tensor; readonly v: Tensor };
/** With `computeUv: false`: the singular values alone. */
export function svd(tensor: TensorLike, options: SvdOptions & { readonly computeUv: false }): Tensor;
export function svd(
  tensor: TensorLike,
  options: SvdOptions & { readonly computeUv?: boolean | undefined } = {},
): Tensor | { readonly s: Tensor; readonly u: Tensor; readonly v: Tensor } {
  const computeUv = options.computeUv ?? true;
  const [s, u, v] = svdOp(tensor, computeUv, options);
  return computeUv ? { s: real(s), u, v } : real(s);
}

function kernel(c: HostContext): readonly ReturnType<typeof ndArray>[] {
  const { dtype, outer, count, rows: m, columns: n, at } = batchOf(c, 0);
  const p = Math.min(m, n);
  const wanted = !c.attrs.bool("compute_uv") ? "none" : c.attrs.bool("full_matrices") ? "full" : "thin";
  const values = resultsOf(dtype, [...outer, p], count);
  const full = wanted === "full";
  const us = resultsOf(dtype, [...outer, m, full ? m : p], count);
  const vs = resultsOf(dtype, [...outer, n, full ? n : p], count);
  for (let b = 0; b < count; b++) {
    const a = at(b);
    const made: SingularValues = isFiniteMatrix(a)
      ? singularValues(a, wanted)
      : {
          values: new Float64Array(p).fill(Number.NaN),
          u: fillNaN(zeroMatrix(m, full ? m : p, a.im !== undefined)),
          v: fillNaN(zeroMatrix(n, full ? n : p, a.im !== undefined)),
        };
    values.put(b, { re: made.values, im: undefined });
    if (wanted === "none") continue;
    us.put(b, made.u);
    vs.put(b, made.v);
  }
  if (wanted === "none") return [values.array, ndArray(dtype, [0]), ndArray(dtype, [0])];
  return [values.array, us.array, vs.array];
}

function notImplemented(op: Operation, sentence: string): never {
  throw new TfError("UNIMPLEMENTED", sentence, { node: op.name });
}

/** What the gradient of the vectors needs to know of the matrices: m, n and the whole shape. */
function knownShape(op: Operation, gradU: Tensor, gradV: Tensor): { m: number; n: number; shape: Shape } {
  const a = op.inputs[0]!.shape;
  const [u, v] = [withRankAtLeast(gradU.shape, 2), withRankAtLeast(gradV.shape, 2)];
  const unknown = "SVD gradient has not been implemented for input with unknown inner matrix shape.";
  if (a.rank === null) notImplemented(op, unknown);
  const m = mergeDims(a.dim(-2), u.rank === null ? null : u.dim(-2));
  const n = mergeDims(a.dim(-1), v.rank === null ? null : v.dim(-2));
  if (m === null || n === null) notImplemented(op, unknown);
  const outer = [u, v].reduce((merged, s) => mergeShapes(merged, subshape(s, 0, -2)), subshape(a, 0, -2));
  return { m, n, shape: outer.concat(new Shape([m, n])) };
}

function vectorsGradient(op: Operation, gradS: Tensor, gradU: Tensor, gradV: Tensor): Tensor {
  const ofValues = matrixDiag(gradS);
  const fullMatrices = op.attrs.bool("full_matrices");
  if (isComplex(op.inputs[0]!.dtype))
    notImplemented(op, "SVD gradient is not implemented for complex types and compute_uv=True.");
  const { m: rows, n: columns, shape } = knownShape(op, gradU, gradV);
  const s = op.outputs[0]!;
  // With more rows than columns: the gradient by the adjoint, turned in the end.
  const turned = rows > columns;
  const [m, n] = turned ? [columns, rows] : [rows, columns];
  const [u, v] = turned ? [op.outputs[2]!, op.outputs[1]!] : [op.outputs[1]!, op.outputs[2]!];
  const [du, dv] = turned ? [gradV, gradU] : [gradU, gradV];
  return op.graph.controlDependencies([gradS, du, dv], () => {
    if (fullMatrices && Math.abs(m - n) > 1)
      notImplemented(op, "svd gradient is not implemented for abs(m - n) > 1 when full_matrices is True");
    const sMatrix = matrixDiag(s);
    const squares = square(s);
    const dims = shapeOf(s);
    // Ones on the diagonal before the reciprocal is taken: infinities would outlive the zeros that take their place.
    const identity = eye(getItem(dims, -1), { batchShape: getItem(dims, [{ stop: -1 }]), dtype: s.dtype });
    const differences = sub(expandDims(squares, -2), expandDims(squares, -1));
    const weights = matrixSetDiag(reciprocal(add(differences, identity)), zerosLike(s));
    const inverse = matrixDiag(reciprocal(s));
    const v1 = getItem(v, ["...", {}, { stop: m }]);
    const dv1 = getItem(dv, ["...", {}, { stop: m }]);
    const uu = matmul(u, du, { adjointA: true });
    const vv = matmul(v1, dv1, { adjointA: true });
    const ofU = mul(weights, uu);
    const ofV = mul(weights, vv);
    const byU = add(ofValues, matmul(add(ofU, adjoint(ofU)), sMatrix));
    const both = add(byU, matmul(sMatrix, add(ofV, adjoint(ofV))));
    let made = matmul(u, matmul(both, v1, { adjointB: true }));
    if (m !== n) {
      const dv1t = matrixTranspose(dv1);
      const inside = matmul(dv1t, v1);
      let outside = sub(dv1t, matmul(inside, v1, { adjointB: true }));
      if (fullMatrices) {
        const v2 = getItem(v, ["...", {}, { start: m, stop: n }]);
        const dv2 = getItem(dv, ["...", {}, { start: m, stop: n }]);
        const across = matmul(v1, dv2, { adjointA: true });
        outside = sub(outside, matmul(across, v2, { adjointB: true }));
      }
      made = add(made, matmul(matmul(u, inverse), outside));
    }
    const result = turned ? matrixTranspose(made) : made;
    result.setShape(shape);
    return result;
  });
}

function valuesGradient(op: Operation, gradS: Tensor): Tensor {
  const a = op.inputs[0]!;
  const ofValues = matrixDiag(gradS);
  const { u, v } = svd(a);
  const made = matmul(u, matmul(ofValues, v, { adjointB: true }));
  made.setShape(a.shape);
  return made;
}

/** Svd. */
export const svdOps: readonly OpEntry[] = defineOps({
  Svd: {
    shape: (c) => {
      const { outer, rows, columns } = matrixShape(c.input(0));
      const p = minDims(rows, columns);
      const s = outer.concat(new Shape([p]));
      if (!c.attrs.bool("compute_uv")) return [s, new Shape([0]), new Shape([0])];
      const full = c.attrs.bool("full_matrices");
      return [
        s,
        outer.concat(new Shape([rows, full ? rows : p])),
        outer.concat(new Shape([columns, full ? columns : p])),
      ];
    },
    host: kernel,
    gradient: several((op, [gradS, gradU, gradV]) => {
      if (!gradS) return [undefined];
      if (!op.attrs.bool("compute_uv")) return [valuesGradient(op, dense(gradS))];
      if (!gradU || !gradV) return [undefined];
      return [vectorsGradient(op, dense(gradS), dense(gradU), dense(gradV))];
    }),
  },
});
