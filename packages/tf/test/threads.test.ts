// `intraOpParallelismThreads`: the same bits as one thread gives, through sessions.
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";

async function trained(threads: number): Promise<Uint8Array[]> {
  tf.resetDefaultGraph();
  const images = tf.truncatedNormal([200, 300], { seed: 1 });
  const weights = new tf.Variable(tf.truncatedNormal([300, 250], { seed: 2 }));
  const loss = tf.reduceMean(tf.square(tf.tanh(tf.matmul(images, weights))));
  const step = new tf.train.AdamOptimizer(0.01).minimize(loss);
  const session = new tf.Session({ intraOpParallelismThreads: threads, fallback: false });
  try {
    await session.run(tf.globalVariablesInitializer());
    for (let i = 0; i < 5; i++) await session.run(step);
    const values = (await session.run([loss, weights])) as tf.NdArray[];
    return values.map(({ data }) => new Uint8Array((data as Float32Array).slice().buffer));
  } finally {
    await session.close();
  }
}

describe("intraOpParallelismThreads", () => {
  it("changes no bit", async () => {
    const [one, three] = [await trained(1), await trained(3)];
    for (const [i, bytes] of three.entries()) expect(Buffer.compare(bytes, one[i]!)).toBe(0);
  });

  it("is INVALID_ARGUMENT where it is no number of threads", async () => {
    tf.resetDefaultGraph();
    const session = new tf.Session({ intraOpParallelismThreads: 0 });
    await expect(session.run(tf.constant(1))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
