import { readFile, rm, writeFile } from "node:fs/promises";
import { describe, expect, it, vi } from "vitest";

/** Runs the README's example as a module. */
async function example(): Promise<Record<string, unknown>> {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const file = new URL(`./readme-example-${process.pid}.ts`, import.meta.url);
  await writeFile(file, code);
  try {
    return await import(/* @vite-ignore */ file.pathname);
  } finally {
    await rm(file);
  }
}

describe("README", () => {
  it("has an example that runs", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    await example();
    const printed = log.mock.calls;
    log.mockRestore();
    expect(printed[0]![0].slice(0, 4)).toEqual([
      "weights/initial_value",
      "weights",
      "weights/Assign",
      "weights/read",
    ]);
    expect(printed[1]).toEqual([["weights:0"]]);
    expect(printed[2]![0]).toBe("init");
  });
});
