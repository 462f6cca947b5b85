// tf.losses with weights and reductions, tf.metrics (accuracy, mean, precision ...) with local variables and updates.
import * as tf from "../../src/index.ts";

const { losses, metrics } = tf;
const { mul, gt } = tf.operator;

export function build(): void {
  const labels = tf.placeholder("int64", [null], { name: "labels" });
  const logits = tf.placeholder("float32", [null, 4], { name: "logits" });
  const weights = tf.placeholder("float32", [null], { name: "weights" });
  const onehot = tf.oneHot(labels, 4);
  losses.softmaxCrossEntropy(onehot, logits, { weights, labelSmoothing: 0.1 });
  losses.sigmoidCrossEntropy(onehot, logits, { reduction: losses.Reduction.MEAN, scope: "sigmoid" });
  const probabilities = tf.nn.softmax(logits);
  losses.huberLoss(onehot, probabilities, { delta: 0.5, weights: tf.expandDims(weights, 1) });
  losses.absoluteDifference(onehot, logits, { weights: 0.3, lossCollection: "other_losses" });
  losses.hingeLoss(onehot, logits);
  losses.logLoss(onehot, tf.sigmoid(logits), { reduction: losses.Reduction.SUM });
  losses.cosineDistance(tf.nn.l2Normalize(onehot, 1), tf.nn.l2Normalize(logits, 1), { axis: 1 });
  losses.meanPairwiseSquaredError(onehot, logits);
  losses.addLoss(mul(tf.reduceSum(logits), 1e-3));
  const total = losses.getTotalLoss({ addRegularizationLosses: false, name: "total" });
  const predictions = tf.argmax(logits, { axis: 1 });
  const [accuracy, update] = metrics.accuracy(labels, predictions, { name: "accuracy" });
  const mean = metrics.mean(total, {
    metricsCollections: ["eval_values"],
    updatesCollections: ["eval_updates"],
  });
  const precision = metrics.precision(gt(labels, 1), gt(predictions, 1), { weights });
  const error = metrics.rootMeanSquaredError(onehot, logits, { name: "rmse" });
  const perClass = metrics.meanPerClassAccuracy(labels, predictions, 4);
  metrics.meanTensor(tf.getItem(logits, 0));
  tf.summary.scalar("accuracy", accuracy);
  for (const value of [update, mean[1], precision[1], error[1], perClass[1]])
    tf.addToCollection("update_ops", value);
  tf.addToCollection("hparams/name", "metrics");
  tf.localVariablesInitializer();
}
