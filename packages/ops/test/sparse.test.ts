// Ops on sparse tensors, against TensorFlow 1.15.5's kernels (recorded by fixtures/record-sparse.py); and their gradients.
import { readFileSync } from "node:fs";
import { describe, it } from "vitest";
import * as tf from "../src/index.ts";
import { checkGradients } from "./numeric-gradient.ts";
import { type Case, expectCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/sparse.json", import.meta.url), "utf8"),
) as readonly Case[];

describe("sparse tensors", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) => expectCase(one));
});

describe("gradients of sparse tensors", () => {
  const places = tf.toNdArray(
    [
      [0, 1],
      [2, 0],
      [2, 2],
    ],
    "int64",
  );

  it.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])("products, adjoint %s and %s", (adjointA, adjointB) =>
    checkGradients({
      name: "products",
      f: (values, dense) =>
        tf.sparseTensorDenseMatmul(tf.sparseTensor(places, values, [3, 3]), dense, { adjointA, adjointB }),
      shapes: [[3], [3, 3]],
    }),
  );

  it("filled rows, by values and by the default", () =>
    checkGradients({
      name: "filled",
      f: (values, fallback) =>
        tf.sparseFillEmptyRows(tf.sparseTensor(places, values, [4, 3]), fallback)[0].values,
      shapes: [[3], []],
    }));
});
