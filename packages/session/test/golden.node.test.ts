// Models that real TensorFlows wrote and trained: every recorded run, in order, within its tolerance; on the evaluator
// and on WebAssembly alone. What a case holds is in ../shared/README.md.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeFileSystem } from "@org/io/node";
import { cpu } from "@org/kernels-cpu";
import { importMetaGraph, readMetaGraph } from "@org/metagraph";
import { standardOps } from "@org/ops";
import { decode, Summary } from "@org/proto";
import { type NdArray, readNpy } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { createSession, type SessionOptions } from "../src/index.ts";

const shared = process.env.METAGRAPH_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
const golden = join(shared, "golden");

interface Case {
  readonly tol: number;
  readonly infer_images?: string;
  readonly infer_logits?: string;
  readonly runs: readonly {
    readonly feed: Readonly<Record<string, string>>;
    readonly fetch: Readonly<Record<string, string>>;
    readonly targets: readonly string[];
  }[];
}

function readArray(path: string): NdArray {
  if (path.endsWith(".npy")) return readNpy(readFileSync(path));
  const { shape, strings } = JSON.parse(readFileSync(path, "utf8")) as { shape: number[]; strings: string[] };
  return { dtype: "string", shape, data: strings.map((text) => new Uint8Array(Buffer.from(text, "latin1"))) };
}

const cases = ["howto", "opt_sgd", "opt_momentum", "opt_adam"];
const backends: Readonly<Record<string, SessionOptions>> = {
  evaluator: {},
  cpu: { backends: [() => cpu()], fallback: false },
};

async function open(path: string, options: SessionOptions) {
  const fs = nodeFileSystem();
  const def = await readMetaGraph(`${path}.meta`, { fs });
  const { graph, saver } = importMetaGraph(def, { ops: standardOps });
  const session = await createSession(graph, { ops: standardOps, fs, ...options });
  await saver!.restore(session, path);
  return session;
}

function expectClose(name: string, actual: NdArray, expected: NdArray, tol: number): void {
  expect(actual.dtype, name).toBe(expected.dtype);
  expect(actual.shape, name).toEqual(expected.shape);
  if (expected.dtype === "string") {
    expectSameSummaries(name, actual.data as Uint8Array[], expected.data as Uint8Array[], tol);
    return;
  }
  const [a, e] = [actual.data, expected.data] as ArrayLike<number>[];
  for (let i = 0; i < e!.length; i++) {
    const error = Math.abs(Number(a![i]) - Number(e![i]));
    if (!(error <= tol || error <= tol * Math.abs(Number(e![i]))))
      throw new Error(`${name}[${i}] is ${a![i]}, not ${e![i]} (tolerance ${tol})`);
  }
}

/** The strings of these cases are serialized Summaries: their numbers may be a rounding apart. */
function expectSameSummaries(name: string, actual: Uint8Array[], expected: Uint8Array[], tol: number): void {
  for (const [i, bytes] of expected.entries()) {
    const [a, e] = [decode(Summary, actual[i]!), decode(Summary, bytes)];
    expect(
      a.value.map(({ tag }) => tag),
      name,
    ).toEqual(e.value.map(({ tag }) => tag));
    for (const [j, { simpleValue }] of e.value.entries())
      expect(Math.abs(a.value[j]!.simpleValue! - simpleValue!), name).toBeLessThanOrEqual(tol);
  }
}

if (!existsSync(golden))
  describe.skip(`golden models (skipped: there is no ${golden})`, () => it("runs", () => {}));
else
  for (const [backend, options] of Object.entries(backends))
    describe(`golden models on ${backend}`, () => {
      for (const version of readdirSync(golden))
        for (const name of cases)
          it(`${version}/${name}`, async () => {
            const folder = join(golden, version, name);
            const read = (file: string): NdArray => readArray(join(folder, file));
            const { tol, runs, infer_images, infer_logits } = JSON.parse(
              readFileSync(join(folder, "case.json"), "utf8"),
            ) as Case;
            const prefix = readdirSync(folder).find((file) => /^model.*\.meta$/.test(file))!;
            await using session = await open(join(folder, prefix.slice(0, -".meta".length)), options);
            for (const [i, { feed, fetch, targets }] of runs.entries()) {
              const feeds = Object.fromEntries(Object.entries(feed).map(([key, file]) => [key, read(file)]));
              const results: Record<string, NdArray> = await session.run(
                Object.fromEntries(Object.keys(fetch).map((key) => [key, key])),
                { feeds, targets },
              );
              for (const [key, file] of Object.entries(fetch))
                expectClose(`run ${i}: ${key}`, results[key]!, read(file), tol);
            }
            if (infer_images === undefined) return;
            await using infer = await open(join(folder, "infer-0"), options);
            const logits = await infer.run("softmax_linear/add:0", {
              feeds: { "images:0": read(infer_images) },
            });
            expectClose("infer", logits, read(infer_logits!), tol);
          });
    });
