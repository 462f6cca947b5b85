// Cross products.
import type { Recorded } from "@org/ops/testing";
import { ndArray } from "@org/tensor";
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import { describeOp } from "./describe-op.ts";

// What TensorFlow 1.15.5 gives, written by `node scripts/record-op.mjs packages/tf/test/ops/cross.test.ts`.
const recorded: readonly Recorded[] = [
  {
    of: "Cross(float32[3], float32[3]) {}",
    outputs: [{ dtype: "float32", shape: [3], values: [-3, 6, -3] }],
    shapes: [[3]],
  },
  {
    of: "Cross(float32[2,2,3], float32[2,2,3]) {}",
    outputs: [
      {
        dtype: "float32",
        shape: [2, 2, 3],
        values: [
          0.042500675, -0.48695907, -0.34471056, -0.7418995, -1.2157612, -0.52266085, -1.4831681, -1.1214168,
          0.23565012, -1.2963197, -0.040944695, 1.2501414,
        ],
      },
    ],
    shapes: [[2, 2, 3]],
  },
  {
    of: "Cross(float32[4,3], float32[4,3]) {}",
    outputs: [
      {
        dtype: "float32",
        shape: [4, 3],
        values: ["-inf", "nan", "nan", "inf", "nan", "nan", "-inf", "nan", "nan", "inf", "nan", "nan"],
      },
    ],
    shapes: [[4, 3]],
  },
  {
    of: "Cross(float32[0,3], float32[0,3]) {}",
    outputs: [{ dtype: "float32", shape: [0, 3], values: [] }],
    shapes: [[0, 3]],
  },
  {
    of: "Cross(float64[3], float64[3]) {}",
    outputs: [{ dtype: "float64", shape: [3], values: [-2e299, 4e299, -2e299] }],
    shapes: [[3]],
  },
  {
    of: "Cross(int32[3], int32[3]) {}",
    outputs: [{ dtype: "int32", shape: [3], values: [-2147483631, -2147483626, -9] }],
    shapes: [[3]],
  },
  {
    of: "Cross(int64[3], int64[3]) {}",
    outputs: [{ dtype: "int64", shape: [3], values: [-3, 6, -3] }],
    shapes: [[3]],
  },
  {
    of: "Cross(uint8[3], uint8[3]) {}",
    outputs: [{ dtype: "uint8", shape: [3], values: [253, 6, 253] }],
    shapes: [[3]],
  },
  {
    of: "Cross(float16[3], float16[3]) {}",
    outputs: [{ dtype: "float16", shape: [3], values: [11.25, 9, -7.875] }],
    shapes: [[3]],
  },
  {
    of: "Cross(float32[2], float32[2]) {}",
    refused: "Dimension must be 3 but is 2 for 'Cross' (op: 'Cross') with input shapes: [2], [2].",
  },
  {
    of: "Cross(float32[3], float32[1,3]) {}",
    refused:
      "Shapes must be equal rank, but are 1 and 2 for 'Cross' (op: 'Cross') with input shapes: [3], [1,3].",
  },
  {
    of: "Cross(float32[2,3], float32[1,3]) {}",
    refused:
      "Dimension 0 in both shapes must be equal, but are 2 and 1. Shapes are [2,3] and [1,3]. for 'Cross' (op: 'Cross') with input shapes: [2,3], [1,3].",
  },
  {
    of: "Cross(float32[], float32[]) {}",
    refused:
      "Shape must be at least rank 1 but is rank 0 for 'Cross' (op: 'Cross') with input shapes: [], [].",
  },
  {
    of: "Cross(float32[2], float32[2]) {} fed",
    error: "Cross-products are only defined for 3-element vectors.",
    code: "FailedPreconditionError",
    shapes: [null],
  },
  {
    of: "Cross(float32[3], float32[1,3]) {} fed",
    error: "Both inputs must be of same shape: [3] vs. [1,3]",
    code: "InvalidArgumentError",
    shapes: [null],
  },
  {
    of: "Cross(float32[], float32[]) {} fed",
    error: "Input must be at least 1D[]",
    code: "InvalidArgumentError",
    shapes: [null],
  },
];

/** Numbers here and there in [-1, 1]. */
const floats = (seed: number, ...shape: number[]): tf.NdArray =>
  ndArray(
    "float32",
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(seed * (i + 1))),
  );
const as = (dtype: tf.DType, values: number[]): tf.NdArray => tf.convertToNdArray(values, dtype);

describeOp({
  op: "Cross",
  cases: [
    {
      inputs: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    },
    { inputs: [floats(3, 2, 2, 3), floats(5, 2, 2, 3)] },
    { inputs: [floats(3, 4, 3), [...Array(4)].map(() => [Number.NaN, Number.POSITIVE_INFINITY, 1e38])] },
    { inputs: [floats(3, 0, 3), floats(5, 0, 3)] },
    { inputs: [as("float64", [0.1, 0.2, 0.3]), as("float64", [1e300, 1, -1e300])] },
    { inputs: [as("int32", [2 ** 31 - 1, 2, 3]), as("int32", [5, 2 ** 31 - 1, 7])] },
    { inputs: [as("int64", [1, 2, 3]), as("int64", [4, 5, 6])] },
    { inputs: [as("uint8", [1, 2, 3]), as("uint8", [4, 5, 6])] },
    { inputs: [as("float16", [0.5, 2, 3]), as("float16", [4, 0.25, 6])] },
    {
      inputs: [
        [1, 2],
        [3, 4],
      ],
    },
    { inputs: [[1, 2, 3], [[4, 5, 6]]] },
    {
      inputs: [
        [
          [1, 2, 3],
          [1, 2, 3],
        ],
        [[4, 5, 6]],
      ],
    },
    { inputs: [1, 2] },
    {
      inputs: [
        [1, 2],
        [3, 4],
      ],
      fed: true,
    },
    { inputs: [[1, 2, 3], [[4, 5, 6]]], fed: true },
    { inputs: [1, 2], fed: true },
  ],
  recorded,
  gradients: [
    { shapes: [[3], [3]] },
    {
      shapes: [
        [2, 3],
        [2, 3],
      ],
      dynamic: true,
    },
  ],
});

test("tf.cross and tf.linalg.cross build it", () => {
  new tf.Graph().asDefault(() => {
    expect(tf.cross([1, 0, 0], [0, 1, 0], { name: "product" }).op).toMatchObject({
      type: "Cross",
      name: "product",
    });
    expect(tf.linalg.cross([1, 0, 0], [0, 1, 0]).name).toBe("Cross:0");
  });
});
