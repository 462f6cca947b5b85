// A convolutional net trained in a session on the CPU backend: it learns, agrees with the evaluator, and another batch size
// compiles no kernel.
import { expect, it } from "vitest";
import * as tf from "../src/index.ts";

function build() {
  tf.resetDefaultGraph();
  tf.setRandomSeed(7);
  const x = tf.placeholder("float32", [null, 8, 8, 2], { name: "x" });
  const labels = tf.placeholder("int32", [null], { name: "labels" });
  const weight = (shape: readonly number[], name: string) =>
    new tf.Variable(tf.truncatedNormal(shape, { stddev: 0.3 }), { name });
  let y = tf.nn.conv2d(x, weight([3, 3, 2, 6], "w1"), { strides: 1, padding: "SAME" });
  y = tf.nn.fusedBatchNorm(y, tf.ones([6]), tf.zeros([6])).y;
  y = tf.nn.maxPool(tf.nn.relu(y), { ksize: 2, strides: 2, padding: "SAME" });
  y = tf.nn.lrn(y, { depthRadius: 2, alpha: 0.1, beta: 0.75 });
  y = tf.nn.depthwiseConv2d(y, weight([3, 3, 6, 1], "w2"), { strides: 1, padding: "SAME" });
  y = tf.nn.maxPool(y, { ksize: 3, strides: 1, padding: "SAME" });
  y = tf.nn.avgPool(y, { ksize: 3, strides: 2, padding: "SAME" });
  const logits = tf.matmul(tf.reshape(y, [-1, 24]), weight([24, 3], "w3"));
  const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits }));
  return { loss, train: new tf.train.GradientDescentOptimizer(0.2).minimize(loss) };
}

function batch(size: number) {
  const data = Float32Array.from({ length: size * 128 }, (_, i) => Math.sin(i * 0.37 + Math.floor(i / 128)));
  const labels = Int32Array.from({ length: size }, (_, i) => i % 3);
  return {
    "x:0": tf.ndArray("float32", [size, 8, 8, 2], data),
    "labels:0": tf.ndArray("int32", [size], labels),
  };
}

async function losses(options: tf.SessionOptions, sizes: readonly number[]) {
  const { loss, train } = build();
  const session = new tf.Session(options);
  await session.run(tf.globalVariablesInitializer());
  const seen: number[] = [];
  const compiled: number[] = [];
  for (const size of sizes) {
    const value = (await session.run(loss, { feeds: batch(size), targets: [train] })) as tf.NdArray;
    seen.push(tf.toNumbers(value)[0]!);
    compiled.push((await session.stats()).compiled);
  }
  await session.close();
  return { seen, compiled };
}

it("a convolutional net trains, on the CPU backend as on the evaluator, and at any batch size with the same kernels", async () => {
  const sizes = [6, 6, 6, 6, 6, 6, 1, 9];
  const cpu = await losses({ backends: ["cpu"], fallback: false }, sizes);
  const evaluator = await losses({ backends: ["evaluator"] }, sizes);
  expect(cpu.seen[5]).toBeLessThan(cpu.seen[0]! * 0.8);
  cpu.seen.forEach((value, i) => {
    expect(Math.abs(value - evaluator.seen[i]!)).toBeLessThan(1e-3);
  });
  expect(cpu.compiled[0]).toBeGreaterThan(0);
  expect(cpu.compiled.slice(1)).toEqual(cpu.compiled.slice(1).map(() => cpu.compiled[0]));
});
