// The how-to's inference graph: two hidden layers and a linear one, its logits in a collection.
import type { Tensor } from "@org/graph";
import * as tf from "../../src/index.ts";

export function build(): tf.train.Saver {
  tf.setRandomSeed(1234);
  const layer = (name: string, input: Tensor, inputs: number, units: number, last = false): Tensor =>
    tf.nameScope(name, () => {
      const initial = tf.truncatedNormal([inputs, units], { stddev: 1 / Math.sqrt(inputs) });
      const weights = new tf.Variable(initial, { name: "weights" });
      const biases = new tf.Variable(tf.zeros([units]), { name: "biases" });
      const sum = tf.operator.add(tf.matmul(input, weights), biases);
      return last ? sum : tf.nn.relu(sum);
    });
  const images = tf.constant(1.2, "float32", { shape: [100, 28] });
  const hidden1 = layer("hidden1", images, 28, 128);
  const hidden2 = layer("hidden2", hidden1, 128, 32);
  tf.addToCollection("logits", layer("softmax_linear", hidden2, 32, 10, true));
  tf.globalVariablesInitializer();
  return new tf.train.Saver();
}
