// A sharded Saver over variables on two parameter servers and the default device, ref and resource.
import * as tf from "../../src/index.ts";

const { add } = tf.operator;

export function build(): tf.train.Saver {
  tf.setRandomSeed(53);
  const [a, d] = tf.device(
    "/job:ps/task:0/cpu:0",
    () =>
      [
        tf.getVariable("a", [2, 3], { initializer: tf.randomUniformInitializer() }),
        tf.getVariable("d", [5], { initializer: tf.zerosInitializer(), useResource: true }),
      ] as const,
  );
  const [b, c] = tf.device(
    "/job:ps/task:1/cpu:0",
    () =>
      [
        tf.getVariable("b", [3, 1], { initializer: tf.randomUniformInitializer() }),
        tf.getVariable("c", [], { dtype: "float64", initializer: tf.onesInitializer() }),
      ] as const,
  );
  const globalStep = tf.train.getOrCreateGlobalStep();
  const loss = tf.device("/job:worker", () =>
    add(add(tf.reduceSum(tf.matmul(a, b)), tf.cast(c, "float32")), tf.reduceSum(d)),
  );
  const trainOp = new tf.train.GradientDescentOptimizer(0.1).minimize(loss, { globalStep });
  tf.addToCollection("train_op", trainOp);
  const saver = new tf.train.Saver(undefined, { sharded: true, maxToKeep: 7, filename: "sharded-model" });
  tf.addToCollection(tf.GraphKeys.SAVERS, saver);
  return saver;
}
