import { convertToNdArray, type DType, formatNdArray, ndArray, type TensorLike } from "@org/tensor";
import { describe, expect, it } from "vitest";

describe("formatNdArray", () => {
  it.each<[TensorLike, DType | undefined, string]>([
    [5, undefined, "5"],
    [[], undefined, "[]"],
    [[1, 2, 3], "float32", "[1. 2. 3.]"],
    [
      [
        [1, 2.5],
        [-3, 4.25],
      ],
      "float32",
      "[[ 1.    2.5 ]\n [-3.    4.25]]",
    ],
    [
      [
        [1, 10],
        [100, -1],
      ],
      "int32",
      "[[  1  10]\n [100  -1]]",
    ],
    [[true, false], undefined, "[ True False]"],
    [["a", "b c"], undefined, '["a" "b c"]'],
    [[0.1, 1e-7], "float32", "[1.e-01 1.e-07]"],
    [[Number.NaN, Infinity, 1.5], "float32", "[nan inf 1.5]"],
    [[{ re: 1, im: -2 }], undefined, "[1.-2.j]"],
    [[5n], undefined, "[5]"],
    [
      [
        [[1], [2]],
        [[3], [4]],
      ],
      "int32",
      "[[[1]\n  [2]]\n\n [[3]\n  [4]]]",
    ],
  ])("case %#", (value, dtype, expected) => {
    const array = dtype ? convertToNdArray(value, dtype) : convertToNdArray(value);
    expect(formatNdArray(array)).toBe(expected);
  });

  it("abbreviates", () => {
    expect(formatNdArray(ndArray("int32", [2000]))).toBe("[0 0 0 ... 0 0 0]");
    expect(formatNdArray(ndArray("int32", [100, 100]), { edgeItems: 1 })).toBe(
      "[[0 ... 0]\n ...\n [0 ... 0]]",
    );
    expect(formatNdArray(ndArray("float32", [0, 3]))).toBe("[], shape=(0, 3)");
  });

  it("breaks lines", () => {
    expect(formatNdArray(ndArray("int32", [10]), { lineWidth: 12 })).toBe("[0 0 0 0 0 0\n 0 0 0 0]");
  });
});
