// Matrices of real or complex numbers in double precision, row by row, and what decompositions do to their rows: the loops where time goes, over
// memory that lies together. No library: those there are for JavaScript know no complex numbers. Not the decompositions: a file each beside this one.
import type { Pair } from "../../complex/functions.ts";

/** rows x columns numbers; without `im` they are real. Functions here write into them. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly re: Float64Array;
  readonly im: Float64Array | undefined;
}

/** Zeros. */
export function zeroMatrix(rows: number, columns: number, complex: boolean): Matrix {
  const size = rows * columns;
  return { rows, columns, re: new Float64Array(size), im: complex ? new Float64Array(size) : undefined };
}

/** Ones on the diagonal. */
export function identityMatrix(rows: number, columns: number, complex: boolean): Matrix {
  const made = zeroMatrix(rows, columns, complex);
  for (let i = 0; i < Math.min(rows, columns); i++) made.re[i * columns + i] = 1;
  return made;
}

/** A copy that may be written into. */
export function copyMatrix({ rows, columns, re, im }: Matrix): Matrix {
  return { rows, columns, re: re.slice(), im: im?.slice() };
}

/** The conjugate transpose. */
export function adjointOf(a: Matrix): Matrix {
  const made = zeroMatrix(a.columns, a.rows, a.im !== undefined);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < a.columns; j++) {
      made.re[j * a.rows + i] = a.re[i * a.columns + j]!;
      if (a.im) made.im![j * a.rows + i] = -a.im[i * a.columns + j]!;
    }
  }
  return made;
}

/** The first rows and columns, copied; zeros where there are none. */
export function corner(a: Matrix, rows: number, columns: number): Matrix {
  const made = zeroMatrix(rows, columns, a.im !== undefined);
  const kept = Math.min(columns, a.columns);
  for (let i = 0; i < Math.min(rows, a.rows); i++) {
    const [from, to] = [i * a.columns, i * columns];
    made.re.set(a.re.subarray(from, from + kept), to);
    if (a.im) made.im!.set(a.im.subarray(from, from + kept), to);
  }
  return made;
}

/** Row `i` of `to` += (re + i im) times row `k` of `from`, columns [start, end). */
export function addRow(
  to: Matrix,
  i: number,
  from: Matrix,
  k: number,
  re: number,
  im: number,
  start: number,
  end: number,
): void {
  const [p, q] = [i * to.columns, k * from.columns];
  const [x, y] = [to.re, from.re];
  if (!to.im) {
    for (let j = start; j < end; j++) x[p + j]! += re * y[q + j]!;
    return;
  }
  const [u, v] = [to.im, from.im!];
  for (let j = start; j < end; j++) {
    const a = y[q + j]!;
    const b = v[q + j]!;
    x[p + j]! += re * a - im * b;
    u[p + j]! += re * b + im * a;
  }
}

/** Writes the sum over columns [start, end) of row `i` of `a` times row `k` of `b`, conjugated, into `out`. */
export function dotRows(
  a: Matrix,
  i: number,
  b: Matrix,
  k: number,
  start: number,
  end: number,
  out: Pair,
): void {
  const [p, q] = [i * a.columns, k * b.columns];
  const [x, y] = [a.re, b.re];
  let re = 0;
  let im = 0;
  if (!a.im) {
    for (let j = start; j < end; j++) re += x[p + j]! * y[q + j]!;
  } else {
    const [u, v] = [a.im, b.im!];
    for (let j = start; j < end; j++) {
      re += x[p + j]! * y[q + j]! + u[p + j]! * v[q + j]!;
      im += u[p + j]! * y[q + j]! - x[p + j]! * v[q + j]!;
    }
  }
  out[0] = re;
  out[1] = im;
}

/** Row `i` times re + i im. */
export function scaleRow(a: Matrix, i: number, re: number, im: number): void {
  const from = i * a.columns;
  for (let at = from; at < from + a.columns; at++) {
    const [x, y] = [a.re[at]!, a.im?.[at] ?? 0];
    a.re[at] = re * x - (a.im ? im * y : 0);
    if (a.im) a.im[at] = re * y + im * x;
  }
}

/** Exchanges two rows. */
export function swapRows(a: Matrix, i: number, k: number): void {
  for (const part of a.im ? [a.re, a.im] : [a.re]) {
    const row = part.slice(i * a.columns, (i + 1) * a.columns);
    part.copyWithin(i * a.columns, k * a.columns, (k + 1) * a.columns);
    part.set(row, k * a.columns);
  }
}

/** Rows i and k become c row_i - s row_k and s row_i + c row_k. */
export function rotateRows(a: Matrix, i: number, k: number, c: number, s: number): void {
  rotate(a.re, i * a.columns, k * a.columns, a.columns, c, s);
  if (a.im) rotate(a.im, i * a.columns, k * a.columns, a.columns, c, s);
}

function rotate(x: Float64Array, p: number, q: number, count: number, c: number, s: number): void {
  for (let j = 0; j < count; j++) {
    const a = x[p + j]!;
    const b = x[q + j]!;
    x[p + j] = c * a - s * b;
    x[q + j] = s * a + c * b;
  }
}

/** The product a b. */
export function multiplyMatrices(a: Matrix, b: Matrix): Matrix {
  const made = zeroMatrix(a.rows, b.columns, a.im !== undefined);
  for (let i = 0; i < a.rows; i++)
    for (let k = 0; k < a.columns; k++) {
      const at = i * a.columns + k;
      addRow(made, i, b, k, a.re[at]!, a.im?.[at] ?? 0, 0, b.columns);
    }
  return made;
}

/** Whether no element is infinite or NaN. */
export function isFiniteMatrix({ re, im }: Matrix): boolean {
  return re.every(Number.isFinite) && (im?.every(Number.isFinite) ?? true);
}

/** The same shape, all NaN. */
export function fillNaN(a: Matrix): Matrix {
  a.re.fill(Number.NaN);
  a.im?.fill(Number.NaN);
  return a;
}
