// The LU decomposition with partial pivoting, and what is made of it: solutions, inverses, determinants.
import { complexOperators, type Pair } from "../../complex/functions.ts";
import { addRow, copyMatrix, identityMatrix, type Matrix, swapRows, zeroMatrix } from "./matrix.ts";
import { solveTriangular } from "./triangular.ts";

const divide = complexOperators.Div!;
const multiply = complexOperators.Mul!;

/** P a = L U. */
export interface Lu {
  /** U, and below its diagonal L without the ones on its own. */
  readonly factors: Matrix;
  /** Row i of P a is row `rows[i]` of a. */
  readonly rows: Int32Array;
  /** The determinant of P. */
  readonly sign: 1 | -1;
}

const modulus = (a: Matrix, at: number): number =>
  a.im ? Math.hypot(a.re[at]!, a.im[at]!) : Math.abs(a.re[at]!);

/** Decomposes a square matrix. The pivot of a column is its largest element, the first of equals. */
export function decomposeLu(matrix: Matrix): Lu {
  const a = copyMatrix(matrix);
  const n = a.rows;
  const rows = Int32Array.from({ length: n }, (_, i) => i);
  let sign: 1 | -1 = 1;
  const factor: Pair = [0, 0];
  for (let k = 0; k < n; k++) {
    let [pivot, largest] = [k, modulus(a, k * n + k)];
    for (let i = k + 1; i < n; i++) {
      const size = modulus(a, i * n + k);
      if (size > largest) [pivot, largest] = [i, size];
    }
    if (pivot !== k) {
      swapRows(a, k, pivot);
      [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
      sign = sign === 1 ? -1 : 1;
    }
    if (largest === 0) continue;
    const [re, im] = [a.re[k * n + k]!, a.im?.[k * n + k] ?? 0];
    for (let i = k + 1; i < n; i++) {
      const at = i * n + k;
      if (a.im) divide(a.re[at]!, a.im[at]!, re, im, factor);
      else factor[0] = a.re[at]! / re;
      a.re[at] = factor[0];
      if (a.im) a.im[at] = factor[1];
      addRow(a, i, a, k, -factor[0], -factor[1], k + 1, n);
    }
  }
  return { factors: a, rows, sign };
}

/** Whether no pivot is zero (or NaN). */
export function isInvertible({ factors }: Lu): boolean {
  const n = factors.rows;
  for (let i = 0; i < n; i++) if (!(modulus(factors, i * n + i) > 0)) return false;
  return true;
}

/** The solution x of a x = b, or of a^H x = b. */
export function solveLu({ factors, rows }: Lu, b: Matrix, adjoint: boolean): Matrix {
  const x = zeroMatrix(b.rows, b.columns, b.im !== undefined);
  const put = (from: Matrix, i: number, to: Matrix, k: number): void =>
    addRow(to, k, from, i, 1, 0, 0, b.columns);
  if (!adjoint) {
    for (let i = 0; i < b.rows; i++) put(b, rows[i]!, x, i);
    solveTriangular(factors, x, { lower: true, adjoint, unit: true });
    solveTriangular(factors, x, { lower: false, adjoint });
    return x;
  }
  const y = copyMatrix(b);
  solveTriangular(factors, y, { lower: false, adjoint });
  solveTriangular(factors, y, { lower: true, adjoint, unit: true });
  for (let i = 0; i < b.rows; i++) put(y, i, x, rows[i]!);
  return x;
}

/** The inverse, or that of the conjugate transpose. */
export function invertLu(lu: Lu, adjoint: boolean): Matrix {
  const n = lu.factors.rows;
  return solveLu(lu, identityMatrix(n, n, lu.factors.im !== undefined), adjoint);
}

/**
 * Writes the determinant divided by its modulus into `out` and gives the modulus's logarithm; 0 and -infinity of a singular matrix, and of one
 * that holds what is no number; 1 and 0 of an empty one.
 */
export function logDeterminantOf({ factors, sign }: Lu, out: Pair): number {
  const n = factors.rows;
  let log = 0;
  out[0] = sign;
  out[1] = 0;
  for (let i = 0; i < n; i++) {
    const size = modulus(factors, i * n + i);
    log += Math.log(size);
    const [re, im] = [factors.re[i * n + i]!, factors.im?.[i * n + i] ?? 0];
    multiply(out[0], out[1], re / size, im / size, out);
  }
  if (Number.isFinite(log)) return log;
  out[0] = out[1] = 0;
  return Number.NEGATIVE_INFINITY;
}
