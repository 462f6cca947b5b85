// Trains, and goes on where it was stopped. `continue-training [DIR]` takes the newest checkpoint in DIR, if there is one.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@org/tf";
import { accuracy, batches } from "../lib/digits.ts";
import { readDigits } from "../lib/read-digits.ts";

const dir = process.argv[2] ?? mkdtempSync(join(tmpdir(), "continue-training-"));

/** The graph of a first start: a model that TensorFlow wrote, with a loss and an optimizer. */
async function firstGraph(): Promise<tf.train.Saver> {
  await tf.train.importMetaGraph(join(import.meta.dirname, "../data/howto/infer-0.meta"));
  const labels = tf.placeholder(tf.int32, [null], { name: "labels" });
  const [logits] = tf.getCollection<tf.Tensor>("logits");
  const xentropy = tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits: logits! });
  const loss = tf.reduceMean(xentropy, { name: "loss" });
  const globalStep = tf.train.getOrCreateGlobalStep();
  tf.addToCollection("train_op", new tf.train.AdamOptimizer(0.001).minimize(loss, { globalStep }));
  return new tf.train.Saver(null, { maxToKeep: 2 });
}

await using sess = new tf.Session();
const state = await tf.train.getCheckpointState(dir);
const latest = state?.modelCheckpointPath;
const saver = latest ? (await tf.train.importMetaGraph(`${latest}.meta`))! : await firstGraph();
if (latest) {
  await saver.restore(sess, latest);
  await saver.recoverLastCheckpoints(state.allModelCheckpointPaths); // So that the oldest is removed, as before.
} else await sess.run(tf.globalVariablesInitializer());
console.log(`start at step ${await tf.train.globalStep(sess, tf.train.getGlobalStep()!)}`);

const digits = readDigits();
const [trainOp] = tf.getCollection<tf.Operation>("train_op");
for (const { images, labels } of batches(digits, 100, 100)) {
  await sess.run(trainOp!, { feedDict: { "images:0": images, "labels:0": labels } });
}
const saved = await saver.save(sess, join(dir, "model"), { globalStep: "global_step:0" });
const [logits] = tf.getCollection<tf.Tensor>("logits");
console.log(`read right: ${await accuracy(sess, logits!, "images:0", digits)}; saved ${saved}`);
