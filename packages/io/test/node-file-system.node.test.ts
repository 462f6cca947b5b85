import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
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

  it.skipIf(process.platform === "win32")(
    "refuses to read a pipe, and does not wait for a writer",
    async () => {
      const root = await mkdtemp(join(tmpdir(), "io-"));
      execFileSync("mkfifo", [join(root, "pipe")]);
      await expect(nodeFileSystem().open(join(root, "pipe"))).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        sentence: `${join(root, "pipe")}; Illegal seek`,
        hint: expect.stringContaining("copy it into a file"),
      });
      await rm(root, { recursive: true });
    },
  );

  it.skipIf(process.platform === "win32")("writes into a pipe, which stays one", async () => {
    const root = await mkdtemp(join(tmpdir(), "io-"));
    const path = join(root, "pipe");
    execFileSync("mkfifo", [path]);
    const read = readFile(path, "utf8");
    await atomicWrite(nodeFileSystem(), path, "through");
    expect(await read).toBe("through");
    expect((await stat(path)).isFIFO()).toBe(true);
    expect(await readdir(root)).toEqual(["pipe"]);
    await rm(root, { recursive: true });
  });

  it.skipIf(process.platform !== "linux")("says that a device is full", async () => {
    await expect(atomicWrite(nodeFileSystem(), "/dev/full", "x")).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      sentence: "/dev/full; No space left on device",
    });
  });

  it("is what defaultFileSystem gives under Node", async () => {
    const root = await mkdtemp(join(tmpdir(), "io-"));
    await atomicWrite(await defaultFileSystem(), join(root, "a"), "text");
    expect(await readdir(root)).toEqual(["a"]);
    await rm(root, { recursive: true });
  });
});
