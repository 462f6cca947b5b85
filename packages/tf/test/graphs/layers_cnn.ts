// The tf.layers MNIST network: conv2d, max_pooling2d, flatten, dense, dropout; Adam on ref variables.
import * as tf from "../../src/index.ts";

export function build(): tf.train.Saver {
  tf.setRandomSeed(0);
  const features = tf.placeholder("float32", [null, 784], { name: "features" });
  const labels = tf.placeholder("int32", [null], { name: "labels" });
  const training = tf.placeholderWithDefault(false, [], { name: "training" });
  const x = tf.reshape(features, [-1, 28, 28, 1]);
  const conv1 = tf.layers.conv2d(x, 8, [5, 5], { padding: "same", activation: (y) => tf.nn.relu(y) });
  const pool1 = tf.layers.maxPooling2d(conv1, [2, 2], 2);
  const conv2 = tf.layers.conv2d(pool1, 16, 3, {
    strides: [2, 2],
    name: "conv2",
    useBias: false,
    kernelInitializer: tf.truncatedNormalInitializer(0, 0.1),
    kernelRegularizer: tf.regularizers.l2(1e-3),
  });
  const flat = tf.layers.flatten(tf.layers.averagePooling2d(conv2, 2, 2));
  const dense = tf.layers.dense(flat, 32, { activation: (y) => tf.nn.relu(y), name: "fc" });
  const dropped = tf.layers.dropout(dense, { rate: 0.4, training });
  const logits = tf.layers.dense(dropped, 10, { biasInitializer: tf.constantInitializer(0.1) });
  tf.losses.sparseSoftmaxCrossEntropy(labels, logits);
  const loss = tf.losses.getTotalLoss();
  const probabilities = tf.nn.softmax(logits, { name: "softmax_tensor" });
  const right = tf.equal(tf.argmax(logits, 1, { outputType: "int32" }), labels);
  const accuracy = tf.reduceMean(tf.cast(right, "float32"));
  const globalStep = tf.train.getOrCreateGlobalStep();
  const trainOp = new tf.train.AdamOptimizer().minimize(loss, { globalStep });
  tf.addToCollection("train_op", trainOp);
  tf.addToCollection("logits", logits);
  tf.addToCollection("predictions", probabilities);
  tf.addToCollection("accuracy", accuracy);
  return new tf.train.Saver();
}
