import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  evaluate,
  fuse,
  HloBuilder,
  type HloInstruction,
  printComputation,
  simplify,
  verifyComputation,
} from "../src/index.ts";
import { randomProgram } from "../src/testing.ts";
import { trainingStep } from "./training-step.ts";

const opcodes = (build: (b: HloBuilder, x: HloInstruction) => HloInstruction): string => {
  const b = new HloBuilder();
  const x = b.parameter("float32", [2, 3]);
  const simplified = simplify(b.build([build(b, x)]));
  verifyComputation(simplified);
  return simplified.instructions.map(({ opcode }) => opcode).join(" ");
};
const filled = (b: HloBuilder, value: number): HloInstruction =>
  b.broadcastTo(b.scalar("float32", value), [2, 3]);

describe("simplify", () => {
  it.each<[string, (b: HloBuilder, x: HloInstruction) => HloInstruction, string]>([
    ["x * 1", (b, x) => b.binary("multiply", x, filled(b, 1)), "parameter"],
    ["x + 0 stays: -0", (b, x) => b.binary("add", x, filled(b, 0)), "parameter constant broadcast add"],
    ["x + -0", (b, x) => b.binary("add", filled(b, -0), x), "parameter"],
    ["x - 0", (b, x) => b.binary("subtract", x, filled(b, 0)), "parameter"],
    [
      "x - -0 stays",
      (b, x) => b.binary("subtract", x, filled(b, -0)),
      "parameter constant broadcast subtract",
    ],
    ["x ^ 2", (b, x) => b.binary("power", x, filled(b, 2)), "parameter multiply"],
    ["-(-x)", (b, x) => b.unary("negate", b.unary("negate", x)), "parameter"],
    [
      "x * 0 stays: NaN",
      (b, x) => b.binary("multiply", x, filled(b, 0)),
      "parameter constant broadcast multiply",
    ],
    ["there and back", (b, x) => b.convert(b.convert(x, "float64"), "float32"), "parameter"],
    [
      "narrowing stays",
      (b, x) => b.convert(b.convert(x, "bfloat16"), "float32"),
      "parameter convert convert",
    ],
    [
      "widening on the way",
      (b, x) => b.convert(b.convert(b.convert(x, "int32"), "int64"), "float32"),
      "parameter convert convert",
    ],
    [
      "by way of floats stays: it does not wrap",
      (b, x) => b.convert(b.convert(b.convert(x, "int32"), "float64"), "int8"),
      "parameter convert convert convert",
    ],
    [
      "a comparison of widened numbers",
      (b, x) => b.compare("LT", b.convert(b.unary("exp", x), "float64"), b.convert(x, "float64")),
      "parameter exp compare",
    ],
    [
      "a comparison of narrowed ones stays",
      (b, x) => b.compare("EQ", b.convert(b.unary("exp", x), "int32"), b.convert(x, "int32")),
      "parameter exp convert convert compare",
    ],
    ["two transposes", (b, x) => b.transpose(b.transpose(x, [1, 0]), [1, 0]), "parameter"],
    ["two reshapes", (b, x) => b.reshape(b.reshape(x, [6]), [3, 2]), "parameter reshape"],
    ["a whole slice", (b, x) => b.slice(x, [0, 0], [2, 3]), "parameter"],
    ["a pad of nothing", (b, x) => b.pad(x, b.scalar("float32", 0), {}), "parameter"],
    [
      "equal halves",
      (b, x) => b.binary("subtract", b.unary("exp", x), b.unary("exp", x)),
      "parameter exp subtract",
    ],
    [
      "constants",
      (b, x) => b.binary("multiply", x, b.broadcastTo(b.unary("exp", b.scalar("float32", 2)), [2, 3])),
      "parameter constant broadcast multiply",
    ],
    [
      "a broadcast's computation",
      (b, x) => b.unary("exp", b.broadcast(x, [4, 2, 3], [1, 2])),
      "parameter exp broadcast",
    ],
    [
      "division by a count from extents stays",
      (b, x) => b.binary("divide", x, b.broadcastTo(b.extent("float32", 1), [2, 3])),
      "parameter constant broadcast divide",
    ],
    [
      "division by zero is not computed ahead",
      (b) => b.binary("divide", b.scalar("int32", 1), b.scalar("int32", 0)),
      "parameter constant constant divide",
    ],
  ])("%s", (_, build, expected) => {
    expect(opcodes(build)).toBe(expected);
  });

  it("keeps results, bit for bit, and is done after once", () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom("float32", "int32", "int64"), (seed, dtype) => {
        const { computation, inputs } = randomProgram(seed, 20, dtype);
        const simplified = simplify(computation);
        verifyComputation(simplified);
        expect(evaluate(simplified, inputs)).toEqual(evaluate(computation, inputs));
        expect(printComputation(simplify(simplified))).toBe(printComputation(simplified));
      }),
      // The example: a sum over no dimension of -0.
      { numRuns: 200, examples: [[-1161139184, "float32"]] },
    );
  });

  it("keeps one structure for all batch sizes", () => {
    const keys = (batch: number): string[] =>
      fuse(simplify(trainingStep(batch).computation)).steps.map(({ fusion }) => fusion.key);
    for (const batch of [1, 2, 7]) expect(keys(batch)).toEqual(keys(100));
  });
});
