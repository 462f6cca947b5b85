// Fusions of kind rows: what goes into one kernel, what does not, and that fused = unfused = evaluator, by loops too.
import type { NdArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import {
  evaluate,
  evaluatorBackend,
  type FusionPlan,
  fuse,
  HloBuilder,
  type HloComputation,
  type HloInstruction,
  loopNest,
  rowPasses,
} from "../src/index.ts";
import { randomRows, rowsCases, runPlan } from "../src/testing.ts";
import { runPlanByLoops } from "./nest-interpreter.ts";
import { trainingStep } from "./training-step.ts";

const alsoFuses = ["rows"] as const;
const names = (plan: FusionPlan): string[] =>
  plan.steps.map(({ fusion }) => `${fusion.kind} ${fusion.computation.name}`);
const rows = (computation: HloComputation): string[] => names(fuse(computation, { alsoFuses }));

/** One reduction of the last dimension, stretched over it again. */
const spread = (b: HloBuilder, x: HloInstruction, reducer: "add" | "maximum"): HloInstruction =>
  b.broadcast(
    b.reduce(x, reducer, [x.dims.length - 1]),
    x.dims,
    x.dims.slice(0, -1).map((_, d) => d),
  );

describe("rows", () => {
  it("takes a whole softmax, in three passes, in place", () => {
    const plan = fuse(rowsCases.find(({ name }) => name === "softmax")!.make([20, 30]), { alsoFuses });
    expect(names(plan)).toEqual(["rows reduce.subtract.exp.reduce.divide"]);
    expect(plan.steps[0]!.donations).toEqual([[0]]);
    const nest = loopNest(plan.steps[0]!.fusion);
    expect(nest).toMatchObject({ kind: "rows", extents: [20, 30], outerRank: 1 });
    expect(rowPasses(nest).count).toBe(3);
  });

  it("is made only for backends that say so", () => {
    const { make } = rowsCases.find(({ name }) => name === "softmax")!;
    expect(fuse(make([20, 30])).steps.map(({ fusion }) => fusion.kind)).not.toContain("rows");
  });

  it("takes loss and gradient of a cross-entropy", () => {
    const { computation } = trainingStep(100);
    expect(rows(computation)).toEqual([
      "dot dot.add.maximum",
      "dot dot.add",
      "rows reduce.subtract.exp.reduce.log.subtract.etc",
      "reduce reduce.divide",
      "dot compare.transpose.dot.select",
      "dot transpose.dot.multiply.subtract",
      "dot transpose.dot.multiply.subtract",
      "reduce multiply.reduce.add.multiply.subtract",
      "reduce multiply.reduce.add.multiply.subtract",
    ]);
  });

  it("leaves a reduction of everything alone: there are no rows to work on by themselves", () => {
    const b = new HloBuilder();
    const x = b.parameter("float32", [4, 6]);
    const sum = b.reduce(b.binary("multiply", x, x), "add", [0, 1]);
    const all = b.build([b.binary("divide", x, b.broadcast(sum, [4, 6], []))]);
    expect(rows(all)).toEqual(["reduce multiply.reduce", "loop divide"]);
  });

  it("leaves reductions of columns, and of rows that lie across, alone", () => {
    const b = new HloBuilder();
    const x = b.parameter("float32", [4, 6]);
    const columns = b.build([b.binary("divide", x, b.broadcast(b.reduce(x, "add", [0]), [4, 6], [1]))]);
    expect(rows(columns)).toEqual(["reduce reduce", "loop divide"]);
    const c = new HloBuilder();
    const y = c.transpose(c.parameter("float32", [4, 6]), [1, 0]);
    const across = c.build([c.binary("divide", y, spread(c, y, "add"))]);
    expect(rows(across)).toEqual(["reduce transpose.reduce", "loop transpose.divide"]);
  });

  it("computes what has fewer elements elsewhere, not once a row", () => {
    const b = new HloBuilder();
    const x = b.parameter("float32", [4, 6]);
    const scale = b.broadcast(b.unary("exp", b.parameter("float32", [6])), [4, 6], [1]);
    const scaled = b.binary("multiply", x, scale);
    expect(rows(b.build([b.binary("subtract", scaled, spread(b, scaled, "maximum"))]))).toEqual([
      "loop exp",
      "rows multiply.reduce.subtract",
    ]);
  });

  it("leaves divisions of integers out, whose faults are counted in order", () => {
    const b = new HloBuilder();
    const x = b.parameter("int32", [4, 6]);
    expect(rows(b.build([b.binary("divide", x, spread(b, x, "add"))]))).toEqual([
      "reduce reduce",
      "loop divide",
    ]);
  });

  it("does not go around what lies between", () => {
    const b = new HloBuilder();
    const x = b.parameter("float32", [4, 6]);
    const sum = b.cumulative(b.reduce(x, "add", [1]), "add", 0);
    expect(rows(b.build([b.binary("divide", x, b.broadcast(sum, [4, 6], [0]))]))).toEqual([
      "reduce reduce",
      "single cumulative",
      "loop divide",
    ]);
  });

  it("overwrites nothing that a later pass reads, nor by what an earlier one writes", () => {
    const b = new HloBuilder();
    const [x, y] = [b.parameter("float32", [4, 6]), b.parameter("float32", [4, 6])];
    const e = b.unary("exp", x);
    const plan = fuse(b.build([e, b.binary("multiply", y, b.binary("divide", e, spread(b, e, "add")))]), {
      alsoFuses,
    });
    expect(names(plan)).toEqual(["rows exp.reduce.divide.multiply"]);
    expect(plan.steps[0]!.donations).toEqual([[], [0, 1]]);
  });

  it("has the same keys for other extents, 1 included", () => {
    for (const { make } of rowsCases) {
      const keys = (dims: readonly number[]): string[] =>
        fuse(make(dims), { alsoFuses }).steps.map(({ fusion }) => fusion.key);
      expect(keys([1, 30])).toEqual(keys([20, 30]));
      expect(keys([7, 301])).toEqual(keys([20, 30]));
    }
  });
});

const agrees = async (computation: HloComputation, inputs: readonly NdArray[]): Promise<FusionPlan> => {
  const expected = evaluate(computation, inputs);
  const plan = fuse(computation, { alsoFuses });
  expect((await runPlan(evaluatorBackend(), computation, plan, inputs)).results).toEqual(expected);
  runPlanByLoops(plan, computation, inputs).forEach((result, i) => {
    const wanted = expected[i]!.data as Float32Array;
    (result.data as Float32Array).forEach((value, k) => {
      expect(Math.abs(value - wanted[k]!)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(wanted[k]!)));
    });
  });
  return plan;
};

describe("fused in rows = unfused = evaluator", () => {
  it("random programs, most of which have rows", async () => {
    let fused = 0;
    for (let seed = 0; seed < 200; seed++) {
      const { computation, inputs } = randomRows(seed, seed % 4 === 3 ? "int32" : "float32");
      const plan = await agrees(computation, inputs);
      if (plan.steps.some(({ fusion }) => fusion.kind === "rows")) fused++;
    }
    expect(fused).toBeGreaterThan(120);
  });
});
