// Singular values and vectors: reflections from both sides make the matrix bidiagonal and real, rotations diagonal (Golub and Reinsch; Golub
// and Van Loan, Matrix Computations, 8.6). Signs of the vectors are not those of Eigen, which decomposes by halves: they are not determined.
import {
  columnOf,
  orthogonalOf,
  type Reflection,
  reflectColumns,
  reflectionOf,
  reflectRows,
} from "./householder.ts";
import { addRow, adjointOf, copyMatrix, type Matrix, rotateRows, scaleRow, zeroMatrix } from "./matrix.ts";

/** Which singular vectors: as many as there are singular values, all, or none. */
export type SingularVectors = "thin" | "full" | "none";

/** a = u diag(values) v^H, values descending; u and v have no columns where none were asked for. */
export interface SingularValues {
  readonly values: Float64Array;
  readonly u: Matrix;
  readonly v: Matrix;
}

const epsilon = 2 ** -52;

/** The decomposition of a matrix whose elements are finite. */
export function singularValues(a: Matrix, vectors: SingularVectors): SingularValues {
  if (a.rows < a.columns) {
    const { values, u, v } = singularValues(adjointOf(a), vectors);
    return { values, u: v, v: u };
  }
  const n = a.columns;
  const complex = a.im !== undefined;
  const largest = Math.max(...parts(a).map(largestOf));
  const scale = largest === 0 ? 1 : largest;
  const work = copyMatrix(a);
  for (const part of parts(work)) for (let i = 0; i < part.length; i++) part[i]! /= scale;
  const { left, right, diagonal, above } = bidiagonalize(work);
  const size = vectors === "none" ? 0 : vectors === "full" ? a.rows : n;
  const u = adjointOf(orthogonalOf(vectors === "none" ? [] : left, a.rows, size, complex));
  const v = adjointOf(orthogonalOf(vectors === "none" ? [] : right, n, vectors === "none" ? 0 : n, complex));
  diagonalize(diagonal, above, vectors === "none" ? undefined : u, vectors === "none" ? undefined : v);
  diagonal.forEach((value, i) => {
    if (value < 0 && vectors !== "none") scaleRow(v, i, -1, 0);
    diagonal[i] = Math.abs(value);
  });
  const order = Array.from(diagonal.keys()).sort((i, k) => diagonal[k]! - diagonal[i]!);
  return {
    values: Float64Array.from(order, (i) => diagonal[i]! * scale),
    u: adjointOf(reorder(u, order)),
    v: adjointOf(reorder(v, order)),
  };
}

const parts = (a: Matrix): readonly Float64Array[] => (a.im ? [a.re, a.im] : [a.re]);

function largestOf(part: Float64Array): number {
  let largest = 0;
  for (const x of part) largest = Math.max(largest, Math.abs(x));
  return largest;
}

/** Rows in the order given; those beyond stay. */
function reorder(a: Matrix, order: readonly number[]): Matrix {
  const made = zeroMatrix(a.rows, a.columns, a.im !== undefined);
  for (let i = 0; i < a.rows; i++) addRow(made, i, a, order[i] ?? i, 1, 0, 0, a.columns);
  return made;
}

interface Bidiagonal {
  readonly left: readonly Reflection[];
  readonly right: readonly Reflection[];
  readonly diagonal: Float64Array;
  readonly above: Float64Array;
}

/** Writes over `a`, which has no more columns than rows. */
function bidiagonalize(a: Matrix): Bidiagonal {
  const n = a.columns;
  const left: Reflection[] = [];
  const right: Reflection[] = [];
  const diagonal = new Float64Array(n);
  const above = new Float64Array(Math.max(0, n - 1));
  for (let k = 0; k < n; k++) {
    const column = reflectionOf(columnOf(a, k), k);
    left.push(column.reflection);
    diagonal[k] = column.beta;
    reflectRows(a, column.reflection, false, k + 1);
    if (k + 1 >= n) continue;
    const conjugate = zeroMatrix(1, n, a.im !== undefined);
    conjugate.re.set(a.re.subarray(k * n, (k + 1) * n));
    if (a.im) conjugate.im!.set(a.im.subarray(k * n, (k + 1) * n).map((x) => -x));
    const row = reflectionOf(conjugate, k + 1);
    right.push(row.reflection);
    above[k] = row.beta;
    reflectColumns(a, row.reflection, true, k + 1);
  }
  return { left, right, diagonal, above };
}

/** A rotation that turns (x, y) into (length, 0): c x + s y = length. */
function rotation(x: number, y: number): { readonly c: number; readonly s: number; readonly length: number } {
  const length = Math.hypot(x, y);
  return length === 0 ? { c: 1, s: 0, length } : { c: x / length, s: y / length, length };
}

