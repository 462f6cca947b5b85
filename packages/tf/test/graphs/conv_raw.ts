// tf.nn convolutions and pools with gradients: conv2d, depthwise, atrous, transpose, conv1d, bias_add, lrn, pools.
import type { Graph, Tensor } from "@org/graph";
import * as tf from "@org/ops";
import { Saver } from "@org/saver";
import { Variable } from "@org/variables";

const { add } = tf.operator;

const weight = (name: string, shape: readonly number[]): Variable =>
  new Variable(tf.truncatedNormal(shape, { stddev: 0.1 }), { name });

export function build(graph: Graph): Saver {
  tf.setRandomSeed(31);
  const x = tf.placeholder("float32", [2, 16, 16, 3], { name: "image" });
  let y: Tensor = tf.conv2d(x, weight("w1", [3, 3, 3, 8]), { strides: [1, 2, 2, 1], padding: "SAME" });
  y = tf.relu6(tf.biasAdd(y, new Variable(tf.constant(0.1, { shape: [8] }), { name: "b1" })));
  y = tf.maxPool(y, { ksize: [1, 3, 3, 1], strides: [1, 1, 1, 1], padding: "SAME", name: "pool1" });
  y = tf.lrn(y, { depthRadius: 4, bias: 1, alpha: 0.001 / 9, beta: 0.75, name: "norm1" });
  y = tf.depthwiseConv2d(y, weight("w2", [3, 3, 8, 2]), { strides: [1, 1, 1, 1], padding: "VALID" });
  y = tf.atrousConv2d(y, weight("w3", [2, 2, 16, 4]), 2, { padding: "SAME" });
  y = tf.avgPool(y, { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "VALID" });
  const up = tf.conv2dTranspose(y, weight("w4", [3, 3, 5, 4]), [2, 6, 6, 5], { strides: [1, 2, 2, 1] });
  const rows = tf.conv1d(tf.reduceMean(up, 2), weight("w5", [3, 5, 2]), { stride: 1, padding: "SAME" });
  const { output: pooled, argmax } = tf.maxPoolWithArgmax(x, {
    ksize: [1, 2, 2, 1],
    strides: [1, 2, 2, 1],
    padding: "SAME",
  });
  const kernel = tf.conv2d(x, weight("w6", [1, 1, 3, 2]), {
    strides: [1, 1, 1, 1],
    padding: "SAME",
    dilations: [1, 1, 1, 1],
    name: "pointwise",
  });
  let loss = add(tf.reduceSum(tf.square(up)), tf.reduceSum(rows));
  loss = add(add(loss, tf.l2Loss(kernel)), tf.reduceSum(pooled));
  const variables = graph.getCollection("trainable_variables") as Variable[];
  for (const g of tf.gradients(loss, [...variables, x])) graph.addToCollection("gradients", g);
  graph.addToCollection("argmax", argmax);
  return new Saver();
}
