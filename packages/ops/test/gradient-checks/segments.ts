// Numeric checks of gradients of sparse segments, embeddings and tensordot.
import type { Tensor } from "@org/graph";
import * as tf from "../../src/index.ts";
import type { NumericCheck } from "../numeric-gradient.ts";

const int = (...values: number[]): Int32Array => Int32Array.from(values);

const kinds = {
  sum: tf.sparseSegmentSum,
  mean: tf.sparseSegmentMean,
  sqrtN: tf.sparseSegmentSqrtN,
};
export const checks: readonly NumericCheck[] = [
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
