// How-to, importing, first half: a model is trained, and saved every 1,000 steps with its graph.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@org/tf";

export const saveDir: string = process.argv[2] ?? mkdtempSync(join(tmpdir(), "howto-train-"));

// A line through points, found step by step.
const x = tf.constant([0, 1, 2, 3]);
const slope = new tf.Variable(0, { name: "slope", dtype: tf.float32 });
const offset = new tf.Variable(0, { name: "offset", dtype: tf.float32 });
const y = tf.operator.add(tf.operator.mul(slope, x), offset);
const loss = tf.reduceMean(tf.squaredDifference(y, tf.constant([1, 3, 5, 7])), { name: "loss" });
const trainOp = new tf.train.GradientDescentOptimizer(0.0005).minimize(loss);
tf.addToCollection("hparams", "learning_rate=0.0005");

// Create a saver.
const saver = new tf.train.Saver([slope, offset]);
// Remember the trainOp we want to run by adding it to a collection.
tf.addToCollection("train_op", trainOp);
const sess = new tf.Session();
await sess.run(tf.initializeAllVariables());
for (let step = 0; step <= 10000; step++) {
  await sess.run(trainOp);
  if (step % 1000 === 0) {
    // Saves checkpoint, which by default also exports a MetaGraph named 'my-model-<globalStep>.meta'.
    await saver.save(sess, `${saveDir}/my-model`, { globalStep: step });
  }
}
console.log("after 10001 steps:", await sess.run({ slope: "slope:0", loss: "loss:0" }).then(rounded));
await sess.close();

export function rounded(values: Record<string, tf.NdArray>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, +tf.toNumbers(value)[0]!.toPrecision(3)]),
  );
}
