// Eigenvalues and eigenvectors of Hermitian matrices: reflections make them tridiagonal and real, rotations diagonal (implicit QR steps with
// Wilkinson's shifts: Golub and Van Loan, Matrix Computations, 8.3). Reflections and rotations go in the order that gives Eigen's signs.
import type { Pair } from "../../complex/functions.ts";
import { columnOf, orthogonalOf, type Reflection, reflectionOf } from "./householder.ts";
import { addRow, adjointOf, dotRows, type Matrix, rotateRows, zeroMatrix } from "./matrix.ts";

/** a = v diag(values) v^H, values ascending. */
export interface HermitianEigen {
  readonly values: Float64Array;
  /** Eigenvectors are its columns; absent where they were not asked for. */
  readonly vectors?: Matrix;
}

/** A rotation of rows k and k + 1. */
type Rotate = (k: number, c: number, s: number) => void;

/**
 * Undefined where no eigenvalues were found: the matrix holds what is no number. Only the lower triangle is looked at. `epsilon`: the precision of
 * the type that the numbers come in; how many steps there are, and so the signs, depend on it.
 */
export function hermitianEigen(
  a: Matrix,
  wantsVectors: boolean,
  epsilon: number,
): HermitianEigen | undefined {
  const n = a.rows;
  const complex = a.im !== undefined;
  const { work, scale } = scaledTriangle(a);
  if (!Number.isFinite(scale)) return undefined;
  const reflections = tridiagonalize(work);
  const diagonal = Float64Array.from({ length: n }, (_, i) => work.re[i * n + i]!);
  const below = Float64Array.from({ length: Math.max(0, n - 1) }, (_, i) => work.re[(i + 1) * n + i]!);
  const rows = wantsVectors ? adjointOf(orthogonalOf(reflections, n, n, complex)) : undefined;
  const converged = diagonalize(diagonal, below, epsilon, (k, c, s) => {
    if (rows) rotateRows(rows, k, k + 1, c, s);
  });
  if (!converged) return undefined;
  const order = Array.from(diagonal.keys()).sort((i, k) => diagonal[i]! - diagonal[k]!);
  const values = Float64Array.from(order, (i) => diagonal[i]! * scale);
  if (!rows) return { values };
  const sorted = zeroMatrix(n, n, complex);
  order.forEach((from, to) => {
    addRow(sorted, to, rows, from, 1, 0, 0, n);
  });
  return { values, vectors: adjointOf(sorted) };
}

/** The lower triangle, divided by its largest element. A scale of NaN: something in it is not finite. */
function scaledTriangle(a: Matrix): { readonly work: Matrix; readonly scale: number } {
  const n = a.rows;
  const work = zeroMatrix(n, n, a.im !== undefined);
  let largest = 0;
  for (let i = 0; i < n; i++)
    for (let at = i * n; at <= i * n + i; at++) {
      const size = Math.hypot(a.re[at]!, a.im?.[at] ?? 0);
      if (!Number.isFinite(size)) return { work, scale: Number.NaN };
      largest = Math.max(largest, size);
    }
  const scale = largest === 0 ? 1 : largest;
  for (let i = 0; i < n; i++) addRow(work, i, a, i, 1 / scale, 0, 0, i + 1);
  for (let i = 0; i < n; i++) if (work.im) work.im[i * n + i] = 0;
  return { work, scale };
}

/** Makes the lower triangle of `a` tridiagonal with a real subdiagonal: a := h a h^H for each reflection h. */
function tridiagonalize(a: Matrix): readonly Reflection[] {
  const n = a.rows;
  const reflections: Reflection[] = [];
  for (let k = 0; k + 1 < n; k++) {
    const { reflection, beta } = reflectionOf(columnOf(a, k), k + 1);
    reflections.push(reflection);
    a.re[(k + 1) * n + k] = beta;
    if (a.im) a.im[(k + 1) * n + k] = 0;
    if (reflection.tau[0] !== 0 || reflection.tau[1] !== 0) updateBothSides(a, reflection);
  }
  return reflections;
}

