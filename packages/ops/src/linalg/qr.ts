// tf.qr: the QR decomposition of matrices, by Householder reflections as Eigen makes them (the signs are its own).
// Source: core/ops/linalg_ops.cc, core/kernels/qr_op_impl.h, Eigen's HouseholderQR.
import type { Tensor } from "@org/graph";
import { allocateData, ndArray, Shape, sizeOf } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { minDims, withRankAtLeast } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

export interface QrOptions extends NameOption {
  /** q of [m, m] and r of [m, n] instead of [m, p] and [p, n] with p the smaller of m and n. */
  readonly fullMatrices?: boolean | undefined;
}

/** tf.qr: orthogonal matrices q and upper triangular ones r with q r = input [..., m, n]. float32 and float64. */
export function qr(input: TensorLike, options: QrOptions = {}): { readonly q: Tensor; readonly r: Tensor } {
  const { fullMatrices, name } = options;
  const [q, r] = applyOp("Qr", [input], { name, attrs: { full_matrices: fullMatrices } }).outputs as [
    Tensor,
    Tensor,
  ];
  return { q, r };
}

/**
 * Turns the columns of `a` (m x n, row by row) into r in place; gives q's first `columns` columns. Works in double precision.
 */
function factor(a: Float64Array, m: number, n: number, columns: number): Float64Array {
  const steps = Math.min(m, n);
  const reflections: { readonly v: Float64Array; readonly tau: number }[] = [];
  for (let k = 0; k < steps; k++) {
    const head = a[k * n + k]!;
    let tail = 0;
    for (let i = k + 1; i < m; i++) tail += a[i * n + k]! ** 2;
    const v = new Float64Array(m);
    v[k] = 1;
    if (tail <= Number.MIN_VALUE) {
      reflections.push({ v, tau: 0 });
      continue;
    }
    const norm = Math.sqrt(head * head + tail);
    const beta = head >= 0 ? -norm : norm;
    for (let i = k + 1; i < m; i++) v[i] = a[i * n + k]! / (head - beta);
    const tau = (beta - head) / beta;
    reflections.push({ v, tau });
    reflect(a, m, n, k, v, tau);
    a[k * n + k] = beta;
    for (let i = k + 1; i < m; i++) a[i * n + k] = 0;
  }
  const q = new Float64Array(m * columns);
  for (let i = 0; i < Math.min(m, columns); i++) q[i * columns + i] = 1;
  for (let k = steps - 1; k >= 0; k--) {
    const { v, tau } = reflections[k]!;
    reflect(q, m, columns, k, v, tau);
  }
  return q;
}

/** a -= tau v (v' a), rows from `from` on. */
function reflect(a: Float64Array, m: number, n: number, from: number, v: Float64Array, tau: number): void {
  if (tau === 0) return;
  for (let j = 0; j < n; j++) {
    let dot = 0;
    for (let i = from; i < m; i++) dot += v[i]! * a[i * n + j]!;
    if (dot === 0) continue;
    for (let i = from; i < m; i++) a[i * n + j] = a[i * n + j]! - tau * dot * v[i]!;
  }
}

function kernel(c: HostContext): readonly ReturnType<typeof ndArray>[] {
  const input = c.input(0);
  const { dtype, shape } = input;
  if (dtype !== "float32" && dtype !== "float64")
    c.fail("UNIMPLEMENTED", `Qr of ${dtype} is not supported`, "Decompose real matrices.");
  if (shape.length < 2) c.fail("INVALID_ARGUMENT", `Input tensor 0 must have rank >= 2`);
  const batch = shape.slice(0, -2);
  const [m, n] = shape.slice(-2) as [number, number];
  const p = Math.min(m, n);
  const columns = c.attrs.bool("full_matrices") ? m : p;
  const [qShape, rShape] = [
    [...batch, m, columns],
    [...batch, columns, n],
  ];
  const q = allocateData(dtype, sizeOf(qShape)) as Float64Array;
  const r = allocateData(dtype, sizeOf(rShape)) as Float64Array;
  const from = input.data as Float64Array;
  for (let b = 0; b < sizeOf(batch); b++) {
    const a = Float64Array.from(from.subarray(b * m * n, (b + 1) * m * n));
    q.set(factor(a, m, n, columns), b * m * columns);
    r.set(a.subarray(0, columns * n), b * columns * n);
  }
  return [ndArray(dtype, qShape, q as never), ndArray(dtype, rShape, r as never)];
}

/** Qr. */
export const qrOps: readonly OpEntry[] = defineOps({
  Qr: {
    shape: (c) => {
      const input = withRankAtLeast(c.input(0), 2);
      const { dims } = input;
      if (dims === null) return [Shape.unknown, Shape.unknown];
      const batch = dims.slice(0, -2);
      const [m, n] = dims.slice(-2) as [number | null, number | null];
      const columns = c.attrs.bool("full_matrices") ? m : minDims(m, n);
      return [new Shape([...batch, m, columns]), new Shape([...batch, columns, n])];
    },
    host: kernel,
  },
});
