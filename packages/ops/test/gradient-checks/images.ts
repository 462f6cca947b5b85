// Numeric checks of gradients of resizing and cropping, in float32.
import type { Tensor } from "@org/graph";
import * as tf from "../../src/index.ts";
import type { NumericCheck } from "../numeric-gradient.ts";

const rough = { step: 1e-2, tolerance: 2e-3 };
const resized = (resize: tf.ResizeBuilder, options: tf.ResizeOptions = {}) => {
  return (x: Tensor): Tensor => tf.cast(resize(tf.cast(x, "float32"), [5, 3], options), "float64");
};
export const checks: readonly NumericCheck[] = [
  ...(
    [
      ["bilinear", resized(tf.resizeBilinear)],
      ["bilinear, aligned corners", resized(tf.resizeBilinear, { alignCorners: true })],
      ["bilinear, half-pixel centers", resized(tf.resizeBilinear, { halfPixelCenters: true })],
      ["bicubic", resized(tf.resizeBicubic)],
      ["bicubic, half-pixel centers", resized(tf.resizeBicubic, { halfPixelCenters: true })],
      ["nearest", resized(tf.resizeNearestNeighbor)],
      ["nearest of float64", (x: Tensor) => tf.resizeNearestNeighbor(x, [7, 5])],
    ] as const
  ).map(([name, f]) => ({ name, f, shapes: [[1, 3, 4, 2]], ...rough })),
  {
    name: "crops, by images and by boxes",
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
  },
];
