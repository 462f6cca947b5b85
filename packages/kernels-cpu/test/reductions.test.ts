import { hloDTypes, isFloat, type Reducer } from "@org/hlo";
import { ndArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { backend, build, expectSame, generator, inputsFor, runOnCpu } from "./compare.ts";

const reducers = ["add", "multiply", "maximum", "minimum", "and", "or"] as const satisfies readonly Reducer[];

describe("reductions", () => {
  for (const dtype of hloDTypes) {
    it(`every reducer, rows, columns and both, of ${dtype}`, () => {
      for (const reducer of reducers) {
        if (["and", "or"].includes(reducer) ? isFloat(dtype) : dtype === "bool") continue;
        if (reducer === "multiply" && (dtype === "float16" || dtype === "bfloat16")) continue; // overflows
        for (const dimensions of [[0], [1], [0, 1], [2], [0, 2], [1, 2], [0, 1, 2]]) {
          const computation = build(`${reducer} ${dtype} ${dimensions}`, (b) => [
            b.reduce(b.parameter(dtype, [3, 5, 7]), reducer, dimensions),
          ]);
          const tolerance =
            dtype === "float16" || dtype === "bfloat16" ? 0.1 : reducer === "multiply" ? 1e-4 : 2e-6;
          expectSame("reduce", computation, inputsFor(computation, 1), { tolerance });
        }
      }
    });
  }

  it("sizes around vector ends", () => {
    for (const [rows, columns] of [
      [1, 1],
      [1, 100],
      [100, 1],
      [2, 15],
      [17, 16],
      [33, 31],
      [5, 4099],
      [1030, 3],
      [1030, 70],
    ] as const) {
      for (const dimension of [0, 1]) {
        const computation = build("sum", (b) => [
          b.reduce(b.parameter("float32", [rows, columns]), "add", [dimension]),
        ]);
        expectSame("reduce", computation, inputsFor(computation, rows), { tolerance: 1e-5 });
      }
    }
  });

  it("an expression before and one after", () => {
    for (const dimension of [0, 1]) {
      const computation = build("norm", (b) => {
        const [x, y] = [b.parameter("float32", [9, 11]), b.parameter("float32", [9, 11])];
        const sum = b.reduce(b.binary("multiply", x, y), "add", [dimension]);
        const bias = b.parameter("float32", sum.dims);
        return [b.binary("add", b.unary("tanh", sum), bias), sum];
      });
      expectSame("reduce", computation, inputsFor(computation, 3), { tolerance: 1e-5 });
    }
  });

  it("two reductions at once", () => {
    const computation = build("moments", (b) => {
      const x = b.parameter("float32", [13, 21]);
      return [b.reduce(x, "add", [1]), b.reduce(b.binary("multiply", x, x), "add", [1])];
    });
    expectSame("reduce", computation, inputsFor(computation, 3), { tolerance: 1e-5 });
  });

  it("softmax's parts", () => {
    const sum = build("sum of exp", (b) => {
      const [x, max] = [b.parameter("float32", [9, 10]), b.parameter("float32", [9])];
      return [b.reduce(b.unary("exp", b.binary("subtract", x, b.broadcast(max, [9, 10], [0]))), "add", [1])];
    });
    expectSame("reduce", sum, inputsFor(sum, 3), { tolerance: 1e-5 });
  });

  it("a transposed operand", () => {
    const computation = build("transposed", (b) => [
      b.reduce(b.transpose(b.parameter("float32", [6, 7, 8]), [2, 0, 1]), "add", [1]),
    ]);
    expectSame("reduce", computation, inputsFor(computation, 3), { tolerance: 1e-5 });
  });

  it("gives identities where there is nothing to reduce", () => {
    for (const reducer of ["add", "multiply", "maximum", "minimum"] as const) {
      const computation = build(`empty ${reducer}`, (b) => [
        b.reduce(b.parameter("float32", [3, 0]), reducer, [1]),
      ]);
      expectSame("reduce", computation, inputsFor(computation, 3));
    }
  });

  it("passes NaN on", () => {
    const computation = build("max", (b) => [b.reduce(b.parameter("float32", [2, 6]), "maximum", [1])]);
    const x = ndArray("float32", [2, 6], Float32Array.of(1, Number.NaN, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6));
    expect([...(runOnCpu("reduce", computation, [x]).results[0]!.data as Float32Array)]).toEqual([
      Number.NaN,
      6,
    ]);
  });

  it("passes NaN on in columns, to its own column alone", () => {
    const computation = build("max", (b) => [b.reduce(b.parameter("float32", [300, 21]), "minimum", [0])]);
    const [x] = inputsFor(computation, 4);
    (x!.data as Float32Array)[21 * 200 + 19] = Number.NaN;
    const result = runOnCpu("reduce", computation, [x!]).results[0]!.data as Float32Array;
    expect([...result].map(Number.isNaN).indexOf(true)).toBe(19);
    expect([...result].filter(Number.isNaN)).toHaveLength(1);
  });

  it("sums a million float32 to 1e-6 relative", () => {
    const count = 1_000_000;
    const next = generator(5);
    const data = Float32Array.from({ length: count }, () => next());
    const exact = data.reduce((sum, x) => sum + x, 0);
    for (const dims of [
      [1, count],
      [count, 1],
    ] as const) {
      const computation = build("million", (b) => [
        b.reduce(b.parameter("float32", dims), "add", [dims[0] === 1 ? 1 : 0]),
      ]);
      const { results } = runOnCpu("reduce", computation, [ndArray("float32", dims, data)]);
      expect(Math.abs((results[0]!.data[0] as number) / exact - 1)).toBeLessThan(1e-6);
    }
  });

  it("compiles nothing for another size", () => {
    const make = (n: number) =>
      build("sizes", (b) => [b.reduce(b.parameter("float32", [n, 10]), "add", [0])]);
    expectSame("reduce", make(8), inputsFor(make(8), 9), { tolerance: 1e-5 });
    const { compiled } = backend.stats();
    for (const n of [1, 2, 100]) expectSame("reduce", make(n), inputsFor(make(n), n), { tolerance: 1e-5 });
    expect(backend.stats().compiled).toBe(compiled);
  });
});
