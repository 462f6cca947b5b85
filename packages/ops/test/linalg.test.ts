// Linear algebra: what TensorFlow 1.15.5's kernels gave (fixtures/record-linalg.py), and decompositions of larger matrices put together again.
import { readFileSync } from "node:fs";
import { Graph, type Tensor } from "@org/graph";
import { type DType, type NdArray, ndArray, sizeOf } from "@org/tensor";
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";
import { MiniSession } from "./mini-session.ts";
import { type Case, expectCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/linalg.json", import.meta.url), "utf8"),
) as readonly Case[];

/** TensorFlow computes in the type that it is given, this package in double precision. */
const tolerances = { float32: 2e-4, float64: 1e-10, complex64: 2e-4, complex128: 1e-10 };

describe("kernels", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) =>
    expectCase(one, tolerances),
  );
});

/** Numbers that are the same each time, between -1 and 1. */
function some(dtype: "float64" | "complex128", ...shape: number[]): NdArray {
  let state = 12345;
  const data = Float64Array.from({ length: sizeOf(shape) * (dtype === "float64" ? 1 : 2) }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x40000000 - 1;
  });
  return ndArray(dtype, shape, data);
}

/** The largest modulus among elements of what `build` makes is about 0. */
async function expectZero(build: () => Tensor, within = 1e-11): Promise<void> {
  const graph = new Graph({ ops: tf.standardOps });
  const largest = graph.asDefault(() => tf.reduceMax(tf.abs(build())));
  const value = Number((await new MiniSession(graph).fetch(largest)).data[0]);
  expect(value).toBeLessThan(within);
}

const { add, mul, sub } = tf.operator;
const product = (...[first, ...rest]: Tensor[]): Tensor => rest.reduce((x, y) => tf.matmul(x, y), first!);
const identity = (n: number, dtype: DType): Tensor => tf.eye(n, { dtype });
const isUnitary = (a: Tensor): Tensor =>
  sub(tf.matmul(a, a, { adjointA: true }), identity(a.shape.dim(-1)!, a.dtype));

describe.each(["float64", "complex128"] as const)("decompositions of %s", (dtype) => {
  const square = (): Tensor => tf.constant(some(dtype, 17, 17));
  const selfAdjoint = (): Tensor => add(square(), tf.adjoint(square()));
  const definite = (): Tensor => add(tf.matmul(square(), square(), { adjointB: true }), identity(17, dtype));

  it("cholesky", () =>
    expectZero(() => {
      const l = tf.cholesky(definite());
      return sub(tf.matmul(l, l, { adjointB: true }), definite());
    }));

  it("lu", () =>
    expectZero(() => {
      const { lu, p } = tf.lu(square());
      const lower = add(
        sub(tf.matrixBandPart(lu, -1, 0), tf.matrixDiag(tf.matrixDiagPart(lu))),
        identity(17, dtype),
      );
      return sub(product(lower, tf.matrixBandPart(lu, 0, -1)), tf.gather(square(), p));
    }));

  it.each([
    [11, 17],
    [17, 11],
  ])("qr of %i x %i", async (m, n) => {
    const a = (): Tensor => tf.constant(some(dtype, m, n));
    await expectZero(() => {
      const { q, r } = tf.qr(a());
      return sub(product(q, r), a());
    });
    await expectZero(() => isUnitary(tf.qr(a(), { fullMatrices: true }).q));
  });

  it("eigenvectors", async () => {
    await expectZero(() => {
      const { e, v } = tf.selfAdjointEig(selfAdjoint());
      return sub(product(selfAdjoint(), v), mul(v, e));
    });
    await expectZero(() => isUnitary(tf.selfAdjointEig(selfAdjoint()).v));
    await expectZero(() => sub(tf.selfAdjointEig(selfAdjoint()).e, tf.selfAdjointEigvals(selfAdjoint())));
  });

  it.each([
    ["wide", () => tf.constant(some(dtype, 11, 17))],
    ["tall", () => tf.constant(some(dtype, 17, 11))],
    ["square", square],
    ["of rank 5", () => product(tf.constant(some(dtype, 20, 5)), tf.constant(some(dtype, 5, 17)))],
    [
      "with zeros",
      () =>
        tf.pad(tf.constant(some(dtype, 6, 6)), [
          [3, 2],
          [2, 4],
        ]),
    ],
    ["of zeros", () => tf.zeros([4, 3], dtype)],
    [
      "bidiagonal with a zero on the diagonal",
      () =>
        tf.cast(
          tf.constant(
            [
              [1, 2, 0, 0],
              [0, 0, 3, 0],
              [0, 0, 4, 5],
              [0, 0, 0, 6],
            ],
            "float64",
          ),
          dtype,
        ),
    ],
    [
      "bidiagonal with a zero at its end",
      () =>
        tf.cast(
          tf.constant(
            [
              [1, 2, 0],
              [0, 3, 4],
              [0, 0, 0],
            ],
            "float64",
          ),
          dtype,
        ),
    ],
  ] as readonly [string, () => Tensor][])("singular values, %s", async (_, a) => {
    await expectZero(() => {
      const { s, u, v } = tf.svd(a());
      return sub(tf.matmul(mul(u, tf.cast(s, dtype)), v, { adjointB: true }), a());
    });
    await expectZero(() => isUnitary(tf.svd(a(), { fullMatrices: true }).u));
    await expectZero(() => isUnitary(tf.svd(a(), { fullMatrices: true }).v));
    await expectZero(() => sub(tf.svd(a()).s, tf.svd(a(), { computeUv: false })));
    await expectZero(() => {
      const { s } = tf.svd(a());
      return tf.minimum(sub(s, tf.concat([tf.getItem(s, [{ start: 1 }]), [0]], 0)), 0);
    });
  });

  it("solvers", async () => {
    const right = (): Tensor => tf.constant(some(dtype, 17, 4));
    await expectZero(() => sub(product(tf.matrixInverse(square()), square()), identity(17, dtype)));
    await expectZero(() => sub(product(square(), tf.matrixSolve(square(), right())), right()));
    await expectZero(() =>
      sub(product(definite(), tf.choleskySolve(tf.cholesky(definite()), right())), right()),
    );
    await expectZero(() =>
      sub(tf.matrixSolveLs(square(), right(), { fast: false }), tf.matrixSolve(square(), right())),
    );
  });

  it("roots", () =>
    expectZero(() => {
      const root = tf.matrixSquareRoot(definite());
      return sub(product(root, root), definite());
    }, 1e-9));
});
