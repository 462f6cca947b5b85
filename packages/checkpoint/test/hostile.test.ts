// Files that are made to harm or that lie about themselves, their checksums being right: a typed error, before memory is taken for what
// they only claim.
import { bytesSource, crc32c, type FileSystem, maskCrc32c, memoryFileSystem } from "@org/io";
import {
  BundleEntryProto,
  BundleHeaderProto,
  encode,
  type IBundleEntryProto,
  SavedTensorSlices,
} from "@org/proto";
import { compress } from "snappyjs";
import { describe, expect, it } from "vitest";
import { openCheckpoint } from "../src/index.ts";
import { TableReader } from "../src/table-reader.ts";
import { writeTable } from "./upstream/shared.ts";

const key = (name: string): Uint8Array => new TextEncoder().encode(name);
const float = (entry: IBundleEntryProto): IBundleEntryProto => ({
  dtype: 1,
  shape: { dim: [{ size: 2n }] },
  size: 8n,
  crc32c: 0,
  ...entry,
});

/** A bundle of 16 bytes whose index says this. */
async function bundle(entries: Readonly<Record<string, IBundleEntryProto>>, shards = 1): Promise<FileSystem> {
  const fs = memoryFileSystem({ "m.data-00000-of-00001": new Uint8Array(16) });
  await writeTable(fs, "m.index", [
    {
      key: new Uint8Array(0),
      value: encode(BundleHeaderProto, { numShards: shards, version: { producer: 1 } }),
    },
    ...Object.entries(entries).map(([name, entry]) => ({
      key: key(name),
      value: encode(BundleEntryProto, entry),
    })),
  ]);
  return fs;
}

async function readAll(fs: FileSystem): Promise<void> {
  const reader = await openCheckpoint("m", { fs });
  for (const name of reader.names()) await reader.get(name);
}

describe("an index that lies", () => {
  it.each<[string, Record<string, IBundleEntryProto>, string, string]>([
    [
      "of bytes that two tensors share",
      { a: float({}), b: float({ offset: 4n }) },
      "DATA_LOSS",
      "Invalid entry in m.index: key b; bytes from 4 of shard 0 are also those of a",
    ],
    [
      "of the same bytes many times over",
      Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`t${i + 100}`, float({})])),
      "DATA_LOSS",
      "are also those of t100",
    ],
    [
      "of bytes behind the end",
      { a: float({ offset: 12n }) },
      "OUT_OF_RANGE",
      "Read less bytes than requested",
    ],
    ["of an offset below 0", { a: float({ offset: -8n }) }, "DATA_LOSS", "offset -8, size 8"],
    [
      "of an offset beyond numbers",
      { a: float({ offset: 2n ** 62n }) },
      "DATA_LOSS",
      "offset 4611686018427387904",
    ],
    [
      "of another size than its shape",
      { a: float({ shape: { dim: [{ size: 2n ** 40n }] } }) },
      "DATA_LOSS",
      "Invalid size in bundle entry: key a; stored size 8; expected size 4398046511104",
    ],
    [
      "of a size that is not in the file",
      { a: float({ shape: { dim: [{ size: 2n ** 40n }] }, size: 2n ** 42n }) },
      "OUT_OF_RANGE",
      "Read less bytes than requested",
    ],
    [
      "of a shape without end",
      { a: float({ shape: { dim: [{ size: -1n }] } }) },
      "DATA_LOSS",
      "Invalid tensor shape",
    ],
    [
      "of a rank that is unknown",
      { a: float({ shape: { unknownRank: true } }) },
      "DATA_LOSS",
      "Invalid tensor shape",
    ],
    ["of a type that is none", { a: float({ dtype: 77 }) }, "DATA_LOSS", "dtype 77 is not known"],
    ["of handles", { a: float({ dtype: 20, shape: {} }) }, "DATA_LOSS", "resource"],
    ["of a shard that is none", { a: float({ shardId: 3 }) }, "DATA_LOSS", "An entry names shard 3 of 1"],
    [
      "of slices that are not there",
      { a: float({ size: 0n, slices: [{ extent: [{}] }] }) },
      "DATA_LOSS",
      "The slice - of a is missing",
    ],
    [
      "of more strings than bytes",
      { a: float({ dtype: 7, shape: { dim: [{ size: 2n ** 31n }] } }) },
      "DATA_LOSS",
      "corrupted string tensor: 2147483648 strings in 8 bytes",
    ],
  ])("%s", async (_, entries, code, sentence) => {
    const error = await readAll(await bundle(entries)).catch((e: unknown) => e);
    expect(error).toMatchObject({ code, sentence: expect.stringContaining(sentence) });
  });

  it("of shards without number", async () => {
    await expect(readAll(await bundle({}, 2 ** 30))).rejects.toMatchObject({ code: "DATA_LOSS" });
  });

  it("with empty tensors anywhere is right", async () => {
    const empty = { dtype: 1, shape: { dim: [{ size: 0n }] }, offset: 4n, crc32c: 0xa282ead8 };
    await readAll(await bundle({ a: empty, b: empty }));
  });

  it("takes names that are JavaScript's own", async () => {
    const empty = { dtype: 1, shape: { dim: [{ size: 0n }] }, crc32c: 0xa282ead8 };
    const fs = await bundle({ ["__proto__"]: empty, constructor: empty, toString: empty });
    const reader = await openCheckpoint("m", { fs });
    expect(reader.has("hasOwnProperty")).toBe(false);
    expect(reader.names()).toEqual(["__proto__", "constructor", "toString"]);
  });
});

