// Upstream: tensorflow/core/util/tensor_bundle/tensor_bundle_test.cc.
import { bytesSource, type FileSystem, memoryFileSystem, readFile } from "@org/io";
import {
  BundleEntryProto,
  BundleHeaderProto,
  decode,
  encode,
  type IVersionDef,
  VariantTensorDataProto,
} from "@org/proto";
import { convertToNdArray, type DType, type NdArray, ndArray } from "@org/tensor";
import { describe, expect, it, test } from "vitest";
import {
  createCheckpointWriter,
  dataFilename,
  mergeCheckpoints,
  openCheckpoint,
  parseSlice,
  sliceToString,
  type WriterOptions,
} from "../../src/index.ts";
import { TableReader } from "../../src/table-reader.ts";
import { bundleTypes, byteSwapped, filled, writeTable } from "./shared.ts";

const noKey = new Uint8Array(0);

async function write(
  fs: FileSystem,
  prefix: string,
  entries: readonly (readonly [string, NdArray])[],
  options: WriterOptions = {},
): Promise<void> {
  const writer = await createCheckpointWriter(prefix, { ...options, fs });
  for (const [name, value] of entries) await writer.add(name, value);
  await writer.finish();
}

async function entriesOf(fs: FileSystem, prefix: string): Promise<{ key: Uint8Array; value: Uint8Array }[]> {
  const table = await TableReader.open(bytesSource(await readFile(fs, `${prefix}.index`)), prefix);
  const entries: { key: Uint8Array; value: Uint8Array }[] = [];
  for await (const entry of table.entries()) entries.push(entry);
  return entries;
}

/** Says in the index that the numbers are big-endian. */
async function flipEndianness(fs: FileSystem, prefix: string): Promise<void> {
  const [header, ...rest] = await entriesOf(fs, prefix);
  const flipped = { ...decode(BundleHeaderProto, header!.value), endianness: 1 };
  await writeTable(fs, `${prefix}.index`, [
    { key: noKey, value: encode(BundleHeaderProto, flipped) },
    ...rest,
  ]);
}

/** By name, in order, and one after the other. */
async function expectContents(fs: FileSystem, prefix: string, wanted: [string, NdArray][]): Promise<void> {
  const reader = await openCheckpoint(prefix, { fs });
  expect(reader.names()).toEqual(wanted.map(([name]) => name));
  for (const [name, value] of wanted.toReversed()) {
    expect(reader.has(name)).toBe(true);
    expect([reader.dtype(name), reader.shape(name)]).toEqual([value.dtype, value.shape]);
    expect(await reader.get(name)).toEqual(value);
  }
  const inOrder: [string, NdArray][] = [];
  for await (const { name } of reader) inOrder.push([name, await reader.get(name)]);
  expect(inOrder).toEqual(wanted);
  await reader.close();
}

const four = (name: string, value: (i: number) => NdArray): [string, NdArray][] =>
  [3, 0, 2, 1].map((i) => [`${name}_00${i}`, value(i)]);
const sorted = (entries: readonly [string, NdArray][]): [string, NdArray][] =>
  entries.toSorted(([a], [b]) => (a < b ? -1 : 1));

