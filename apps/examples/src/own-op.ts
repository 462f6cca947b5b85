// An op of your own, with its gradient: Cross, which TensorFlow has and this library does not know how to run. An op that TensorFlow
// does not have is the same with an `opDef` (its name, inputs, outputs and attributes) instead of defineOp.
import type { HloInstruction } from "@org/hlo";
import { defineOp, dense, type LoweringContext, single } from "@org/ops";
import * as tf from "@org/tf";

/** The cross product of vectors of 3, along the last dimension. */
function cross(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return a.graph.createOp("Cross", [a, b]).outputs[0]!;
}

/** x[..., (i + by) % 3]: what lowerings build are instructions of @org/hlo, which every backend runs. */
function rolled({ builder }: LoweringContext, x: HloInstruction, by: number): HloInstruction {
  const last = x.dims.length - 1;
  const part = (from: number, to: number): HloInstruction =>
    builder.slice(x, [...x.dims.slice(0, last).fill(0), from], [...x.dims.slice(0, last), to]);
  return builder.concatenate([part(by, 3), part(0, by)], last);
}

const crossOp = defineOp("Cross", {
  shape: (c) => [c.input(0)],
  lower: (c) => {
    const [a, b] = [c.input(0), c.input(1)];
    const product = (byA: number, byB: number): HloInstruction =>
      c.builder.binary("multiply", rolled(c, a, byA), rolled(c, b, byB));
    return c.builder.binary("subtract", product(1, 2), product(2, 1));
  },
  gradient: single(({ inputs: [a, b] }, grad) => [cross(b!, dense(grad)), cross(dense(grad), a!)]),
});

// A graph knows the ops of its registry: this one first, then all of TensorFlow's.
const ops = tf.createOpRegistry([crossOp], { fallback: tf.standardOps() });
const graph = new tf.Graph({ ops });
const { product, slopes } = graph.asDefault(() => {
  const a = tf.constant([[1, 0, 0]]);
  const b = tf.constant([[0, 1, 0]]);
  const product = cross(a, b);
  return {
    product,
    slopes: tf.gradients(tf.reduceSum(product), [a, b]).map((slope) => tf.convertToTensor(slope!)),
  };
});
await using sess = new tf.Session({ graph });
for (const value of await sess.run([product, ...slopes])) console.log(tf.toArray(value));
