import { describe, expect, it } from "vitest";
import { memoryFileSystem, restrictFileSystem } from "../src/index.ts";

describe("restrictFileSystem", () => {
  const fs = restrictFileSystem(
    memoryFileSystem({ "a/m.index": "x", "b/secret": "y" }),
    (path) => path.startsWith("a/m"),
    "Ask.",
  );

  it("lets through what is allowed", async () => {
    expect((await fs.open("a/m.index")).size).toBe(1);
    expect(await fs.stat("a/m.index")).toBeDefined();
  });

  it.each(["b/secret", "a/m/../../b/secret"])("keeps %s out", async (path) => {
    await expect(fs.open(path)).rejects.toMatchObject({ code: "PERMISSION_DENIED", hint: "Ask." });
    await expect(fs.create(path)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect(fs.rename("a/m.index", path)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect(fs.stat(path)).rejects.toMatchObject({ code: "PERMISSION_DENIED", hint: "Ask." });
  });
});
