// What linear algebra builds with loops and conditions, in sessions on the CPU backend.
import { Graph, type Tensor } from "@org/graph";
import { cpu } from "@org/kernels-cpu";
import * as tf from "@org/ops";
import { ndArray } from "@org/tensor";
import { expect, it } from "vitest";
import { createSession } from "../src/index.ts";

const { add, mul, sub } = tf.operator;

/** The largest modulus in what `build` makes. */
async function largest(build: () => Tensor): Promise<number> {
  const graph = new Graph({ ops: tf.standardOps });
  const fetched = graph.asDefault(() => tf.reduceMax(tf.abs(build())));
  const session = await createSession(graph, { ops: tf.standardOps, backends: [cpu()] });
  try {
    return Number((await session.run([fetched]))[0].data[0]);
  } finally {
    await session.close();
  }
}

const wave = (dtype: "float32" | "float64", scale: number, ...dims: number[]): Tensor => {
  const flat = tf.range(dims.reduce((x, y) => x * y, 1));
  return tf.reshape(mul(tf.sin(mul(tf.cast(flat, dtype), 1.7)), scale), dims);
};

it.each([0.001, 0.05, 0.3, 0.8, 10])(
  "a matrix of norm about %f and its exponential's logarithm",
  async (scale) => {
    expect(
      await largest(() => {
        const a = wave("float64", scale, 2, 3, 3);
        const symmetric = add(a, tf.matrixTranspose(a));
        const { e, v } = tf.selfAdjointEig(symmetric);
        const expected = tf.matmul(mul(v, tf.exp(tf.expandDims(e, 1))), v, { adjointB: true });
        return sub(
          tf.truediv(tf.matrixExponential(symmetric), tf.reduceMax(expected)),
          tf.truediv(expected, tf.reduceMax(expected)),
        );
      }),
    ).toBeLessThan(1e-12);
  },
);

it("exponentials of complex matrices are inverse to logarithms", async () => {
  expect(
    await largest(() => {
      const a = add(
        tf.complex(wave("float64", 1, 4, 4), wave("float64", 0.5, 4, 4)),
        tf.eye(4, { dtype: "complex128" }),
      );
      return sub(tf.matrixExponential(tf.matrixLogarithm(a)), a);
    }),
  ).toBeLessThan(1e-10);
});

it("norms of matrices are their largest singular values", async () => {
  expect(
    await largest(() => {
      const a = wave("float64", 2, 2, 3, 4);
      const turned = tf.transpose(a, [1, 2, 0]);
      return sub(
        tf.norm(turned, { ord: 2, axis: [0, 1] }),
        tf.getItem(tf.svd(tf.transpose(a, [0, 1, 2])).s, ["...", 0]),
      );
    }),
  ).toBeLessThan(1e-12);
});

it.each([
  [4, 2],
  [2, 4],
])("least squares of %i x %i whose shapes are not known", async (m, n) => {
  const graph = new Graph({ ops: tf.standardOps });
  const made = graph.asDefault(() => {
    const a = tf.placeholder("float64", [null, null]);
    const b = tf.placeholder("float64", [null, null]);
    const gradientOf = (x: Tensor): Tensor => tf.gradients(x, [a])[0] as Tensor;
    const one = tf.matrixSolveLs(a, b, { l2Regularizer: tf.constant(0.5, "float64") });
    const other = tf.applyOne("MatrixSolveLs", [a, b, 0.5]);
    return { a, b, one, other, byA: gradientOf(one), byAOfOther: gradientOf(other) };
  });
  const session = await createSession(graph, { ops: tf.standardOps, backends: [cpu()] });
  const numbers = (count: number) => Float64Array.from({ length: count }, (_, i) => Math.sin(i * i + 1));
  const feeds = new Map([
    [made.a, ndArray("float64", [m, n], numbers(m * n))],
    [made.b, ndArray("float64", [m, 1], numbers(m))],
  ]);
  const [one, other, byA, byAOfOther] = await session.run([made.one, made.other, made.byA, made.byAOfOther], {
    feeds,
  });
  await session.close();
  one.data.forEach((x, i) => void expect(x).toBeCloseTo(Number(other.data[i]), 10));
  byA.data.forEach((x, i) => void expect(x).toBeCloseTo(Number(byAOfOther.data[i]), 10));
});
