// ClipByValue.
import type { Recorded } from "@org/ops/testing";
import * as tf from "../../src/index.ts";
import { describeOp } from "./describe-op.ts";

// What TensorFlow 1.15.5 gives, written by `node scripts/record-op.mjs packages/tf/test/ops/clip-by-value.test.ts`.
const recorded: readonly Recorded[] = [
  {
    of: "ClipByValue(float32[5], float32[], float32[]) {}",
    outputs: [{ dtype: "float32", shape: [5], values: [-1, -0.5, 0, 0.5, 1] }],
    shapes: [[5]],
  },
  {
    of: "ClipByValue(float32[3], float32[], float32[]) {}",
    outputs: [{ dtype: "float32", shape: [3], values: [-2, 2, 2] }],
    shapes: [[3]],
  },
  {
    of: "ClipByValue(float32[2], float32[], float32[]) {}",
    outputs: [{ dtype: "float32", shape: [2], values: ["nan", 1] }],
    shapes: [[2]],
  },
  {
    of: "ClipByValue(float32[3], float32[3], float32[3]) {}",
    outputs: [{ dtype: "float32", shape: [3], values: [0.5, 2.5, 3] }],
    shapes: [[3]],
  },
  {
    of: "ClipByValue(float32[3], float32[], float32[3]) {}",
    outputs: [{ dtype: "float32", shape: [3], values: [2, 2, 2.5] }],
    shapes: [[3]],
  },
  {
    of: "ClipByValue(float32[3], float32[], float32[]) {}",
    outputs: [{ dtype: "float32", shape: [3], values: [2, 2, 2] }],
    shapes: [[3]],
  },
  {
    of: "ClipByValue(float32[0,2], float32[], float32[]) {}",
    outputs: [{ dtype: "float32", shape: [0, 2], values: [] }],
    shapes: [[0, 2]],
  },
  {
    of: "ClipByValue(int32[3], int32[], int32[]) {}",
    outputs: [{ dtype: "int32", shape: [3], values: [-5, 5, 5] }],
    shapes: [[3]],
  },
  {
    of: "ClipByValue(float64[2], float64[], float64[]) {}",
    outputs: [{ dtype: "float64", shape: [2], values: [0, 0.1] }],
    shapes: [[2]],
  },
  {
    of: "ClipByValue(float32[3], float32[2], float32[]) {}",
    error:
      "clip_value_min and clip_value_max must be either of the same shape as input, or a scalar. input shape: [3]clip_value_min shape: [2]clip_value_max shape: []",
    code: "InvalidArgumentError",
    shapes: [[3]],
  },
  {
    of: "ClipByValue(float32[2,2], float32[2], float32[]) {}",
    error:
      "clip_value_min and clip_value_max must be either of the same shape as input, or a scalar. input shape: [2,2]clip_value_min shape: [2]clip_value_max shape: []",
    code: "InvalidArgumentError",
    shapes: [[2, 2]],
  },
];

const as = (dtype: tf.DType, values: number | number[]): tf.NdArray => tf.convertToNdArray(values, dtype);
const { POSITIVE_INFINITY, NEGATIVE_INFINITY, NaN: nan } = Number;

describeOp({
  op: "ClipByValue",
  cases: [
    { inputs: [[-3, -0.5, 0, 0.5, 3], -1, 1] },
    { inputs: [[NEGATIVE_INFINITY, POSITIVE_INFINITY, 1e38], -2, 2] },
    { inputs: [[nan, 1], 0, 2] },
    {
      inputs: [
        [1, 2, 3],
        [0, 2.5, 0],
        [0.5, 9, 9],
      ],
    },
    { inputs: [[1, 2, 3], 2, [2.5, 2.5, 2.5]] },
    { inputs: [[1, 2, 3], 2, 1] },
    { inputs: [{ dtype: "float32", shape: [0, 2], values: [] }, 0, 1] },
    { inputs: [as("int32", [-9, 5, 2 ** 31 - 1]), as("int32", -5), as("int32", 5)] },
    { inputs: [as("float64", [-1e300, 0.1]), as("float64", 0), as("float64", 1)] },
    { inputs: [[1, 2, 3], [1, 2], 3] },
    {
      inputs: [
        [
          [1, 2],
          [3, 4],
        ],
        [1, 2],
        3,
      ],
    },
  ],
  recorded,
  gradients: [{ shapes: [[2, 3], [], []], range: [-1, 1] }, { shapes: [[4], [4], [4]] }],
});
