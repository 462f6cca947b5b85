// Linear algebra and special functions make the nodes that TensorFlow 1.15.5's Python makes (recorded by fixtures/record-linalg-builders.py).
import type { Tensor } from "@org/graph";
import * as tf from "../src/index.ts";
import { testPrograms } from "./recorded-programs.ts";

const { POSITIVE_INFINITY: infinity } = Number;

/** A placeholder by name, type and dims. */
const input = (
  name: string,
  dtype: "float32" | "float64" | "complex64",
  dims?: readonly (number | null)[],
): Tensor => tf.placeholder(dtype, dims, { name });

const f32 = (name: string, ...dims: (number | null)[]): Tensor => input(name, "float32", dims);

/** Each beside its arguments: all ys are there before the first gradient is. */
function gradientsOf(...pairs: readonly (readonly [Tensor | Tensor[], Tensor | Tensor[]])[]): void {
  for (const [ys, xs] of pairs) tf.gradients(ys, xs);
}

testPrograms("linalg-builders.txt", {
  builders: () => {
    const a = f32("a", 2, 3, 3);
    const b = f32("b", 2, 3, 1);
    const wide = input("wide", "float64", [3, 4]);
    tf.cholesky(a);
    tf.choleskySolve(tf.cholesky(a, { name: "l" }), b);
    tf.matrixInverse(a, { adjoint: true });
    tf.matrixSolve(a, b, { adjoint: true, name: "x" });
    tf.matrixTriangularSolve(a, b, { lower: false });
    tf.matrixDeterminant(a);
    tf.logMatrixDeterminant(a);
    tf.logdet(a);
    tf.selfAdjointEig(a);
    tf.selfAdjointEigvals(a);
    tf.qr(wide, { fullMatrices: true });
    tf.svd(wide);
    tf.svd(wide, { fullMatrices: true, computeUv: false, name: "values" });
    tf.lu(a, { outputIdxType: "int64" });
    tf.matrixSquareRoot(a);
    tf.matrixLogarithm(tf.complex(a, a));
    tf.adjoint(a);
    tf.adjoint(tf.complex(a, a), { name: "turned" });
    tf.matrixTranspose(input("anything", "complex64"), { conjugate: true });
    tf.trace(a);
    tf.matrixRank(wide);
    tf.matrixRank(f32("rows", null, 2), { tol: 0.5 });
    tf.matrixRank(f32("columns", null, 2), { name: "rank" });
    tf.pinv(wide);
    tf.pinv(a, { rcond: 0.1 });
    tf.pinv(f32("some", null, 2), { name: "inverse" });
    tf.pinv(input("unknown", "float32"), { validateArgs: true, name: "checked" });
  },
  least_squares: () => {
    const tall = f32("tall", 2, 4, 3);
    const wide = f32("wide", 3, 4);
    const some = f32("some", null, null);
    const many = input("many", "float64", [9000, 2, 2]);
    const right = [[1], [2], [3]];
    tf.matrixSolveLs(tall, f32("b", 2, 4, 1));
    tf.matrixSolveLs(tall, f32("c", 2, 4, 1), { l2Regularizer: 0.1 });
    tf.matrixSolveLs(wide, right, { name: "x" });
    tf.matrixSolveLs(wide, right, { l2Regularizer: 0.1 });
    tf.matrixSolveLs(wide, right, { fast: false });
    tf.matrixSolveLs(some, some);
    tf.matrixSolveLs(many, many);
  },
  norms: () => {
    const x = f32("x", 2, 3, 4);
    const z = input("z", "complex64", [2, 3]);
    tf.norm(x);
    tf.norm(x, { axis: 1 });
    tf.norm(x, { axis: -1, keepdims: true, name: "n" });
    tf.norm(x, { ord: 1 });
    tf.norm(x, { ord: 1, axis: 1 });
    tf.norm(x, { ord: infinity, axis: 2 });
    tf.norm(x, { ord: 3, axis: 0 });
    tf.norm(x, { ord: 0.5 });
    tf.norm(x, { axis: [1, 2] });
    tf.norm(x, { ord: "fro", axis: [0, 1] });
    tf.norm(x, { ord: 1, axis: [0, 2] });
    tf.norm(x, { ord: infinity, axis: [0, 2] });
    tf.norm(z);
    tf.norm(z, { ord: 1 });
    tf.norm(x, { ord: 2, axis: [0, -1] });
  },
  exponentials: () => {
    tf.matrixExponential(f32("a", 2, 3, 3));
    tf.matrixExponential(input("b", "float64", [3, 3]), { name: "e" });
    tf.matrixExponential(input("c", "complex64", [null, 3, 3]));
  },
  gradients: () => {
    const a = f32("a", 2, 3, 3);
    const some = f32("some", null, null, null);
    const b = f32("b", 2, 3, 1);
    const log = tf.logMatrixDeterminant(a).logAbsDeterminant;
    const { e, v } = tf.selfAdjointEig(a);
    const { q, r } = tf.qr(a);
    gradientsOf(
      [tf.cholesky(a), a],
      [tf.cholesky(some), some],
      [tf.matrixInverse(a), a],
      [tf.matrixDeterminant(a), a],
      [log, a],
      [tf.matrixSolve(a, b), [a, b]],
      [tf.matrixSolve(a, b, { adjoint: true }), [a, b]],
      [tf.matrixTriangularSolve(a, b), [a, b]],
      [tf.matrixTriangularSolve(a, b, { lower: false, adjoint: true }), [a, b]],
      [[e, v], a],
      [e, a],
      [tf.selfAdjointEigvals(a), a],
      [[q, r], a],
      [q, a],
      [tf.matrixSquareRoot(a), a],
    );
  },
  gradients_of_svd: () => {
    const square = f32("square", 2, 3, 3);
    const tall = input("tall", "float64", [4, 3]);
    const wide = f32("wide", 3, 5);
    const all = ({ s, u, v }: { s: Tensor; u: Tensor; v: Tensor }): Tensor[] => [s, u, v];
    gradientsOf(
      [all(tf.svd(square)), square],
      [all(tf.svd(tall, { fullMatrices: true })), tall],
      [all(tf.svd(wide)), wide],
      [tf.svd(wide, { computeUv: false }), wide],
      [tf.svd(tall).u, tall],
    );
  },
  gradients_of_least_squares: () => {
    const tall = f32("tall", 4, 3);
    const wide = f32("wide", 3, 4);
    const [b, c] = [f32("b", 4, 1), f32("c", 3, 1)];
    gradientsOf(
      [tf.applyOne("MatrixSolveLs", [tall, b, 0.1]), [tall, b]],
      [tf.applyOne("MatrixSolveLs", [wide, c, 0]), [wide, c]],
    );
  },
  einsums: () => {
    const x = f32("x", 2, 3);
    const y = f32("y", 3, 4);
    const some = f32("some", null, 3, null);
    const square = f32("square", 3, 3);
    tf.einsum("ij,jk->ik", [x, y]);
    tf.einsum("ij,jk", [x, y], { name: "inferred" });
    tf.einsum("ij->ji", [x]);
    tf.einsum("ij->", [x]);
    tf.einsum("ii", [square]);
    tf.einsum("ij,ij->i", [x, x]);
    tf.einsum("i,j->ij", [f32("u", 2), f32("v", 3)]);
    tf.einsum("bij,bjk->bik", [f32("p", 5, 2, 3), f32("q", 5, 3, 4)]);
    tf.einsum("abc,bd->acd", [some, y]);
    tf.einsum("abc,cd->ad", [some, f32("r", null, 7)]);
    tf.einsum("ij,jk,kl->il", [x, y, f32("w", 4, 2)]);
    tf.einsum("...ij,...jk->...ik", [f32("s", 2, 5, 3), f32("t", 2, 3, 4)]);
    tf.einsum("i,i,i->", [f32("f", 3), f32("g", 3), f32("h", 3)]);
    tf.einsum("abcd,cdef->abef", [f32("m", 2, 3, 4, 5), f32("n", 4, 5, 6, 7)]);
    tf.gradients(tf.einsum("ij,kj->ki", [x, tf.getItem(tf.transpose(y), [{ start: 0, stop: 2 }])]), [x, y]);
  },
  tridiagonal: () => {
    const [a, b] = [f32("a", 2, 3, 4), f32("b", 2, 4, 2)];
    const [c, d] = [f32("c", null, 3, 4), f32("d", null, 4, 2)];
    gradientsOf(
      [tf.tridiagonalSolve(a, b), [a, b]],
      [tf.tridiagonalSolve(c, d, { partialPivoting: false }), [c, d]],
    );
  },
  special_functions: () => {
    const x = f32("x", 2, 3);
    const y = f32("y", 3);
    tf.lbeta(x);
    tf.polyval([y, 2], x);
    tf.polyval([], x, { name: "nothing" });
    gradientsOf(
      [tf.igamma(x, y), [x, y]],
      [tf.igammac(x, y), [x, y]],
      [tf.zeta(x, y), y],
      [tf.polygamma(y, x), x],
      [tf.betainc(x, x, x), x],
      [tf.digamma(x), x],
      [tf.besselI0e(x), x],
      [tf.besselI1e(x), x],
      [tf.besselI0(x), x],
      [tf.besselI1(x), x],
    );
  },
});
