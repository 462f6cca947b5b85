import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";

it("runs the README's example", async () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const block = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const file = new URL(`./readme-example-${process.pid}.ts`, import.meta.url);
  writeFileSync(file, block.replaceAll('"@org/hlo"', '"../src/index.ts"'));
  try {
    const example = await import(/* @vite-ignore */ file.pathname);
    expect([...example.values]).toEqual([7, 0, 2]);
    expect(example.kernels).toEqual(["dot.maximum"]);
    expect(example.text).toContain("%2 = f32[1,3] dot(%0, %1)");
  } finally {
    rmSync(file);
  }
});
