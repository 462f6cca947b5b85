import { allocateData, convertToNdArray, type DType, ndArray, readNpy, toArray, writeNpy } from "@org/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const types: DType[] = [
  ...(["float32", "float64", "float16", "bool", "complex64", "complex128"] as const),
  ...(["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"] as const),
];

/** A .npy file by hand. */
function npy(header: string, data: readonly number[]): Uint8Array {
  const text = `${header}\n`;
  return Uint8Array.from([
    ...[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0],
    ...new TextEncoder().encode(text),
    ...data,
  ]);
}

describe("npy", () => {
  it.each(types)("writes and reads %s", (dtype) => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { maxLength: 3 }), (shape) => {
        const size = shape.reduce((a, b) => a * b, 1);
        const data = allocateData(dtype, size);
        new Uint8Array((data as Float32Array).buffer).forEach((_, i, bytes) => {
          bytes[i] = dtype === "bool" ? i & 1 : i * 3;
        });
        const array = ndArray(dtype, shape, data as never);
        expect(readNpy(writeNpy(array))).toEqual(array);
      }),
    );
  });

  it("writes and reads strings", () => {
    expect(
      toArray(
        readNpy(
          writeNpy(
            convertToNdArray([
              ["a", "bcd"],
              ["", "\u00e9"],
            ]),
          ),
        ),
      ),
    ).toEqual([
      ["a", "bcd"],
      ["", "\u00e9"],
    ]);
  });

  it("turns big-endian and Fortran order round", () => {
    const header = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }";
    expect(toArray(readNpy(npy(header, [0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 1, 0])))).toEqual([
      [1, 2, 3],
      [4, 5, 256],
    ]);
  });

  it.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(), "no magic number"],
    ["no header", npy("", []).subarray(0, 10), "truncated header"],
    ["another header", npy("{}", []), "header {}"],
    [
      "too little data",
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", [0, 0, 0, 0]),
      "8 bytes of data",
    ],
    [
      "absurd dims",
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999), }", []),
      "bytes of data",
    ],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => readNpy(bytes)).toThrow(
      expect.objectContaining({ code: "DATA_LOSS", message: expect.stringContaining(message) }),
    );
  });

  it("refuses objects", () => {
    const bytes = npy("{'descr': '|O', 'fortran_order': False, 'shape': (), }", []);
    expect(() => readNpy(bytes)).toThrow(expect.objectContaining({ code: "UNIMPLEMENTED" }));
  });
});
