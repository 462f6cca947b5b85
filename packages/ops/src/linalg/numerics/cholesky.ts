// The Cholesky decomposition of positive definite matrices, and its gradient.
import type { Pair } from "../../complex/functions.ts";
import { addRow, adjointOf, dotRows, type Matrix, multiplyMatrices, zeroMatrix } from "./matrix.ts";
import { solveTriangular } from "./triangular.ts";

/** Lower triangular l with l l^H = a; undefined where a is not positive definite. Only a's lower triangle is looked at. */
export function cholesky(a: Matrix): Matrix | undefined {
  const n = a.rows;
  const l = zeroMatrix(n, n, a.im !== undefined);
  const out: Pair = [0, 0];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      dotRows(l, i, l, j, 0, j, out);
      const at = i * n + j;
      const pivot = l.re[j * n + j]!;
      l.re[at] = (a.re[at]! - out[0]) / pivot;
      if (l.im) l.im[at] = (a.im![at]! - out[1]) / pivot;
    }
    dotRows(l, i, l, i, 0, i, out);
    const square = a.re[i * n + i]! - out[0];
    if (square <= 0) return undefined;
    l.re[i * n + i] = Math.sqrt(square);
  }
  return l;
}

/** What a gradient by l becomes by a = l l^H: symmetric. Only the lower triangles of both are looked at. */
export function choleskyGradient(l: Matrix, gradient: Matrix): Matrix {
  const n = l.rows;
  const lower = { lower: true, adjoint: true };
  const middle = multiplyMatrices(adjointOf(lowerTriangle(l)), lowerTriangle(gradient));
  const weighted = lowerTriangle(middle);
  for (let i = 0; i < n; i++) {
    weighted.re[i * n + i]! /= 2;
    if (weighted.im) weighted.im[i * n + i]! /= 2;
  }
  // l^-H p l^-1 = l^-H (l^-H p^H)^H
  const half = adjointOf(weighted);
  solveTriangular(l, half, lower);
  const whole = adjointOf(half);
  solveTriangular(l, whole, lower);
  const turned = adjointOf(whole);
  for (let at = 0; at < n * n; at++) {
    whole.re[at] = (whole.re[at]! + turned.re[at]!) / 2;
    if (whole.im) whole.im[at] = (whole.im[at]! + turned.im![at]!) / 2;
  }
  return whole;
}

function lowerTriangle(a: Matrix): Matrix {
  const made = zeroMatrix(a.rows, a.columns, a.im !== undefined);
  for (let i = 0; i < a.rows; i++) addRow(made, i, a, i, 1, 0, 0, Math.min(i + 1, a.columns));
  return made;
}