/** Rotates until nothing is left above the diagonal; rows of u and v turn along. */
function diagonalize(d: Float64Array, e: Float64Array, u: Matrix | undefined, v: Matrix | undefined): void {
  const turn = (a: Matrix | undefined, i: number, k: number, c: number, s: number): void => {
    if (a) rotateRows(a, i, k, c, -s);
  };
  const norm = Math.max(...[largestOf(d), largestOf(e)]);
  const nothing = epsilon * norm;
  let end = d.length - 1;
  for (let steps = 0; end > 0 && steps <= 60 * d.length; ) {
    for (let k = 0; k < end; k++)
      if (
        Math.abs(e[k]!) <= epsilon * (Math.abs(d[k]!) + Math.abs(d[k + 1]!)) ||
        Math.abs(e[k]!) < 2 ** -1022
      )
        e[k] = 0;
    while (end > 0 && e[end - 1] === 0) end--;
    if (end <= 0) return;
    let start = end - 1;
    while (start > 0 && e[start - 1] !== 0) start--;
    steps++;
    if (Math.abs(d[end]!) <= nothing * epsilon)
      clearColumn(d, e, start, end, (k, c, s) => turn(v, k, end, c, s));
    else {
      const zero = d.subarray(start, end).findIndex((x) => Math.abs(x) <= nothing * epsilon);
      if (zero >= 0) clearRow(d, e, start + zero, end, (k, c, s) => turn(u, k, start + zero, c, s));
      else
        step(
          d,
          e,
          start,
          end,
          (k, c, s) => turn(v, k, k + 1, c, s),
          (k, c, s) => turn(u, k, k + 1, c, s),
        );
    }
  }
}

type Turn = (k: number, c: number, s: number) => void;

/** The last diagonal element is nothing: what stands above it goes, column by column up. */
function clearColumn(d: Float64Array, e: Float64Array, start: number, end: number, turn: Turn): void {
  d[end] = 0;
  let above = e[end - 1]!;
  e[end - 1] = 0;
  for (let k = end - 1; k >= start && above !== 0; k--) {
    const { c, s, length } = rotation(d[k]!, above);
    d[k] = length;
    if (k > start) {
      above = -s * e[k - 1]!;
      e[k - 1] = c * e[k - 1]!;
    }
    turn(k, c, s);
  }
}

/** A diagonal element is nothing: what stands beside it goes, column by column to the right. */
function clearRow(d: Float64Array, e: Float64Array, row: number, end: number, turn: Turn): void {
  d[row] = 0;
  let beside = e[row]!;
  e[row] = 0;
  for (let k = row + 1; k <= end && beside !== 0; k++) {
    const { c, s, length } = rotation(d[k]!, beside);
    d[k] = length;
    if (k < end) {
      beside = -s * e[k]!;
      e[k] = c * e[k]!;
    }
    turn(k, c, s);
  }
}

/** One implicit QR step of b^T b on [start, end], with the shift of its last two rows. */
function step(d: Float64Array, e: Float64Array, start: number, end: number, turnV: Turn, turnU: Turn): void {
  const scale = Math.max(...[d[end]!, d[end - 1]!, e[end - 1]!, d[start]!, e[start]!].map(Math.abs));
  const [last, before, between] = [d[end]! / scale, d[end - 1]! / scale, e[end - 1]! / scale];
  const [first, beside] = [d[start]! / scale, e[start]! / scale];
  const half = ((before + last) * (before - last) + between * between) / 2;
  const product = (last * between) ** 2;
  const root = Math.sqrt(half * half + product);
  const shift = half === 0 && product === 0 ? 0 : product / (half + (half < 0 ? -root : root));
  let x = (first + last) * (first - last) + shift;
  let y = first * beside;
  for (let k = start; k < end; k++) {
    const right = rotation(x, y);
    if (k > start) e[k - 1] = right.length;
    x = right.c * d[k]! + right.s * e[k]!;
    e[k] = right.c * e[k]! - right.s * d[k]!;
    y = right.s * d[k + 1]!;
    d[k + 1] = right.c * d[k + 1]!;
    turnV(k, right.c, right.s);
    const left = rotation(x, y);
    d[k] = left.length;
    x = left.c * e[k]! + left.s * d[k + 1]!;
    d[k + 1] = left.c * d[k + 1]! - left.s * e[k]!;
    if (k + 1 < end) {
      y = left.s * e[k + 1]!;
      e[k + 1] = left.c * e[k + 1]!;
    }
    turnU(k, left.c, left.s);
  }
  e[end - 1] = x;
}