describe("tensor_bundle_test", () => {
  it.each(bundleTypes)(
    "[tensor_bundle_test/TensorBundleTest.Basic] two bundles of %s, and both in one",
    async (dtype) => {
      const fs = memoryFileSystem();
      const [foo, bar] = ["foo", "bar"].map((name) => four(name, (i) => filled(dtype, [2, 3], i))) as [
        [string, NdArray][],
        [string, NdArray][],
      ];
      await write(fs, "foo", foo);
      await expectContents(fs, "foo", sorted(foo));
      await write(fs, "bar", bar);
      await expectContents(fs, "bar", sorted(bar));
      await mergeCheckpoints(["foo", "bar"], "merged", { fs });
      await expectContents(fs, "merged", sorted([...foo, ...bar]));
    },
  );

  it.each(bundleTypes)(
    "[tensor_bundle_test/TensorBundleTest.Endianness] big-endian bundles of %s",
    async (dtype) => {
      const fs = memoryFileSystem();
      const all: [string, NdArray][] = [];
      for (const name of ["foo", "bar"]) {
        const entries = four(name, (i) => filled(dtype, [2, 3], i));
        await write(
          fs,
          name,
          entries.map(([key, value]) => [key, byteSwapped(value)]),
        );
        await flipEndianness(fs, name);
        await expectContents(fs, name, sorted(entries));
        all.push(...entries);
      }
      await mergeCheckpoints(["foo", "bar"], "merged", { fs });
      await expectContents(fs, "merged", sorted(all));
    },
  );

  // The patterns are turned around by hand; what turns them here is the reader, at its door.
  const patterns: readonly [readonly DType[], string, string][] = [
    [["uint16", "int16", "bfloat16"], "1de5 d017 f1ea c0a1", "e51d 17d0 eaf1 a1c0"],
    [["uint32", "int32", "float32", "complex64"], "0ddba115 f01dab1e", "15a1db0d 1eab1df0"],
    [
      ["uint64", "int64", "float64", "complex128"],
      "f005ba11caba1000 5ca1ab1ecab005e5",
      "0010baca11ba05f0 e505b0ca1eaba15c",
    ],
  ];
  it.each(
    patterns.flatMap(([types, forward, swapped]) => types.map((dtype) => [dtype, forward, swapped] as const)),
  )("[tensor_bundle_test/TensorBundleTest.SwapBytes] of %s", async (dtype, forward, swapped) => {
    const bytes = (hex: string): Uint8Array =>
      Uint8Array.from(hex.replaceAll(" ", "").match(/../g)!, (pair) => Number.parseInt(pair, 16));
    const [stored, wanted] = [bytes(forward), bytes(swapped)];
    const fs = memoryFileSystem();
    const count = stored.length / (filled(dtype, [1], 0).data as Uint8Array).byteLength;
    const value = ndArray(dtype, [count]);
    const view = (array: NdArray): Uint8Array => {
      const data = array.data as Uint8Array;
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    };
    view(value).set(stored);
    await write(fs, "foo", [["x", value]]);
    await flipEndianness(fs, "foo");
    const reader = await openCheckpoint("foo", { fs });
    expect(view(await reader.get("x"))).toEqual(wanted);
    await expect(flipEndianness(fs, "not_a_valid_prefix")).rejects.toThrow("No such file or directory");
  });

  test("[tensor_bundle_test/TensorBundleTest.PartitionedVariables] are read whole, and in slices that cut them", async () => {
    const fs = memoryFileSystem();
    const fullShape = [5, 10];
    const writer = await createCheckpointWriter("foo", { fs });
    await writer.add("foo", filled("float32", [5, 1], 0), { fullShape, slice: parseSlice("-:0,1") });
    await writer.add("foo", filled("float32", [5, 9], 1), { fullShape, slice: parseSlice("-:1,9") });
    await writer.finish();
    const reader = await openCheckpoint("foo", { fs });
    const columns = (count: number): NdArray =>
      ndArray(
        "float32",
        [5, count],
        Float32Array.from({ length: 5 * count }, (_, i) => +(i % count !== 0)),
      );
    expect(await reader.get("foo")).toEqual(columns(10));
    expect(reader.slices("foo").map(sliceToString)).toEqual(["-:0,1", "-:1,9"]);
    expect(await reader.get("foo", { slice: parseSlice("-:0,2") })).toEqual(columns(2));
    expect(await reader.get("foo", { slice: parseSlice("-:2,2") })).toEqual(filled("float32", [5, 2], 1));
  });

  test("[tensor_bundle_test/TensorBundleTest.EquivalentSliceTest] all of it by extents and without are one slice", async () => {
    const fs = memoryFileSystem();
    const value = filled("float32", [5, 10], 1);
    const writer = await createCheckpointWriter("foo", { fs });
    await writer.add("no_extents", value, { fullShape: [5, 10], slice: parseSlice("-:-") });
    await writer.add("both_extents", value, { fullShape: [5, 10], slice: parseSlice("0,5:0,10") });
    await writer.finish();
    const reader = await openCheckpoint("foo", { fs });
    for (const name of ["no_extents", "both_extents"])
      for (const slice of ["-:-", "0,5:0,10"])
        expect(await reader.get(name, { slice: parseSlice(slice) }), `${name} ${slice}`).toEqual(value);
    expect(reader.slices("both_extents")).toEqual([]);
  });

  it.each(bundleTypes)(
    "[tensor_bundle_test/TensorBundleTest.NonStandardShapes] a scalar and empty arrays of %s",
    async (dtype) => {
      const fs = memoryFileSystem();
      const entries: [string, NdArray][] = [
        ["scalar", filled(dtype, [], 0)],
        ["non_standard0", filled(dtype, [0, 1618], 0)],
        ["non_standard1", filled(dtype, [16, 0, 18], 0)],
      ];
      await write(fs, "nonstandard", entries);
      await expectContents(fs, "nonstandard", sorted(entries));
    },
  );

  const strings = (long: number): [string, NdArray][] => [
    ["string_tensor", convertToNdArray([""], "string")],
    ["scalar", convertToNdArray(["hello"], "string")],
    ["strs", convertToNdArray(["hello", "", "x01", "c".repeat(long)], "string")],
    ["floats", filled("float32", [2, 3], 16.18)],
  ];

  // The files of upstream's testdata/old_string_tensors, of which only the hashes are here, are byte for byte what this makes.
  test("[tensor_bundle_test/TensorBundleTest.StringTensorsOldFormat] files from before lengths had 64 bits", async () => {
    const fs = memoryFileSystem();
    await write(fs, "foo", strings(1 << 10));
    const hash = async (file: string): Promise<string> => {
      const bytes = await crypto.subtle.digest(
        "SHA-256",
        (await readFile(fs, file)) as Uint8Array<ArrayBuffer>,
      );
      return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
    };
    expect(await hash("foo.index")).toBe("e7a7d9c3e80d0d81c38c7d4ac6ee99e082f73e4bf99e7a76ba057ae048d33978");
    expect(await hash("foo.data-00000-of-00001")).toBe(
      "027ad2d4d137f3092a35c3c9885d3afd548fea43d76b020d9c29a9a7340549ba",
    );
    await expectContents(fs, "foo", sorted(strings(1 << 10)));
  });

  // Upstream's long string has 4 GiB + 1, more than an array here may have; this one has 64 MiB.
  test("[tensor_bundle_test/TensorBundleTest.StringTensors] short, empty, long", async () => {
    const fs = memoryFileSystem();
    const longString = ndArray("string", [1], [new Uint8Array(1 << 26).fill(100)]);
    const [floats, ...others] = strings(1 << 25).toReversed();
    const entries: [string, NdArray][] = [...others.toReversed(), ["long_scalar", longString], floats!];
    await write(fs, "foo", entries);
    const reader = await openCheckpoint("foo", { fs });
    expect(reader.names()).toEqual(["floats", "long_scalar", "scalar", "string_tensor", "strs"]);
    expect([reader.dtype("long_scalar"), reader.shape("long_scalar")]).toEqual(["string", [1]]);
    for (const [name, value] of entries) {
      const got = await reader.get(name);
      const same = (a: Uint8Array, b: Uint8Array): boolean =>
        a.length === b.length && a.every((byte, i) => byte === b[i]);
      expect(got.shape).toEqual(value.shape);
      if (value.dtype === "string")
        expect(
          (got.data as Uint8Array[]).every((text, i) => same(text, (value.data as Uint8Array[])[i]!)),
          name,
        ).toBe(true);
      else expect(got).toEqual(value);
    }
  });

  test("[tensor_bundle_test/TensorBundleTest.VariantTensors] come back as the messages that they are", async () => {
    const fs = memoryFileSystem();
    const variant = (metadata: string, value: number): Uint8Array =>
      encode(VariantTensorDataProto, {
        typeName: "TEST VariantObject",
        metadata: new TextEncoder().encode(metadata),
        tensors: [{ dtype: 9, tensorShape: {}, int64Val: [BigInt(value)] }],
      });
    await write(fs, "foo", [
      ["variant_tensor", ndArray("variant", [2], [variant("test", 10), variant("test1", 20)])],
    ]);
    const reader = await openCheckpoint("foo", { fs });
    expect([reader.dtype("variant_tensor"), reader.shape("variant_tensor")]).toEqual(["variant", [2]]);
    const found = ((await reader.get("variant_tensor")).data as Uint8Array[]).map((bytes) =>
      decode(VariantTensorDataProto, bytes),
    );
    expect(
      found.map(({ typeName, metadata, tensors }) => [
        typeName,
        new TextDecoder().decode(metadata),
        tensors[0]!.int64Val,
      ]),
    ).toEqual([
      ["TEST VariantObject", "test", [10n]],
      ["TEST VariantObject", "test1", [20n]],
    ]);
  });

  test("[tensor_bundle_test/TensorBundleTest.DirectoryStructure] which files there are, before and after merging", async () => {
    const fs = memoryFileSystem();
    for (const i of [0, 1]) await write(fs, `worker${i}`, [[`tensor${i}`, filled("float32", [2, 3], 0)]]);
    expect(await fs.list(".")).toEqual([
      "worker0.data-00000-of-00001",
      "worker0.index",
      "worker1.data-00000-of-00001",
      "worker1.index",
    ]);
    await mergeCheckpoints(["worker0"], "another", { fs });
    expect((await fs.list(".")).slice(0, 2)).toEqual(["another.data-00000-of-00001", "another.index"]);
    await mergeCheckpoints(["another", "worker1"], "merged", { fs });
    expect(await fs.list(".")).toEqual([
      "merged.data-00000-of-00002",
      "merged.data-00001-of-00002",
      "merged.index",
    ]);
  });

  test("[tensor_bundle_test/TensorBundleTest.Error] a key twice, finished twice, not there", async () => {
    const fs = memoryFileSystem();
    const writer = await createCheckpointWriter("dup", { fs });
    await writer.add("foo", filled("float32", [2, 3], 1));
    await expect(writer.add("foo", filled("float32", [2, 3], 2))).rejects.toThrow("duplicate key");
    await expect(writer.finish()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    const bad = await createCheckpointWriter("bad", { fs });
    await bad.finish();
    await expect(bad.finish()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await expect(openCheckpoint("nonexist", { fs })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  describe("Checksum", () => {
    const data = dataFilename("c", 0, 1);
    /** What reading "foo" of `value` throws once byte `at` of the data file is another. */
    const flipped = async (value: NdArray, at: number): Promise<unknown> => {
      const fs = memoryFileSystem();
      await write(fs, "c", [["foo", value]]);
      const bytes = await readFile(fs, data);
      const broken = memoryFileSystem({
        "c.index": await readFile(fs, "c.index"),
        [data]: bytes.map((byte, i) => (i === at ? ~byte : byte)),
      });
      const reader = await openCheckpoint("c", { fs: broken });
      return reader.get("foo").catch((error: unknown) => error);
    };
    test("[tensor_bundle_test/TensorBundleTest.Checksum] any byte of numbers; lengths of strings; their bytes", async () => {
      for (let at = 0; at < 24; at++)
        expect(await flipped(filled("float32", [2, 3], 1), at)).toMatchObject({
          code: "DATA_LOSS",
          sentence: expect.stringContaining("Checksum does not match"),
        });
      const texts = convertToNdArray(["hello", "world"], "string");
      for (let at = 0; at < 16; at++) {
        const error = await flipped(texts, at);
        expect(error, String(at)).toMatchObject({ code: "DATA_LOSS" });
        // A length that is another may also point over the end, which TensorFlow finds later than its checksum.
        const sentence =
          at < 2 ? /length checksum does not match|corrupted string tensor/ : /[Cc]hecksum does not match/;
        expect((error as Error).message, String(at)).toMatch(sentence);
      }
    });
  });

  test("[tensor_bundle_test/TensorBundleTest.TruncatedTensorContents] a data file that is a byte too short", async () => {
    const fs = memoryFileSystem();
    await write(fs, "end", [["key", filled("float32", [2, 3], 1)]]);
    const data = await readFile(fs, dataFilename("end", 0, 1));
    const cut = memoryFileSystem({
      "end.index": await readFile(fs, "end.index"),
      [dataFilename("end", 0, 1)]: data.slice(0, -1),
    });
    const reader = await openCheckpoint("end", { fs: cut });
    await expect(reader.get("key")).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
  });

  test("[tensor_bundle_test/TensorBundleTest.HeaderEntry] one shard, little-endian, version 1", async () => {
    const fs = memoryFileSystem();
    await write(fs, "b", [["key", filled("float32", [2, 3], 1)]]);
    const [header] = await entriesOf(fs, "b");
    expect(header!.key).toEqual(noKey);
    expect(decode(BundleHeaderProto, header!.value)).toMatchObject({
      numShards: 1,
      endianness: 0,
      version: { producer: 1, minConsumer: 0 },
    });
  });

  it.each<[string, IVersionDef, string]>([
    [
      "a reader too old",
      { producer: 2, minConsumer: 2 },
      "Checkpoint min consumer version 2 above current version 1 for TensorFlow",
    ],
    [
      "a writer too old",
      { producer: -1 },
      "Checkpoint producer version -1 below min producer 0 supported by TensorFlow",
    ],
    [
      "a reader that is excluded",
      { producer: 2, badConsumers: [1] },
      "Checkpoint disallows consumer version 1.  Please upgrade TensorFlow: this version is likely buggy.",
    ],
  ])("[tensor_bundle_test/TensorBundleTest.VersionTest] %s", async (_, version, sentence) => {
    const fs = memoryFileSystem();
    await writeTable(fs, "v.index", [{ key: noKey, value: encode(BundleHeaderProto, { version }) }]);
    await expect(openCheckpoint("v", { fs })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence: expect.stringMatching(new RegExp(`^${sentence.replace(/[.]/g, "\\.")}`)),
    });
  });

  test("[tensor_bundle_test/TensorBundleAlignmentTest.AlignmentTest] every tensor at a multiple of 42", async () => {
    const fs = memoryFileSystem();
    const entries = four("foo", (i) => filled("float32", [2, 3], i));
    await write(fs, "foo", entries, { dataAlignment: 42 });
    await expectContents(fs, "foo", sorted(entries));
    const [, ...rest] = await entriesOf(fs, "foo");
    expect(rest.map(({ value }) => Number(decode(BundleEntryProto, value).offset))).toEqual([42, 126, 84, 0]);
    await expect(createCheckpointWriter("foo", { fs, dataAlignment: 0 })).rejects.toThrow(TypeError);
  });
});
