import { readFile, rm, writeFile } from "node:fs/promises";
import { Graph } from "@org/graph";
import { describe, expect, it } from "vitest";
import type { SaverSession } from "../src/index.ts";
import { FakeSession } from "./fake-session.ts";

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
    const checkpoint = (await example()).checkpoint as (
      session: SaverSession,
      graph: Graph,
    ) => Promise<string | undefined>;
    const graph = new Graph();
    const session = new FakeSession(graph);
    expect(await checkpoint(session, graph)).toBe("model-10");
    expect(await session.fs.list(".")).toEqual([
      "checkpoint",
      "model-10.data-00000-of-00001",
      "model-10.index",
      "model-10.meta",
    ]);
  });
});
