// 64-bit types by two lanes: random programs, every conversion to and from them, and how memory may lie.
import {
  evaluate,
  fuse,
  HloBuilder,
  type HloComputation,
  type HloDType,
  type HloInstruction,
} from "@org/hlo";
import { difference, randomArray, randomProgram, runPlan, seededRandom } from "@org/hlo/testing";
import type { NdArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { backend } from "./compare.ts";

async function agrees(
  computation: HloComputation,
  inputs: readonly NdArray[],
  ulps: number,
  enabled = true,
): Promise<void> {
  const expected = evaluate(computation, inputs);
  const { results } = await runPlan(backend, computation, fuse(computation, { enabled }), inputs);
  results.forEach((result, i) => {
    expect(difference(result, expected[i]!, ulps), `${computation.name}, root ${i}`).toBeUndefined();
  });
}

const held = ["float32", "int32", "uint32", "float64", "int64", "uint64", "bool"] as const;

describe("64-bit types", () => {
  for (const dtype of ["float64", "int64", "uint64"] as const)
    it(`random programs of ${dtype} agree with the evaluator`, async () => {
      for (let seed = 0; seed < 60; seed++) {
        const { computation, inputs } = randomProgram(seed, 10 + (seed % 15), dtype);
        await agrees(computation, inputs, 1024);
        await agrees(computation, inputs, 1024, false);
      }
    });

  it("conversions from and to them, of rows, columns, and single numbers", async () => {
    const lie: ((b: HloBuilder, x: HloInstruction) => HloInstruction)[] = [
      (_, x) => x,
      (b, x) => b.transpose(x, [1, 0]),
      (b, x) => b.reverse(x, [1]),
      (b, x) =>
        b.broadcast(b.reshape(b.slice(x, [0, 0], [1, x.dims[1]!], [1, 1]), [x.dims[1]!]), x.dims, [1]),
      (b, x) =>
        b.broadcast(b.reshape(b.slice(x, [0, 0], [x.dims[0]!, 1], [1, 1]), [x.dims[0]!]), x.dims, [0]),
    ];
    for (const from of held)
      for (const to of held)
        for (const dims of [
          [3, 5],
          [2, 8],
          [1, 1],
        ])
          for (const [i, place] of lie.entries()) {
            const b = new HloBuilder(`${from} to ${to} of ${dims}, ${i}`);
            const x = place(b, b.parameter(from, dims));
            // The sum of a 64-bit array makes it a matter of wide lanes.
            const wide = b.convert(x, "float64");
            const computation = b.build([b.convert(x, to), b.convert(b.unary("negate", wide), to)]);
            const input = randomArray(from, dims, seededRandom(i));
            await agrees(computation, [input], 0);
          }
  });

  it("reductions along rows and columns, of few and of many", async () => {
    for (const dtype of ["float64", "int64", "uint64"] as const)
      for (const dims of [
        [3, 7],
        [1, 300],
        [300, 5],
        [17, 1],
      ])
        for (const dimensions of [[0], [1], [0, 1]])
          for (const reducer of ["add", "maximum", "minimum"] as const) {
            const b = new HloBuilder(`${reducer} ${dtype} ${dims} over ${dimensions}`);
            const x = b.parameter(dtype, dims);
            const squares = b.binary("multiply", x, x);
            const computation = b.build([b.reduce(squares, reducer, dimensions)]);
            await agrees(computation, [randomArray(dtype, dims, seededRandom(3))], 256);
          }
  });

  it("comparisons choose, and their masks are stored as bool", async () => {
    for (const dtype of ["float64", "int64", "uint64"] as const satisfies readonly HloDType[])
      for (const direction of ["EQ", "NE", "LT", "LE", "GT", "GE"] as const) {
        const b = new HloBuilder(`${direction} ${dtype}`);
        const [x, y, p] = [b.parameter(dtype, [9]), b.parameter(dtype, [9]), b.parameter("bool", [9])];
        const test = b.compare(direction, x, y);
        const both = b.binary("and", test, p);
        const computation = b.build([b.select(both, x, y), both, b.unary("not", test)]);
        const random = seededRandom(5);
        const inputs = computation.parameters.map((parameter) => randomArray(parameter.dtype, [9], random));
        await agrees(computation, inputs, 0);
      }
  });
});
