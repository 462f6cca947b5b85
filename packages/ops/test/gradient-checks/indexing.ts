// Numeric checks of gradients of updates by index vectors.
import type { Tensor } from "@org/graph";
import * as tf from "../../src/index.ts";
import type { NumericCheck } from "../numeric-gradient.ts";

const places = tf.toNdArray(
  [
    [2, 0],
    [0, 1],
  ],
  "int32",
);
const kinds = {
  update: tf.tensorScatterUpdate,
  add: tf.tensorScatterAdd,
  sub: tf.tensorScatterSub,
  nonAliasing: (x: tf.TensorLike, at: tf.TensorLike, y: tf.TensorLike) =>
    tf.applyOne("ScatterNdNonAliasingAdd", [x, at, y]),
};
export const checks: readonly NumericCheck[] = Object.entries(kinds).map(([name, scatter]) => ({
  name: `scatter into a tensor: ${name}`,
  f: (x: Tensor, y: Tensor) => scatter(x, places, y),
  shapes: [
    [3, 2, 2],
    [2, 2],
  ],
}));
