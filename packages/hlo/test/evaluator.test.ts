import { type NdArray, ndArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import {
  type BinaryOpcode,
  evaluate,
  HloBuilder,
  type HloDType,
  type HloInstruction,
  type UnaryOpcode,
  verifyComputation,
} from "../src/index.ts";

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

/** An array of numbers; bits for half and bfloat16. */
const array = (dtype: HloDType, shape: number[], values: readonly (number | bigint)[]): NdArray =>
  ndArray(dtype, shape, new arrays[dtype](values as never) as never);
const f32 = (shape: number[], values: readonly number[]): NdArray => array("float32", shape, values);

type Build = (b: HloBuilder, inputs: HloInstruction[]) => HloInstruction | HloInstruction[];

function run(inputs: NdArray[], build: Build): { dims: readonly number[]; values: (number | bigint)[] }[] {
  const b = new HloBuilder();
  const parameters = inputs.map((input) => b.parameter(input.dtype as HloDType, input.shape));
  const roots = build(b, parameters);
  const computation = b.build(Array.isArray(roots) ? roots : [roots]);
  verifyComputation(computation);
  return evaluate(computation, inputs).map(({ shape, data }) => ({
    dims: shape,
    values: [...(data as Iterable<number | bigint>)],
  }));
}

const one = (inputs: NdArray[], build: Build): (number | bigint)[] => run(inputs, build)[0]!.values;
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe("evaluate: element-wise", () => {
  it.each<[UnaryOpcode, HloDType, (number | bigint)[], (number | bigint)[]]>([
    ["abs", "float32", [-1.5, 0, nan, -inf], [1.5, 0, nan, inf]],
    ["abs", "int8", [-128, -3, 5], [-128, 3, 5]],
    ["abs", "int64", [-(2n ** 63n), -1n], [-(2n ** 63n), 1n]],
    ["negate", "uint8", [1, 0], [255, 0]],
    ["sign", "float32", [-3, -0, 0, nan], [-1, -0, 0, nan]],
    ["sign", "int64", [-3n, 0n, 9n], [-1n, 0n, 1n]],
    ["floor", "float32", [-1.5, 1.5], [-2, 1]],
    ["ceil", "float32", [-1.5, 1.5], [-1, 2]],
    ["roundNearestEven", "float32", [0.5, 1.5, 2.5, -0.5, -1.5], [0, 2, 2, -0, -2]],
    ["not", "bool", [0, 1], [1, 0]],
    ["not", "uint8", [0, 255], [255, 0]],
    ["not", "int64", [0n], [-1n]],
    ["isFinite", "float32", [1, inf, nan], [1, 0, 0]],
    ["isNan", "float16", [0x7e00, 0x3c00], [1, 0]],
    ["isInf", "float64", [-inf, 1, nan], [1, 0, 0]],
    ["exp", "float32", [0, -inf, inf, 100], [1, 0, inf, inf]],
    ["exp", "float16", [0x3c00], [0x4170]],
    ["expm1", "float64", [0, 1e-10], [0, 1.00000000005e-10]],
    ["log", "float32", [1, 0, -1], [0, -inf, nan]],
    ["log1p", "float64", [0, -1], [0, -inf]],
    ["logistic", "float32", [0, 200, -200], [0.5, 1, 0]],
    ["tanh", "float32", [0, inf, -inf], [0, 1, -1]],
    ["sqrt", "float32", [4, -1], [2, nan]],
    ["rsqrt", "float32", [4, 0], [0.5, inf]],
    ["sin", "float32", [0, inf], [0, nan]],
    ["cos", "float32", [0], [1]],
    ["tan", "float32", [0], [0]],
    ["asin", "float32", [0, 2], [0, nan]],
    ["acos", "float32", [1], [0]],
    ["atan", "float64", [inf], [Math.PI / 2]],
    ["sinh", "float32", [0], [0]],
    ["cosh", "float32", [0], [1]],
    ["asinh", "float32", [0], [0]],
    ["acosh", "float32", [1, 0], [0, nan]],
    ["atanh", "float32", [1], [inf]],
    ["erf", "float32", [0, inf, -inf, nan], [0, 1, -1, nan]],
    ["erfc", "float32", [0, inf, -inf], [1, 0, 2]],
    ["lgamma", "float32", [1, 0, -1, inf], [0, inf, inf, inf]],
    ["digamma", "float32", [0, -2, inf, -inf, nan], [inf, inf, inf, inf, nan]],
  ])("%s of %s", (opcode, dtype, input, expected) => {
    const result = one([array(dtype, [input.length], input)], (b, [x]) => b.unary(opcode, x!));
    expect(result.length).toBe(expected.length);
    result.forEach((value, i) => {
      if (typeof value === "bigint") expect(value).toBe(expected[i]);
      else if (Math.abs(value) < 1e-14 && expected[i] === 0) return;
      else
        expect(value).toSatisfy(
          (v) => Object.is(v, expected[i]) || Math.abs(v - Number(expected[i])) < 1e-20,
        );
    });
  });

  it.each<[BinaryOpcode, HloDType, (number | bigint)[], (number | bigint)[], (number | bigint)[]]>([
    ["add", "float32", [0.1, 1e30], [0.2, 1e-30], [Math.fround(0.1 + Math.fround(0.2)), Math.fround(1e30)]],
    ["add", "int8", [127], [1], [-128]],
    ["add", "uint32", [2 ** 32 - 1], [2], [1]],
    ["subtract", "uint64", [0n], [1n], [2n ** 64n - 1n]],
    ["multiply", "int32", [0x7fffffff], [0x7fffffff], [1]],
    ["multiply", "uint32", [0xffffffff], [0xffffffff], [1]],
    ["multiply", "int64", [2n ** 62n], [4n], [0n]],
    ["divide", "int32", [-7, 7, -(2 ** 31)], [2, -2, -1], [-3, -3, -(2 ** 31)]],
    ["divide", "uint32", [0xffffffff], [2], [0x7fffffff]],
    ["divide", "float32", [1, -1, 0], [0, 0, 0], [inf, -inf, nan]],
    ["divide", "int64", [-7n], [2n], [-3n]],
    ["remainder", "int32", [-7, 7], [3, -3], [-1, 1]],
    ["remainder", "float32", [-7.5, 7.5], [2, -2], [-1.5, 1.5]],
    ["power", "float32", [2, 1, -1, 0], [0.5, nan, inf, 0], [Math.fround(Math.SQRT2), 1, 1, 1]],
    ["power", "int32", [3, 2, -1, 2], [4, 31, -3, -1], [81, -(2 ** 31), -1, 0]],
    ["power", "uint64", [3n], [41n], [BigInt.asUintN(64, 3n ** 41n)]],
    ["maximum", "float32", [1, nan, 1], [2, 1, nan], [2, nan, nan]],
    ["minimum", "int64", [1n], [2n], [1n]],
    ["maximum", "int64", [1n, -4n], [2n, -5n], [2n, -4n]],
    ["atan2", "float64", [1], [0], [Math.PI / 2]],
    ["and", "bool", [1, 1], [1, 0], [1, 0]],
    ["or", "uint32", [0x80000000], [1], [0x80000001]],
    ["xor", "int64", [-1n], [1n], [-2n]],
    ["shiftLeft", "int32", [1, 1, 1], [31, 32, -1], [-(2 ** 31), 0, 0]],
    ["shiftRightArithmetic", "int8", [-128, -128, 64], [7, 8, 100], [-1, -1, 0]],
    ["shiftRightLogical", "int8", [-128, -1], [7, 1], [1, 127]],
    ["shiftRightLogical", "int64", [-1n, -1n], [63n, 64n], [1n, 0n]],
    ["shiftRightArithmetic", "int64", [-4n, -4n], [1n, 64n], [-2n, -1n]],
  ])("%s of %s", (opcode, dtype, a, c, expected) => {
    const inputs = [array(dtype, [a.length], a), array(dtype, [a.length], c)];
    expect(one(inputs, (b, [x, y]) => b.binary(opcode, x!, y!))).toEqual(expected);
  });

  it("gives 0 and a fault for an integer division by zero", () => {
    const b = new HloBuilder();
    const x = b.parameter("int32", [3]);
    const y = b.parameter("int32", [3]);
    const faults: unknown[] = [];
    const inputs = [array("int32", [3], [4, 5, 6]), array("int32", [3], [2, 0, 3])];
    const [result] = evaluate(b.build([b.binary("divide", x, y)]), inputs, {
      onFault: (f) => faults.push(f),
    });
    expect([...(result!.data as Int32Array)]).toEqual([2, 0, 2]);
    expect(faults).toEqual([{ reason: "divisionByZero", value: 5, position: 1 }]);
  });

  it("compares, selects and clamps", () => {
    const x = f32([3], [1, 2, nan]);
    const y = f32([3], [2, 2, nan]);
    const directions = ["EQ", "NE", "LT", "LE", "GT", "GE"] as const;
    const results = run([x, y], (b, [p, q]) => directions.map((d) => b.compare(d, p!, q!)));
    expect(results.map(({ values }) => values.join(""))).toEqual(["010", "101", "100", "110", "000", "010"]);
    expect(one([array("bool", [3], [1, 0, 1]), x, y], (b, [p, q, r]) => b.select(p!, q!, r!))).toEqual([
      1,
      2,
      nan,
    ]);
    const clamp = (b: HloBuilder, [q]: HloInstruction[]): HloInstruction =>
      b.clamp(b.broadcastTo(b.scalar("float32", -1), [4]), q!, b.broadcastTo(b.scalar("float32", 1), [4]));
    expect(one([f32([4], [-5, 0.5, 5, nan])], clamp)).toEqual([-1, 0.5, 1, nan]);
  });

  it.each<[HloDType, HloDType, (number | bigint)[], (number | bigint)[]]>([
    ["float32", "int32", [1.9, -1.9, nan, inf, -1e20], [1, -1, 0, 2 ** 31 - 1, -(2 ** 31)]],
    ["float32", "uint8", [300, -1, 3.7], [255, 0, 3]],
    ["float64", "int64", [1e30, -1e30, nan, 2 ** 53], [2n ** 63n - 1n, -(2n ** 63n), 0n, 2n ** 53n]],
    ["float32", "bool", [0, -0, nan, 0.5], [0, 0, 1, 1]],
    ["int64", "bool", [0n, 4n], [0, 1]],
    ["int32", "int8", [300, -129], [44, 127]],
    ["int64", "uint8", [-1n, 257n], [255, 1]],
    ["int32", "uint64", [-1], [2n ** 64n - 1n]],
    ["bool", "float32", [0, 1], [0, 1]],
    ["int64", "float32", [2n ** 25n + 1n, (1n << 60n) + (1n << 36n) + 1n], [2 ** 25, 2 ** 60 + 2 ** 37]],
    ["float32", "float16", [1, 65519, 65520, 2 ** -25, 2 ** -24, -0], [0x3c00, 0x7bff, 0x7c00, 0, 1, 0x8000]],
    ["float32", "bfloat16", [1, 1.00390625, 1.01171875, -inf], [0x3f80, 0x3f80, 0x3f82, 0xff80]],
    ["float16", "float32", [0x3555, 0xfc00, 0x0001], [0.333251953125, -inf, 2 ** -24]],
  ])("converts %s to %s", (from, to, input, expected) => {
    const result = one([array(from, [input.length], input)], (b, [x]) => b.convert(x!, to));
    expect(result).toEqual(expected);
  });

  it("keeps every half through float32", () => {
    const bits = Array.from({ length: 65536 }, (_, i) => i).filter((i) => (i & 0x7fff) <= 0x7c00);
    const there = (b: HloBuilder, [x]: HloInstruction[]): HloInstruction =>
      b.convert(b.convert(x!, "float32"), x!.dtype);
    expect(one([array("float16", [bits.length], bits)], there)).toEqual(bits);
    expect(one([array("bfloat16", [bits.length], bits)], there)).toEqual(bits);
  });

  it("passes bits between types", () => {
    expect(one([f32([1], [1])], (b, [x]) => b.bitcastConvert(x!, "uint32"))).toEqual([0x3f800000]);
  });

  it("has erf, lgamma and digamma to 14 digits", () => {
    // Values: Abramowitz and Stegun tables 7.1, 6.1; NIST DLMF.
    const unary = (opcode: UnaryOpcode, values: number[]): number[] =>
      one([array("float64", [values.length], values)], (b, [x]) => b.unary(opcode, x!)) as number[];
    const close = (actual: number[], expected: number[]): void =>
      actual.forEach((value, i) => {
        expect(Math.abs(value / expected[i]! - 1)).toBeLessThan(1e-13);
      });
    close(
      unary("erf", [0.5, 1, -2, 3]),
      [0.5204998778130465, 0.8427007929497149, -0.9953222650189527, 0.9999779095030014],
    );
    close(
      unary("erfc", [0.5, 2, 5, 10]),
      [0.4795001221869535, 0.004677734981047266, 1.5374597944280349e-12, 2.088487583762545e-45],
    );
    close(unary("lgamma", [0.5, 3, 100, -0.5]), [
      0.5723649429247001,
      Math.LN2,
      359.1342053695754,
      1.2655121234846454,
    ]);
    close(
      unary("digamma", [1, 0.5, 10, -0.5]),
      [-0.5772156649015329, -1.9635100260214235, 2.251752589066721, 0.03648997397857652],
    );
  });
});

const grid = f32([2, 3], [1, 2, 3, 4, 5, 6]);

describe("evaluate: moving", () => {
  it.each<[string, Build, number[], number[]]>([
    ["reshape", (b, [x]) => b.reshape(x!, [3, 2]), [3, 2], [1, 2, 3, 4, 5, 6]],
    ["transpose", (b, [x]) => b.transpose(x!, [1, 0]), [3, 2], [1, 4, 2, 5, 3, 6]],
    ["reverse", (b, [x]) => b.reverse(x!, [0, 1]), [2, 3], [6, 5, 4, 3, 2, 1]],
    ["slice", (b, [x]) => b.slice(x!, [0, 0], [2, 3], [1, 2]), [2, 2], [1, 3, 4, 6]],
    ["empty slice", (b, [x]) => b.slice(x!, [1, 1], [1, 3]), [0, 2], []],
    ["iota", (b) => b.iota("float32", [2, 3], 1), [2, 3], [0, 1, 2, 0, 1, 2]],
    [
      "broadcast",
      (b, [x]) => b.broadcastTo(b.slice(x!, [0, 1], [2, 2]), [2, 2, 2]),
      [2, 2, 2],
      [2, 2, 5, 5, 2, 2, 5, 5],
    ],
    [
      "pad",
      (b, [x]) => b.pad(x!, b.scalar("float32", 9), { low: [0, -1], high: [1, 0], interior: [1, 1] }),
      [4, 4],
      [9, 2, 9, 3, 9, 9, 9, 9, 9, 5, 9, 6, 9, 9, 9, 9],
    ],
    ["concatenate", (b, [x]) => b.concatenate([x!, x!], 1), [2, 6], [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]],
    [
      "dynamicSlice, clamped",
      (b, [x]) => b.dynamicSlice(x!, [b.scalar("int32", -5), b.scalar("int32", 9)], [1, 2]),
      [1, 2],
      [2, 3],
    ],
    [
      "dynamicUpdateSlice",
      (b, [x]) =>
        b.dynamicUpdateSlice(x!, b.broadcastTo(b.scalar("float32", 0), [1, 2]), [
          b.scalar("int32", 1),
          b.scalar("int32", 2),
        ]),
      [2, 3],
      [1, 2, 3, 4, 0, 0],
    ],
  ])("%s", (_, build, dims, values) => {
    expect(run([grid], build)).toEqual([{ dims, values }]);
  });

  it("gathers along an axis; an index out of range is a fault and reads 0", () => {
    const b = new HloBuilder();
    const x = b.parameter("float32", [2, 3]);
    const i = b.parameter("int64", [2, 1]);
    const faults: unknown[] = [];
    const computation = b.build([b.gather(x, i, 1)]);
    const [result] = evaluate(computation, [grid, array("int64", [2, 1], [2n, 3n])], {
      onFault: (f) => faults.push(f),
    });
    expect(result).toEqual(f32([2, 2, 1], [3, 0, 6, 0]));
    expect(faults).toEqual([{ reason: "indexOutOfRange", value: 3, position: 1 }]);
  });

  it("scatters in index order and skips bad indices", () => {
    const inputs = [grid, array("int32", [3], [1, -1, 1]), f32([3, 3], [1, 1, 1, 7, 7, 7, 2, 2, 2])];
    const by = (combiner: "set" | "add" | "divide" | "maximum") => (b: HloBuilder, v: HloInstruction[]) =>
      b.scatter(v[0]!, v[1]!, v[2]!, combiner);
    expect(one(inputs, by("set"))).toEqual([1, 2, 3, 2, 2, 2]);
    expect(one(inputs, by("add"))).toEqual([1, 2, 3, 7, 8, 9]);
    expect(one(inputs, by("divide"))).toEqual([1, 2, 3, 2, 2.5, 3]);
    expect(one(inputs, by("maximum"))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("sorts stably, NaN as the largest, and carries operands along", () => {
    const keys = f32([1, 5], [2, nan, 1, 2, -inf]);
    const both = (descending: boolean): (number | bigint)[][] =>
      run([keys], (b, [x]) => {
        const tuple = b.sort([x!, b.iota("int32", [1, 5], 1)], { descending });
        return [b.getTupleElement(tuple, 0), b.getTupleElement(tuple, 1)];
      }).map(({ values }) => values);
    expect(both(false)).toEqual([
      [-inf, 1, 2, 2, nan],
      [4, 2, 0, 3, 1],
    ]);
    expect(both(true)).toEqual([
      [nan, 2, 2, 1, -inf],
      [1, 0, 3, 2, 4],
    ]);
  });

  it("gives Philox's published vectors", () => {
    const bits = (key: number[], counter: number[], count: number): string[] =>
      one([array("uint32", [2], key), array("uint32", [4], counter)], (b, [k, c]) =>
        b.rngBitGenerator(k!, c!, [count]),
      ).map((word) => word.toString(16).padStart(8, "0"));
    expect(bits([0, 0], [0, 0, 0, 0], 4)).toEqual(["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]);
    const ones = 0xffffffff;
    expect(bits([ones, ones], [ones, ones, ones, ones], 8)).toEqual([
      ...["408f276d", "41c83b0e", "a20bc7c6", "6d5451fd"],
      ...bits([ones, ones], [0, 0, 0, 0], 4),
    ]);
    expect(bits([0xa4093822, 0x299f31d0], [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], 3)).toEqual([
      "d16cfe09",
      "94fdcceb",
      "5001e420",
    ]);
  });
});

describe("evaluate: combining", () => {
  it.each<[string, NdArray, Build, number[], (number | bigint)[]]>([
    ["sum of rows", grid, (b, [x]) => b.reduce(x!, "add", [1]), [2], [6, 15]],
    ["product of columns", grid, (b, [x]) => b.reduce(x!, "multiply", [0]), [3], [4, 10, 18]],
    ["sum of all", grid, (b, [x]) => b.reduce(x!, "add", [0, 1]), [], [21]],
    ["maximum with NaN", f32([2], [nan, 1]), (b, [x]) => b.reduce(x!, "maximum", [0]), [], [nan]],
    ["maximum of nothing", f32([0, 2], []), (b, [x]) => b.reduce(x!, "maximum", [0]), [2], [-inf, -inf]],
    ["minimum of nothing", array("int8", [0], []), (b, [x]) => b.reduce(x!, "minimum", [0]), [], [127]],
    ["and of bool", array("bool", [2, 2], [1, 1, 1, 0]), (b, [x]) => b.reduce(x!, "and", [1]), [2], [1, 0]],
    ["or of int64", array("int64", [2], [1n, 6n]), (b, [x]) => b.reduce(x!, "or", [0]), [], [7n]],
    ["wrapping int8 sum", array("int8", [3], [100, 100, 1]), (b, [x]) => b.reduce(x!, "add", [0]), [], [-55]],
    ["argmax", f32([2, 3], [1, 3, 3, nan, 2, 1]), (b, [x]) => b.argReduce(x!, "maximum", 1), [2], [1, 1]],
    ["argmin of NaN", f32([2], [nan, nan]), (b, [x]) => b.argReduce(x!, "minimum", 0), [], [0]],
    ["cumsum", grid, (b, [x]) => b.cumulative(x!, "add", 1), [2, 3], [1, 3, 6, 4, 9, 15]],
    [
      "exclusive reverse cumprod",
      grid,
      (b, [x]) => b.cumulative(x!, "multiply", 1, { exclusive: true, reverse: true }),
      [2, 3],
      [6, 3, 1, 30, 6, 1],
    ],
    [
      "a max pool with padding",
      f32([1, 4], [-1, -2, -3, -4]),
      (b, [x]) =>
        b.reduceWindow(x!, "maximum", {
          size: [1, 3],
          strides: [1, 2],
          padding: [
            [0, 0],
            [1, 1],
          ],
          dilation: [1, 1],
          baseDilation: [1, 1],
        }),
      [1, 2],
      [-1, -2],
    ],
    [
      "a dilated sum window",
      f32([5], [1, 2, 3, 4, 5]),
      (b, [x]) =>
        b.reduceWindow(x!, "add", {
          size: [2],
          strides: [1],
          padding: [[0, 0]],
          dilation: [2],
          baseDilation: [2],
        }),
      [7],
      [3, 0, 5, 0, 7, 0, 9],
    ],
  ])("%s", (_, input, build, dims, values) => {
    expect(run([input], build)).toEqual([{ dims, values }]);
  });

  it("multiplies matrices, batches and integers", () => {
    const right = f32([3, 2], [1, 2, 3, 4, 5, 6]);
    expect(one([grid, right], (b, [x, y]) => b.matmul(x!, y!))).toEqual([22, 28, 49, 64]);
    const gram: Build = (b, [x]) =>
      b.dot(x!, x!, { lhsBatch: [], rhsBatch: [], lhsContracting: [0], rhsContracting: [0] });
    expect(one([grid], gram)).toEqual([17, 22, 27, 22, 29, 36, 27, 36, 45]);
    const batched: Build = (b, [x]) =>
      b.dot(x!, x!, { lhsBatch: [1], rhsBatch: [1], lhsContracting: [0], rhsContracting: [0] });
    expect(one([grid], batched)).toEqual([17, 29, 45]);
    const wide = array("int64", [1, 2], [2n ** 62n, 3n]);
    const square: Build = (b, [x]) => b.matmul(x!, b.transpose(x!, [1, 0]));
    expect(one([wide], square)).toEqual([9n]);
    expect(one([array("uint8", [1, 2], [16, 3])], square)).toEqual([9]);
    expect(one([f32([0, 2], [])], square)).toEqual([]);
  });

  it("convolves with padding, stride and groups", () => {
    const image = f32([1, 3, 2], [1, 10, 2, 20, 3, 30]);
    const kernel = f32([2, 1, 2], [1, 1, 1, -1]);
    const window = {
      size: [2],
      strides: [1],
      padding: [[0, 1]] as [number, number][],
      dilation: [1],
      baseDilation: [1],
    };
    expect(
      run([image, kernel], (b, [x, k]) => b.convolution(x!, k!, { window, featureGroupCount: 2 })),
    ).toEqual([{ dims: [1, 3, 2], values: [3, -10, 5, -10, 3, 30] }]);
  });

  it("takes milliseconds for a layer of the how-to's size", () => {
    const x = f32(
      [100, 784],
      Array.from({ length: 78400 }, (_, i) => i % 7),
    );
    const w = f32(
      [784, 128],
      Array.from({ length: 100352 }, (_, i) => i % 5),
    );
    const b = new HloBuilder();
    const c = b.build([b.matmul(b.parameter("float32", x.shape), b.parameter("float32", w.shape))]);
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now();
      evaluate(c, [x, w]);
      return performance.now() - start;
    });
    expect(Math.min(...times)).toBeLessThan(100); // about 10 on a free machine
  });
});

describe("evaluate", () => {
  it("rejects inputs of another type or shape, and unknown custom calls", () => {
    const b = new HloBuilder();
    const x = b.parameter("float32", [2]);
    const call = b.customCall("mine.Twice", [x], [{ dtype: "float32", dims: [2] }]);
    const computation = b.build([b.getTupleElement(call, 0)]);
    expect(() => evaluate(computation, [f32([3], [1, 2, 3])])).toThrow(
      "Parameter 0 is float32[2], got float32[3]",
    );
    expect(() => evaluate(computation, [f32([2], [1, 2])])).toThrow("No kernel named mine.Twice");
    const customCalls = {
      "mine.Twice": ([input]: readonly NdArray[]): NdArray[] => [
        ndArray(
          "float32",
          [2],
          (input!.data as Float32Array).map((v) => 2 * v),
        ),
      ],
    };
    expect(evaluate(computation, [f32([2], [1, 2])], { customCalls })).toEqual([f32([2], [2, 4])]);
  });
});
