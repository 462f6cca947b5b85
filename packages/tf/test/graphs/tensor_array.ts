// TensorArray used directly and in loops, map_fn, foldl; gradients through them.
import type { Graph } from "@org/graph";
import * as tf from "@org/ops";
import { Saver } from "@org/saver";
import { convertToNdArray } from "@org/tensor";

const { add, mul, lt } = tf.operator;

/** An integer: a bare number would be a float. */
const zero = convertToNdArray(0, "int32");

export function build(graph: Graph): Saver {
  const x = tf.placeholder("float32", [5, 3], { name: "x" });
  const w = tf.getVariable("w", [3], { initializer: tf.onesInitializer() });
  const ta = new tf.TensorArray("float32", {
    size: 5,
    clearAfterRead: false,
    elementShape: [3],
    name: "inputs",
  }).unstack(x);
  const out = new tf.TensorArray("float32", { size: 0, dynamicSize: true, inferShape: true });
  const [, last, written] = tf.whileLoop(
    (i) => lt(i, ta.size()),
    (i, previous, array) => {
      const value = add(mul(ta.read(i), w), previous);
      const next = add(i, 1);
      return [next, value, array.write(i, value)];
    },
    [zero, tf.zeros([3]), out],
  );
  const stacked = written.stack({ name: "stacked" });
  const parts = new tf.TensorArray("float32", { size: 2, inferShape: false }).split(x, [2, 3]);
  const joined = parts.concat();
  const some = ta.gather([4, 0]);
  const mapped = tf.mapFn((row) => tf.reduceSum(mul(row, w)), x);
  const pairs = tf.mapFn((t) => [add(t[0], t[1]), t[0]], [x, x], {
    dtype: ["float32", "float32"],
    parallelIterations: 3,
  });
  const folded = tf.foldl((a, b) => add(a, mul(b, w)), x, { initializer: tf.zeros([3]), name: "fold" });
  let loss = tf.reduceSum(stacked);
  loss = add(loss, tf.reduceSum(last));
  loss = add(loss, tf.reduceSum(mul(joined, w)));
  loss = add(loss, tf.reduceSum(some));
  loss = add(loss, tf.reduceSum(mapped));
  loss = add(loss, tf.reduceSum(pairs[0]!));
  loss = add(loss, tf.reduceSum(folded));
  graph.addToCollection("gradients", tf.gradients(loss, w)[0]);
  graph.addToCollection("logits", stacked);
  return new Saver();
}
