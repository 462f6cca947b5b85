// FtrlOptimizer on ref variables, dense and sparse, with l1 and l2: a linear model on crosses.
import * as tf from "../../src/index.ts";

export function build(): tf.train.Saver {
  tf.setRandomSeed(19);
  const ids = tf.sparsePlaceholder("int64", null, { name: "ids" });
  const dense = tf.placeholder("float32", [null, 5], { name: "dense" });
  const label = tf.placeholder("float32", [null, 1], { name: "label" });
  const initializer = tf.zerosInitializer();
  const logits = tf.variableScope("linear", () => {
    const weights = tf.getVariable("weights", [1000, 1], { initializer });
    const slope = tf.getVariable("slope", [5, 1], { initializer });
    const bias = tf.getVariable("bias", [1], { initializer });
    const crossed = tf.nn.embeddingLookupSparse(weights, ids, null, { combiner: "sum" });
    return tf.nn.biasAdd(tf.operator.add(crossed, tf.matmul(dense, slope)), bias, { name: "logits" });
  });
  const entropy = tf.nn.weightedCrossEntropyWithLogits({ labels: label, logits, posWeight: 2 });
  const optimizer = new tf.train.FtrlOptimizer(0.1, {
    learningRatePower: -0.5,
    l1RegularizationStrength: 0.01,
    l2RegularizationStrength: 0.001,
  });
  const trainOp = optimizer.minimize(tf.reduceSum(entropy));
  tf.addToCollection("train_op", trainOp);
  tf.addToCollection("logits", logits);
  tf.globalVariablesInitializer();
  return new tf.train.Saver();
}
