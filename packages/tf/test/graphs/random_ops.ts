// Random ops and how graph and op seeds make seed and seed2; initializers with and without seeds; dropout.
import * as tf from "../../src/index.ts";

export function build(): unknown {
  const x = tf.placeholder("float32", [6, 3], { name: "x" });
  tf.randomUniform([2], { seed: 5, name: "op_seed_only" });
  tf.setRandomSeed(87654321);
  tf.randomUniform([2, 3]);
  tf.randomUniform([2], { minval: 0, maxval: 10, dtype: "int32", seed: 3 });
  tf.randomUniform([], { minval: -1, maxval: 1, dtype: "float64" });
  tf.randomNormal([3], { mean: 1, stddev: 2, seed: 1 });
  tf.randomNormal(tf.shape(x), { dtype: "float16" });
  tf.truncatedNormal([4], { seed: 0 });
  tf.randomGamma([2], [0.5, 1.5], { beta: 2 });
  tf.randomPoisson([1, 4], [3]);
  tf.multinomial(x, 4);
  tf.categorical(x, 2, { dtype: "int32", seed: 9 });
  tf.randomShuffle(x, { seed: 2 });
  tf.randomCrop(x, [2, 2]);
  tf.nn.dropout(x, { keepProb: 0.5 });
  tf.nn.dropout(x, { rate: 0.25, noiseShape: [6, 1], seed: 4 });
  tf.nn.dropout(x, { rate: 0 });
  tf.statelessRandomUniform([2], [1, 2]);
  tf.statelessRandomNormal([2], [3, 4]);
  tf.nn.uniformCandidateSampler(tf.constant([[1], [2]], "int64"), 1, 3, true, 10);
  const [weights, biases] = [tf.ones([9, 3]), tf.zeros([9])];
  const labels = tf.constant(new Array(6).fill([1]), "int64");
  tf.nn.nceLoss({ weights, biases, labels, inputs: x, numSampled: 4, numClasses: 9 });
  const initializers = [
    tf.glorotNormalInitializer(),
    tf.randomUniformInitializer(-1, 1, { seed: 6 }),
    tf.initializers.heUniform(),
    tf.initializers.lecunNormal({ seed: 7 }),
    tf.uniformUnitScalingInitializer(1.5),
    tf.orthogonalInitializer(),
    tf.varianceScalingInitializer({ mode: "fan_avg", distribution: "uniform" }),
  ];
  for (const [i, initializer] of initializers.entries())
    tf.getVariable(`v${i}`, { shape: [3, 2], initializer });
  tf.getVariable("c", { shape: [2], dtype: "int32", initializer: tf.constantInitializer(3) });
  return new tf.train.Saver();
}
