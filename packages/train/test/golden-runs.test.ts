// Models that TensorFlow 1.0.1, 1.15.5 and 2.21 saved, restored and trained further node by node: what ops mean, without
// clusters or backends. Every case that needs no loop or queue.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { importScopedMetaGraph } from "@org/collections";
import { Graph, type Operation, type Tensor } from "@org/graph";
import { nodeFileSystem } from "@org/io/node";
import { standardOps } from "@org/ops";
import { decode, MetaGraphDef } from "@org/proto";
import { standardCollections } from "@org/saver";
import { type NdArray, ndArray, readNpy } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { MiniSession } from "../../ops/test/mini-session.ts";

const shared = process.env.METAGRAPH_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
const root = join(shared, "golden");
const why = existsSync(root) ? "" : " (skipped: no folder with TensorFlow's models; set METAGRAPH_SHARED)";

interface Run {
  feed: Record<string, string>;
  fetch: Record<string, string>;
  targets: string[];
}
interface Case {
  runs: Run[];
  tol: number;
}

/**
 * Kernels of 1.0.1 that computed otherwise: their expressions alias the variable that they write (the sign of a proximal
 * step is lost, Adadelta's step uses the accumulator of the next). Later versions, which we follow, mended them.
 */
const changedSince = new Set(
  ["opt_adadelta", "opt_proximal_adagrad", "opt_proximal_sgd"].map((name) => `1.0.1 ${name}`),
);

const cases = why
  ? []
  : readdirSync(root).flatMap((version) =>
      readdirSync(join(root, version))
        .filter((name) => name === "howto" || name.startsWith("opt_"))
        .filter((name) => !changedSince.has(`${version} ${name}`))
        .map((name) => [version, name] as const),
    );

function compare(got: NdArray, want: NdArray, tolerance: number, what: string): void {
  expect(got.shape, what).toEqual(want.shape);
  const [a, b] = [got.data, want.data] as [ArrayLike<number>, ArrayLike<number>];
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs(Number(a[i]) - Number(b[i]));
    const allowed = tolerance * Math.max(1, Math.abs(Number(b[i])));
    if (!(difference <= allowed)) expect(`${a[i]}`, `${what}[${i}]`).toBe(`${b[i]}`);
  }
}

describe.skipIf(why)(`golden models${why}`, () => {
  it.each(cases)("%s %s", async (version, name) => {
    const folder = join(root, version, name);
    const { runs, tol } = JSON.parse(readFileSync(join(folder, "case.json"), "utf8")) as Case;
    const prefix = name === "howto" ? "model-50" : "model";
    const def = decode(MetaGraphDef, new Uint8Array(readFileSync(join(folder, `${prefix}.meta`))));
    const graph = new Graph({ ops: standardOps });
    importScopedMetaGraph(def, { graph, collections: standardCollections });
    const session = new MiniSession(graph, nodeFileSystem());
    const saver = def.saverDef!;
    const path = ndArray("string", [], [new TextEncoder().encode(join(folder, prefix))]);
    await session.run(
      [graph.getOperationByName(saver.restoreOpName)],
      new Map([[graph.getTensorByName(saver.filenameTensorName), path]]),
    );
    for (const { feed, fetch, targets } of runs) {
      const feeds = new Map<Tensor, NdArray>();
      for (const [tensor, file] of Object.entries(feed))
        feeds.set(graph.getTensorByName(tensor), readNpy(new Uint8Array(readFileSync(join(folder, file)))));
      const fetches = Object.keys(fetch).map((tensor) => graph.getTensorByName(tensor));
      const ops = targets.map((target) => graph.asGraphElement(target) as Operation);
      const made = await session.run([...fetches, ...ops], feeds);
      Object.entries(fetch).forEach(([tensor, file], i) => {
        if (!file.endsWith(".npy")) return;
        compare(made[i]!, readNpy(new Uint8Array(readFileSync(join(folder, file)))), tol, tensor);
      });
    }
  });
});
