import { convertToNdArray, type DType, ndArray, type TensorLike, toArray, toNumbers } from "@org/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("convertToNdArray", () => {
  it.each<[string, TensorLike, DType, number[]]>([
    ["a whole number", 3, "int32", []],
    ["a number that needs 64 bits", 2 ** 40, "int64", []],
    ["a fraction", 0.5, "float32", []],
    ["whole numbers and fractions", [1, 2.5], "float32", [2]],
    ["booleans", [[true], [false]], "bool", [2, 1]],
    ["bigints", [1n, 2n], "int64", [2]],
    ["bigints and numbers", [1n, 2], "int64", [2]],
    ["strings", ["a", "\u00e9"], "string", [2]],
    ["nothing", [], "float32", [0]],
    ["empty rows", [[], []], "float32", [2, 0]],
    ["a Float64Array", new Float64Array(2), "float64", [2]],
    ["rows that are typed arrays", [new Uint8Array(3), new Uint8Array(3)], "uint8", [2, 3]],
    ["complex numbers", [{ re: 1, im: 2 }, 3], "complex64", [2]],
    ["NdArrays", [ndArray("float16", [2]), ndArray("float16", [2])], "float16", [2, 2]],
  ])("infers the type of %s", (_, value, dtype, shape) => {
    expect(convertToNdArray(value)).toMatchObject({ dtype, shape });
  });

  it("takes numbers for int64 and whole numbers for floats", () => {
    expect(convertToNdArray([1, -2], "int64").data).toEqual(BigInt64Array.of(1n, -2n));
    expect(convertToNdArray(Int32Array.of(1, 2), "int64").data).toEqual(BigInt64Array.of(1n, 2n));
    expect(convertToNdArray([1, 2], "float32").data).toEqual(Float32Array.of(1, 2));
    expect(convertToNdArray([1, 2], "float16").data).toEqual(Uint16Array.of(0x3c00, 0x4000));
    expect(convertToNdArray(Uint8Array.of(104, 105), "string")).toMatchObject({ dtype: "string", shape: [] });
  });

  it("does not copy an array that fits", () => {
    const data = new Float32Array(4);
    expect(convertToNdArray(data).data).toBe(data);
    const array = ndArray("float32", [2, 2], data);
    expect(convertToNdArray(array, "float32")).toBe(array);
  });

  it.each<[string, TensorLike, DType | undefined, string]>([
    ["a fraction for int32", 1.5, "int32", "Expected int32, got 1.5 of type 'number' instead."],
    ["a string for float32", "x", "float32", "Expected float32, got 'x' of type 'string' instead."],
    ["a number for bool", 1, "bool", "Expected bool, got 1 of type 'number' instead."],
    ["300 for uint8", 300, "uint8", "300 is out of range for uint8"],
    [
      "floats for int32",
      new Float32Array(1),
      "int32",
      "Expected int32, got an array of type 'float32' instead.",
    ],
    ["a mix", [1, "x"], undefined, "Expected int32, got a value of type string instead."],
  ])("refuses %s", (_, value, dtype, message) => {
    expect(() => convertToNdArray(value, dtype)).toThrow(new TypeError(message));
  });

  it.each<[TensorLike]>([[[[1, 2], [3]]], [[1, [2]]], [[[1], 2]], [[[[1]], [2]]]])(
    "refuses ragged %j",
    (value) => {
      expect(() => convertToNdArray(value)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    },
  );

  it("allocates nothing for a long first row", () => {
    const rows: number[][] = Array.from({ length: 1e6 }, () => [1]);
    rows[0] = new Array<number>(1e6).fill(1);
    expect(() => convertToNdArray(rows)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it("gives nested arrays back", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.float({ noNaN: true }), { minLength: 3, maxLength: 3 })), (rows) => {
        expect(toArray(convertToNdArray(rows, "float32"))).toEqual(rows);
      }),
    );
    expect(toArray(convertToNdArray([["a"], ["b"]]))).toEqual([["a"], ["b"]]);
    expect(toArray(convertToNdArray([5n]))).toEqual([5n]);
    expect(toArray(convertToNdArray(true))).toBe(true);
    expect(toNumbers(convertToNdArray([0.5, 2], "bfloat16"))).toEqual([0.5, 2]);
  });
});
