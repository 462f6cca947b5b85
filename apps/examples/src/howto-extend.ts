// How-to, importing and extending: the inference graph becomes a training graph.
import * as tf from "@org/tf";
import { saveDir } from "./howto-inference.ts"; // Builds and saves first.

tf.resetDefaultGraph(); // As in a new process.

{
  await using sess = new tf.Session();
  const newSaver = await tf.train.importMetaGraph(`${saveDir}/my-model-10000.meta`);
  await newSaver!.restore(sess, `${saveDir}/my-model-10000`);
  // Adds loss and train.
  let labels = tf.constant(0, tf.int32, { shape: [100], name: "labels" });
  const batchSize = tf.size(labels);
  labels = tf.expandDims(labels, 1);
  const indices = tf.expandDims(tf.range(0, batchSize), 1);
  const concated = tf.concat([indices, labels], 1);
  const onehotLabels = tf.sparseToDense(concated, tf.stack([batchSize, 10]), 1.0, 0.0);
  const logits = tf.getCollection<tf.Tensor>("logits")[0]!;
  const crossEntropy = tf.nn.softmaxCrossEntropyWithLogits({
    labels: onehotLabels,
    logits,
    name: "xentropy",
  });
  const loss = tf.reduceMean(crossEntropy, { name: "xentropy_mean" });

  tf.scalarSummary(loss.op.name, loss);
  // Creates the gradient descent optimizer with the given learning rate.
  const optimizer = new tf.train.GradientDescentOptimizer(0.01);

  // Runs trainOp.
  const trainOp = optimizer.minimize(loss);
  const before = tf.toNumbers(await sess.run(loss))[0]!;
  await sess.run(trainOp);
  console.log(`one step brought the loss down: ${tf.toNumbers(await sess.run(loss))[0]! < before}`);
}
