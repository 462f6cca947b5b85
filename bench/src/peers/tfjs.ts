// TensorFlow.js 4.22 on its WebAssembly backend, one thread.
import "@tensorflow/tfjs-backend-wasm";
// By its path, so that it is bundled: Node cannot load it as it is published.
import "../../node_modules/@tensorflow/tfjs-core/dist/register_all_gradients.js";
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { initialParameters, learningRate, makeBatch, numbers } from "../model.ts";
import type { Contender } from "./contender.ts";

const network = (x: tf.Tensor2D, p: readonly tf.Tensor[]): tf.Tensor2D => {
  const layer = (input: tf.Tensor, i: number): tf.Tensor => tf.add(tf.matMul(input, p[i]!), p[i + 1]!);
  return layer(tf.relu(layer(tf.relu(layer(x, 0)), 2)), 4) as tf.Tensor2D;
};

export async function tfjs(): Promise<Contender> {
  setThreadsCount(1);
  await tf.setBackend("wasm");
  await tf.ready();
  const variables = (): tf.Variable[] =>
    initialParameters().map(({ data, shape }) => tf.variable(tf.tensor(data, shape)));
  return {
    name: "tfjs-wasm",
    matmul(n) {
      const [a, b] = [tf.tensor2d(numbers(n * n, 1, 1), [n, n]), tf.tensor2d(numbers(n * n, 1, 2), [n, n])];
      return () => {
        const c = tf.matMul(a, b);
        c.dataSync();
        c.dispose();
      };
    },
    trainStep(batch) {
      const p = variables();
      const { images, oneHot } = makeBatch(batch);
      const sgd = tf.train.sgd(learningRate);
      return () => {
        const loss = tf.tidy(() => {
          const x = tf.tensor2d(images, [batch, 784]);
          const y = tf.tensor2d(oneHot, [batch, 10]);
          return sgd.minimize(() => tf.losses.softmaxCrossEntropy(y, network(x, p)) as tf.Scalar, true, p)!;
        });
        loss.dataSync();
        loss.dispose();
      };
    },
    infer(batch) {
      const p = variables();
      const { images } = makeBatch(batch);
      return () => {
        const logits = tf.tidy(() => network(tf.tensor2d(images, [batch, 784]), p));
        logits.dataSync();
        logits.dispose();
      };
    },
    scalarAdds(count) {
      const one = tf.scalar(1);
      return () => {
        const sum = tf.tidy(() => {
          let x: tf.Tensor = tf.scalar(0.5);
          for (let i = 0; i < count; i++) x = tf.add(x, one);
          return x;
        });
        sum.dataSync();
        sum.dispose();
      };
    },
  };
}
