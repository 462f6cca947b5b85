// Numeric checks of gradients of linear algebra.
import type { Tensor } from "@org/graph";
import * as tf from "../../src/index.ts";
import type { NumericCheck } from "../numeric-gradient.ts";

const { add, mul } = tf.operator;

const square = [3, 3];
const batch = [2, 2, 2];
const eye = (n: number): Tensor => tf.eye(n, { dtype: "float64" });
/** Positive definite matrices. */
const definite = (x: Tensor): Tensor => add(tf.matmul(x, x, { transposeB: true }), eye(3));
/** Matrices far from singular. */
const regular = (x: Tensor): Tensor => add(x, mul(eye(3), 6));
/** Vectors whose signs are not determined, as what does not depend on them. */
const signless = (v: Tensor): Tensor => mul(v, tf.reduceSum(v, -2, { keepdims: true }));

const cases: readonly (readonly [string, NumericCheck["f"], readonly (readonly number[])[]])[] = [
  ["cholesky", (x) => tf.cholesky(definite(x!)), [square]],
  ["cholesky of batches", (x) => tf.cholesky(add(tf.matmul(x!, x!, { transposeB: true }), eye(2))), [batch]],
  ["matrixInverse", (x) => tf.matrixInverse(regular(x!)), [square]],
  ["matrixInverse adjoint", (x) => tf.matrixInverse(regular(x!), { adjoint: true }), [square]],
  ["matrixDeterminant", (x) => tf.matrixDeterminant(x!), [batch]],
  ["logMatrixDeterminant", (x) => tf.logMatrixDeterminant(regular(x!)).logAbsDeterminant, [square]],
  ["logdet", (x) => tf.logdet(definite(x!)), [square]],
  ["matrixSolve", (x, y) => tf.matrixSolve(regular(x!), y!), [square, [3, 2]]],
  ["matrixSolve adjoint", (x, y) => tf.matrixSolve(regular(x!), y!, { adjoint: true }), [square, [3, 2]]],
  ["matrixTriangularSolve", (x, y) => tf.matrixTriangularSolve(regular(x!), y!), [square, [3, 1]]],
  [
    "matrixTriangularSolve upper, adjoint",
    (x, y) => tf.matrixTriangularSolve(regular(x!), y!, { lower: false, adjoint: true }),
    [square, [3, 2]],
  ],
  ["choleskySolve", (x, y) => tf.choleskySolve(tf.cholesky(definite(x!)), y!), [square, [3, 2]]],
  [
    "MatrixSolveLs",
    (x, y) => tf.applyOne("MatrixSolveLs", [x!, y!, 0.5]),
    [
      [4, 2],
      [4, 2],
    ],
  ],
  [
    "MatrixSolveLs underdetermined",
    (x, y) => tf.applyOne("MatrixSolveLs", [x!, y!, 0.5]),
    [
      [2, 4],
      [2, 1],
    ],
  ],
  [
    "matrixSolveLs",
    (x, y) => tf.matrixSolveLs(x!, y!, { l2Regularizer: 0.5 }),
    [
      [2, 4, 2],
      [2, 4, 1],
    ],
  ],
  ["matrixSquareRoot", (x) => tf.matrixSquareRoot(definite(x!)), [square]],
  ["selfAdjointEigvals", (x) => tf.selfAdjointEigvals(x!), [square]],
  [
    "selfAdjointEig",
    (x) => {
      const { e, v } = tf.selfAdjointEig(x!);
      return [e, signless(v)];
    },
    [square],
  ],
  ["singular values", (x) => tf.svd(x!, { computeUv: false }), [[3, 2]]],
  ["norm", (x) => tf.norm(x!, { axis: 1 }), [square]],
  ["norm of order 3", (x) => tf.norm(x!, { ord: 3 }), [square]],
  ["norm of order 1", (x) => tf.norm(x!, { ord: 1, axis: [0, 1] }), [[2, 3]]],
  [
    "tridiagonalSolve",
    (d, b) => tf.tridiagonalSolve(add(d!, [[0], [8], [0]]), b!),
    [
      [2, 3, 3],
      [2, 3, 2],
    ],
  ],
  ["trace", (x) => tf.trace(x!), [square]],
];

/** Only where shapes are known. */
const known: typeof cases = [
  [
    "qr",
    (x) => {
      const { q, r } = tf.qr(regular(x!));
      return [q, r];
    },
    [square],
  ],
  ...[
    [3, 3],
    [2, 4],
    [4, 2],
  ].map(
    (dims) =>
      [
        `svd of ${dims.join(" x ")}`,
        (x: Tensor) => {
          const { s, u, v } = tf.svd(x);
          return [s, signless(u), signless(v)];
        },
        [dims],
      ] as const,
  ),
  [
    "svd of 2 x 3, all vectors",
    (x) => {
      const { s, u, v } = tf.svd(x!, { fullMatrices: true });
      return [s, signless(u), signless(v)];
    },
    [[2, 3]],
  ],
  ["pinv", (x) => tf.pinv(x!), [[3, 2]]],
  ["einsum", (x, y) => tf.einsum("ijk,kl->jil", [x!, y!]), [batch, [2, 3]]],
  ["einsum without sums", (x, y) => tf.einsum("ij,k->kij", [x!, y!]), [[2, 3], [2]]],
  ["einsum of three", (x, y) => tf.einsum("i,i,ij->", [x!, x!, y!]), [[3], [3, 2]]],
];

export const checks: readonly NumericCheck[] = [
  ...[...cases, ...known].map(([name, f, shapes]) => ({ name, f, shapes })),
  ...cases
    .filter(([name]) => !/Ls/.test(name))
    .map(([name, f, shapes]) => ({ name: `${name} where shapes are not known`, f, shapes, dynamic: true })),
];
