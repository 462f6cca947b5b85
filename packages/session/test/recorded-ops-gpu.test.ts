// What TensorFlow 1.15.5's kernels gave, through sessions on WebGPU with the CPU backend behind it; and where each op ran. The cases are those of
// recorded-ops.test.ts.
import { readFileSync } from "node:fs";
import { cpu } from "@org/kernels-cpu";
import { gpu } from "@org/kernels-gpu";
import { standardOps } from "@org/ops";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeGpu, openSharedDevice } from "../../kernels-gpu/test/webgpu.ts";
import { type Case, expectCase, type RunGraph, title } from "../../ops/test/recorded-cases.ts";
import { createSession, type NodePlacement } from "../src/index.ts";

const files = ["kernels", "indexing", "segments-sets", "sparse", "sparse-arithmetic"];
const casesOf = (file: string): readonly Case[] =>
  JSON.parse(readFileSync(new URL(`../../ops/test/fixtures/${file}.json`, import.meta.url), "utf8"));

/** Why the GPU may pass over a node: types that it has not, and functions that it has not. */
const known = /\b(u?int64|float64)\b|kernel for (lgamma|digamma|customCall)/;

await describeGpu("recorded cases, in sessions on the GPU", (root) => {
  const backends = { gpu: undefined as unknown as Awaited<ReturnType<typeof gpu>>, cpu: cpu() };
  let device: GPUDevice;
  beforeAll(async () => {
    device = await openSharedDevice(root);
    // One for all cases: what one of them has compiled the next need not.
    backends.gpu = await gpu({ device });
  });
  afterAll(async () => {
    await backends.gpu.close();
    device.destroy();
  });

  const placements: NodePlacement[] = [];
  const onGpu: RunGraph = async (graph, tensors) => {
    const session = await createSession(graph, {
      ops: standardOps,
      backends: [backends.gpu, backends.cpu],
      fallback: false,
    });
    try {
      return await session.run([...tensors]);
    } finally {
      placements.push(...session.placements());
      await session.close();
    }
  };

  for (const file of files)
    describe(file, () => {
      // Side by side: shaders are compiled on several threads.
      it.concurrent.each(casesOf(file).map((one, i) => [`${i} ${title(one)}`, one] as const))(
        "%s",
        (_, one) => expectCase(one, {}, onGpu),
      );
    });

  it("ran on the GPU wherever it has the types and functions", async ({ annotate }) => {
    const on = (backend: string): readonly NodePlacement[] =>
      placements.filter((placement) => placement.backend === backend);
    const [there, behind] = [on(backends.gpu.name), on(backends.cpu.name)];
    for (const { op, passedOver = [] } of behind) {
      const reasons = passedOver.filter(({ backend }) => backend === backends.gpu.name);
      expect(reasons.length, `${op} is on the CPU without a reason`).toBeGreaterThan(0);
      expect(
        reasons.filter(({ why }) => !known.test(why)),
        op,
      ).toEqual([]);
    }
    expect(backends.gpu.stats().launches).toBeGreaterThanOrEqual(there.length);
    expect(backends.gpu.stats().buffers).toBe(0);
    // Most ops of the recordings are numeric.
    const types = (list: readonly NodePlacement[]): string[] => [...new Set(list.map(({ op }) => op))];
    expect(types(there).length).toBeGreaterThan(types(behind).length + types(on("HOST")).length);
    const why = new Map<string, number>();
    for (const { passedOver = [] } of behind)
      for (const reason of passedOver) why.set(reason.why, (why.get(reason.why) ?? 0) + 1);
    const table = [
      `on the GPU ${there.length} nodes of ${types(there).length} ops, ${backends.gpu.stats().launches} launches`,
      `on the CPU ${behind.length} of ${types(behind).length}, host kernels ${on("HOST").length} of ${types(on("HOST")).length}`,
      ...[...why].sort(([, a], [, b]) => b - a).map(([reason, count]) => `${count} x ${reason}`),
    ];
    await annotate(table.join("\n"));
  });
});
