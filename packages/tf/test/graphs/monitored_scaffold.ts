// What a monitored training session adds to a graph: Scaffold.finalize with its init, ready, summary and (sharded) saver ops.
import * as tf from "../../src/index.ts";

export function build(): tf.train.Saver {
  tf.setRandomSeed(41);
  const globalStep = tf.train.createGlobalStep();
  const words = tf.placeholder("string", [null], { name: "words" });
  const ids = tf.lookup.indexTableFromTensor(["a", "b", "c"], { numOovBuckets: 2 }).lookup(words);
  const table = tf.getVariable("table", [5, 3]);
  const hidden = tf.layers.dense(tf.nn.embeddingLookup(table, ids), 2, { name: "hidden" });
  const loss = tf.reduceMean(tf.square(hidden), { name: "loss" });
  tf.metrics.mean(loss);
  tf.summary.scalar("loss", loss);
  const trainOp = new tf.train.AdagradOptimizer(0.01).minimize(loss, { globalStep });
  tf.addToCollection("train_op", trainOp);
  tf.addToCollection(tf.GraphKeys.LOSSES, loss);
  const scaffold = new tf.train.Scaffold();
  scaffold.finalize();
  return scaffold.saver!;
}
