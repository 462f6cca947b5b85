import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";

/** A small classifier with every stock kind of update, batch size unknown. */
async function trainer(): Promise<{ session: tf.Session; step: (batch: number) => Promise<number> }> {
  const graph = new tf.Graph();
  const session = new tf.Session({ graph, backends: ["cpu"], fallback: false });
  const built = graph.asDefault(() => {
    tf.setRandomSeed(1);
    const x = tf.placeholder("float32", [null, 12]);
    const y = tf.placeholder("int32", [null]);
    const w = new tf.Variable(tf.truncatedNormal([12, 5], { stddev: 0.3 }), { name: "w" });
    const b = new tf.Variable(tf.zeros([5]), { name: "b" });
    const logits = tf.operator.add(tf.matmul(x, w), b);
    const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits }));
    const train = new tf.train.AdamOptimizer(0.01).minimize(loss);
    return { x, y, loss, train, init: tf.globalVariablesInitializer() };
  });
  await session.run(built.init);
  const step = async (batch: number): Promise<number> => {
    const images = Float32Array.from({ length: batch * 12 }, (_, i) => Math.sin(i));
    const labels = Int32Array.from({ length: batch }, (_, i) => i % 5);
    const feeds = {
      [built.x.name]: tf.ndArray("float32", [batch, 12], images),
      [built.y.name]: tf.ndArray("int32", [batch], labels),
    };
    const [loss] = await session.run([built.loss, built.train], { feeds });
    return tf.toNumbers(loss)[0]!;
  };
  return { session, step };
}

describe("a session on the CPU backend", () => {
  it("compiles nothing for a batch size that it has never seen, 1 included", async () => {
    const { session, step } = await trainer();
    await step(100);
    const { compiled } = await session.stats();
    expect(compiled).toBeGreaterThan(0);
    for (const batch of [37, 1, 256, 2]) {
      expect(await step(batch)).toBeGreaterThan(0);
      expect((await session.stats()).compiled, `batch ${batch}`).toBe(compiled);
    }
    await session.close();
  });

  it("holds no more memory after 1,000 runs than after 10, and trains", async () => {
    const { session, step } = await trainer();
    let first = 0;
    for (let i = 0; i < 10; i++) first = await step(20);
    const { buffers, bytesInUse } = await session.stats();
    let last = 0;
    for (let i = 0; i < 1000; i++) last = await step(20);
    const after = await session.stats();
    expect([after.buffers, after.bytesInUse]).toEqual([buffers, bytesInUse]);
    expect(last).toBeLessThan(first);
    await session.close();
  });
});
