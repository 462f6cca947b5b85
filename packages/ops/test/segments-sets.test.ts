// Sparse segments, sets, QR and summaries against TensorFlow 1.15.5's kernels: values, shapes and errors (recorded by fixtures/record-segments-sets.py);
// and gradients of what is built of them.
import { readFileSync } from "node:fs";
import { Graph, type Tensor } from "@org/graph";
import { toNumbers } from "@org/tensor";
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";
import { MiniSession } from "./mini-session.ts";
import { checkGradients, type NumericCheck } from "./numeric-gradient.ts";
import { type Case, expectCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/segments-sets.json", import.meta.url), "utf8"),
) as readonly Case[];

describe("kernels", () => {
  /** Where an index is out of range, the place and the number are said as for every gather. */
  const said = (one: Case): Case =>
    one.error?.includes("out of range") ? { ...one, error: "out of range" } : one;
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, said(one)] as const))("%s", (_, one) =>
    expectCase(one),
  );
});

const int = (...values: number[]): Int32Array => Int32Array.from(values);

describe("gradients", () => {
  const kinds = {
    sum: tf.sparseSegmentSum,
    mean: tf.sparseSegmentMean,
    sqrtN: tf.sparseSegmentSqrtN,
  };
  const checks: readonly NumericCheck[] = [
    ...Object.entries(kinds).flatMap(([name, f]) => [
      {
        name: `sparse segments, ${name}`,
        f: (x: Tensor) => f(x, int(0, 3, 1, 1), int(0, 0, 1, 2)),
        shapes: [[4, 2]],
      },
      {
        name: `sparse segments, ${name}, a given number`,
        f: (x: Tensor) => f(x, int(2, 0), int(0, 2), { numSegments: 4 }),
        shapes: [[3, 2]],
        dynamic: true,
      },
    ]),
    {
      name: "tensordot, one axis",
      f: (a, b) => tf.tensordot(a, b, 1),
      shapes: [
        [2, 3],
        [3, 2, 2],
      ],
    },
    {
      name: "tensordot, axes of each",
      f: (a, b) =>
        tf.tensordot(a, b, [
          [0, 2],
          [1, 0],
        ]),
      shapes: [
        [2, 3, 2],
        [2, 2],
      ],
    },
    {
      name: "tensordot, unknown shapes",
      f: (a, b) => tf.tensordot(a, b, [[1], [0]]),
      shapes: [
        [2, 3],
        [3, 2],
      ],
      dynamic: true,
    },
    {
      name: "embeddings of two partitions",
      f: (a, b) => tf.embeddingLookup([a, b], int(3, 0, 1, 3)),
      shapes: [
        [2, 2],
        [2, 2],
      ],
    },
    {
      name: "embeddings with norms",
      f: (a) => tf.embeddingLookup(a, int(1, 0), { maxNorm: 0.5 }),
      shapes: [[3, 2]],
    },
    ...(["sum", "mean", "sqrtn"] as const).map((combiner) => ({
      name: `embeddings of sparse ids, weighted, ${combiner}`,
      f: (a: Tensor, w: Tensor) => {
        const rows = tf.constant(
          [
            [0, 0],
            [0, 2],
            [1, 0],
          ],
          "int64",
        );
        const shape = tf.constant([2, 3], "int64");
        const ids = tf.sparseTensor(rows, tf.constant([1, 3, 1], "int64"), shape);
        return tf.embeddingLookupSparse(a, ids, tf.sparseTensor(rows, w, shape), { combiner });
      },
      shapes: [[4, 2], [3]],
      range: [0.3, 1.2] as const,
    })),
  ];
  it.each(checks.map((check) => [check.name, check] as const))("%s", (_, check) => checkGradients(check));
});

describe("qr", () => {
  it("q has orthonormal columns, and times r gives the matrix back", async () => {
    const graph = new Graph({ ops: tf.standardOps });
    const [left, back] = graph.asDefault(() => {
      const a = tf.constant([
        [1, 2],
        [3, -1],
        [0.5, 4],
      ]);
      const { q, r } = tf.qr(a);
      return [tf.matmul(q, q, { transposeA: true }), tf.subtract(tf.matmul(q, r), a)] as const;
    });
    const [one, zero] = await new MiniSession(graph).run([left, back]);
    toNumbers(one!).forEach((value, i) => {
      expect(value).toBeCloseTo(i % 3 === 0 ? 1 : 0, 5);
    });
    for (const value of toNumbers(zero!)) expect(value).toBeCloseTo(0, 5);
  });
});
