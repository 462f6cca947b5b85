// Fusions of kind rows: the suite's cases in one launch, short and long rows, small types, donated inputs, NaN, and faults.
import { type Backend, fuse, type HloComputation } from "@org/hlo";
import { randomRows, rowsCases } from "@org/hlo/testing";
import { ndArray, toNumbers } from "@org/tensor";
import { expect, it } from "vitest";
import { build, expectSame, inputsFor, runOn } from "./compare.ts";
import { backendOfBlock, describeGpu } from "./webgpu.ts";

const softmax = rowsCases.find(({ name }) => name === "softmax")!.make;

await describeGpu("rows with their reductions", (root) => {
  let backend: Backend;
  backendOfBlock(root, (opened) => {
    backend = opened;
  });

  /** The computation's one kernel, which has to be of rows. */
  const onlyFusion = (computation: HloComputation): HloComputation => {
    const { alsoFuses, maxBuffers } = backend;
    const { steps } = fuse(computation, { alsoFuses, maxBuffers });
    expect(steps.map(({ fusion }) => fusion.kind)).toEqual(["rows"]);
    return steps[0]!.fusion.computation;
  };

  for (const { name, make } of rowsCases)
    it(`${name}: one kernel for rows of every length`, async () => {
      let compiled: number | undefined;
      for (const dims of [
        [20, 10],
        [3, 1],
        [1, 1000],
        [2, 5, 300],
        [700, 7],
        [5, 0],
        [0, 5],
      ]) {
        const computation = onlyFusion(make(dims));
        await expectSame(backend, "rows", computation, inputsFor(computation, 5));
        compiled ??= backend.stats().compiled;
        if (dims.length === 2) expect(backend.stats().compiled).toBe(compiled);
      }
    });

  it("of small types, whose words hold the ends of rows", async () => {
    for (const length of [1, 3, 5, 33])
      for (const count of [1, 2, 5]) {
        const computation = build((b) => {
          const x = b.parameter("float32", [count, length]);
          const most = b.reduce(x, "maximum", [1]);
          const isMost = b.compare("EQ", x, b.broadcast(most, x.dims, [0]));
          const least = b.convert(
            b.reduce(b.select(isMost, x, b.unary("negate", x)), "minimum", [1]),
            "int8",
          );
          return [isMost, least];
        });
        await expectSame(backend, "rows", onlyFusion(computation), inputsFor(computation, length));
      }
  });

  it("of random programs on integers, too", async () => {
    let whole = 0;
    for (const dtype of ["int32", "float32"] as const)
      for (let seed = 0; seed < 6; seed++) {
        const { computation, inputs } = randomRows(500 + seed, dtype);
        const { steps } = fuse(computation, { alsoFuses: ["rows"] });
        if (steps.length > 1 || steps[0]!.fusion.kind !== "rows") continue;
        whole++;
        const arrays = steps[0]!.inputs.map((value) => inputs[value]!);
        await expectSame(backend, "rows", steps[0]!.fusion.computation, arrays);
      }
    expect(whole).toBeGreaterThan(5);
  });

  it("with more reductions at once than workgroup memory has room for", async () => {
    const computation = build((b) => {
      const x = b.parameter("float32", [3, 70]);
      const each = Array.from({ length: 18 }, (_, k) => {
        const scaled = b.binary("multiply", x, b.broadcastTo(b.scalar("float32", k - 9.5), x.dims));
        const reducer = (["maximum", "add", "minimum"] as const)[k % 3]!;
        return b.broadcast(b.reduce(scaled, reducer, [1]), x.dims, [0]);
      });
      return [each.reduce((sum, row) => b.binary("add", sum, row), x)];
    });
    await expectSame(backend, "rows", computation, inputsFor(computation, 9), { tolerance: 1e-4 });
  });

  it("in place of their input", async () => {
    for (const dims of [
      [7, 3],
      [3, 500],
    ]) {
      const computation = onlyFusion(softmax(dims));
      await expectSame(backend, "rows", computation, inputsFor(computation, 2), { donated: [0] });
    }
  });

  it("sum long rows in parts: rounding that goes one way does not add up", async () => {
    const length = 1_600_000;
    const computation = onlyFusion(
      build((b) => {
        const x = b.parameter("float32", [1, length]);
        const sum = b.reduce(x, "add", [1]);
        return [sum, b.reduce(b.binary("subtract", x, b.broadcast(sum, x.dims, [0])), "maximum", [1])];
      }),
    );
    const x = new Float32Array(length).fill(0.1);
    const { results } = await runOn(backend, "rows", computation, [ndArray("float32", [1, length], x)]);
    expect(Math.abs(toNumbers(results[0]!)[0]! / (x[0]! * length) - 1)).toBeLessThan(5e-6);
  });

  it("keep NaN and infinities in their rows", async () => {
    const x = Float32Array.from({ length: 120 }, (_, i) => (i % 9) - 4);
    x[5] = Number.NaN;
    x[45] = Number.NEGATIVE_INFINITY;
    const { results } = await runOn(backend, "rows", onlyFusion(softmax([3, 40])), [
      ndArray("float32", [3, 40], x),
    ]);
    const got = toNumbers(results[0]!);
    expect(got.slice(0, 40).every(Number.isNaN)).toBe(true);
    expect(got[45]).toBe(0);
    for (const row of [1, 2])
      expect(got.slice(row * 40, row * 40 + 40).reduce((sum, value) => sum + value)).toBeCloseTo(1, 5);
  });

  it("find a division by zero, and say where", async () => {
    const computation = build((b) => {
      const [x, y] = [b.parameter("int32", [3, 20]), b.parameter("int32", [3, 20])];
      const quotient = b.binary("divide", x, y);
      const most = b.broadcast(b.reduce(quotient, "maximum", [1]), x.dims, [0]);
      return [b.binary("subtract", quotient, most)];
    });
    const [x, y] = [new Int32Array(60).fill(4), new Int32Array(60).fill(2)];
    y[33] = 0;
    const arrays = [x, y].map((data) => ndArray("int32", [3, 20], data));
    const { fault } = await runOn(backend, "rows", computation, arrays);
    expect(fault).toEqual({ reason: "divisionByZero", site: 7, value: 4, position: 33 });
  });
});
