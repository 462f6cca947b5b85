// Ops on images, against TensorFlow 1.15.5's kernels: values, shapes and errors (recorded by fixtures/record-images.py); and their gradients.
import { readFileSync } from "node:fs";
import type { Tensor } from "@org/graph";
import { describe, it } from "vitest";
import * as tf from "../src/index.ts";
import { checkGradients } from "./numeric-gradient.ts";
import { type Case, expectCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/images.json", import.meta.url), "utf8"),
) as readonly Case[];

describe("images", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) =>
    // Colors go through float32 several times, in another order than TensorFlow's kernels; its gradients of float64 images have float32 weights.
    expectCase(one, {
      ...(/Adjust|HSV|Bicubic/.test(one.op) && { float32: 6e-6 }),
      ...(one.op.includes("Grad") && { float64: 1e-6 }),
    }),
  );
});

describe("gradients of resizing, in float32", () => {
  const rough = { step: 1e-2, tolerance: 2e-3 };
  const resized = (resize: tf.ResizeBuilder, options: tf.ResizeOptions = {}) => {
    return (x: Tensor): Tensor => tf.cast(resize(tf.cast(x, "float32"), [5, 3], options), "float64");
  };
  it.each([
    ["bilinear", resized(tf.resizeBilinear)],
    ["bilinear, aligned corners", resized(tf.resizeBilinear, { alignCorners: true })],
    ["bilinear, half-pixel centers", resized(tf.resizeBilinear, { halfPixelCenters: true })],
    ["bicubic", resized(tf.resizeBicubic)],
    ["bicubic, half-pixel centers", resized(tf.resizeBicubic, { halfPixelCenters: true })],
    ["nearest", resized(tf.resizeNearestNeighbor)],
    ["nearest of float64", (x: Tensor) => tf.resizeNearestNeighbor(x, [7, 5])],
  ] as const)("%s", (name, f) => checkGradients({ name, f, shapes: [[1, 3, 4, 2]], ...rough }));

  it("crops, by images and by boxes", () =>
    checkGradients({
      name: "crops",
      f: (x, boxes) => {
        const crops = tf.cropAndResize(tf.cast(x, "float32"), tf.cast(boxes, "float32"), [0, 1], [3, 2]);
        return tf.cast(crops, "float64");
      },
      shapes: [
        [2, 4, 5, 1],
        [2, 4],
      ],
      range: [0.1, 0.9],
      ...rough,
      tolerance: 2e-2,
    }));
});
