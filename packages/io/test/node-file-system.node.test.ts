import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atomicWrite, defaultFileSystem } from "@org/io";
import { nodeFileSystem } from "@org/io/node";
import { testFileSystem } from "@org/io/testing";
import { describe, expect, it } from "vitest";

testFileSystem({
  describe,
  it,
  name: "node",
  create: async () => {
    const root = await mkdtemp(join(tmpdir(), "io-"));
    return { fs: nodeFileSystem(), root, dispose: () => rm(root, { recursive: true }) };
  },
});

describe("nodeFileSystem", () => {
  it("leaves the old file and no debris where the disk refuses", async () => {
    const root = await mkdtemp(join(tmpdir(), "io-"));
    const fs = nodeFileSystem();
    await writeFile(join(root, "a"), "old");
    const sink = await fs.create(join(root, "a"));
    await sink.write(Uint8Array.of(1));
    await rm(root, { recursive: true });
    await expect(sink.close()).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(readdir(root)).rejects.toThrow();
  });

  it("is what defaultFileSystem gives under Node", async () => {
    const root = await mkdtemp(join(tmpdir(), "io-"));
    await atomicWrite(await defaultFileSystem(), join(root, "a"), "text");
    expect(await readdir(root)).toEqual(["a"]);
    await rm(root, { recursive: true });
  });
});
