// Every stock summary, merge_all and merge; every learning-rate decay on the global step.
import type { Tensor } from "@org/graph";
import * as tf from "../../src/index.ts";

export function build(): tf.train.Saver {
  tf.setRandomSeed(29);
  const step = tf.train.getOrCreateGlobalStep();
  const x = tf.placeholder("float32", [2, 8, 8, 3], { name: "x" });
  tf.nameScope("input", () => {
    tf.summary.image("pictures", x, { maxOutputs: 2 });
    tf.summary.histogram("values", x, { family: "stats" });
    const sound = tf.reshape(x, [2, -1]);
    tf.summary.audio("sound", sound, 8000, { maxOutputs: 1, collections: ["audio"] });
  });
  tf.summary.text("note", tf.constant("epoch"));
  tf.summary.tensorSummary("raw", tf.reduceSum(x, [1, 2]), { summaryDescription: "sums" });
  const { train } = tf;
  const rates: Tensor[] = [
    train.exponentialDecay(0.1, step, 100, 0.96),
    train.piecewiseConstant(tf.cast(step, "int32"), [10, 20], [1, 0.5, 0.1], { name: "pieces" }),
    train.polynomialDecay(0.1, step, 1000, { endLearningRate: 1e-4, power: 2, cycle: true }),
    train.naturalExpDecay(0.1, step, 10, 0.5, { staircase: true }),
    train.inverseTimeDecay(0.1, step, 1, 0.5),
    train.cosineDecay(0.1, step, 1000, { alpha: 0.01 }),
    train.cosineDecayRestarts(0.1, step, 100),
    train.linearCosineDecay(0.1, step, 1000),
    train.noisyLinearCosineDecay(0.1, step, 1000),
  ];
  for (const [i, rate] of rates.entries()) tf.summary.scalar(`rate_${i}`, rate);
  tf.summary.scalar("bad name!", tf.addN(rates));
  const merged = tf.controlDependencies([tf.assignAdd(step, 1)], () => tf.summary.mergeAll({ name: "all" }));
  tf.addToCollection("summary_op", merged);
  tf.addToCollection("audio_op", tf.summary.mergeAll({ key: "audio" }));
  return new tf.train.Saver();
}
