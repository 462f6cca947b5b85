// Least squares: through the Gram matrix where speed is asked for, else by a complete orthogonal decomposition, which serves matrices of any rank.
// Source: core/kernels/matrix_solve_ls_op_impl.h, Eigen's CompleteOrthogonalDecomposition.
import { cholesky } from "./cholesky.ts";
import { decomposeQr, orthogonalOf, triangulate } from "./householder.ts";
import { adjointOf, copyMatrix, corner, type Matrix, multiplyMatrices, zeroMatrix } from "./matrix.ts";
import { solveTriangular } from "./triangular.ts";

/**
 * x that makes |a x - b|^2 + l2 |x|^2 least, by the Gram matrix's Cholesky decomposition; with fewer rows than columns the shortest such x.
 * Undefined where the Gram matrix is not positive definite.
 */
export function leastSquaresByGram(a: Matrix, b: Matrix, l2: number): Matrix | undefined {
  const turned = adjointOf(a);
  const over = a.rows >= a.columns;
  const gram = over ? multiplyMatrices(turned, a) : multiplyMatrices(a, turned);
  for (let i = 0; i < gram.rows; i++) gram.re[i * gram.columns + i]! += l2;
  const l = cholesky(gram);
  if (!l) return undefined;
  const x = over ? multiplyMatrices(turned, b) : copyMatrix(b);
  solveTriangular(l, x, { lower: true, adjoint: false });
  solveTriangular(l, x, { lower: true, adjoint: true });
  return over ? x : multiplyMatrices(turned, x);
}

/** The shortest x that makes |a x - b| least. `precision`: what counts as zero beside the largest pivot. */
export function leastSquares(a: Matrix, b: Matrix, precision: number): Matrix {
  const complex = a.im !== undefined;
  const r = copyMatrix(a);
  const pivots = Int32Array.from({ length: a.columns }, (_, i) => i);
  const reflections = triangulate(r, pivots);
  const q = orthogonalOf(reflections, a.rows, Math.min(a.rows, a.columns), complex);
  const sizes = Array.from({ length: q.columns }, (_, i) => Math.abs(r.re[i * r.columns + i]!));
  const least = precision * q.columns * Math.max(0, ...sizes);
  const rank = sizes.filter((size) => size > least).length;
  const image = corner(multiplyMatrices(adjointOf(q), b), rank, b.columns);
  // The rows of r that count are (z t)^H: x = z t^-H image is shortest.
  const { q: z, r: t } = decomposeQr(adjointOf(corner(r, rank, r.columns)), rank);
  solveTriangular(t, image, { lower: false, adjoint: true });
  const moved = multiplyMatrices(z, image);
  const x = zeroMatrix(a.columns, b.columns, complex);
  pivots.forEach((column, i) => {
    const from = i * b.columns;
    x.re.set(moved.re.subarray(from, from + b.columns), column * b.columns);
    if (x.im) x.im.set(moved.im!.subarray(from, from + b.columns), column * b.columns);
  });
  return x;
}
