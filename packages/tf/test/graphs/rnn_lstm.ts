// dynamic_rnn over a MultiRNNCell of LSTM cells with dropout, sequence lengths, peepholes; trained with clipping.
import type { Tensor } from "@org/graph";
import type { Variable } from "@org/variables";
import * as tf from "../../src/index.ts";

const { BasicLSTMCell, DropoutWrapper, LSTMCell, MultiRNNCell } = tf.nn.rnnCell;

export function build(): tf.train.Saver {
  tf.setRandomSeed(2016);
  const tokens = tf.placeholder("int32", [4, null], { name: "tokens" });
  const lengths = tf.placeholder("int32", [4], { name: "lengths" });
  const labels = tf.placeholder("int32", [4], { name: "labels" });
  const keep = tf.placeholderWithDefault(1, [], { name: "keep" });
  const table = tf.getVariable("table", [30, 8]);
  const first = new DropoutWrapper(new BasicLSTMCell(8, { forgetBias: 0.5 }), { outputKeepProb: keep });
  const second = new LSTMCell(10, { usePeepholes: true, numProj: 6, cellClip: 5 });
  const cell = new MultiRNNCell([first, second]);
  const inputs = tf.nn.embeddingLookup(table, tokens);
  const [outputs, state] = tf.nn.dynamicRnn(cell, inputs, {
    sequenceLength: lengths,
    initialState: cell.zeroState(4, "float32"),
  });
  const { h } = (state as readonly tf.nn.rnnCell.LSTMStateTuple[]).at(-1)!;
  const logits = tf.layers.dense(h, 2, { name: "logits" });
  const loss = tf.losses.sparseSoftmaxCrossEntropy(labels, logits);
  const variables = tf.trainableVariables() as Variable[];
  const { clipped, globalNorm } = tf.clipByGlobalNorm(tf.gradients(loss, variables), 5);
  const optimizer = new tf.train.GradientDescentOptimizer(1);
  const globalStep = tf.train.getOrCreateGlobalStep();
  const pairs = clipped.map((gradient, i) => [gradient as Tensor, variables[i]!] as const);
  const trainOp = optimizer.applyGradients(pairs, { globalStep });
  tf.addToCollection("train_op", trainOp);
  tf.addToCollection("logits", logits);
  tf.addToCollection("outputs", outputs);
  tf.summary.scalar("gradient_norm", globalNorm);
  return new tf.train.Saver();
}
