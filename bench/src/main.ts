// The cases, side by side; prints a table of times and of ratios to ours.
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measure, type Work } from "./measure.ts";
import type { Contender } from "./peers/contender.ts";
import { jaxJs } from "./peers/jax-js.ts";
import { ours, writeLargeMeta } from "./peers/ours.ts";
import { tfjs } from "./peers/tfjs.ts";

type Kind = Exclude<keyof Contender, "name">;

interface Case {
  readonly name: string;
  readonly kind: Kind;
  readonly argument: number | string;
}

const meta = join(mkdtempSync(join(tmpdir(), "metagraph-bench-")), "large.meta");
const cases: readonly Case[] = [
  { name: "GEMM 512^3", kind: "matmul", argument: 512 },
  { name: "training step, batch 100", kind: "trainStep", argument: 100 },
  { name: "inference, batch 1", kind: "infer", argument: 1 },
  { name: "inference, batch 100", kind: "infer", argument: 100 },
  { name: "1,000 dependent adds", kind: "scalarAdds", argument: 1000 },
  { name: "import, 10,000 nodes", kind: "importMeta", argument: meta },
];

const wanted = process.argv.slice(2);
const chosen = cases.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
await writeLargeMeta(meta, 10_000);

const contenders: Contender[] = [];
for (const [name, start] of Object.entries({ ours, "tfjs-wasm": tfjs, "jax-js": jaxJs })) {
  try {
    contenders.push(await start());
  } catch (error) {
    console.log(`${name} is left out: it does not start under Node ${process.version}: ${error}`);
  }
}
const rows: Record<string, Record<string, number>> = {};
for (const { name, kind, argument } of chosen) {
  const works: Record<string, Work> = {};
  for (const contender of contenders) {
    const make = contender[kind] as ((argument: number | string) => Work | Promise<Work>) | undefined;
    if (make) works[contender.name] = await make.call(contender, argument);
  }
  rows[name] = Object.fromEntries((await measure(works)).map(({ name: who, best }) => [who, best]));
}

if (process.env.METAGRAPH_BENCH_PYTHON) {
  const request = JSON.stringify(chosen.map(({ name, kind, argument }) => [name, kind, argument]));
  const out = execFileSync(
    process.env.METAGRAPH_BENCH_PYTHON,
    [join(import.meta.dirname, "../python/bench.py"), request],
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  );
  for (const [name, time] of Object.entries(JSON.parse(out) as Record<string, number>))
    rows[name]!["TensorFlow 1.15.5"] = time;
}

console.log(`\nNode ${process.version}; microseconds (best of rounds), and how many times ours that is`);
for (const [name, times] of Object.entries(rows)) {
  const base = times.ours!;
  const cells = Object.entries(times).map(
    ([who, time]) => `${who} ${time.toFixed(1)}${who === "ours" ? "" : ` (${(time / base).toFixed(2)}x)`}`,
  );
  const flops = name.startsWith("GEMM") ? `; ${((2 * 512 ** 3) / base / 1000).toFixed(1)} GFLOP/s` : "";
  console.log(`  ${name}: ${cells.join(", ")}${flops}`);
}
if (process.env.METAGRAPH_BENCH_OUT)
  writeFileSync(process.env.METAGRAPH_BENCH_OUT, JSON.stringify({ node: process.version, rows }, null, 2));
