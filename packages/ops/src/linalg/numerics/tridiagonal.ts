// Solving with tridiagonal matrices, by elimination in the band.
import { complexOperators, type Pair } from "../../complex/functions.ts";
import { addRow, type Matrix, scaleRow, swapRows, zeroMatrix } from "./matrix.ts";

const divide = complexOperators.Div!;

/**
 * Turns b into the solution x of a x = b. Rows of `diagonals` (3 x n): above the diagonal (its last element is not looked at), the diagonal, below
 * it (its first element is not). False where a pivot is zero.
 */
export function solveTridiagonal(diagonals: Matrix, b: Matrix, pivoting: boolean): boolean {
  const n = diagonals.columns;
  const end = b.columns;
  // Row i, from the column of its pivot on: three elements.
  const band = zeroMatrix(n, 3, b.im !== undefined);
  const put = (row: number, column: number, from: number): void => {
    band.re[3 * row + column] = diagonals.re[from]!;
    if (band.im) band.im[3 * row + column] = diagonals.im![from]!;
  };
  const size = (row: number): number => Math.hypot(band.re[3 * row]!, band.im?.[3 * row] ?? 0);
  const quotient: Pair = [0, 0];
  put(0, 0, n);
  if (n > 1) put(0, 1, 0);
  for (let i = 0; i + 1 < n; i++) {
    put(i + 1, 0, 2 * n + i + 1);
    put(i + 1, 1, n + i + 1);
    if (i + 2 < n) put(i + 1, 2, i + 1);
    if (pivoting && size(i + 1) > size(i)) {
      swapRows(band, i, i + 1);
      swapRows(b, i, i + 1);
    }
    if (size(i) === 0) return false;
    divide(band.re[3 * i + 3]!, band.im?.[3 * i + 3] ?? 0, band.re[3 * i]!, band.im?.[3 * i] ?? 0, quotient);
    addRow(band, i + 1, band, i, -quotient[0], -quotient[1], 0, 3);
    addRow(b, i + 1, b, i, -quotient[0], -quotient[1], 0, end);
    for (const part of band.im ? [band.re, band.im] : [band.re]) {
      part.copyWithin(3 * i + 3, 3 * i + 4, 3 * i + 6);
      part[3 * i + 5] = 0;
    }
  }
  if (size(n - 1) === 0) return false;
  for (let i = n - 1; i >= 0; i--) {
    for (const k of [1, 2])
      if (i + k < n) addRow(b, i, b, i + k, -band.re[3 * i + k]!, -(band.im?.[3 * i + k] ?? 0), 0, end);
    divide(1, 0, band.re[3 * i]!, band.im?.[3 * i] ?? 0, quotient);
    scaleRow(b, i, quotient[0], quotient[1]);
  }
  return true;
}
