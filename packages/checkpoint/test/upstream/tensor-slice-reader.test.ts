// Upstream: tensorflow/core/util/tensor_slice_{reader,writer}_test.cc: V1 files.
import { bytesSource, memoryFileSystem, readFile } from "@org/io";
import { decode, encode, type IVersionDef, SavedTensorSlices } from "@org/proto";
import { type DType, dtypes, dtypeToProto, ndArray, sizeOf, toNumbers } from "@org/tensor";
import { describe, expect, it, test } from "vitest";
import {
  CheckpointReaderCache,
  encodeTensorNameSlice,
  openCheckpoint,
  parseSlice,
  sliceFromProto,
  sliceShape,
  sliceToString,
  type V1Entry,
  writeV1,
  writeV1Parts,
} from "../../src/index.ts";
import { TableReader } from "../../src/table-reader.ts";
import { filled, writeTable } from "./shared.ts";

/** A slice of a tensor of `fullShape` with these elements. */
function entry(
  name: string,
  dtype: DType,
  fullShape: number[],
  text: string,
  values: readonly number[],
): V1Entry {
  const slice = parseSlice(text);
  const value = filled(dtype, sliceShape(slice, fullShape), 0);
  const data = value.data as unknown as { [i: number]: unknown };
  values.forEach((number, i) => {
    data[i] = dtype === "int64" ? BigInt(number) : number;
  });
  return { name, value, part: { fullShape, slice } };
}

describe("tensor_slice_reader_test", () => {
  const cases: [string, DType][] = [
    ["TensorSliceReaderTest.SimpleFloat", "float32"],
    ["TensorSliceReaderTest.Simpleint32", "int32"],
    ["TensorSliceReaderTest.Simpleint64", "int64"],
    ["TensorSliceReaderTest.Simpleint16", "int16"],
    ["TensorSliceReaderTest.Simpleint8", "int8"],
    ["TensorSliceReaderTest.Simpleuint8", "uint8"],
  ];
  // 0..19 in [4, 5]: the upper half in one file, two corners in another, a hole at 13 and 14.
  it.each(cases)("[tensor_slice_reader_test/%s] slices of %s over two files", async (_, dtype) => {
    const fs = memoryFileSystem();
    const shape = [4, 5];
    await writeV1("ckpt_0", [entry("test", dtype, shape, "0,2:-", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])], { fs });
    await writeV1(
      "ckpt_1",
      [
        entry("test", dtype, shape, "2,2:0,3", [10, 11, 12, 15, 16, 17]),
        entry("test", dtype, shape, "3,1:3,2", [18, 19]),
      ],
      { fs },
    );
    const opened: string[] = [];
    const open = (path: string) => {
      opened.push(path);
      return fs.open(path);
    };
    const watched = { ...fs, open };
    const reader = await openCheckpoint("ckpt_*", { fs: watched });
    expect(new Set(opened)).toEqual(new Set(["ckpt_0", "ckpt_1"]));
    expect(reader.has("test")).toBe(true);
    expect([reader.shape("test"), reader.dtype("test")]).toEqual([shape, dtype]);
    expect(reader.has("don't exist")).toBe(false);
    const part = async (text: string) => toNumbers(await reader.get("test", { slice: parseSlice(text) }));
    expect(await part("0,2:-")).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await part("1,1:-")).toEqual([5, 6, 7, 8, 9]);
    await expect(part("1,2:2,3")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await reader.close();
  });

  it("[tensor_slice_reader_test/CachedTensorSliceReaderTest.SimpleFloat] a cache opens a pattern once, and not what is not there", async () => {
    const fs = memoryFileSystem();
    const shape = [4, 5];
    await writeV1("ckpt_0", [entry("test", "float32", shape, "0,2:-", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])], {
      fs,
    });
    await writeV1(
      "ckpt_1",
      [
        entry("test", "float32", shape, "2,2:0,3", [10, 11, 12, 15, 16, 17]),
        entry("test", "float32", shape, "3,1:3,2", [18, 19]),
      ],
      { fs },
    );
    const opened: string[] = [];
    const open = (path: string) => {
      opened.push(path);
      return fs.open(path);
    };
    const cache = new CheckpointReaderCache({ fs: { ...fs, open } });
    const reader = await cache.get("ckpt_*");
    expect(new Set(opened)).toEqual(new Set(["ckpt_0", "ckpt_1"]));
    expect([reader.has("test"), reader.has("don't exist")]).toEqual([true, false]);
    expect([reader.shape("test"), reader.dtype("test")]).toEqual([shape, "float32"]);
    const before = opened.length;
    expect(await cache.get("ckpt_*")).toBe(reader);
    expect(opened.length).toBe(before);
    await expect(cache.get("file_does_not_exist")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await writeV1("file_does_not_exist", [entry("late", "float32", [1], "-", [1])], { fs });
    expect((await cache.get("file_does_not_exist")).has("late")).toBe(true);
    await cache.close();
  });

  it.each<[string, IVersionDef, string]>([
    [
      "MinConsumer",
      { producer: 2, minConsumer: 2 },
      "Checkpoint min consumer version 2 above current version 1 for TensorFlow",
    ],
    [
      "MinProducer",
      { producer: -1 },
      "Checkpoint producer version -1 below min producer 0 supported by TensorFlow",
    ],
    [
      "BadConsumer",
      { producer: 2, badConsumers: [1] },
      "Checkpoint disallows consumer version 1.  Please upgrade TensorFlow: this version is likely buggy.",
    ],
  ])("[tensor_slice_reader_test/CheckpointVersionTest.%s]", async (_, versions, sentence) => {
    const fs = memoryFileSystem();
    const value = encode(SavedTensorSlices, { meta: { versions } });
    await writeTable(fs, "checkpoint", [{ key: new Uint8Array(0), value }]);
    const error = await openCheckpoint("checkpoint", { fs }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect((error as { sentence: string }).sentence.startsWith(sentence)).toBe(true);
  });
});

