import { readFile, rm, writeFile } from "node:fs/promises";
import type { Tensor } from "@org/graph";
import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";
import { MiniSession } from "./mini-session.ts";

it("has a README whose example runs", async () => {
  const { derivative, types } = await runReadme(import.meta.url);
  expect(derivative).toBe("gradients/MatMul_grad/MatMul_1:0");
  expect(types).toContain("MatMul");
});

it("has a README whose own op runs and has a gradient", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const code = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)][1]![1]!;
  const file = new URL(`./readme-op-${process.pid}.ts`, import.meta.url);
  await writeFile(file, code);
  try {
    const { slope } = (await import(/* @vite-ignore */ file.pathname)) as { slope: Tensor };
    expect((await new MiniSession(slope.graph).fetch(slope)).data).toEqual(Float32Array.of(12));
  } finally {
    await rm(file);
  }
});
