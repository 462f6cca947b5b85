import {
  decodeNarrow,
  dtypes,
  encodeNarrow,
  fromBits,
  isNarrowFloat,
  type NarrowFloat,
  toBits,
} from "@org/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const narrow = Object.keys(dtypes).filter((dtype) => isNarrowFloat(dtype as never)) as NarrowFloat[];
const codes = (dtype: NarrowFloat) =>
  dtype === "float4_e2m1fn" ? 16 : dtypes[dtype].bytes === 2 ? 65536 : 256;

describe.each(narrow)("%s", (dtype) => {
  const all = Array.from({ length: codes(dtype) }, (_, bits) => bits);
  const finite = all
    .map((bits) => ({ bits, value: fromBits(dtype, bits) }))
    .filter(({ value }) => Number.isFinite(value));

  it("gives every bit pattern back", () => {
    for (const bits of all) {
      const value = fromBits(dtype, bits);
      const again = toBits(dtype, value);
      if (Number.isNaN(value)) expect(fromBits(dtype, again)).toBeNaN();
      else if (again !== bits) expect.fail(`${bits} -> ${value} -> ${again}`);
    }
  });

  it("takes the nearest value", () => {
    const sorted = [...new Set(finite.map(({ value }) => value))].sort((a, b) => a - b);
    const largest = sorted.at(-1)!;
    fc.assert(
      fc.property(fc.double({ min: -largest, max: largest, noNaN: true }), (value) => {
        const got = Math.abs(fromBits(dtype, toBits(dtype, value)) - value);
        let low = 0;
        let high = sorted.length - 1;
        while (low < high) {
          const middle = (low + high + 1) >> 1;
          if (sorted[middle]! <= value) low = middle;
          else high = middle - 1;
        }
        const best = Math.min(
          Math.abs(sorted[low]! - value),
          Math.abs((sorted[low + 1] ?? Infinity) - value),
        );
        // bfloat16 rounds what a float32 has left of the double.
        expect(got).toBeLessThanOrEqual(best + (dtype === "bfloat16" ? Math.abs(value) * 2 ** -23 : 0));
      }),
    );
  });

  it("converts whole arrays", () => {
    const bits = encodeNarrow(dtype, [0, 1, -2]);
    expect([...decodeNarrow(dtype, bits)]).toEqual([0, 1, -2]);
  });
});

describe("overflow and ties", () => {
  it.each<[NarrowFloat, number, number]>([
    ["float16", 65504, 65504],
    ["float16", 65520, Infinity],
    ["float16", 2049, 2048],
    ["bfloat16", 257, 256],
    ["bfloat16", 259, 260],
    ["bfloat16", 3.4e38, Infinity],
    ["float8_e5m2", 57344, 57344],
    ["float8_e5m2", 61440, Infinity],
    ["float8_e4m3fn", 448, 448],
    ["float8_e4m3fn", 464, 448],
    ["float8_e4m3fn", 465, Number.NaN],
    ["float8_e4m3fn", Infinity, Number.NaN],
    ["float8_e4m3fnuz", 240, 240],
    ["float8_e4m3fnuz", 248, Number.NaN],
    ["float8_e4m3fnuz", -0, 0],
    ["float8_e4m3b11fnuz", 30, 30],
    ["float8_e5m2fnuz", 57344, 57344],
    ["float4_e2m1fn", 5, 4],
    ["float4_e2m1fn", 100, 6],
    ["float4_e2m1fn", 0.25, 0],
    ["float4_e2m1fn", 0.75, 1],
  ])("%s(%d) is %d", (dtype, value, expected) =>
    expect(fromBits(dtype, toBits(dtype, value))).toBe(expected),
  );
});