/** h a h^H = a - v w^H - w v^H with w = conj(tau) a v - |tau|^2 (v^H a v) / 2 v; rows and columns from the reflection's on. */
function updateBothSides(a: Matrix, { conjugate, tau: [re, im], from }: Reflection): void {
  const n = a.rows;
  // The conjugate of a v, from the lower triangle: row i serves element i, and, turned, those before.
  const product = zeroMatrix(1, n, a.im !== undefined);
  const sum: Pair = [0, 0];
  for (let i = from; i < n; i++) {
    dotRows(a, i, conjugate, 0, from, i, sum);
    const [x, y] = [conjugate.re[i]!, conjugate.im?.[i] ?? 0];
    const diagonal = a.re[i * n + i]!;
    product.re[i]! += sum[0] + diagonal * x;
    if (product.im) product.im[i]! += -sum[1] + diagonal * y;
    addRow(product, 0, a, i, x, y, from, i);
  }
  dotRows(product, 0, conjugate, 0, from, n, sum);
  const half = ((re * re + im * im) * sum[0]) / 2;
  // The conjugate of w.
  const w = zeroMatrix(1, n, a.im !== undefined);
  addRow(w, 0, product, 0, re, im, from, n);
  addRow(w, 0, conjugate, 0, -half, 0, from, n);
  for (let i = from; i < n; i++) {
    addRow(a, i, w, 0, -conjugate.re[i]!, conjugate.im?.[i] ?? 0, from, i + 1);
    addRow(a, i, conjugate, 0, -w.re[i]!, w.im?.[i] ?? 0, from, i + 1);
    if (a.im) a.im[i * n + i] = 0;
  }
}

/** Rotates a tridiagonal matrix until nothing is left below the diagonal. False where it takes too many steps. */
function diagonalize(diagonal: Float64Array, below: Float64Array, epsilon: number, rotate: Rotate): boolean {
  let end = diagonal.length - 1;
  let steps = 0;
  while (end > 0) {
    for (let i = 0; i < end; i++) {
      const around = Math.abs(diagonal[i]!) + Math.abs(diagonal[i + 1]!);
      if (Math.abs(below[i]!) <= 2 * epsilon * around || Math.abs(below[i]!) < 2 ** -1022) below[i] = 0;
    }
    while (end > 0 && below[end - 1] === 0) end--;
    if (end <= 0) break;
    if (++steps > 30 * diagonal.length) return false;
    let start = end - 1;
    while (start > 0 && below[start - 1] !== 0) start--;
    step(diagonal, below, start, end, rotate);
  }
  return true;
}

/** The eigenvalue of the last two rows and columns that is nearer to the last element. */
function shiftOf(before: number, last: number, between: number): number {
  const half = (before - last) / 2;
  if (half === 0) return last - Math.abs(between);
  const distance = Math.hypot(half, between);
  return last - (between / (half + (half > 0 ? distance : -distance))) * between;
}

/** One implicit QR step on rows [start, end]. */
function step(diagonal: Float64Array, below: Float64Array, start: number, end: number, rotate: Rotate): void {
  let x = diagonal[start]! - shiftOf(diagonal[end - 1]!, diagonal[end]!, below[end - 1]!);
  let bulge = below[start]!;
  for (let k = start; k < end && bulge !== 0; k++) {
    const length = Math.hypot(x, bulge);
    const [c, s] = [x / length, -bulge / length];
    const [first, next, off] = [diagonal[k]!, diagonal[k + 1]!, below[k]!];
    const left = s * first + c * off;
    const right = s * off + c * next;
    diagonal[k] = c * (c * first - s * off) - s * (c * off - s * next);
    diagonal[k + 1] = s * left + c * right;
    below[k] = c * left - s * right;
    if (k > start) below[k - 1] = c * below[k - 1]! - s * bulge;
    x = below[k]!;
    if (k < end - 1) {
      bulge = -s * below[k + 1]!;
      below[k + 1] = c * below[k + 1]!;
    }
    rotate(k, c, s);
  }
}
