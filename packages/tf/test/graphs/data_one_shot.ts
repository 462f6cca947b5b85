// tf.data with a one-shot iterator (captured in a function): map, filter, shuffle, repeat, batch, zip.
import type { Graph, Tensor } from "@org/graph";
import * as tf from "@org/ops";
import { Saver } from "@org/saver";
import { convertToNdArray } from "@org/tensor";
import { GradientDescentOptimizer } from "@org/train";
import { Variable } from "@org/variables";

const { mod, mul, sub, truediv } = tf.operator;

/** An integer: a bare number would be a float. */
const int = (value: number) => convertToNdArray(value, "int64");

function scale(x: Tensor, y: Tensor) {
  return [{ x: truediv(tf.cast(x, "float32"), 10), square: mul(x, x) }, y] as const;
}

export function build(graph: Graph): Saver {
  tf.setRandomSeed(21);
  const numbers = tf.Dataset.range(20);
  const letters = tf.Dataset.fromTensorSlices([
    ["a", "b"],
    ["c", "d"],
  ]).repeat();
  const dataset = tf.Dataset.zip([numbers, letters])
    .filter((x) => tf.equal(mod(x, int(2)), int(0)))
    .map(scale, { numParallelCalls: 2 })
    .shuffle(8, { seed: 3 })
    .repeat(2)
    .batch(4, { dropRemainder: true })
    .prefetch(1);
  const [features, words] = dataset.makeOneShotIterator().getNext();
  const w = new Variable(convertToNdArray(1, "float32"), { name: "w" });
  const error = sub(mul(features.x, w), tf.cast(features.square, "float32"));
  const loss = tf.reduceMean(tf.square(error), null, { name: "loss" });
  graph.addToCollection("train_op", new GradientDescentOptimizer(0.1).minimize(loss));
  graph.addToCollection("letters", words);
  return new Saver();
}
