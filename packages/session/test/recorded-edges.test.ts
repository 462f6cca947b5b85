// The edges of what numeric ops take, as TensorFlow 1.15.5's kernels have them (recorded in @org/ops by fixtures/record-edges.py), in sessions on
// the evaluator and on the CPU backend alone.
import { readFileSync } from "node:fs";
import { evaluatorBackend } from "@org/hlo";
import { cpu } from "@org/kernels-cpu";
import { standardOps } from "@org/ops";
import { describe, it } from "vitest";
import { type Case, expectCase, title } from "../../ops/test/recorded-cases.ts";
import { createSession } from "../src/index.ts";

const cases = JSON.parse(
  readFileSync(new URL("../../ops/test/fixtures/edges.json", import.meta.url), "utf8"),
) as readonly Case[];

for (const [name, backend] of [
  ["evaluator", evaluatorBackend()],
  ["CPU", cpu()],
] as const)
  describe(`edges, on the ${name}`, () => {
    it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) =>
      expectCase(one, {}, async (graph, tensors) => {
        const session = await createSession(graph, {
          ops: standardOps,
          backends: [backend],
          fallback: false,
        });
        try {
          return await session.run([...tensors]);
        } finally {
          await session.close();
        }
      }),
    );
  });
