// How-to, importing and extending, first half: an inference graph is built, run, saved and exported.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@org/tf";

const { add } = tf.operator; // Python's +
export const saveDir: string = process.argv[2] ?? mkdtempSync(join(tmpdir(), "howto-inference-"));
const saver0Ckpt = `${saveDir}/my-model-10000`;

// Creates an inference graph.
// Hidden 1
const images = tf.constant(1.2, tf.float32, { shape: [100, 28] });
const hidden1 = tf.nameScope("hidden1", () => {
  const weights = new tf.Variable(tf.truncatedNormal([28, 128], { stddev: 1.0 / Math.sqrt(28) }), {
    name: "weights",
  });
  const biases = new tf.Variable(tf.zeros([128]), { name: "biases" });
  return tf.nn.relu(add(tf.matmul(images, weights), biases));
});
// Hidden 2
const hidden2 = tf.nameScope("hidden2", () => {
  const weights = new tf.Variable(tf.truncatedNormal([128, 32], { stddev: 1.0 / Math.sqrt(128) }), {
    name: "weights",
  });
  const biases = new tf.Variable(tf.zeros([32]), { name: "biases" });
  return tf.nn.relu(add(tf.matmul(hidden1, weights), biases));
});
// Linear
const logits = tf.nameScope("softmax_linear", () => {
  const weights = new tf.Variable(tf.truncatedNormal([32, 10], { stddev: 1.0 / Math.sqrt(32) }), {
    name: "weights",
  });
  const biases = new tf.Variable(tf.zeros([10]), { name: "biases" });
  const logits = add(tf.matmul(hidden2, weights), biases);
  tf.addToCollection("logits", logits);
  return logits;
});

const initAllOp = tf.initializeAllVariables();

{
  await using sess = new tf.Session();
  // Initializes all the variables.
  await sess.run(initAllOp);
  // Runs to logit.
  const { shape } = await sess.run(logits);
  console.log(`logits of shape ${shape.join(" x ")}`);
  // Creates a saver.
  const saver0 = new tf.train.Saver();
  await saver0.save(sess, saver0Ckpt);
  // Generates MetaGraphDef.
  await saver0.exportMetaGraph(`${saveDir}/my-model-10000.meta`);
}
