// Training goes on when the GPU is lost in mid-run: a monitored session restores its last checkpoint on another device.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gpu } from "@org/kernels-gpu";
import { expect, it, onTestFinished } from "vitest";
import { describeGpu, fragileGpu } from "../../kernels-gpu/test/webgpu.ts";
import * as tf from "../src/index.ts";

const { train } = tf;

await describeGpu("a monitored session whose GPU is lost", (root) => {
  it("ends where it would have ended", async () => {
    tf.resetDefaultGraph();
    const globalStep = train.getOrCreateGlobalStep();
    const w = new tf.Variable(tf.constant([8, 4], "float32"), { name: "w" });
    const loss = tf.reduceSum(tf.multiply(w, w));
    // Each step halves w.
    const trainOp = new train.GradientDescentOptimizer(0.25).minimize(loss, { globalStep });
    const fragile = fragileGpu(root);
    const backend = await gpu({ gpu: fragile.gpu });
    const checkpointDir = mkdtempSync(join(tmpdir(), "lost-"));
    onTestFinished(() => rmSync(checkpointDir, { recursive: true }));
    const session = await train.monitoredTrainingSession({
      checkpointDir,
      saveCheckpointSteps: 2,
      hooks: [new train.StopAtStepHook({ lastStep: 7 })],
      sessionOptions: { backends: [backend, "cpu"], fallback: false },
    });
    let runs = 0;
    let last: tf.NdArray | undefined;
    await session.use(async () => {
      for (; !session.shouldStop(); runs++) {
        const running = session.run({ loss }, { targets: [trainOp] });
        if (runs === 4) await fragile.lose();
        await running;
        if (!session.shouldStop()) last = (await session.rawSession!.run(w.value())) as tf.NdArray;
      }
    });
    expect(backend.recovery!.losses).toBe(1);
    expect([...(last!.data as Float32Array)]).toEqual([8 / 2 ** 6, 4 / 2 ** 6]);
    expect(backend.stats().launches).toBeGreaterThan(0);
    await backend.close();
  });
});
