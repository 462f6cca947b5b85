// Numeric checks of gradients of what sparse tensors go into.
import type { Tensor } from "@org/graph";
import * as tf from "../../src/index.ts";
import type { NumericCheck } from "../numeric-gradient.ts";

const matrix = (...rows: number[][]): tf.TensorLike => tf.toNdArray(rows, "int64");
const a = matrix([0, 1], [2, 0], [2, 2]);
const b = matrix([0, 0], [2, 0]);
const sparse = (at: tf.TensorLike, values: Tensor): tf.SparseTensor => tf.sparseTensor(at, values, [4, 3]);

export const checks: readonly NumericCheck[] = [
  {
    name: "sum of two",
    f: (x, y) => tf.sparseAdd(sparse(a, x!), sparse(b, y!)).values,
    shapes: [[3], [2]],
  },
  { name: "sum with a dense one", f: (x, y) => tf.sparseAdd(sparse(a, x!), y!), shapes: [[3], [4, 3]] },
  ...[[4, 3], [3], [4, 1], [1, 1]].flatMap((dims) => [
    {
      name: `product with ${dims}`,
      f: (x: Tensor, y: Tensor) => tf.sparseDenseMultiply(sparse(a, x), y).values,
      shapes: [[3], dims],
    },
    {
      name: `quotient with ${dims}`,
      f: (x: Tensor, y: Tensor) => tf.sparseDenseDivide(sparse(a, x), y).values,
      shapes: [[3], dims],
      range: [0.5, 2] as const,
    },
  ]),
  ...[0, 1, [0, 1]].map((axis) => ({
    name: `sums along ${axis}`,
    f: (x: Tensor) => tf.sparseReduceSum(sparse(a, x), { axis }),
    shapes: [[3]],
  })),
  { name: "kept sums", f: (x) => tf.sparseReduceSum(sparse(a, x!), { keepdims: true }), shapes: [[3]] },
  { name: "softmax", f: (x) => tf.sparseSoftmax(sparse(a, x!)).values, shapes: [[3]] },
  { name: "slice", f: (x) => tf.sparseSlice(sparse(a, x!), [1, 0], [2, 2]).values, shapes: [[3]] },
  { name: "transposed", f: (x) => tf.sparseTranspose(sparse(a, x!)).values, shapes: [[3]] },
  ...[
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ].map(([adjointA, adjointB]) => ({
    name: `products, adjoint ${adjointA} and ${adjointB}`,
    f: (values: Tensor, dense: Tensor) =>
      tf.sparseTensorDenseMatmul(tf.sparseTensor(a, values, [3, 3]), dense, { adjointA, adjointB }),
    shapes: [[3], [3, 3]],
  })),
  {
    name: "filled rows, by values and by the default",
    f: (values, fallback) => tf.sparseFillEmptyRows(sparse(a, values), fallback)[0].values,
    shapes: [[3], []],
  },
];
