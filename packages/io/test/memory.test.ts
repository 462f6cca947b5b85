import { memoryFileSystem, readFile } from "@org/io";
import { testFileSystem } from "@org/io/testing";
import { describe, expect, it } from "vitest";

testFileSystem({
  describe,
  it,
  name: "memory",
  create: async () => {
    const fs = memoryFileSystem();
    await fs.makeDirectory("/scratch");
    return { fs, root: "/scratch" };
  },
});

describe("memoryFileSystem", () => {
  it("starts with files", async () => {
    const fs = memoryFileSystem({ "a/b.txt": "hi", c: Uint8Array.of(1) });
    expect(await fs.list(".")).toEqual(["a", "c"]);
    expect(new TextDecoder().decode(await readFile(fs, "./a/../a/b.txt"))).toBe("hi");
  });
});
