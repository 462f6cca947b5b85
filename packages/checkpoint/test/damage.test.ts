// What breaks: flipped bits, cut files, killed saves, failing disks.
import { isTfError } from "@org/errors";
import { type FileSystem, memoryFileSystem, readFile } from "@org/io";
import { failingFileSystem } from "@org/io/testing";
import { convertToNdArray, type NdArray, toNumbers } from "@org/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCheckpointWriter, openCheckpoint, writeCheckpoint } from "../src/index.ts";

const tensors = (base: number): Record<string, NdArray> => ({
  a: convertToNdArray(
    [
      [base, 1, 2],
      [3, 4, 5],
    ],
    "float32",
  ),
  "scope/s": convertToNdArray(["one", "", "three"], "string"),
  step: convertToNdArray(BigInt(base), "int64"),
});

async function filesOf(fs: FileSystem): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const name of await fs.list(".")) files[name] = await readFile(fs, name);
  return files;
}

async function readAll(fs: FileSystem, prefix: string): Promise<string> {
  const reader = await openCheckpoint(prefix, { fs });
  const parts: string[] = [];
  for await (const { name, dtype, shape } of reader) {
    const value = await reader.get(name);
    parts.push(
      `${name} ${dtype} [${shape}] ${dtype === "string" ? (value.data as Uint8Array[]).join("|") : toNumbers(value)}`,
    );
  }
  await reader.close();
  return parts.join("\n");
}

describe("a damaged checkpoint", () => {
  it("is noticed for every single flipped bit", async () => {
    const fs = memoryFileSystem();
    await writeCheckpoint("c", tensors(7), { fs });
    const files = await filesOf(fs);
    const whole = await readAll(fs, "c");
    for (const [name, bytes] of Object.entries(files)) {
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = bytes.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const error = await readAll(memoryFileSystem({ ...files, [name]: flipped }), "c").then(
          (text) => text,
          (e: unknown) => e,
        );
        expect(error, `${name}, bit ${bit}`).not.toBe(whole);
        expect(isTfError(error), `${name}, bit ${bit}: ${error}`).toBe(true);
      }
    }
  });

  it("is noticed for every truncation", async () => {
    const fs = memoryFileSystem();
    await writeCheckpoint("c", tensors(7), { fs });
    const files = await filesOf(fs);
    for (const [name, bytes] of Object.entries(files)) {
      for (let length = 0; length < bytes.length; length++) {
        const cut = memoryFileSystem({ ...files, [name]: bytes.slice(0, length) });
        await expect(readAll(cut, "c"), `${name} cut to ${length}`).rejects.toSatisfy(isTfError);
      }
    }
  });

  it.each(["c.index", "c.data-00000-of-00001"])("names the prefix where %s is given for it", async (path) => {
    const fs = memoryFileSystem();
    await writeCheckpoint("c", tensors(7), { fs });
    const error = await openCheckpoint(path, { fs }).catch((e: unknown) => e);
    expect(isTfError(error) && error.hint).toContain('"c"');
  });

  it("lists names near a missing key", async () => {
    const fs = memoryFileSystem();
    await writeCheckpoint("c", tensors(7), { fs });
    const reader = await openCheckpoint("c", { fs });
    const error = await reader.get("s").catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "NOT_FOUND", sentence: "Key s not found in checkpoint" });
    expect(isTfError(error) && error.hint).toContain('"scope/s"');
  });

  it("is nothing that exists", async () => {
    await expect(openCheckpoint("nope", { fs: memoryFileSystem() })).rejects.toMatchObject({
      code: "NOT_FOUND",
      sentence: "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for nope",
    });
  });
});

describe("a save that fails", () => {
  for (const once of [false, true]) {
    it(`${once ? "by one failing operation" : "by a kill"} at any point leaves the old or the new checkpoint whole`, async () => {
      const plain = memoryFileSystem();
      await writeCheckpoint("c", tensors(1), { fs: plain });
      const before = await readAll(plain, "c");
      const files = await filesOf(plain);
      const counting = failingFileSystem(memoryFileSystem(files), Number.POSITIVE_INFINITY, { once });
      await writeCheckpoint("c", tensors(2), { fs: counting.fs });
      const after = await readAll(counting.fs, "c");
      expect(after).not.toBe(before);
      for (let at = 1; at <= counting.steps(); at++) {
        const disk = memoryFileSystem(files);
        const failed = await writeCheckpoint("c", tensors(2), {
          fs: failingFileSystem(disk, at, { once }).fs,
        }).then(
          () => false,
          () => true,
        );
        const now = await readAll(disk, "c");
        expect([before, after], `step ${at}`).toContain(now);
        if (!failed) expect(now).toBe(after);
        // The next save works, whatever lies about.
        await writeCheckpoint("c", tensors(3), { fs: disk });
        expect(await readAll(disk, "c")).toContain("a float32 [2,3] 3,1,2,3,4,5");
      }
    });
  }

  it("says so for a duplicate key and leaves nothing behind", async () => {
    const fs = memoryFileSystem();
    const entries: [string, NdArray][] = [
      ["a", convertToNdArray(1)],
      ["a", convertToNdArray(2)],
    ];
    await expect(writeCheckpoint("c", entries, { fs })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence: "Adding duplicate key: a",
    });
    expect(await fs.list(".")).toEqual([]);
  });

  it("by an AbortSignal is CANCELLED", async () => {
    const fs = memoryFileSystem();
    const signal = AbortSignal.abort();
    await expect(writeCheckpoint("c", tensors(1), { fs, signal })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(await fs.list(".")).toEqual([]);
  });
});

describe("any tensors", () => {
  it("read back as they were written, in slices too", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string({ minLength: 1 }), fc.array(fc.float(), { maxLength: 12 }), { maxKeys: 6 }),
        fc.nat(11),
        async (values, cut) => {
          const fs = memoryFileSystem();
          const entries = Object.entries(values).map(([name, list]): [string, NdArray] => [
            name,
            convertToNdArray(list, "float32"),
          ]);
          await writeCheckpoint("c", entries, { fs });
          const reader = await openCheckpoint("c", { fs });
          for (const [name, value] of entries) {
            expect(await reader.get(name)).toEqual(value);
            const length = value.shape[0]!;
            if (cut >= length) continue;
            const part = await reader.get(name, { slice: { starts: [cut], lengths: [length - cut] } });
            expect(toNumbers(part)).toEqual(toNumbers(value).slice(cut));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("are put together from slices, and an incomplete set is an error", async () => {
    const fs = memoryFileSystem();
    const writer = await createCheckpointWriter("c", { fs });
    const fullShape = [4, 2];
    await writer.add("w", convertToNdArray([[1, 2]], "int32"), {
      fullShape,
      slice: { starts: [0, 0], lengths: [1, -1] },
    });
    await writer.add(
      "w",
      convertToNdArray(
        [
          [3, 4],
          [5, 6],
        ],
        "int32",
      ),
      { fullShape, slice: { starts: [1, 0], lengths: [2, -1] } },
    );
    await writer.finish();
    const reader = await openCheckpoint("c", { fs });
    expect(reader.names()).toEqual(["w"]);
    expect(reader.shape("w")).toEqual([4, 2]);
    expect(toNumbers(await reader.get("w", { slice: { starts: [0, 1], lengths: [3, 1] } }))).toEqual([
      2, 4, 6,
    ]);
    await expect(reader.get("w")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence: "Does not have sufficient slices for partitioned tensor w to restore in slice_spec: -:-",
    });
  });
});