describe("a V1 file that lies", () => {
  const file = async (...tensor: NonNullable<Parameters<typeof metaOf>[0]>): Promise<FileSystem> => {
    const fs = memoryFileSystem();
    await writeTable(fs, "m", [
      { key: new Uint8Array(0), value: encode(SavedTensorSlices, { meta: metaOf(tensor) }) },
    ]);
    return fs;
  };
  const metaOf = (tensor: { name: string; type: number; shape: object; slice: object[] }[]) => ({
    tensor,
    versions: {},
  });

  it.each<[string, number, object, object[], string]>([
    [
      "of a slice out of its shape",
      1,
      { dim: [{ size: 2n }] },
      [{ extent: [{ start: 1n, length: 5n }] }],
      "out of bounds",
    ],
    ["of a slice of another rank", 1, { dim: [{ size: 2n }] }, [{ extent: [] }], "Mismatching ranks"],
    [
      "of a slice below 0",
      1,
      { dim: [{ size: 2n }] },
      [{ extent: [{ start: -1n, length: 1n }] }],
      "out of bounds",
    ],
    ["of data that is not there", 1, { dim: [{ size: 2n ** 40n }] }, [{ extent: [{}] }], "is missing"],
    ["of a type that is none", 77, {}, [{}], "has type 77"],
  ])("%s", async (_, type, shape, slice, sentence) => {
    const error = await readAll(await file({ name: "a", type, shape, slice })).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "DATA_LOSS", sentence: expect.stringContaining(sentence) });
  });
});

describe("a table of packed blocks", () => {
  /** One data block under the key "a", stored as type 1, snappy. */
  function tableOf(packed: Uint8Array): Uint8Array {
    const file: number[] = [];
    const put = (block: Uint8Array | readonly number[], type: number): [number, number] => {
      const offset = file.length;
      const body = Uint8Array.of(...block, type);
      const crc = maskCrc32c(crc32c(body));
      file.push(...body, crc & 255, (crc >>> 8) & 255, (crc >>> 16) & 255, crc >>> 24);
      return [offset, block.length];
    };
    const varint = (value: number): number[] =>
      value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
    const handle = ([offset, size]: [number, number]): number[] => [...varint(offset), ...varint(size)];
    const noRestarts = [0, 0, 0, 0, 1, 0, 0, 0];
    const data = handle(put(packed, 1));
    const metaindex = handle(put(noRestarts, 0));
    const index = handle(put([0, 1, data.length, 98, ...data, ...noRestarts], 0));
    const footer = new Uint8Array(48);
    footer.set([...metaindex, ...index]);
    footer.set([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb], 40);
    return Uint8Array.of(...file, ...footer);
  }
  const value = new Uint8Array(1000).fill(7);
  const block = Uint8Array.of(0, 1, 0xe8, 7, 97, ...value, 0, 0, 0, 0, 1, 0, 0, 0);
  const open = (packed: Uint8Array) => TableReader.open(bytesSource(tableOf(packed)), "t");

  it("is read", async () => {
    const packed = new Uint8Array(compress(block));
    expect(packed.length).toBeLessThan(100);
    expect(await (await open(packed)).get(key("a"))).toEqual(value);
  });

  it("is refused where a block says that it unpacks to more than it can, or is broken", async () => {
    const bomb = await open(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0));
    await expect(bomb.get(key("a"))).rejects.toMatchObject({ code: "DATA_LOSS", place: { file: "t" } });
    const cut = await open(new Uint8Array(compress(block)).subarray(0, -3));
    await expect(cut.get(key("a"))).rejects.toMatchObject({ code: "DATA_LOSS" });
  });
});
