// The Schur decomposition of complex matrices: reflections to Hessenberg form, then QR steps with single shifts (Golub and Van Loan,
// Matrix Computations, 7.4 to 7.5).
import { complexFunctions, complexOperators, type Pair } from "../../complex/functions.ts";
import {
  columnOf,
  orthogonalOf,
  type Reflection,
  reflectColumns,
  reflectionOf,
  reflectRows,
} from "./householder.ts";
import type { Matrix } from "./matrix.ts";

const multiply = complexOperators.Mul!;
const squareRoot = complexFunctions.Sqrt!;
const epsilon = 2 ** -52;

/** A complex matrix: its parts are both there. */
export type ComplexMatrix = Matrix & { readonly im: Float64Array };

/** a = u t u^H, t upper triangular. */
export interface Schur {
  readonly t: ComplexMatrix;
  readonly u: ComplexMatrix;
}

/** The matrix with an imaginary part, zero where it had none. */
export function asComplex({ rows, columns, re, im }: Matrix): ComplexMatrix {
  return { rows, columns, re: re.slice(), im: im ? im.slice() : new Float64Array(re.length) };
}

/** Undefined where the steps do not converge: something in the matrix is not finite. */
export function schurOf(a: Matrix): Schur | undefined {
  const t = asComplex(a);
  const n = t.rows;
  const reflections: Reflection[] = [];
  for (let k = 0; k + 1 < n; k++) {
    const { reflection } = reflectionOf(columnOf(t, k), k + 1);
    reflections.push(reflection);
    reflectRows(t, reflection, false);
    reflectColumns(t, reflection, true);
    for (let i = k + 2; i < n; i++) t.re[i * n + k] = t.im[i * n + k] = 0;
  }
  const u = orthogonalOf(reflections, n, n, true) as ComplexMatrix;
  return triangulate(t, u) ? { t, u } : undefined;
}

function triangulate(t: ComplexMatrix, u: ComplexMatrix): boolean {
  const n = t.rows;
  const size = (at: number): number => Math.hypot(t.re[at]!, t.im[at]!);
  let end = n - 1;
  for (let steps = 1; end > 0; steps++) {
    let start = end;
    for (; start > 0; start--) {
      const at = start * n + start;
      if (size(at - 1) > epsilon * (size(at) + size(at - n - 1))) continue;
      t.re[at - 1] = t.im[at - 1] = 0;
      break;
    }
    if (start === end) {
      end--;
      steps = 0;
      continue;
    }
    if (!(steps < 60)) return false;
    step(t, u, start, end, steps % 10 === 0 ? exceptionalShift(t, end) : shiftOf(t, end));
  }
  return true;
}

/** The eigenvalue of the last two rows and columns that is nearer to the last element. */
function shiftOf(t: ComplexMatrix, end: number): Pair {
  const n = t.rows;
  const [d, c] = [end * n + end, end * n + end - 1];
  const [a, b] = [d - n - 1, d - n];
  const half: Pair = [(t.re[a]! - t.re[d]!) / 2, (t.im[a]! - t.im[d]!) / 2];
  const product: Pair = [0, 0];
  multiply(t.re[b]!, t.im[b]!, t.re[c]!, t.im[c]!, product);
  const root: Pair = [0, 0];
  multiply(half[0], half[1], half[0], half[1], root);
  squareRoot(root[0] + product[0], root[1] + product[1], root);
  // last - bc / (half + root), with the root's sign that makes the divisor larger.
  const sign = half[0] * root[0] + half[1] * root[1] < 0 ? -1 : 1;
  const [re, im] = [half[0] + sign * root[0], half[1] + sign * root[1]];
  if (re === 0 && im === 0) return [t.re[d]!, t.im[d]!];
  complexOperators.Div!(product[0], product[1], re, im, product);
  return [t.re[d]! - product[0], t.im[d]! - product[1]];
}

/** Breaks cycles. */
function exceptionalShift(t: ComplexMatrix, end: number): Pair {
  const at = end * t.rows + end;
  return [Math.hypot(t.re[at - 1]!, t.im[at - 1]!) + t.re[at]!, t.im[at]!];
}

/** t - shift = q r on [start, end] becomes r q + shift; everything else turns along. */
function step(t: ComplexMatrix, u: ComplexMatrix, start: number, end: number, shift: Readonly<Pair>): void {
  const n = t.rows;
  const move = (sign: 1 | -1): void => {
    for (let i = start; i <= end; i++) {
      t.re[i * n + i]! += sign * shift[0];
      t.im[i * n + i]! += sign * shift[1];
    }
  };
  move(-1);
  const turns: [c: number, re: number, im: number][] = [];
  for (let k = start; k < end; k++) {
    const turn = givens(t, k * n + k, (k + 1) * n + k);
    turns.push(turn);
    turnRows(t, k, turn);
  }
  turns.forEach((turn, i) => {
    const k = start + i;
    turnColumns(t, k, Math.min(k + 2, end + 1), turn);
    turnColumns(u, k, n, turn);
  });
  move(1);
}

/** c and s = re + i im with [c, s; -conj(s), c] (x, y) = (length, 0). */
function givens({ re, im }: ComplexMatrix, x: number, y: number): [number, number, number] {
  const [a, b] = [Math.hypot(re[x]!, im[x]!), Math.hypot(re[y]!, im[y]!)];
  const length = Math.hypot(a, b);
  if (length === 0) return [1, 0, 0];
  if (a === 0) return [0, re[y]! / b, -im[y]! / b];
  const [p, q] = [re[x]! / a, im[x]! / a];
  return [a / length, (p * re[y]! + q * im[y]!) / length, (q * re[y]! - p * im[y]!) / length];
}

function turnRows(
  { rows: n, re, im }: ComplexMatrix,
  k: number,
  [c, s, r]: readonly [number, number, number],
): void {
  for (let p = k * n + k, q = p + n; p < (k + 1) * n; p++, q++) {
    const [a, b, x, y] = [re[p]!, im[p]!, re[q]!, im[q]!];
    re[p] = c * a + (s * x - r * y);
    im[p] = c * b + (s * y + r * x);
    re[q] = c * x - (s * a + r * b);
    im[q] = c * y - (s * b - r * a);
  }
}

function turnColumns(
  { columns: n, re, im }: ComplexMatrix,
  k: number,
  rows: number,
  [c, s, r]: readonly [number, number, number],
): void {
  for (let i = 0, p = k; i < rows; i++, p += n) {
    const [a, b, x, y] = [re[p]!, im[p]!, re[p + 1]!, im[p + 1]!];
    re[p] = c * a + (s * x + r * y);
    im[p] = c * b + (s * y - r * x);
    re[p + 1] = c * x - (s * a - r * b);
    im[p + 1] = c * y - (s * b + r * a);
  }
}
