// The how-to's inference graph extended into a training graph, as its "extend" section does it.
import * as tf from "@org/tf";

export interface TrainingOps {
  readonly loss: tf.Tensor;
  readonly trainOp: tf.Operation;
  readonly globalStep: tf.Variable;
}

/** Adds labels (`labels:0`), a loss (`xentropy_mean:0`) and a step of gradient descent to the default graph, for logits of ten classes. */
export function extendForTraining(logits: tf.Tensor, rate: number): TrainingOps {
  const labels = tf.placeholder("int32", [null], { name: "labels" });
  const batchSize = tf.size(labels);
  const indices = tf.expandDims(tf.range(0, batchSize), 1);
  const concated = tf.concat([indices, tf.expandDims(labels, 1)], 1);
  const onehotLabels = tf.sparseToDense(concated, tf.stack([batchSize, 10]), 1.0, 0.0);
  const crossEntropy = tf.nn.softmaxCrossEntropyWithLogits({
    labels: onehotLabels,
    logits,
    name: "xentropy",
  });
  const loss = tf.reduceMean(crossEntropy, { name: "xentropy_mean" });
  tf.scalarSummary(loss.op.name, loss);
  const globalStep = new tf.Variable(0, { name: "global_step", trainable: false });
  const trainOp = new tf.train.GradientDescentOptimizer(rate).minimize(loss, { globalStep, name: "train" });
  return { loss, trainOp, globalStep };
}
