// What TensorFlow 1.15.5's kernels gave (recorded in @org/ops, where it is held against the evaluator), through sessions on the CPU backend alone.
import { readFileSync } from "node:fs";
import { cpu } from "@org/kernels-cpu";
import { standardOps } from "@org/ops";
import { describe, it } from "vitest";
import { type Case, expectCase, type RunGraph, title } from "../../ops/test/recorded-cases.ts";
import { createSession } from "../src/index.ts";

const backend = cpu();

const onCpu: RunGraph = async (graph, tensors) => {
  const session = await createSession(graph, { ops: standardOps, backends: [backend], fallback: false });
  try {
    return await session.run([...tensors]);
  } finally {
    await session.close();
  }
};

for (const file of ["kernels", "indexing", "segments-sets", "sparse", "sparse-arithmetic", "patches"]) {
  const cases = JSON.parse(
    readFileSync(new URL(`../../ops/test/fixtures/${file}.json`, import.meta.url), "utf8"),
  ) as readonly Case[];
  describe(`${file}, in sessions on the CPU backend`, () => {
    it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) =>
      expectCase(one, {}, onCpu),
    );
  });
}
