// The how-to's inference graph imported, and training added to it.
import type { Tensor } from "@org/graph";
import * as tf from "../../src/index.ts";
import { referenceMeta } from "../reference-graph.ts";

export async function build(): Promise<tf.train.Saver> {
  const saver = (await tf.train.importMetaGraph(referenceMeta("howto_inference")))!;
  const labels = tf.constant(0, "int32", { shape: [100], name: "labels" });
  const batchSize = tf.size(labels);
  const column = tf.expandDims(labels, 1);
  const indices = tf.expandDims(tf.range(0, batchSize), 1);
  const joined = tf.concat([indices, column], 1);
  const onehot = tf.sparseToDense(joined, tf.stack([batchSize, 10]), 1.0, 0.0);
  const [logits] = tf.getCollection<Tensor>("logits") as [Tensor];
  const crossEntropy = tf.nn.softmaxCrossEntropyWithLogits({ labels: onehot, logits, name: "xentropy" });
  const loss = tf.reduceMean(crossEntropy, { name: "xentropy_mean" });
  tf.summary.scalar("loss", loss);
  tf.addToCollection("train_op", new tf.train.GradientDescentOptimizer(0.01).minimize(loss));
  tf.addToCollection("learning_rate", 0.01);
  return saver;
}
