// The golden models on WebGPU first and WebAssembly behind it: within their tolerances, and whatever computes with floats ran on the GPU.
// Needs the golden files beside the repository and a Vulkan driver (Chromium's in software will do); says so and skips without.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { nodeFileSystem } from "@org/io/node";
import { gpu } from "@org/kernels-gpu";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { webGpu } from "../../kernels-gpu/test/webgpu.ts";
import type * as tf from "../src/index.ts";
import {
  expectInference,
  expectRuns,
  goldenNames,
  hangsOnSums,
  isSound,
  readCase,
  runningSumsOf,
} from "./golden-models.ts";

const golden = join(
  process.env.METAGRAPH_SHARED ?? join(import.meta.dirname, "../../../../shared"),
  "golden",
);
const versions = existsSync(golden) ? readdirSync(golden) : [];
const root = await webGpu();
const missing = [...(versions.length ? [] : ["the golden files"]), ...(root ? [] : ["a WebGPU adapter"])];

type Placement = Parameters<NonNullable<tf.SessionOptions["onPlacement"]>>[0];

/** Types that WebGPU has no arithmetic for. */
const wide: ReadonlySet<string> = new Set([
  "float64",
  "int64",
  "uint64",
  "complex64",
  "complex128",
  "string",
]);

/** Nodes that compute with floats elsewhere than on the GPU, but for those that meet a type which the GPU has not. */
function strays({ graph }: tf.Session, placements: readonly Placement[]): string[] {
  return placements
    .filter(({ backend }) => backend !== "GPU" && backend !== "HOST")
    .flatMap(({ node, op, backend }) => {
      const { inputs, outputs } = graph.getOperationByName(node);
      const dtypes = [...inputs, ...outputs].map(({ dtype }) => dtype.replace(/_ref$/, ""));
      const computes = dtypes.includes("float32") && !dtypes.some((dtype) => wide.has(dtype));
      return computes ? [`${node} (${op}) on ${backend}: ${dtypes}`] : [];
    });
}

describe.skipIf(missing.length > 0)(
  `models of real TensorFlows on the GPU${missing.length ? ` (needs ${missing.join(" and ")})` : ""}`,
  // A driver in software compiles and computes slowly.
  { timeout: 600_000 },
  async () => {
    // One backend for all: what one model has compiled the next one need not.
    let backend: Awaited<ReturnType<typeof gpu>>;
    beforeAll(async () => {
      backend = await gpu({ gpu: root! });
    });
    afterAll(() => backend.close());
    const onGpu = (
      onPlacement: (placement: Placement) => void = () => {},
      on = backend,
    ): tf.SessionOptions => ({
      backends: [on, "cpu"],
      fallback: false,
      onPlacement,
    });
    for (const version of versions) {
      for (const name of goldenNames) {
        const model = { name, folder: join(golden, version, name), fs: nodeFileSystem() };
        if (!existsSync(model.folder) || !isSound(version, name)) continue;
        const recorded = await readCase(model);
        const inOrder = hangsOnSums(name) ? ", sums in that version's order" : "";
        it(`${version}/${name}: ${recorded.runs.length} runs, floats on the GPU${inOrder}`, async ({
          annotate,
        }) => {
          const on = inOrder ? await gpu({ gpu: root!, runningSums: runningSumsOf(version) }) : backend;
          const placements: Placement[] = [];
          const { launches } = on.stats();
          const options = onGpu((placement) => placements.push(placement), on);
          const ended = (session: tf.Session): Promise<void> => {
            expect(strays(session, placements)).toEqual([]);
            expect(placements.some((placement) => placement.backend === "GPU")).toBe(true);
            const launched = on.stats().launches - launches;
            expect(launched).toBeGreaterThan(0);
            const nodesOn = (name: string): number => placements.filter((at) => at.backend === name).length;
            return annotate(
              `${launched} launches on the GPU; nodes there ${nodesOn("GPU")}, on the CPU ${nodesOn("CPU")}, host kernels ${nodesOn("HOST")}`,
            ).then(() => {});
          };
          await expectRuns(model, recorded, options, { ended, compared: recorded.runs.length });
          expect(on.stats().buffers, "buffers are left").toBe(0);
          if (inOrder) await on.close();
        });
        if (recorded.infer_images)
          it(`${version}/${name}: inference`, () => expectInference(model, recorded, onGpu()));
      }
    }
  },
);
