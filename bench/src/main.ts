// The cases, side by side; prints a table of times and of ratios to ours.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case } from "./case.ts";
import { adamStep } from "./cases/adam-step.ts";
import { convNets } from "./cases/conv-net.ts";
import { elementWise } from "./cases/element-wise.ts";
import { gemm } from "./cases/gemm.ts";
import { importMeta } from "./cases/import-meta.ts";
import { inferences } from "./cases/inference.ts";
import { lstmStep } from "./cases/lstm-step.ts";
import { nothing, whileLoop } from "./cases/nothing.ts";
import { scalarAdds, unfusedAdds } from "./cases/scalar-adds.ts";
import { firstRun, newBatchSize, trainingStep } from "./cases/training-step.ts";
import { measure, type Work } from "./measure.ts";
import { startJax } from "./peers/jax-js.ts";
import { startTfjs } from "./peers/tfjs.ts";

const cases: readonly Case[] = [
  gemm,
  trainingStep,
  ...inferences,
  ...elementWise,
  ...convNets,
  lstmStep,
  adamStep,
  scalarAdds,
  unfusedAdds,
  nothing,
  whileLoop,
  firstRun,
  newBatchSize,
  importMeta,
];

const wanted = process.argv.slice(2);
const chosen = cases.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)));

const libraries = [
  { name: "ours", kind: "ours", start: async (): Promise<void> => {} },
  { name: "tfjs-wasm", kind: "tfjs", start: startTfjs },
  { name: "jax-js", kind: "jax", start: startJax },
] as const;
const there: (typeof libraries)[number][] = [];
for (const library of libraries) {
  try {
    await library.start();
    there.push(library);
  } catch (error) {
    console.log(`${library.name} is left out: it does not start under Node ${process.version}: ${error}`);
  }
}

/** Contenders that are libraries with other settings, for work that threads share. */
const twoThreads = { ours: "ours, 2 threads", tensorflow: "TensorFlow 1.15.5, 2 threads" };

const rows: Record<string, Record<string, number>> = {};
for (const one of chosen) {
  const works: Record<string, Work> = {};
  for (const { name, kind } of there) {
    const work = await one[kind]?.();
    if (work) works[name] = work;
  }
  if (one.shared) works[twoThreads.ours] = await one.ours({ intraOpParallelismThreads: 2 });
  rows[one.name] = Object.fromEntries(
    (await measure(works, one.measure)).map(({ name, best }) => [name, best]),
  );
}

/** Runs cases with TensorFlow on so many threads; their times go to `name`'s column. */
function withTensorFlow(name: string, threads: number, which: readonly Case[]): void {
  const request = JSON.stringify(
    which.flatMap(({ name, tensorflow }) => (tensorflow ? [[name, ...tensorflow]] : [])),
  );
  const out = execFileSync(
    process.env.METAGRAPH_BENCH_PYTHON!,
    [join(import.meta.dirname, "../python/bench.py"), request, `${threads}`],
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  );
  for (const [one, time] of Object.entries(JSON.parse(out) as Record<string, number>))
    rows[one]![name] = time;
}

if (process.env.METAGRAPH_BENCH_PYTHON) {
  withTensorFlow("TensorFlow 1.15.5", 1, chosen);
  const shared = chosen.filter((one) => one.shared);
  if (shared.length > 0) withTensorFlow(twoThreads.tensorflow, 2, shared);
}

console.log(`\nNode ${process.version}; microseconds (best of rounds), and how many times ours that is`);
for (const { name, flops } of chosen) {
  const times = rows[name]!;
  const base = times.ours!;
  const cells = Object.entries(times).map(
    ([who, time]) => `${who} ${time.toFixed(1)}${who === "ours" ? "" : ` (${(time / base).toFixed(2)}x)`}`,
  );
  const rate = flops === undefined ? "" : `; ${(flops / base / 1000).toFixed(1)} GFLOP/s`;
  console.log(`  ${name}: ${cells.join(", ")}${rate}`);
}
if (process.env.METAGRAPH_BENCH_OUT)
  writeFileSync(process.env.METAGRAPH_BENCH_OUT, JSON.stringify({ node: process.version, rows }, null, 2));
