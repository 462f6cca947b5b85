// A net of two convolutions (5 x 5 to 32 and 64 channels, each with relu and a pool) and a dense layer over 32 images of 28 x 28: its
// forward pass, and a step of SGD.
import * as tf from "@org/tf";
import type { Case } from "../case.ts";
import { learningRate, numbers } from "../model.ts";
import { open, variable } from "../peers/ours.ts";
import * as tfjs from "../peers/tfjs.ts";

const batch = 32;
const [first, second, classes] = [32, 64, 10];
const flat = 7 * 7 * second;

const parameters = [
  { shape: [5, 5, 1, first], scale: 0.2 },
  { shape: [first], scale: 0 },
  { shape: [5, 5, first, second], scale: 0.035 },
  { shape: [second], scale: 0 },
  { shape: [flat, classes], scale: 0.018 },
  { shape: [classes], scale: 0 },
].map(({ shape, scale }, i) => ({
  shape,
  data: numbers(
    shape.reduce((a, b) => a * b, 1),
    scale,
    i + 1,
  ),
}));
const images = (): Float32Array => numbers(batch * 28 * 28, 1, 99);
const labels = (): Int32Array => Int32Array.from({ length: batch }, (_, i) => i % classes);

function network() {
  const x = tf.placeholder("float32", [null, 28, 28, 1]);
  const p = parameters.map(({ data, shape }) => variable(data, shape));
  const layer = (input: tf.Tensor, i: number): tf.Tensor => {
    const summed = tf.nn.biasAdd(
      tf.nn.conv2d(input, p[i]!, { strides: [1, 1, 1, 1], padding: "SAME" }),
      p[i + 1]!,
    );
    const window = { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "SAME" } as const;
    return tf.nn.maxPool(tf.nn.relu(summed), window);
  };
  const last = tf.reshape(layer(layer(x, 0), 2), [-1, flat]);
  return { x, logits: tf.operator.add(tf.matmul(last, p[4]!), p[5]!) };
}

const feedsOf = ({ x }: { x: tf.Tensor }): Record<string, tf.NdArray> => ({
  [x.name]: tf.ndArray("float32", [batch, 28, 28, 1], images()),
});

/** Multiplications and additions of the forward pass; a step takes some three times as many. */
const flops = 2 * batch * (784 * 25 * first + 196 * 25 * first * second + flat * classes);

export const convNets: readonly Case[] = [
  {
    name: "conv net forward, batch 32",
    shared: true,
    async ours(more) {
      const { session, built } = await open(network, more);
      const feeds = feedsOf(built);
      return () => session.run(built.logits, { feeds });
    },
    tfjs() {
      const { tf: t } = tfjs;
      const data = images();
      const [w1, b1, w2, b2, w3, b3] = parameters.map((one) => t.tensor(one.data, one.shape)) as [
        tfjs.tf.Tensor4D,
        tfjs.tf.Tensor1D,
        tfjs.tf.Tensor4D,
        tfjs.tf.Tensor1D,
        tfjs.tf.Tensor2D,
        tfjs.tf.Tensor1D,
      ];
      const layer = (
        x: tfjs.tf.Tensor4D,
        filter: tfjs.tf.Tensor4D,
        bias: tfjs.tf.Tensor1D,
      ): tfjs.tf.Tensor4D =>
        t.maxPool(
          t.fused.conv2d({ x, filter, strides: 1, pad: "same", bias, activation: "relu" }),
          [2, 2],
          [2, 2],
          "same",
        );
      return tfjs.reading(() => {
        const x = t.tensor4d(data, [batch, 28, 28, 1]);
        const last = t.reshape(layer(layer(x, w1, b1), w2, b2), [batch, flat]) as tfjs.tf.Tensor2D;
        return t.add(t.matMul(last, w3), b3);
      });
    },
    tensorflow: ["conv_net", 0],
    flops,
  },
  {
    // TensorFlow.js has no gradients of convolutions and pools on WebAssembly.
    name: "conv net training step, batch 32",
    shared: true,
    async ours(more) {
      const { session, built } = await open(() => {
        const made = network();
        const y = tf.placeholder("int32", [null]);
        const loss = tf.reduceMean(
          tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits: made.logits }),
        );
        return {
          ...made,
          y,
          loss,
          train: new tf.train.GradientDescentOptimizer(learningRate).minimize(loss),
        };
      }, more);
      const feeds = { ...feedsOf(built), [built.y.name]: tf.ndArray("int32", [batch], labels()) };
      return () => session.run([built.loss, built.train], { feeds });
    },
    tensorflow: ["conv_net", 1],
    flops: 3 * flops,
  },
];
