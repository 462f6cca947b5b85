// Models that real TensorFlows wrote, run and trained here: every recorded run of every case within its tolerance, on the evaluator and
// on the CPU backend alone (skipped without the golden files beside the repository).
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { evaluatorBackend } from "@org/hlo";
import { nodeFileSystem } from "@org/io/node";
import { cpu } from "@org/kernels-cpu";
import { describe, it } from "vitest";
import type * as tf from "../src/index.ts";
import {
  expectInference,
  expectRuns,
  goldenNames,
  hangsOnSums,
  isSound,
  readCase,
  runningSumsOf,
  runsCompared,
} from "./golden-models.ts";

const golden = join(
  process.env.METAGRAPH_SHARED ?? join(import.meta.dirname, "../../../../shared"),
  "golden",
);
const versions = existsSync(golden) ? readdirSync(golden) : [];

const backends = {
  evaluator: { backends: ["evaluator"] },
  cpu: { backends: ["cpu"], fallback: false },
} as const satisfies Record<string, tf.SessionOptions>;

describe.skipIf(versions.length === 0)(
  "models of real TensorFlows (needs the golden files beside the repository)",
  async () => {
    for (const version of versions) {
      for (const name of goldenNames) {
        const model = { name, folder: join(golden, version, name), fs: nodeFileSystem() };
        if (!existsSync(model.folder) || !isSound(version, name)) continue;
        const recorded = await readCase(model);
        if (hangsOnSums(name)) {
          const runningSums = runningSumsOf(version);
          for (const backend of [evaluatorBackend({ runningSums }), cpu({ runningSums })])
            it(`${version}/${name} on ${backend.name}, sums in that version's order: ${recorded.runs.length} runs`, () =>
              expectRuns(
                model,
                recorded,
                { backends: [backend], fallback: false },
                { compared: recorded.runs.length },
              ));
        }
        for (const [backend, options] of Object.entries(backends)) {
          it(`${version}/${name} on ${backend}: ${runsCompared(name, recorded)} runs`, () =>
            expectRuns(model, recorded, options));
          if (recorded.infer_images)
            it(`${version}/${name} on ${backend}: inference`, () =>
              expectInference(model, recorded, options));
        }
      }
    }
  },
);
