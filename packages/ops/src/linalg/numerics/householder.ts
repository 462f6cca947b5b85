// Householder reflections, and the QR decompositions that are made of them; signs and phases as Eigen's: the diagonal of r is real.
import { complexOperators, type Pair } from "../../complex/functions.ts";
import { addRow, corner, dotRows, identityMatrix, type Matrix, zeroMatrix } from "./matrix.ts";

const divide = complexOperators.Div!;

/** I - tau v v^H, where v (a row of one matrix) is 1 at `from` and 0 before. */
export interface Reflection {
  /** The conjugate of v, as a matrix of one row. */
  readonly conjugate: Matrix;
  readonly tau: Readonly<Pair>;
  readonly from: number;
}

/**
 * The reflection that turns the elements of `vector` (a matrix of one row) from `from` on into [beta, 0, 0 ...] with a real beta.
 */
export function reflectionOf(
  vector: Matrix,
  from: number,
): { readonly reflection: Reflection; readonly beta: number } {
  const { columns, re, im } = vector;
  const [headRe, headIm] = [re[from]!, im?.[from] ?? 0];
  let tail = 0;
  for (let j = from + 1; j < columns; j++) tail += re[j]! ** 2 + (im ? im[j]! ** 2 : 0);
  const conjugate = zeroMatrix(1, columns, im !== undefined);
  conjugate.re[from] = 1;
  // Eigen takes the smallest normal number as nothing.
  if (tail <= smallest && headIm * headIm <= smallest)
    return { reflection: { conjugate, tau: [0, 0], from }, beta: headRe };
  const norm = Math.sqrt(headRe * headRe + headIm * headIm + tail);
  const beta = headRe >= 0 ? -norm : norm;
  const quotient: Pair = [0, 0];
  for (let j = from + 1; j < columns; j++) {
    divide(re[j]!, im?.[j] ?? 0, headRe - beta, headIm, quotient);
    conjugate.re[j] = quotient[0];
    if (conjugate.im) conjugate.im[j] = -quotient[1];
  }
  return { reflection: { conjugate, tau: [(beta - headRe) / beta, headIm / beta], from }, beta };
}

const smallest = 2 ** -1022;

/** a := (I - tau v v^H) a, columns [start, end); with the conjugate of tau where `inverse`. */
export function reflectRows(
  a: Matrix,
  { conjugate, tau, from }: Reflection,
  inverse: boolean,
  start = 0,
  end: number = a.columns,
): void {
  const [re, im] = [tau[0], inverse ? -tau[1] : tau[1]];
  if (re === 0 && im === 0) return;
  const sums = zeroMatrix(1, a.columns, a.im !== undefined);
  const to = Math.min(a.rows, conjugate.columns);
  for (let i = from; i < to; i++) addRow(sums, 0, a, i, conjugate.re[i]!, conjugate.im?.[i] ?? 0, start, end);
  for (let i = from; i < to; i++) {
    const [x, y] = [conjugate.re[i]!, -(conjugate.im?.[i] ?? 0)];
    addRow(a, i, sums, 0, -(re * x - im * y), -(re * y + im * x), start, end);
  }
}

/** a := a (I - tau v v^H), rows [start, end); with the conjugate of tau where `inverse`. */
export function reflectColumns(
  a: Matrix,
  { conjugate, tau, from }: Reflection,
  inverse: boolean,
  start = 0,
  end: number = a.rows,
): void {
  const [re, im] = [tau[0], inverse ? -tau[1] : tau[1]];
  if (re === 0 && im === 0) return;
  const sum: Pair = [0, 0];
  for (let i = start; i < end; i++) {
    dotRows(a, i, conjugate, 0, from, a.columns, sum);
    addRow(a, i, conjugate, 0, -(re * sum[0] - im * sum[1]), -(re * sum[1] + im * sum[0]), from, a.columns);
  }
}

/** Column `k` of `a` as a matrix of one row. */
export function columnOf(a: Matrix, k: number): Matrix {
  const made = zeroMatrix(1, a.rows, a.im !== undefined);
  for (let i = 0; i < a.rows; i++) {
    made.re[i] = a.re[i * a.columns + k]!;
    if (a.im) made.im![i] = a.im[i * a.columns + k]!;
  }
  return made;
}

/** Turns `a` into r by reflections of its columns. With `pivots` (column numbers, exchanged as columns are) the longest remaining column comes next. */
export function triangulate(a: Matrix, pivots?: Int32Array): readonly Reflection[] {
  const { rows, columns } = a;
  const reflections: Reflection[] = [];
  for (let k = 0; k < Math.min(rows, columns); k++) {
    if (pivots) {
      // Told anew: subtracting what is done would lose digits.
      const norms = columnNorms(a, k);
      let longest = k;
      for (let j = k + 1; j < columns; j++) if (norms[j]! > norms[longest]!) longest = j;
      if (longest !== k) {
        swapColumns(a, k, longest);
        [pivots[k], pivots[longest]] = [pivots[longest]!, pivots[k]!];
      }
    }
    const { reflection, beta } = reflectionOf(columnOf(a, k), k);
    reflections.push(reflection);
    reflectRows(a, reflection, false, k + 1);
    for (let i = k; i < rows; i++) {
      a.re[i * columns + k] = i === k ? beta : 0;
      if (a.im) a.im[i * columns + k] = 0;
    }
  }
  return reflections;
}

function columnNorms(a: Matrix, from: number): Float64Array {
  const sums = new Float64Array(a.columns);
  for (let i = from; i < a.rows; i++)
    for (let j = from; j < a.columns; j++) {
      const at = i * a.columns + j;
      sums[j]! += a.re[at]! ** 2 + (a.im ? a.im[at]! ** 2 : 0);
    }
  return sums;
}

function swapColumns(a: Matrix, k: number, l: number): void {
  for (const part of a.im ? [a.re, a.im] : [a.re])
    for (let row = 0; row < part.length; row += a.columns)
      [part[row + k], part[row + l]] = [part[row + l]!, part[row + k]!];
}

/** The first `columns` columns of q, whose reflections are given. */
export function orthogonalOf(
  reflections: readonly Reflection[],
  rows: number,
  columns: number,
  complex: boolean,
): Matrix {
  const q = identityMatrix(rows, columns, complex);
  // Columns before a reflection's own are still those of the identity.
  for (let k = reflections.length - 1; k >= 0; k--) reflectRows(q, reflections[k]!, true, k);
  return q;
}

/** a = q r, with q of `columns` columns. */
export function decomposeQr(a: Matrix, columns: number): { readonly q: Matrix; readonly r: Matrix } {
  const whole = corner(a, a.rows, a.columns);
  const reflections = triangulate(whole);
  return {
    q: orthogonalOf(reflections, a.rows, columns, a.im !== undefined),
    r: corner(whole, columns, a.columns),
  };
}
