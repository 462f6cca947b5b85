// What shape functions and kernels say of bad input: TensorFlow 1.15.5's sentences.

import { isTfError } from "@org/errors";
import { Graph, type Tensor } from "@org/graph";
import { ndArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";
import { MiniSession } from "./mini-session.ts";

function sentence(fails: () => unknown): string {
  try {
    const graph = new Graph({ ops: tf.standardOps });
    graph.asDefault(fails);
  } catch (error) {
    if (isTfError(error)) return `${error.code} ${error.sentence}`;
    throw error;
  }
  return "no error";
}

const f = (...shape: (number | null)[]): Tensor => tf.placeholder("float32", shape);

describe("shape functions", () => {
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    [
      "MatMul",
      () => tf.matmul(f(2, 3), f(2, 3)),
      "INVALID_ARGUMENT Dimensions must be equal, but are 3 and 2 for 'MatMul' (op: 'MatMul') with input shapes: [2,3], [2,3].",
    ],
    [
      "Add",
      () => tf.add(f(2, 3), f(2)),
      "INVALID_ARGUMENT Dimensions must be equal, but are 3 and 2 for 'Add' (op: 'Add') with input shapes: [2,3], [2].",
    ],
    [
      "AddN",
      () => tf.addN([f(2), f(3)]),
      "INVALID_ARGUMENT Dimension 0 in both shapes must be equal, but are 2 and 3. Shapes are [2] and [3].",
    ],
    ["BiasAdd", () => tf.biasAdd(f(3), f(3)), "INVALID_ARGUMENT Shape must be at least rank 2 but is rank 1"],
    [
      "Reshape",
      () => tf.reshape(f(2, 3), [4]),
      "INVALID_ARGUMENT Cannot reshape a tensor with 6 elements to shape [4] (4 elements)",
    ],
    [
      "Sum",
      () => tf.reduceSum(f(2), 3),
      "INVALID_ARGUMENT Invalid reduction dimension 3 for input with 1 dimensions.",
    ],
    [
      "Concat",
      () => tf.concat([f(2, 3), f(3, 2)], 0),
      "INVALID_ARGUMENT Dimension 0 in both shapes must be equal, but are 3 and 2.",
    ],
    [
      "Squeeze",
      () => tf.squeeze(f(2, 3), 0),
      "INVALID_ARGUMENT Can not squeeze dim[0], expected a dimension of 1, got 2",
    ],
    [
      "StridedSlice",
      () => tf.getItem(f(2), 5),
      "INVALID_ARGUMENT slice index 5 of dimension 0 out of bounds.",
    ],
    ["TopK", () => tf.topK(f(2), 3), "INVALID_ARGUMENT input must have last dimension >= k = 3 but is 2"],
    ["Unstack", () => tf.unstack(f(2), 3), "INVALID_ARGUMENT Dimension must be 3 but is 2"],
    ["Range", () => tf.range(3, 0), "INVALID_ARGUMENT Requires start <= limit when delta > 0: 3/0"],
    [
      "Pack",
      () => tf.stack([f(2), f(2, 3)], 1),
      "INVALID_ARGUMENT Shapes must be equal rank, but are 1 and 2",
    ],
  ];
  it.each(cases)("%s", (_, fails, expected) => {
    expect(sentence(fails)).toContain(expected);
  });
});

describe("arguments", () => {
  it("refuses types that do not match", () => {
    const graph = new Graph({ ops: tf.standardOps });
    graph.asDefault(() => {
      expect(() => tf.add(f(2), tf.placeholder("int32", [2]))).toThrow(TypeError);
      expect(() => tf.matmul(f(2, 2), f(2, 2), { transposeA: true, adjointA: true })).toThrow(TypeError);
      expect(() => tf.constant([[1, 2], [3]])).toThrow(/dense/);
      expect(() => tf.constant([1, 2, 3], { shape: [2] })).toThrow(RangeError);
      expect(() => tf.add(tf.placeholder("int32", []), 1.5)).toThrow(/int32/);
    });
    expect(() => tf.constant(1)).toThrow(/No graph/);
  });

  it("gives bare numbers the type of the tensors beside them, whichever comes first", () => {
    const graph = new Graph({ ops: tf.standardOps });
    graph.asDefault(() => {
      const x = tf.placeholder("float64", []);
      expect(tf.multiply(2, x).op.inputs[0]!.dtype).toBe("float64");
      expect(tf.constant(1).dtype).toBe("float32");
      expect(tf.range(3).dtype).toBe("int32");
      expect(tf.scatterNd([[1]], [2], [3]).op.inputs[0]!.dtype).toBe("int32");
    });
  });
});

describe("kernels", () => {
  const cases: readonly (readonly [string, () => Tensor, string])[] = [
    [
      "an index out of range",
      () => tf.gather(tf.constant([1, 2]), fed("int32", [5])),
      "indices[0] = 5 is out of range",
    ],
    [
      "shapes that do not broadcast",
      () => tf.add(fed("float32", [1, 2, 3]), fed("float32", [1, 2])),
      "Incompatible shapes: [3] vs. [2]",
    ],
    [
      "a reshape that does not fit",
      () => tf.reshape(fed("float32", [1, 2, 3]), [2, -1]),
      "Input to reshape is a tensor with 3 values, but the requested shape requires a multiple of 2",
    ],
    [
      "a label that is no class",
      () =>
        tf.sparseSoftmaxCrossEntropyWithLogits({ logits: tf.constant([[1, 2]]), labels: fed("int32", [2]) }),
      "out of range",
    ],
    [
      "sparse indices out of order",
      () => tf.sparseToDense(fed("int32", [3, 1]), [5], 1, 0),
      "indices[1] = [1] is out of order",
    ],
    [
      "numbers that are none",
      () => tf.checkNumerics(fed("float32", [Number.NaN]), "here"),
      "here : Tensor had NaN values",
    ],
  ];
  const feeds = new Map<Tensor, ReturnType<typeof ndArray>>();
  function fed(dtype: "int32" | "float32", values: readonly number[]): Tensor {
    const tensor = tf.placeholder(dtype);
    const data = dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values);
    feeds.set(tensor, ndArray(dtype, [values.length], data as never));
    if (dtype === "int32") tensor.setShape([null]);
    return tensor;
  }
  it.each(cases)("%s", async (_, make, expected) => {
    const graph = new Graph({ ops: tf.standardOps });
    const tensor = graph.asDefault(make);
    await expect(new MiniSession(graph).fetch(tensor, feeds)).rejects.toThrow(expected);
  });
});
