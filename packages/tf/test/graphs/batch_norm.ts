// tf.layers.batch_normalization with a training placeholder: UPDATE_OPS, moving averages, control dependencies.
import * as tf from "../../src/index.ts";

const { batchNormalization, dense } = tf.layers;

export function build(): tf.train.Saver {
  tf.setRandomSeed(77);
  const x = tf.placeholder("float32", [null, 6], { name: "x" });
  const y = tf.placeholder("float32", [null, 1], { name: "y" });
  const training = tf.placeholder("bool", [], { name: "training" });
  let h = dense(x, 5, { useBias: false, name: "fc1" });
  h = batchNormalization(h, { training, momentum: 0.9, name: "bn1" });
  h = tf.nn.leakyRelu(h);
  h = dense(h, 4, { activation: (a) => tf.nn.selu(a) });
  h = batchNormalization(h, { training, center: false, scale: true, epsilon: 1e-5 });
  const out = tf.variableScope("head", () => {
    const frozen = batchNormalization(h, { training: false, name: "frozen", trainable: false });
    return dense(frozen, 1);
  });
  const loss = tf.losses.meanSquaredError(y, out);
  const trainOp = tf.controlDependencies(tf.getCollection(tf.GraphKeys.UPDATE_OPS), () =>
    new tf.train.MomentumOptimizer(0.01, 0.9, { useNesterov: true }).minimize(loss),
  );
  tf.addToCollection("train_op", trainOp);
  tf.addToCollection("out", out);
  tf.globalVariablesInitializer();
  tf.localVariablesInitializer();
  return new tf.train.Saver(tf.globalVariables());
}
