import { isTfError } from "@org/errors";
import { ndArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { HloBuilder, printComputation, verifyComputation } from "../src/index.ts";

const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    return isTfError(error) ? error.code : (error as Error).name;
  }
  return "no error";
};

describe("HloBuilder", () => {
  it("prints a dense layer", () => {
    const b = new HloBuilder("layer");
    const x = b.parameter("float32", [100, 784]);
    const w = b.parameter("float32", [784, 128]);
    const bias = b.parameter("float32", [128]);
    const product = b.matmul(x, w);
    const sum = b.binary("add", product, b.broadcastTo(bias, product.dims));
    b.unary("exp", sum); // dead
    const relu = b.binary("maximum", sum, b.broadcastTo(b.scalar("float32", 0), sum.dims));
    const computation = b.build([relu]);
    verifyComputation(computation);
    expect(printComputation(computation)).toBe(`layer {
  %0 = f32[100,784] parameter(0)
  %1 = f32[784,128] parameter(1)
  %2 = f32[128] parameter(2)
  %3 = f32[100,128] dot(%0, %1), lhsBatch={}, rhsBatch={}, lhsContracting={1}, rhsContracting={0}
  %4 = f32[100,128] broadcast(%2), dimensions={1}
  %5 = f32[100,128] add(%3, %4)
  %6 = f32[] constant(0)
  %7 = f32[100,128] broadcast(%6), dimensions={}
  %8 = f32[100,128] maximum(%5, %7)
  return (%8)
}
`);
  });

  it("prints views, windows, tuples and extents", () => {
    const b = new HloBuilder("views");
    const x = b.parameter("int64", [2, 3]);
    const [a, i] = [x, b.iota("int32", [2, 3], 1)];
    const sorted = b.sort([a, i], { descending: true });
    const order = b.getTupleElement(sorted, 1);
    const cut = b.slice(b.transpose(x, [1, 0]), [0, 0], [3, 2], [2, 1]);
    const window = b.reduceWindow(x, "maximum", {
      size: [1, 2],
      strides: [1, 1],
      padding: [
        [0, 0],
        [1, 0],
      ],
      dilation: [1, 1],
      baseDilation: [1, 1],
    });
    const count = b.extent("int64", 6);
    const table = b.constant(ndArray("float32", [2], new Float32Array([-0, 1.5])));
    expect(printComputation(b.build([order, cut, window, count, table]))).toBe(`views {
  %0 = s64[2,3] parameter(0)
  %1 = s32[2,3] iota(), dimension=1
  %2 = (s64[2,3], s32[2,3]) sort(%0, %1), descending=true
  %3 = s32[2,3] getTupleElement(%2), index=1
  %4 = s64[3,2] transpose(%0), permutation={1,0}
  %5 = s64[2,2] slice(%4), slice={[0:3:2],[0:2]}
  %6 = s64[2,3] reduceWindow(%0), reducer=maximum, window={size=1x2 stride=1x1 pad=0_0x1_0 rhs_dilate=1x1 lhs_dilate=1x1}
  %7 = s64[] constant(6 from extents)
  %8 = f32[2] constant({-0, 1.5})
  return (%3, %5, %6, %7, %8)
}
`);
  });

  it("stretches as numpy does", () => {
    const b = new HloBuilder();
    const x = b.parameter("float32", [3, 1]);
    expect(b.broadcastTo(x, [2, 3, 4]).dims).toEqual([2, 3, 4]);
    expect(b.broadcastTo(x, [3, 1])).toBe(x);
    expect(codeOf(() => b.broadcastTo(x, [2, 1]))).toBe("INVALID_ARGUMENT");
  });

  it("names both shapes where they differ", () => {
    const b = new HloBuilder();
    const x = b.parameter("float32", [2, 3]);
    const y = b.parameter("float32", [3]);
    expect(() => b.binary("add", x, y)).toThrow(
      "add: operands must have one shape; operands: float32[2,3], float32[3]",
    );
  });

  const b = new HloBuilder();
  const f = b.parameter("float32", [2, 3]);
  const i = b.parameter("int32", [2, 3]);
  const flag = b.parameter("bool", [2, 3]);
  const s = b.parameter("int32", []);
  it.each<[string, () => unknown, string]>([
    ["another type", () => b.binary("add", f, i), "TypeError"],
    ["exp of integers", () => b.unary("exp", i), "TypeError"],
    ["not of floats", () => b.unary("not", f), "TypeError"],
    ["a predicate that is none", () => b.select(f, f, f), "TypeError"],
    ["a reshape of other size", () => b.reshape(f, [5]), "INVALID_ARGUMENT"],
    ["a broadcast that stretches", () => b.broadcast(f, [4, 3], [0, 1]), "INVALID_ARGUMENT"],
    ["no permutation", () => b.transpose(f, [0, 0]), "INVALID_ARGUMENT"],
    ["a slice outside", () => b.slice(f, [0, 0], [2, 4]), "INVALID_ARGUMENT"],
    ["a pad below 0", () => b.pad(f, b.scalar("float32", 0), { low: [-3, 0] }), "INVALID_ARGUMENT"],
    ["concatenate of unlike", () => b.concatenate([f, b.reshape(f, [3, 2])], 0), "INVALID_ARGUMENT"],
    ["sizes too large", () => b.dynamicSlice(f, [s, s], [3, 3]), "INVALID_ARGUMENT"],
    ["too few starts", () => b.dynamicSlice(f, [s], [1, 1]), "TypeError"],
    ["float indices", () => b.gather(f, f), "TypeError"],
    ["updates of other shape", () => b.scatter(f, s, f, "add"), "INVALID_ARGUMENT"],
    ["and over floats", () => b.reduce(f, "and", [0]), "TypeError"],
    ["add over bool", () => b.reduce(flag, "add", [0]), "TypeError"],
    ["contraction of unlike", () => b.matmul(f, f), "INVALID_ARGUMENT"],
    ["bits of another width", () => b.bitcastConvert(f, "float64"), "TypeError"],
    ["absurd dims", () => b.iota("int32", [2 ** 40, 2 ** 40], 0), "INVALID_ARGUMENT"],
    ["a result that is not there", () => b.getTupleElement(b.sort([f]), 1), "INVALID_ARGUMENT"],
    ["a tuple as value", () => b.unary("negate", b.sort([f])), "TypeError"],
    [
      "a value of another builder",
      () => b.unary("negate", new HloBuilder().scalar("float32", 1)),
      "TypeError",
    ],
  ])("rejects %s", (_, action, code) => {
    expect(codeOf(action)).toBe(code);
  });
});

describe("verifyComputation", () => {
  it("names the instruction whose result is wrong", () => {
    const b = new HloBuilder("c");
    const x = b.parameter("float32", [2]);
    const y = { ...b.unary("exp", x), dims: [3] };
    const computation = { name: "c", parameters: [x], instructions: [x, y], roots: [y] };
    expect(() => verifyComputation(computation)).toThrow(
      "c: instruction 1 (exp float32[3]) should be float32[2]",
    );
    expect(() => verifyComputation({ ...computation, instructions: [y, x] })).toThrow(
      "comes before its operand 0",
    );
  });
});
