// Fusions of kind rows: every case of the suite in one launch, types of all lanes, donated inputs, NaN, and the same bits with threads.
import { fuse, type HloComputation, type HloDType } from "@org/hlo";
import { randomRows, rowsCases } from "@org/hlo/testing";
import { ndArray } from "@org/tensor";
import { afterAll, describe, expect, it } from "vitest";
import { cpu } from "../src/index.ts";
import { backend, build, expectSame, inputsFor, runOnCpu } from "./compare.ts";
import { runProgram } from "./run-program.ts";

const softmax = rowsCases.find(({ name }) => name === "softmax")!.make;

/** The one kernel that a computation is. */
function onlyFusion(computation: HloComputation): HloComputation {
  const { steps } = fuse(computation, { alsoFuses: backend.alsoFuses });
  expect(steps.map(({ fusion }) => fusion.kind)).toEqual(["rows"]);
  return steps[0]!.fusion.computation;
}

describe("rows", () => {
  for (const { name, make } of rowsCases)
    it(`${name}, around the ends of vectors and of chunks`, () => {
      for (const dims of [
        [1, 1],
        [7, 3],
        [5, 16],
        [3, 17],
        [2, 511],
        [1, 2053],
        [2, 3, 100],
        [4, 0],
      ]) {
        const computation = onlyFusion(make(dims));
        expectSame("rows", computation, inputsFor(computation, 5), { tolerance: 1e-5 });
      }
    });

  for (const dtype of ["float64", "float16", "bfloat16", "int32", "uint8", "int16", "int64"] as const)
    it(`${dtype}`, () => {
      for (const dims of [
        [3, 9],
        [2, 300],
      ]) {
        const computation = build(`less than the mean of ends, ${dtype}`, (b) => {
          const x = b.parameter(dtype, dims);
          const over = (reducer: "maximum" | "minimum") => b.broadcast(b.reduce(x, reducer, [1]), dims, [0]);
          const [low, high] = [over("minimum"), over("maximum")];
          const below = b.compare("LT", x, high);
          return [b.select(below, b.binary("subtract", x, low), high), below, b.reduce(below, "and", [1])];
        });
        expectSame("rows", onlyFusion(computation), inputsFor(computation, 3));
      }
    });

  it("keeps a wide value along the row", () => {
    const computation = build("normal exponentials of float64", (b) => {
      const x = b.parameter("float64", [5, 77]);
      const e = b.unary("exp", x);
      return [b.binary("divide", e, b.broadcast(b.reduce(e, "add", [1]), [5, 77], [0]))];
    });
    expectSame("rows", onlyFusion(computation), inputsFor(computation, 3), { tolerance: 1e-12 });
  });

  it("random programs", async () => {
    for (let seed = 0; seed < 150; seed++) {
      const types: readonly HloDType[] = ["float32", "int32", "float32", "float64"];
      const { computation, inputs } = randomRows(1000 + seed, types[seed % 4]);
      const fused = await runProgram(backend, computation, inputs);
      const alone = await runProgram(backend, computation, inputs, { enabled: false });
      fused.forEach((data, r) => {
        const [got, want] = [data, alone[r]!].map((each) => Array.from(each as Float32Array, Number));
        got!.forEach((value, i) => {
          const near = Math.abs(value - want![i]!) <= 1e-5 * Math.max(1, Math.abs(want![i]!));
          if (!near && value !== want![i]) expect.fail(`program ${seed}, root ${r}, element ${i}`);
        });
      });
    }
  });

  it("overwrites its input, also one that it may not overwrite yet", () => {
    const computation = softmax([9, 50]);
    expectSame("rows", computation, inputsFor(computation, 2), { tolerance: 1e-5, donated: [0] });
    const early = build("exp first", (b) => {
      const x = b.parameter("float32", [9, 50]);
      const e = b.unary("negate", x);
      const sum = b.broadcast(b.reduce(e, "add", [1]), [9, 50], [0]);
      return [e, b.binary("multiply", x, sum)];
    });
    expectSame("rows", early, inputsFor(early, 2), { tolerance: 1e-5, donated: [0, -1] });
  });

  it("passes NaN on to its own row alone", () => {
    const x = new Float32Array(3 * 40).fill(1);
    x[40 + 37] = Number.NaN;
    const { results } = runOnCpu("rows", softmax([3, 40]), [ndArray("float32", [3, 40], x)]);
    const nan = Array.from(results[0]!.data as Float32Array, Number.isNaN);
    expect(nan.slice(0, 40)).not.toContain(true);
    expect(nan.slice(40, 80)).not.toContain(false);
    expect(nan.slice(80)).not.toContain(true);
  });

  it("compiles nothing for other extents", () => {
    const run = (dims: readonly number[]): void => {
      const computation = softmax(dims);
      expectSame("rows", computation, inputsFor(computation, 4), { tolerance: 1e-5 });
    };
    run([8, 10]);
    const { compiled } = backend.stats();
    for (const dims of [
      [1, 10],
      [100, 1000],
      [3, 7],
    ])
      run(dims);
    expect(backend.stats().compiled).toBe(compiled);
  });
});

describe("rows on threads", () => {
  const one = cpu();
  const three = cpu({ threads: 3 });
  afterAll(() => three.close());

  it.each(rowsCases)("$name: the same bits", async ({ make }) => {
    await three.ready;
    const computation = make([307, 2001]);
    const inputs = inputsFor(computation, 7);
    const [want, got] = [
      await runProgram(one, computation, inputs),
      await runProgram(three, computation, inputs),
    ];
    for (const [r, data] of got.entries()) {
      const [a, b] = [data, want[r]!].map(({ buffer }) => new Uint8Array(buffer));
      expect(a!.findIndex((byte, i) => byte !== b![i])).toBe(-1);
    }
    expect(three.stats()).toMatchObject({ buffers: 0 });
  });
});