describe("tensor_slice_writer_test", () => {
  test("[tensor_slice_writer_test/TensorSliceWriteTest.SimpleWrite] the directory first, in order of adding; then the slices", async () => {
    const fs = memoryFileSystem();
    const floats = entry("AA", "float32", [3, 2], "-:-", [1.2, 1.3, 1.4, 2.1, 2.2, 2.3]);
    const ten = [10, 11, 12, 13, 14];
    await writeV1(
      "checkpoint",
      [
        entry("test", "int32", [5, 10], "-:0,1", [0, 1, 2, 3, 4]),
        entry("test", "int32", [5, 10], "-:3,1", ten),
        floats,
        entry("int64", "int64", [5, 10], "-:3,1", ten),
        entry("int16", "int16", [5, 10], "-:3,1", ten),
      ],
      { fs },
    );
    const table = await TableReader.open(bytesSource(await readFile(fs, "checkpoint")), "checkpoint");
    const head = decode(SavedTensorSlices, (await table.get(new Uint8Array(0)))!);
    expect(head.data).toBeFalsy();
    expect([head.meta!.versions!.producer, head.meta!.versions!.minConsumer]).toEqual([1, 0]);
    expect(
      head.meta!.tensor.map(({ name, shape, type, slice }) => [
        name,
        shape!.dim.map(({ size }) => Number(size)),
        type,
        slice.map((one) => sliceToString(sliceFromProto(one))),
      ]),
    ).toEqual([
      ["test", [5, 10], dtypeToProto("int32"), ["-:0,1", "-:3,1"]],
      ["AA", [3, 2], dtypeToProto("float32"), ["-:-"]],
      ["int64", [5, 10], dtypeToProto("int64"), ["-:3,1"]],
      ["int16", [5, 10], dtypeToProto("int16"), ["-:3,1"]],
    ]);
    const data = async (name: string, text: string) => {
      const key = encodeTensorNameSlice(new TextEncoder().encode(name), parseSlice(text));
      const { meta, data: saved } = decode(SavedTensorSlices, (await table.get(key))!);
      expect(meta).toBeFalsy();
      expect(saved!.name).toBe(name);
      expect(sliceToString(sliceFromProto(saved!.slice!))).toBe(text);
      return saved!.data!;
    };
    expect([...(await data("AA", "-:-")).floatVal]).toEqual([...(floats.value.data as Float32Array)]);
    expect([...(await data("test", "-:0,1")).intVal]).toEqual([0, 1, 2, 3, 4]);
    expect([...(await data("test", "-:3,1")).intVal]).toEqual(ten);
    expect([...(await data("int64", "-:3,1")).int64Val]).toEqual(ten.map(BigInt));
    expect([...(await data("int16", "-:3,1")).intVal]).toEqual(ten);
  });

  /** What a slice is estimated to take an element, as the refusal of one too large says. */
  async function estimate(dtype: DType, shape: number[]): Promise<number> {
    const read = (): never => {
      throw new Error("The estimate must come before the value.");
    };
    const part = {
      name: "x",
      dtype,
      fullShape: shape,
      slice: parseSlice(shape.map(() => "-").join(":")),
      read,
    };
    const error = await writeV1Parts("x", [part], { fs: memoryFileSystem() }).catch((e: unknown) => e);
    const { code, sentence } = error as { code: string; sentence: string };
    expect(code).toBe("INVALID_ARGUMENT");
    const [, bytes] = /^Tensor slice is too large to serialize \(conservative estimate: (\d+) bytes\)$/.exec(
      sentence,
    )!;
    return Math.floor(Number(bytes) / sizeOf(shape));
  }

  const extremes: [DType, number, number][] = [
    ["bool", 0, 1],
    ["bool", 1, 1],
    ["float32", -1, 4],
    ["float64", -1, 8],
    ["complex64", -1, 8],
    ["complex128", -1, 16],
    ["int32", -1, 10],
    ["int64", -1, 10],
    ["uint16", 0xffff, 3],
    ["uint8", 0xff, 2],
    ["int8", -1, 10],
    ["int16", -1, 10],
    ["qint8", -1, 10],
    ["quint8", 0xff, 2],
    ["qint32", -1, 10],
    ["float16", 0xbc00, 3],
  ];
  it.each(extremes)(
    "[tensor_slice_writer_test/TensorSliceWriteTest.CheckpointSize] %s of %i takes %i bytes an element, as estimated",
    async (dtype, value, bytes) => {
      const fs = memoryFileSystem();
      const sizeWith = async (count: number): Promise<number> => {
        await writeV1("x", [{ name: "x", value: filled(dtype, [count], value) }], { fs });
        return (await fs.stat("x"))!.size;
      };
      const [low, high] = [await sizeWith(1), await sizeWith(1001)];
      expect(Math.floor((high - low) / 1000)).toBe(bytes);
      expect(await estimate(dtype, [2 ** 31, dtypes[dtype].bytes])).toBe(bytes);
    },
  );

  test("[tensor_slice_writer_test/TensorSliceWriteTest.SizeErrors] 300 million bytes that become 3 GB; 2 GB of strings", async () => {
    expect(await estimate("int8", [300, 1_000_000])).toBe(10);
    const text = new Uint8Array(8192).fill(102);
    const value = ndArray("string", [256, 1024], new Array<Uint8Array>(256 * 1024).fill(text));
    const fs = memoryFileSystem();
    await expect(writeV1("y", [{ name: "test2", value }], { fs })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence: expect.stringContaining("Tensor slice is too large to serialize"),
    });
    expect(await fs.list(".")).toEqual([]);
  });
});
