// Upstream: tensorflow/core/framework/tensor_slice_test.cc, core/util/{tensor_slice_set,saved_tensor_slice_util,tensor_slice_util}_test.cc.
import { type FileSystem, memoryFileSystem } from "@org/io";
import { decode, encode, TensorSliceProto } from "@org/proto";
import { type NdArray, ndArray } from "@org/tensor";
import { describe, expect, it, test } from "vitest";
import {
  copySlice,
  coverSlices,
  createCheckpointWriter,
  decodeTensorNameSlice,
  encodeTensorNameSlice,
  equalSlices,
  fullSlice,
  intersectSlices,
  isFullSlice,
  openCheckpoint,
  parseSlice,
  relativeSlice,
  sliceFromProto,
  sliceShape,
  sliceToProto,
  sliceToString,
  type TensorSlice,
} from "../../src/index.ts";

const slice = (...extents: readonly (readonly [number, number])[]): TensorSlice => ({
  starts: extents.map(([start]) => start),
  lengths: extents.map(([, length]) => length),
});

describe("tensor_slice_test", () => {
  test("[tensor_slice_test/TensorSliceTest.Basic] the whole of three dimensions, of four", () => {
    expect(sliceToString(fullSlice(3))).toBe("-:-:-");
    expect(isFullSlice(fullSlice(3))).toBe(true);
    expect(sliceToString(fullSlice(4))).toBe("-:-:-:-");
    expect(isFullSlice(fullSlice(4))).toBe(true);
  });

  test("[tensor_slice_test/TensorSliceTest.Serialization] to and from text and messages, and what is no slice", () => {
    const made = slice([0, -1], [0, 10], [14, 1], [0, -1]);
    expect(sliceToString(made)).toBe("-:0,10:14,1:-");
    expect(isFullSlice(made)).toBe(false);
    const read = sliceFromProto({ extent: [{}, { start: 0n, length: 10n }, { start: 14n, length: 1n }, {}] });
    expect(sliceToString(read)).toBe("-:0,10:14,1:-");
    expect(isFullSlice(read)).toBe(false);
    const parsed = parseSlice("-:-:1,3:4,5");
    expect(sliceToProto(parsed)).toEqual({
      extent: [{}, {}, { start: 1n, length: 3n }, { start: 4n, length: 5n }],
    });
    expect(isFullSlice(parsed)).toBe(false);
    for (const [text, sentence] of [
      ["-:-:1,3:4:5", "Expected a pair of numbers or '-' but got '4': string = -:-:1,3:4:5"],
      [
        "-:-1,3",
        "Expected non-negative start and positive length but got start = -1, length = 3: string = -:-1,3",
      ],
      [
        "19223372036854775808,19223372036854775808",
        "Expected a pair of numbers or '-' but got '19223372036854775808,19223372036854775808': string = 19223372036854775808,19223372036854775808",
      ],
    ] as const)
      expect(() => parseSlice(text)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", sentence }));
    // Large numbers go through whole; those that a number here cannot hold are refused, not rounded.
    expect(sliceToProto(parseSlice("9007199254740991,9007199254740991"))).toEqual({
      extent: [{ start: 9007199254740991n, length: 9007199254740991n }],
    });
    expect(() => parseSlice("9223372036854775807,9223372036854775807")).toThrow("more than 2^53");
  });

  it.each<[string, string, string | undefined]>([
    ["-:-", "1,2:3,4", "1,2:3,4"],
    ["1,2:3,4", "-:-", "1,2:3,4"],
    ["1,5:2,6:3,7:5,10", "1,2:3,4:9,10:12,1", "1,2:3,4:9,1:12,1"],
    ["-:1,1", "-:0,2", "-:1,1"],
    ["1,2:3,1:5,6", "1,3:4,5:1,6", undefined],
    ["1,2:3,1:-", "-:-", undefined],
  ])("[tensor_slice_test/TensorSliceTest.Intersection] of %s and %s is %s", (a, b, expected) => {
    const common = intersectSlices(parseSlice(a), parseSlice(b));
    expect(common && sliceToString(common)).toBe(expected);
  });

  test("[tensor_slice_test/TensorSliceTest.SliceTensorShape] within bounds and out of them", () => {
    expect(sliceShape(parseSlice("1,1:-:4,1:2,6"), [2, 4, 5, 8])).toEqual([1, 4, 1, 6]);
    expect(() => sliceShape(parseSlice("1,1:1,4:-:-"), [2, 4, 5, 8])).toThrow(
      expect.objectContaining({
        code: "INTERNAL",
        sentence: "Extent in dimension 1 out of bounds: shape = [2,4,5,8], slice = 1,1:1,4:-:-",
      }),
    );
  });

  it.each([
    ["-:-:-:-", "-:1,2:-:3,4", "-:1,2:-:3,4"],
    ["1,2:3,4:-:5,1", "1,1:4,2:3,3:5,1", "0,1:1,2:3,3:0,1"],
  ])("[tensor_slice_test/TensorSliceTest.ComputeRelative] from %s, %s is %s", (base, sub, expected) => {
    expect(sliceToString(relativeSlice(parseSlice(base), parseSlice(sub)))).toBe(expected);
  });

  test("[tensor_slice_test/TensorSliceTest.ExtentLength] a length that is there, and one that is not", () => {
    const proto = { extent: [{}, { start: 0n, length: 10n }, { start: 14n, length: 1n }, {}] };
    const back = decode(TensorSliceProto, encode(TensorSliceProto, proto));
    expect(back.extent.map(({ length }) => length !== undefined && length !== null)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(sliceFromProto(back).lengths).toEqual([-1, 10, 1, -1]);
  });

  it.each([
    ["proto2", "0A0210050A040800100A0A04080E10010A0208010A00"],
    ["proto3", "0A0210050A02100A0A04080E10010A0208010A00"],
  ])("[tensor_slice_test/TensorSliceTest.Deserialization] bytes of %s", (_, hex) => {
    const bytes = Uint8Array.from(hex.match(/../g)!, (pair) => Number.parseInt(pair, 16));
    expect(sliceToString(sliceFromProto(decode(TensorSliceProto, bytes)))).toBe("0,5:0,10:14,1:1,-1:-");
  });

  test("[tensor_slice_test/TensorSliceTest.UpdateToCover] both, and no more than need be", () => {
    const covering = coverSlices(slice([2, 2], [0, -1], [3, 7]), slice([0, -1], [1, 3], [2, 2]));
    expect(sliceToString(covering)).toBe("-:-:2,8");
  });

  test("[tensor_slice_test/TensorSliceTest.IsFull] all of it, or not", () => {
    expect(isFullSlice(fullSlice(3))).toBe(true);
    expect(isFullSlice(slice([0, -1]))).toBe(true);
    expect(isFullSlice(slice([0, -1], [0, -1], [14, 1]))).toBe(false);
  });

  test("[tensor_slice_test/TensorSliceTest.Equality] of ranks, wholes and extents", () => {
    expect(equalSlices(fullSlice(3), fullSlice(2))).toBe(false);
    expect(equalSlices(fullSlice(2), fullSlice(3))).toBe(false);
    expect(equalSlices(fullSlice(3), slice([0, -1], [0, -1], [0, -1]))).toBe(true);
    expect(equalSlices(fullSlice(3), slice([0, -1], [0, 1], [0, -1]))).toBe(false);
  });
});

test("[saved_tensor_slice_util_test/TensorShapeUtilTest.TensorNameSliceToOrderedCode] a slice's key says its name and extents", () => {
  for (const text of ["-:-:1,3:4,5", "-", "0,64:100,9000:70000,3000000", ""]) {
    const key = encodeTensorNameSlice(new TextEncoder().encode("foo"), parseSlice(text));
    const { name, slice: back } = decodeTensorNameSlice(key);
    expect(new TextDecoder().decode(name)).toBe("foo");
    expect(sliceToString(back)).toBe(text);
  }
  const odd = Uint8Array.of(0, 255, 1, 0, 0);
  expect(decodeTensorNameSlice(encodeTensorNameSlice(odd, fullSlice(1))).name).toEqual(odd);
  expect(() => decodeTensorNameSlice(new TextEncoder().encode("foo"))).toThrow("corrupted tensor slice key");
});

describe("tensor_slice_util_test", () => {
  const float = (shape: number[], ...values: number[]): NdArray =>
    ndArray("float32", shape, Float32Array.from(values));

  test("[tensor_slice_util_test/TensorSliceUtilTest.CopyTensorSliceToTensorSlice] the same, none of it, a part", () => {
    const inner = parseSlice("1,2:1,3");
    const source = float([2, 3], 6, 7, 8, 11, 12, 13);
    const same = ndArray("float32", [2, 3]);
    expect(copySlice([4, 5], inner, source, inner, same)).toBe(true);
    expect(same).toEqual(source);
    expect(copySlice([4, 5], inner, source, parseSlice("3,1:2,3"), ndArray("float32", [1, 3]))).toBe(false);
    const corner = float([3, 3], 0, 1, 2, 5, 6, 7, 10, 11, 12);
    const part = ndArray("float32", [2, 4]);
    expect(copySlice([4, 5], parseSlice("0,3:0,3"), corner, parseSlice("1,2:1,4"), part)).toBe(true);
    expect([...part.data]).toEqual([6, 7, 0, 0, 11, 12, 0, 0]);
  });
});

describe("tensor_slice_set_test", () => {
  /** Slices of [[0 .. 4] .. [15 .. 19]], with a hole at 13 and 14; `reads` gets those that are read. */
  async function slices(reads: string[]): Promise<FileSystem> {
    const fs = memoryFileSystem();
    const writer = await createCheckpointWriter("m", { fs });
    const bounds: [number, string][] = [];
    let offset = 0;
    for (const [text, values] of [
      ["0,2:-", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      ["2,2:0,3", [10, 11, 12, 15, 16, 17]],
      ["3,1:3,2", [18, 19]],
    ] as const) {
      const part = parseSlice(text);
      const value = ndArray("int32", sliceShape(part, [4, 5]), Int32Array.from(values));
      await writer.add("t", value, { fullShape: [4, 5], slice: part });
      bounds.push([offset, text]);
      offset += values.length * 4;
    }
    await writer.finish();
    return {
      ...fs,
      open: async (path) => {
        const source = await fs.open(path);
        if (!path.includes(".data-")) return source;
        return {
          ...source,
          read: (start, end, options) => {
            reads.push(bounds.find(([at]) => at === start)![1]);
            return source.read(start, end, options);
          },
        };
      },
    };
  }

  test("[tensor_slice_set_test/TensorSliceSetTest.QueryMetaTwoD] a part is read from the slices that it needs, and no others", async () => {
    const reads: string[] = [];
    const reader = await openCheckpoint("m", { fs: await slices(reads) });
    const query = async (text: string): Promise<[number[], string[]]> => {
      reads.length = 0;
      const value = await reader.get("t", { slice: parseSlice(text) });
      return [[...(value.data as Int32Array)], reads.toSorted()];
    };
    expect(await query("0,2:-")).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], ["0,2:-"]]);
    expect(await query("1,1:-")).toEqual([[5, 6, 7, 8, 9], ["0,2:-"]]);
    expect(await query("1,2:0,3")).toEqual([
      [5, 6, 7, 10, 11, 12],
      ["0,2:-", "2,2:0,3"],
    ]);
    await expect(query("1,2:2,3")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(reads).toEqual([]);
  });
});
