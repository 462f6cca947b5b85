import { type FileSystem, memoryFileSystem, readFile } from "@org/io";
import { convertToNdArray, type NdArray, toNumbers } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { convertCheckpoint, createCheckpointWriter, openCheckpoint, writeCheckpoint } from "../src/index.ts";

const tensors: Record<string, NdArray> = {
  "layer/kernel": convertToNdArray(
    [
      [1.5, 2],
      [3, 4],
    ],
    "float32",
  ),
  "layer/names": convertToNdArray(["a", "bc"], "string"),
  step: convertToNdArray(7n, "int64"),
};

async function start(): Promise<FileSystem> {
  const fs = memoryFileSystem();
  await writeCheckpoint("a", tensors, { fs });
  return fs;
}

async function contents(fs: FileSystem, prefix: string): Promise<Record<string, NdArray>> {
  const reader = await openCheckpoint(prefix, { fs });
  const found: Record<string, NdArray> = {};
  for (const name of reader.names()) found[name] = await reader.get(name);
  await reader.close();
  return found;
}

describe("convertCheckpoint", () => {
  it("copies byte for byte, and says what it did", async () => {
    const fs = await start();
    const progress: { loaded: number; total?: number; name?: string }[] = [];
    const report = await convertCheckpoint("a", "b", { fs, onProgress: (p) => progress.push(p) });
    for (const file of ["index", "data-00000-of-00001"])
      expect(await readFile(fs, `b.${file}`)).toEqual(await readFile(fs, `a.${file}`));
    expect(report).toMatchObject({ sourceVersion: "V2", version: "V2", left: [], bytes: 24 });
    expect(report.tensors.map(({ from, to }) => [from, to])).toEqual([
      ["layer/kernel", "layer/kernel"],
      ["layer/names", "layer/names"],
      ["step", "step"],
    ]);
    const total = (await fs.stat("a.data-00000-of-00001"))!.size;
    expect(progress[0]).toEqual({ loaded: 16, total, name: "layer/kernel" });
    expect(progress.at(-1)).toEqual({ loaded: total, total, name: "step" });
  });

  it("goes from V2 to V1 and back without a loss", async () => {
    const fs = await start();
    const there = await convertCheckpoint("a", "v1", { fs, version: "V1" });
    expect(there).toMatchObject({ sourceVersion: "V2", version: "V1" });
    expect(await fs.list(".")).toEqual(["a.data-00000-of-00001", "a.index", "v1"]);
    await convertCheckpoint("v1", "b", { fs, version: "V2" });
    expect(await readFile(fs, "b.data-00000-of-00001")).toEqual(await readFile(fs, "a.data-00000-of-00001"));
    expect(await readFile(fs, "b.index")).toEqual(await readFile(fs, "a.index"));
  });

  it.each([
    ["an object", { step: "global_step", "layer/kernel": "z/weights" }],
    ["a Map", new Map([...Object.entries({ step: "global_step", "layer/kernel": "z/weights" })])],
    [
      "a function",
      (name: string) => (name === "step" ? "global_step" : name.replace("layer/kernel", "z/weights")),
    ],
  ])("renames by %s, and writes in order of the new names", async (_, rename) => {
    const fs = await start();
    const { tensors: copied } = await convertCheckpoint("a", "b", { fs, rename });
    expect(copied.map(({ to }) => to)).toEqual(["global_step", "layer/names", "z/weights"]);
    const found = await contents(fs, "b");
    expect(toNumbers(found["z/weights"]!)).toEqual([1.5, 2, 3, 4]);
    expect(toNumbers(found.global_step!)).toEqual([7]);
  });

  it("takes a part, and names what it left", async () => {
    const fs = await start();
    const report = await convertCheckpoint("a", "b", { fs, filter: (name) => name.startsWith("layer/") });
    expect(report.left).toEqual(["step"]);
    expect(Object.keys(await contents(fs, "b"))).toEqual(["layer/kernel", "layer/names"]);
  });

  it("writes over its own source", async () => {
    const fs = await start();
    await convertCheckpoint("a", "a", { fs, rename: { step: "s" } });
    expect(Object.keys(await contents(fs, "a"))).toEqual(["layer/kernel", "layer/names", "s"]);
    expect(await fs.list(".")).toEqual(["a.data-00000-of-00001", "a.index"]);
  });

  it.each(["V1", "V2"] as const)("keeps partitioned variables in their parts in %s", async (version) => {
    const fs = memoryFileSystem();
    const writer = await createCheckpointWriter("a", { fs });
    const rows = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    for (const [start, length] of [
      [0, 1],
      [1, 2],
    ] as const)
      await writer.add("w", convertToNdArray(rows.slice(start, start + length), "int32"), {
        fullShape: [3, 2],
        slice: { starts: [start, 0], lengths: [length, 2] },
      });
    await writer.finish();
    await convertCheckpoint("a", "b", { fs, version, rename: { w: "v" } });
    const reader = await openCheckpoint("b", { fs });
    expect(reader.version).toBe(version);
    expect(reader.slices("v")).toEqual([
      { starts: [0, 0], lengths: [1, version === "V1" ? 2 : 2] },
      { starts: [1, 0], lengths: [2, 2] },
    ]);
    expect(toNumbers(await reader.get("v"))).toEqual([1, 2, 3, 4, 5, 6]);
    await reader.close();
  });

  it("refuses two tensors of one name, a name that is not there, and types that V1 lacks", async () => {
    const fs = await start();
    await expect(convertCheckpoint("a", "b", { fs, rename: () => "same" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence: "Adding duplicate key: same",
    });
    await expect(convertCheckpoint("a", "b", { fs, rename: { stepp: "s" } })).rejects.toMatchObject({
      code: "NOT_FOUND",
      sentence: "Key stepp not found in checkpoint",
      hint: 'The checkpoint has "step".',
    });
    await writeCheckpoint("c", { h: convertToNdArray([1], "bfloat16") }, { fs });
    await expect(convertCheckpoint("c", "b", { fs, version: "V1" })).rejects.toMatchObject({
      code: "UNIMPLEMENTED",
    });
    expect((await fs.list(".")).filter((name) => name.startsWith("b"))).toEqual([]);
  });

  it("notices a damaged source and a signal, and leaves nothing", async () => {
    const fs = await start();
    const controller = new AbortController();
    const cancelled = convertCheckpoint("a", "b", {
      fs,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
    const data = await readFile(fs, "a.data-00000-of-00001");
    const broken = memoryFileSystem({
      "a.index": await readFile(fs, "a.index"),
      "a.data-00000-of-00001": data.map((byte, i) => (i === 3 ? byte ^ 1 : byte)),
    });
    await expect(convertCheckpoint("a", "b", { fs: broken, targetFs: fs })).rejects.toMatchObject({
      code: "DATA_LOSS",
    });
    expect((await fs.list(".")).filter((name) => name.startsWith("b"))).toEqual([]);
  });
});
