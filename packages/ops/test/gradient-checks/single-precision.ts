// Numeric checks of gradients of what TensorFlow has in float32 alone: pools of volumes, normalization.
import type { Tensor } from "@org/graph";
import * as tf from "../../src/index.ts";
import type { NumericCheck } from "../numeric-gradient.ts";
import { inGraphOf } from "./old-graph.ts";
import { numbers } from "./windows.ts";

const { add, mul } = tf.operator;
const single = (x: Tensor): Tensor => tf.cast(x, "float32");
const double = (x: Tensor): Tensor => tf.cast(x, "float64");
const rough = { step: 1e-2, tolerance: 5e-3 };

const volume = [1, 3, 4, 2, 2];
const pool = { ksize: [1, 2, 2, 1, 1], strides: [1, 1, 2, 1, 1], padding: "SAME" };
/** Far enough from one another that no step changes which is the largest of a window. */
const apart = (x: Tensor): Tensor => single(add(mul(x, 0.01), tf.constant(numbers(volume))));
const maxPool = (x: Tensor): Tensor => tf.applyOne("MaxPool3D", [x], { attrs: pool });

/** Normalized over the batch, or by the moments that are given. */
function fusedBatchNorm(type: string, isTraining: boolean): (...xs: Tensor[]) => Tensor {
  return (x, scale, offset) => {
    const none = tf.constant([], "float32");
    const statistics = isTraining ? [none, none] : [tf.constant([0.5, -1]), tf.constant([2, 0.7])];
    return tf.applyOp(type, [single(x!), single(scale!), single(offset!), ...statistics], {
      attrs: { is_training: isTraining },
    }).outputs[0]!;
  };
}

const image = [2, 2, 3, 2];
const types = ["FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"];

export const checks: readonly NumericCheck[] = [
  { name: "MaxPool3D", f: (x: Tensor) => double(maxPool(apart(x))), shapes: [volume] },
  {
    name: "MaxPool3DGrad",
    f: (dy: Tensor) => {
      const x = single(tf.constant(numbers(volume)));
      const y = maxPool(x);
      const weights = tf.slice(single(dy), [0, 0, 0, 0, 0], tf.shape(y));
      return double(tf.applyOne("MaxPool3DGrad", [x, y, weights], { attrs: pool }));
    },
    shapes: [volume],
  },
  {
    name: "MaxPool3DGradGrad",
    f: (dy: Tensor) => {
      const x = single(tf.constant(numbers(volume)));
      return double(tf.applyOne("MaxPool3DGradGrad", [x, maxPool(x), single(dy)], { attrs: pool }));
    },
    shapes: [volume],
  },
  {
    name: "lrn",
    f: (x: Tensor) => double(tf.lrn(single(x), { depthRadius: 1, bias: 1.5, alpha: 0.7, beta: 0.6 })),
    shapes: [[1, 2, 2, 4]],
  },
  {
    name: "BatchNormWithGlobalNormalization",
    f: inGraphOf(8, (...xs: Tensor[]) => {
      const [x, mean, variance, beta, gamma] = xs.map(single) as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const inputs = [x, mean, tf.square(variance), beta, gamma];
      const attrs = { variance_epsilon: 0.1, scale_after_normalization: true };
      return double(tf.applyOne("BatchNormWithGlobalNormalization", inputs, { attrs }));
    }),
    shapes: [image, [2], [2], [2], [2]],
  },
  ...types.flatMap((type) =>
    [true, false].flatMap((isTraining) => {
      const norm = fusedBatchNorm(type, isTraining);
      const shapes = [image, [2], [2]];
      const how = isTraining ? "training" : "not training";
      return [
        { name: `${type}, ${how}`, f: (...xs: Tensor[]) => double(norm(...xs)), shapes },
        {
          name: `gradients of ${type}, ${how}`,
          f: (...xs: Tensor[]) => (tf.gradients(tf.square(norm(...xs)), xs) as Tensor[]).map(double),
          shapes,
        },
      ];
    }),
  ),
].map((check) => ({ ...check, ...rough }));
