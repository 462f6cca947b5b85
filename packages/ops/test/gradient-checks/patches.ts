// Numeric checks of gradients of windows without products, and of cross products.
import * as tf from "../../src/index.ts";
import type { NumericCheck } from "../numeric-gradient.ts";

const windows = { strides: [1, 2, 1, 1], rates: [1, 1, 2, 1] };

const cases: readonly (readonly [string, NumericCheck["f"], readonly (readonly number[])[]])[] = [
  [
    "extractImagePatches",
    (x) => tf.extractImagePatches(x!, { sizes: [1, 2, 2, 1], ...windows, padding: "VALID" }),
    [[2, 3, 4, 2]],
  ],
  [
    "extractImagePatches SAME",
    (x) => tf.extractImagePatches(x!, { sizes: [1, 3, 2, 1], ...windows, padding: "SAME" }),
    [[1, 3, 4, 1]],
  ],
  [
    "dilation2d",
    (x, f) => tf.dilation2d(x!, f!, { ...windows, padding: "VALID" }),
    [
      [2, 3, 4, 2],
      [2, 2, 2],
    ],
  ],
  [
    "dilation2d SAME",
    (x, f) => tf.dilation2d(x!, f!, { ...windows, padding: "SAME" }),
    [
      [1, 3, 4, 1],
      [3, 2, 1],
    ],
  ],
  [
    "cross",
    (a, b) => tf.cross(a!, b!),
    [
      [2, 3],
      [2, 3],
    ],
  ],
];

export const checks: readonly NumericCheck[] = cases.flatMap(([name, f, shapes]) =>
  [false, true].map((dynamic) => ({
    name: `${name}${dynamic ? " where shapes are not known" : ""}`,
    f,
    shapes,
    dynamic,
  })),
);
