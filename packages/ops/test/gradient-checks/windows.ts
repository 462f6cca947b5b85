// Numeric checks of gradients of convolutions, pools and normalization.
import type { Tensor } from "@org/graph";
import { type NdArray, ndArray, sizeOf } from "@org/tensor";
import * as tf from "../../src/index.ts";
import type { NumericCheck } from "../numeric-gradient.ts";

/** Distinct numbers in [-2, 2], in no order: no two elements of a window are equal. */
export function numbers(shape: readonly number[], seed = 1): NdArray<"float64"> {
  const count = sizeOf(shape);
  const step = [7, 11, 13, 17, 19, 23].find((prime) => count % prime !== 0)!;
  return ndArray(
    "float64",
    shape,
    Float64Array.from({ length: count }, (_, i) => (4 * (((i + seed) * step) % count)) / count - 1.9),
  );
}

/** The loss of which slopes are looked at is a sum of these. */
export const weigh = (y: Tensor): Tensor => tf.operator.mul(y, tf.constant(numbers(y.shape.toNumbers(), 5)));
export const grads = (y: Tensor, ...xs: Tensor[]): Tensor[] => tf.gradients(weigh(y), xs) as Tensor[];

const image = [2, 5, 4, 2];
const pool = { strides: [1, 2, 1, 1], padding: "SAME" };
const ksize = [1, 2, 3, 1];
const filter = [3, 2, 2, 3];
const cases: readonly (readonly [string, NumericCheck["f"], ...(readonly number[])[]])[] = [
  ["conv2d", (x, w) => tf.conv2d(x!, w!, { strides: [1, 2], padding: "SAME" }), image, filter],
  [
    "conv2d, dilated",
    (x, w) => tf.conv2d(x!, w!, { strides: 1, padding: "SAME", dilations: 2 }),
    image,
    filter,
  ],
  [
    "its gradients",
    (x, w) => grads(tf.conv2d(x!, w!, { strides: 2, padding: "VALID" }), x!, w!),
    image,
    filter,
  ],
  [
    "conv2dTranspose",
    (x, w) => tf.conv2dTranspose(x!, w!, [2, 9, 7, 3], { strides: 2 }),
    image,
    [3, 3, 3, 2],
  ],
  ["conv1d", (x, w) => tf.conv1d(x!, w!, { stride: 2, padding: "SAME" }), [2, 5, 2], [3, 2, 3]],
  [
    "depthwise",
    (x, w) => tf.depthwiseConv2d(x!, w!, { strides: 1, padding: "SAME", rate: 2 }),
    image,
    filter,
  ],
  [
    "its gradients",
    (x, w) => grads(tf.depthwiseConv2dNative(x!, w!, { strides: 1, padding: "SAME" }), x!, w!),
    image,
    filter,
  ],
  [
    "separable",
    (x, w, p) => tf.separableConv2d(x!, w!, p!, { strides: 1, padding: "VALID" }),
    image,
    filter,
    [1, 1, 6, 2],
  ],
  [
    "conv3d",
    (x, w) => tf.conv3d(x!, w!, { strides: [1, 2, 1], padding: "SAME" }),
    [1, 3, 4, 2, 2],
    [2, 3, 1, 2, 2],
  ],
  ["maxPool", (x) => tf.maxPool(x!, { ksize: 2, strides: 2, padding: "SAME" }), image],
  ["maxPool, overlapping", (x) => tf.maxPool(x!, { ksize: 3, strides: 1, padding: "SAME" }), image],
  [
    "its gradient",
    (x) =>
      grads(tf.maxPool(tf.square(tf.operator.add(x!, 3)), { ksize: 2, strides: 1, padding: "VALID" }), x!),
    image,
  ],
  [
    "maxPoolWithArgmax",
    (x) => tf.maxPoolWithArgmax(x!, { ksize: 2, strides: 1, padding: "SAME" }).output,
    image,
  ],
  ["avgPool", (x) => tf.avgPool(x!, { ksize: 3, strides: 2, padding: "SAME" }), image],
  [
    "its gradient",
    (x) => grads(tf.avgPool(tf.square(x!), { ksize: 2, strides: 1, padding: "SAME" }), x!),
    image,
  ],
  ["avgPool3d", (x) => tf.avgPool3d(x!, { ksize: 2, strides: 1, padding: "VALID" }), [1, 3, 4, 2, 2]],
  ["pool, dilated", (x) => tf.pool(x!, [2, 2], "MAX", { padding: "VALID", dilationRate: [2, 1] }), image],
  ["pool of rows", (x) => tf.pool(x!, [2], "AVG", { padding: "SAME", strides: [2] }), [2, 5, 3]],
  [
    "gradients of conv3d",
    (x, w) => grads(tf.conv3d(x!, w!, { strides: [1, 2, 1], padding: "SAME" }), x!, w!),
    [1, 3, 4, 2, 2],
    [2, 3, 1, 2, 2],
  ],
  [
    "gradient of avgPool, by what it is given",
    (x) => grads(tf.square(tf.avgPool(x!, { ksize: 2, strides: 1, padding: "SAME" })), x!),
    image,
  ],
  [
    "gradient of avgPool3d, by what it is given",
    (x) => grads(tf.square(tf.avgPool3d(x!, { ksize: 2, strides: 1, padding: "VALID" })), x!),
    [1, 3, 4, 2, 2],
  ],
  [
    "MaxPoolGradGrad",
    (dy) => {
      const x = tf.constant(numbers(image));
      const y = tf.applyOne("MaxPool", [x], { attrs: { ...pool, ksize } });
      return tf.applyOne("MaxPoolGradGrad", [x, y, dy!], { attrs: { ...pool, ksize } });
    },
    image,
  ],
  [
    "MaxPoolV2",
    (x) => tf.applyOne("MaxPoolV2", [x!, ksize, pool.strides], { attrs: { padding: "SAME" } }),
    image,
  ],
  [
    "MaxPoolGradV2",
    (x) =>
      grads(
        tf.square(tf.applyOne("MaxPoolV2", [x!, ksize, pool.strides], { attrs: { padding: "SAME" } })),
        x!,
      ),
    image,
  ],
  [
    "MaxPoolGradGradV2",
    (dy) => {
      const attrs = { padding: "SAME" };
      const x = tf.constant(numbers(image));
      const y = tf.applyOne("MaxPoolV2", [x, ksize, pool.strides], { attrs });
      return tf.applyOne("MaxPoolGradGradV2", [x, y, dy!, ksize, pool.strides], { attrs });
    },
    image,
  ],
  [
    "batchNormalization",
    (x, m, v) => tf.batchNormalization(x!, m!, tf.square(v!), m!, v!, 0.1),
    image,
    [2],
    [2],
  ],
];
export const checks: readonly NumericCheck[] = cases.map(([name, f, ...shapes]) => ({ name, f, shapes }));
