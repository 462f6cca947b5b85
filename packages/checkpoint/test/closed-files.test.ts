// Files that are opened are closed, whatever is found in them.
import { type FileSystem, memoryFileSystem } from "@org/io";
import { convertToNdArray } from "@org/tensor";
import { expect, it } from "vitest";
import { openCheckpoint, writeV1 } from "../src/index.ts";

/** A file system that counts the files that are open. */
function counting(inner: FileSystem): { readonly fs: FileSystem; readonly open: () => number } {
  let count = 0;
  const fs: FileSystem = Object.create(inner, {
    open: {
      value: async (path: string) => {
        const source = await inner.open(path);
        count++;
        return Object.create(source, {
          size: { get: () => source.size },
          read: { value: (...args: Parameters<typeof source.read>) => source.read(...args) },
          close: {
            value: () => {
              count--;
              return source.close();
            },
          },
        });
      },
    },
  });
  return { fs, open: () => count };
}

async function v1(): Promise<Uint8Array> {
  const fs = memoryFileSystem();
  await writeV1("whole", [{ name: "a", value: convertToNdArray([1, 2]) }], { fs });
  const source = await fs.open("whole");
  return (await source.read(0, source.size)).slice();
}

it.each([
  ["that is too short", 10],
  ["whose end is missing", -3],
])("a V1 checkpoint %s is closed again", async (_, end) => {
  const { fs, open } = counting(memoryFileSystem({ "m.ckpt": (await v1()).subarray(0, end) }));
  await expect(openCheckpoint("m.ckpt", { fs })).rejects.toThrow();
  expect(open()).toBe(0);
});

it("a V1 checkpoint that is whole is open until it is closed", async () => {
  const { fs, open } = counting(memoryFileSystem({ "m.ckpt": await v1() }));
  const reader = await openCheckpoint("m.ckpt", { fs });
  expect(open()).toBe(1);
  await reader.close();
  expect(open()).toBe(0);
});
