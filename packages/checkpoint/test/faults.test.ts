// A disk that fails, or a process that is killed, at every point of a save over an older checkpoint: create, write, fsync, rename, remove.
import { type FileSystem, memoryFileSystem, readFile } from "@org/io";
import { failingFileSystem } from "@org/io/testing";
import { convertToNdArray, type NdArray, toArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import {
  convertCheckpoint,
  mergeCheckpoints,
  openCheckpoint,
  writeCheckpoint,
  writeV1,
} from "../src/index.ts";

const tensors = (base: number): [string, NdArray][] => [
  ["a", convertToNdArray([base, 1, 2], "float32")],
  ["b", convertToNdArray(["one", "two"], "string")],
  ["c", convertToNdArray(BigInt(base), "int64")],
];

const folder = `m_temp_${"0123456789abcdef".repeat(2)}`;

/** Saves `tensors(base)` under the prefix "m", each in its way. */
const saves: Readonly<Record<string, (fs: FileSystem, base: number) => Promise<unknown>>> = {
  "V2, one shard": (fs, base) => writeCheckpoint("m", tensors(base), { fs }),
  "V2, two shards, merged": async (fs, base) => {
    const [a, ...others] = tensors(base);
    const parts = [0, 1].map((i) => `${folder}/part-0000${i}-of-00002`);
    await writeCheckpoint(parts[0]!, [a!], { fs });
    await writeCheckpoint(parts[1]!, others, { fs });
    await mergeCheckpoints(parts, "m", { fs });
  },
  V1: (fs, base) =>
    writeV1(
      "m",
      tensors(base).map(([name, value]) => ({ name, value })),
      { fs },
    ),
  "a converted copy": async (fs, base) => {
    const source = memoryFileSystem();
    await writeCheckpoint("s", tensors(base), { fs: source });
    await convertCheckpoint("s", "m", { fs: source, targetFs: fs });
  },
};

async function filesOf(fs: FileSystem, directory = ""): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const name of await fs.list(directory || ".")) {
    const path = directory ? `${directory}/${name}` : name;
    if ((await fs.stat(path))!.isDirectory) Object.assign(files, await filesOf(fs, path));
    else files[path] = await readFile(fs, path);
  }
  return files;
}

async function contents(fs: FileSystem): Promise<string> {
  const reader = await openCheckpoint("m", { fs });
  const values: unknown[] = [];
  for (const name of reader.names()) values.push([name, toArray(await reader.get(name))]);
  await reader.close();
  return JSON.stringify(values, (_, value) => (typeof value === "bigint" ? String(value) : value));
}

describe("a save over an older checkpoint", () => {
  for (const [kind, save] of Object.entries(saves))
    for (const once of [true, false])
      it(`${kind}: ${once ? "one operation fails" : "killed"} at any point, and the old or the new one is whole`, async () => {
        const start = memoryFileSystem();
        await save(start, 1);
        const [before, files] = [await contents(start), await filesOf(start)];
        const counting = failingFileSystem(memoryFileSystem(files), Number.POSITIVE_INFINITY, { once });
        await save(counting.fs, 2);
        const after = await contents(counting.fs);
        expect(after).not.toBe(before);
        const seen = new Set<string>();
        for (let at = 1; at <= counting.steps(); at++) {
          const disk = memoryFileSystem(files);
          const error = await save(failingFileSystem(disk, at, { once }).fs, 2).catch((e: unknown) => e);
          const now = await contents(disk);
          seen.add(now);
          expect([before, after], `step ${at}`).toContain(now);
          if (error === undefined) expect(now, `step ${at}`).toBe(after);
          else
            expect(error, `step ${at}`).toMatchObject({
              code: "RESOURCE_EXHAUSTED",
              sentence: expect.stringMatching(/^(m|\.).*; No space left on device$/),
              place: { file: expect.stringMatching(/^(m|\.)/) },
            });
          // What lies about then is in nobody's way.
          await save(disk, 3);
          expect(await contents(disk)).toContain("[3,1,2]");
        }
        expect(seen).toEqual(new Set([before, after]));
      });
});

describe("leftovers of killed saves", () => {
  /** A file system whose files named so have not been changed for an hour. */
  const aged = (fs: FileSystem, old: (path: string) => boolean): FileSystem => ({
    ...fs,
    stat: async (path) => {
      const stat = await fs.stat(path);
      return stat && (old(path) ? { ...stat, mtime: stat.mtime - 3600 } : stat);
    },
  });
  const leftovers = [
    "d/m.data-00000-of-00001.tempstateabc123",
    "d/m.index.tempstateabc123",
    "d/m.tempstateabc123.tmp-77-xyz-0",
    `d/${folder}/part-00000-of-00002.data-00000-of-00001.tempstate1`,
  ];
  const others = [
    "d/m-2.index.tempstateabc123",
    "d/m.meta",
    "d/m.index.backup",
    `d/m2_temp_${"0".repeat(32)}/part`,
    "d/m_temp_mine/part",
  ];

  it("go when the same prefix is saved again, and nothing else does", async () => {
    const fs = memoryFileSystem(Object.fromEntries([...leftovers, ...others].map((path) => [path, "x"])));
    await writeCheckpoint("d/m", tensors(1), { fs: aged(fs, () => true) });
    expect(Object.keys(await filesOf(fs)).sort()).toEqual(
      [...others, "d/m.data-00000-of-00001", "d/m.index"].sort(),
    );
  });

  it("stay while somebody may still be writing to them", async () => {
    const fs = memoryFileSystem(Object.fromEntries(leftovers.map((path) => [path, "x"])));
    await writeCheckpoint("d/m", tensors(1), { fs });
    expect(Object.keys(await filesOf(fs))).toEqual(expect.arrayContaining(leftovers));
  });

  it("are no reason to fail where they cannot be looked at", async () => {
    const fs = memoryFileSystem(Object.fromEntries(leftovers.map((path) => [path, "x"])));
    const refuse = () => Promise.reject(new Error("not allowed"));
    await writeCheckpoint("d/m", tensors(1), { fs: { ...fs, list: refuse } });
    expect(await fs.stat("d/m.index")).toBeDefined();
  });
});
