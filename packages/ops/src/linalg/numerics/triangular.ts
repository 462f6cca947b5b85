// Solving with triangular matrices. Only the triangle that is named is looked at.
import { complexOperators, type Pair } from "../../complex/functions.ts";
import { addRow, type Matrix, scaleRow } from "./matrix.ts";

const divide = complexOperators.Div!;

export interface TriangularOptions {
  /** The lower triangle, else the upper one. */
  readonly lower: boolean;
  /** Solve with the conjugate transpose. */
  readonly adjoint: boolean;
  /** Take the diagonal as ones. */
  readonly unit?: boolean;
}

/** Turns b into the solution x of a x = b (or a^H x = b), for the first `a.columns` rows of b. A zero on the diagonal divides. */
export function solveTriangular(
  a: Matrix,
  b: Matrix,
  { lower, adjoint, unit = false }: TriangularOptions,
): void {
  const n = a.columns;
  const forward = lower !== adjoint;
  const inverse: Pair = [0, 0];
  const sign = adjoint ? -1 : 1;
  for (let step = 0; step < n; step++) {
    const i = forward ? step : n - 1 - step;
    for (let past = 0; past < step; past++) {
      const k = forward ? past : n - 1 - past;
      const at = adjoint ? k * n + i : i * n + k;
      addRow(b, i, b, k, -a.re[at]!, -sign * (a.im?.[at] ?? 0), 0, b.columns);
    }
    if (unit) continue;
    const at = i * n + i;
    divide(1, 0, a.re[at]!, sign * (a.im?.[at] ?? 0), inverse);
    if (a.im) scaleRow(b, i, inverse[0], inverse[1]);
    else for (let j = i * b.columns; j < (i + 1) * b.columns; j++) b.re[j]! /= a.re[at]!;
  }
}
