// Many steps and many sessions: nothing is left behind. Quick here; METAGRAPH_STEADY=1 takes 10,000 steps and 1,000 sessions, and looks
// at the process's own memory, too.
import { cpu } from "@org/kernels-cpu";
import { afterEach, expect, test } from "vitest";
import * as tf from "../src/index.ts";

const { env, memoryUsage } = (globalThis as { process?: Partial<NodeJS.Process> }).process ?? {};
const isLong = env?.METAGRAPH_STEADY !== undefined;
const steps = isLong ? 10_000 : 100;
const sessions = isLong ? 1000 : 8;
/** Megabytes that the process may grow by in the long form, over all steps or sessions. */
const growth = 64;

/** A net that has some of everything that holds memory: slots, a loop with a tensor array, its gradient, a queue, a host kernel. */
function build() {
  const x = tf.placeholder("float32", [null, 6], { name: "x" });
  const queue = new tf.FIFOQueue(4, "float32", { shapes: [[]] });
  const w = new tf.Variable(tf.ndArray("float32", [6, 6], new Float32Array(36).fill(0.1)), { name: "w" });
  const [, hidden] = tf.whileLoop(
    (i: tf.Tensor) => tf.less(i, 3),
    (i: tf.Tensor, h: tf.Tensor) => [tf.operator.add(i, 1), tf.tanh(tf.matmul(h, w))],
    [tf.constant(0, "int32"), x],
  ) as readonly [tf.Tensor, tf.Tensor];
  const rows = tf.mapFn((row: tf.Tensor) => tf.operator.mul(row, 2), hidden) as tf.Tensor;
  const loss = tf.reduceMean(tf.square(rows));
  const train = new tf.train.AdamOptimizer(0.01).minimize(loss);
  const fill = queue.enqueue(loss);
  return { x, loss, train, fill, drain: queue.dequeue() as tf.Tensor, init: tf.globalVariablesInitializer() };
}

/** Values whose batch size differs from step to step. */
const batch = (step: number): tf.NdArray => {
  const size = 1 + (step % 5);
  return tf.ndArray("float32", [size, 6], new Float32Array(size * 6).fill(0.5));
};

const megabytes = (): number => {
  (globalThis as { gc?: () => void }).gc?.();
  const { rss = 0 } = memoryUsage?.() ?? {};
  return rss / 2 ** 20;
};

const open: tf.Session[] = [];
afterEach(async () => {
  for (const session of open.splice(0)) await session.close();
});

for (const backend of ["cpu", "evaluator"] as const)
  test(`steps of training leave nothing behind, on ${backend}`, {
    timeout: isLong ? 3_600_000 : 120_000,
  }, async () => {
    const graph = new tf.Graph();
    const made = graph.asDefault(build);
    const session = new tf.Session({ graph, backends: [backend] });
    open.push(session);
    await session.run(made.init);
    const step = async (i: number): Promise<void> => {
      const feeds = { "x:0": batch(i) };
      await session.run([made.loss, made.train], { feeds, targets: [made.fill] });
      await session.run(made.drain);
      if (i % 50 === 0) await session.run("nowhere:0").catch(() => {});
      if (i % 50 === 1) await session.run(made.loss).catch(() => {});
    };
    for (let i = 0; i < 10; i++) await step(i);
    const before = await session.stats();
    const memory = megabytes();
    expect(before.held).toBe(0);
    for (let i = 0; i < steps; i++) await step(i);
    const after = await session.stats();
    for (const count of [
      "buffers",
      "bytesInUse",
      "compiled",
      "clusters",
      "runPlans",
      "clusterPlans",
      "held",
    ] as const)
      expect([count, after[count]]).toEqual([count, before[count]]);
    expect(after.launches).toBeGreaterThan(before.launches);
    if (isLong) expect(megabytes() - memory).toBeLessThan(growth);
  });

test("sessions that are closed leave nothing on their backend", {
  timeout: isLong ? 3_600_000 : 120_000,
}, async () => {
  const shared = cpu();
  const graph = new tf.Graph();
  const made = graph.asDefault(build);
  const once = async (choice: tf.BackendChoice): Promise<void> => {
    const session = new tf.Session({ graph, backends: [choice] });
    await session.run(made.init);
    await session.run([made.loss, made.train], { feeds: { "x:0": batch(0) }, targets: [made.fill] });
    const handle = await session.partialRunSetup(made.loss, made.x);
    if (handle === "") throw new Error("A handle has a name");
    await session.close();
  };
  for (let i = 0; i < 2; i++) for (const choice of [shared, "cpu"] as const) await once(choice);
  const memory = megabytes();
  for (let i = 0; i < sessions; i++) await once(i % 2 === 0 ? shared : "cpu");
  expect(shared.stats()).toMatchObject({ buffers: 0, bytesInUse: 0 });
  if (isLong) expect(megabytes() - memory).toBeLessThan(4 * growth);
  await shared.close();
});
