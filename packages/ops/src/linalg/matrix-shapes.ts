// Shape rules of ops on batches of matrices. Source: core/ops/linalg_ops.cc.
import type { InferenceContext, ShapeFunction } from "@org/graph";
import { Shape } from "@org/tensor";
import { type Dim, mergeDims, mergeShapes, subshape, withRankAtLeast } from "../shape-rules.ts";

/** Dims of matrices, and those before. */
export interface MatrixShape {
  readonly outer: Shape;
  readonly rows: Dim;
  readonly columns: Dim;
}

/** Throws where the rank is known to be below 2. */
export function matrixShape(shape: Shape): MatrixShape {
  const known = withRankAtLeast(shape, 2);
  if (known.rank === null) return { outer: Shape.unknown, rows: null, columns: null };
  return { outer: subshape(known, 0, -2), rows: known.dim(-2), columns: known.dim(-1) };
}

/** As many rows as columns. Throws where it is known that they are not. */
export function squareShape(shape: Shape): { readonly outer: Shape; readonly size: Dim } {
  const { outer, rows, columns } = matrixShape(shape);
  return { outer, size: mergeDims(rows, columns) };
}

/** Output 0 has the shape of input 0: square matrices. */
export const unchangedSquare: ShapeFunction = (c) => {
  const { outer, size } = squareShape(c.input(0));
  return [outer.concat(new Shape([size, size]))];
};

/** [..., m, n] and [..., m, k] give [..., n, k]. */
export function solvedShape(c: InferenceContext, square: boolean): readonly Shape[] {
  const left = matrixShape(c.input(0));
  if (square) mergeDims(left.rows, left.columns);
  const right = matrixShape(c.input(1));
  const outer = mergeShapes(left.outer, right.outer);
  const m = mergeDims(square ? mergeDims(left.rows, left.columns) : left.rows, right.rows);
  const n = square ? mergeDims(m, left.columns) : left.columns;
  return [outer.concat(new Shape([n, right.columns]))];
}
