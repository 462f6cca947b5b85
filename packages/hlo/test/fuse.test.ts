import { describe, expect, it } from "vitest";
import {
  evaluate,
  evaluatorBackend,
  type FusionPlan,
  fuse,
  HloBuilder,
  type HloInstruction,
  loopNest,
  verifyComputation,
} from "../src/index.ts";
import { randomProgram, runPlan } from "../src/testing.ts";
import { runPlanByLoops } from "./nest-interpreter.ts";
import { trainingStep } from "./training-step.ts";

const names = (plan: FusionPlan): string[] =>
  plan.steps.map(({ fusion }) => `${fusion.kind} ${fusion.computation.name}`);

describe("fuse", () => {
  it("puts a layer into one product, and a softmax into three passes", () => {
    const b = new HloBuilder();
    const x = b.parameter("float32", [100, 784]);
    const w = b.parameter("float32", [784, 10]);
    const bias = b.parameter("float32", [10]);
    const product = b.matmul(x, w);
    const logits = b.binary("add", product, b.broadcastTo(bias, product.dims));
    const max = b.reshape(b.reduce(logits, "maximum", [1]), [100, 1]);
    const exp = b.unary("exp", b.binary("subtract", logits, b.broadcastTo(max, [100, 10])));
    const sum = b.reshape(b.reduce(exp, "add", [1]), [100, 1]);
    const plan = fuse(b.build([b.binary("divide", exp, b.broadcastTo(sum, [100, 10]))]));
    expect(names(plan)).toEqual([
      "dot dot.add",
      "reduce reduce",
      "loop subtract.exp",
      "reduce reduce",
      "loop divide",
    ]);
  });

  it("puts bias and relu behind a convolution where a backend takes that, and leaves out what is not whole rows", () => {
    const b = new HloBuilder();
    const x = b.parameter("float32", [2, 5, 5, 3]);
    const window = {
      size: [3, 3],
      strides: [1, 1],
      dilation: [1, 1],
      baseDilation: [1, 1],
      padding: [
        [1, 1],
        [1, 1],
      ] as [number, number][],
    };
    const filter = b.parameter("float32", [3, 3, 3, 4]);
    const result = b.convolution(x, filter, { window, featureGroupCount: 1 });
    const sum = b.binary("add", result, b.broadcastTo(b.parameter("float32", [4]), result.dims));
    const relu = b.binary("maximum", sum, b.broadcastTo(b.scalar("float32", 0), sum.dims));
    const byImage = b.broadcast(b.parameter("float32", [2]), relu.dims, [0]);
    const alsoFuses = ["convolution"] as const;
    const layer = b.build([relu]);
    expect(names(fuse(layer, { alsoFuses }))).toEqual(["convolution convolution.add.maximum"]);
    expect(names(fuse(layer))).toEqual(["single convolution", "loop add.maximum"]);
    const scaled = b.build([b.binary("multiply", relu, byImage)]);
    expect(names(fuse(scaled, { alsoFuses }))).toEqual([
      "convolution convolution",
      "loop add.maximum.multiply",
    ]);
  });

  it("makes Adam's three updates in one loop, in place", () => {
    const b = new HloBuilder();
    const dims = [784, 128];
    const [value, m, v, gradient] = [0, 1, 2, 3].map(() => b.parameter("float32", dims)) as HloInstruction[];
    const rate = b.broadcastTo(b.parameter("float32", []), dims);
    const by = (factor: number, x: HloInstruction): HloInstruction =>
      b.binary("multiply", b.broadcastTo(b.scalar("float32", factor), dims), x);
    const m1 = b.binary("add", by(0.9, m!), by(0.1, gradient!));
    const v1 = b.binary("add", by(0.999, v!), by(0.001, b.binary("multiply", gradient!, gradient!)));
    const step = b.binary("divide", b.binary("multiply", rate, m1), b.unary("sqrt", v1));
    const plan = fuse(b.build([b.binary("subtract", value!, step), m1, v1]));
    expect(plan.steps.length).toBe(1);
    expect(plan.steps[0]!.outputs.length).toBe(3);
    const nest = loopNest(plan.steps[0]!.fusion);
    expect(nest.extents).toEqual([784 * 128]);
    const inputs = plan.steps[0]!.inputs;
    for (const list of plan.steps[0]!.donations)
      expect(list.map((i) => inputs[i]).sort()).toEqual([0, 1, 2, 3]);
  });

  it("does not overwrite what it reads at another place", () => {
    const b = new HloBuilder();
    const x = b.parameter("float32", [4, 4]);
    const plan = fuse(b.build([b.binary("add", x, b.transpose(x, [1, 0]))]));
    expect(plan.steps.map(({ donations }) => donations)).toEqual([[[]]]);
  });

  it("gives reshapes no kernel and no memory", () => {
    const b = new HloBuilder();
    const x = b.parameter("float32", [2, 6]);
    const y = b.unary("exp", x);
    const plan = fuse(b.build([b.reshape(x, [12]), b.reshape(y, [3, 4]), y]));
    expect(names(plan)).toEqual(["loop exp"]);
    expect(plan.roots).toEqual([0, 1, 1]);
  });

  it("reads transposed operands of a product where they lie", () => {
    const b = new HloBuilder();
    const x = b.parameter("float32", [5, 3]);
    const y = b.parameter("float32", [5, 4]);
    const plan = fuse(b.build([b.matmul(b.transpose(x, [1, 0]), y)]));
    expect(names(plan)).toEqual(["dot transpose.dot"]);
    const nest = loopNest(plan.steps[0]!.fusion);
    expect(nest.extents).toEqual([1, 3, 4]);
    expect(nest.dot!.lhs).toMatchObject({ strides: [0, 1, 3], movement: ["broadcast", "unit", "strided"] });
    expect(nest.dot!.rhs).toMatchObject({ strides: [0, 4, 1], movement: ["broadcast", "strided", "unit"] });
  });

  it("updates a weight right behind the product that is its gradient", () => {
    const { computation } = trainingStep(100);
    expect(names(fuse(computation))).toMatchInlineSnapshot(`
      [
        "dot dot.add.maximum",
        "dot dot.add",
        "reduce reduce",
        "loop subtract.exp",
        "reduce reduce.log",
        "reduce subtract.multiply.reduce",
        "reduce reduce.divide",
        "loop divide.subtract.divide",
        "dot compare.transpose.dot.select",
        "dot transpose.dot.multiply.subtract",
        "dot transpose.dot.multiply.subtract",
        "reduce multiply.reduce.add.multiply.subtract",
        "reduce multiply.reduce.add.multiply.subtract",
      ]
    `);
  });

  it("keeps the keys for another batch size, 1 included", () => {
    const keys = (batch: number): string[] =>
      fuse(trainingStep(batch).computation).steps.map(({ fusion }) => fusion.key);
    const hundred = keys(100);
    for (const batch of [1, 2, 3, 10, 784]) expect(keys(batch)).toEqual(hundred);
  });

  it("cuts at what strides cannot say", () => {
    const b = new HloBuilder();
    const x = b.parameter("float32", [2, 3]);
    const plan = fuse(b.build([b.unary("exp", b.reshape(b.transpose(x, [1, 0]), [6]))]));
    expect(names(plan)).toEqual(["loop transpose", "loop exp"]);
  });

  it("does not fuse around what lies between", () => {
    const b = new HloBuilder();
    const x = b.parameter("float32", [4]);
    const y = b.unary("exp", x);
    const z = b.binary("add", y, b.cumulative(y, "add", 0));
    expect(names(fuse(b.build([z])))).toEqual(["loop exp", "single cumulative", "loop add"]);
  });

  it("makes one step of each instruction where it is not enabled", () => {
    const { computation } = trainingStep(10);
    const plan = fuse(computation, { enabled: false });
    for (const { fusion } of plan.steps) {
      const busy = fusion.computation.instructions.filter(
        ({ opcode }) => opcode !== "parameter" && opcode !== "constant",
      );
      expect(busy.length).toBe(1);
    }
  });

  it("leaves alone what a backend does not support", () => {
    const b = new HloBuilder();
    const x = b.parameter("float32", [4]);
    const y = b.unary("tanh", b.unary("digamma", b.unary("exp", x)));
    const plan = fuse(b.build([y]), { supports: (opcode) => opcode !== "digamma" });
    expect(names(plan)).toEqual(["loop exp", "single digamma", "loop tanh"]);
  });

  it("stays within its limits", () => {
    const b = new HloBuilder();
    let sum = b.parameter("float32", [4]);
    for (let i = 0; i < 40; i++) sum = b.binary("add", sum, b.parameter("float32", [4]));
    const plan = fuse(b.build([sum]), { maxInputs: 8 });
    for (const { inputs } of plan.steps) expect(inputs.length).toBeLessThanOrEqual(8);
    expect(plan.steps.length).toBeLessThan(10);
  });

  it("plans deep chains", () => {
    const b = new HloBuilder();
    let x = b.parameter("float32", [4]);
    for (let i = 0; i < 3000; i++) x = b.cumulative(x, "maximum", 0);
    expect(fuse(b.build([x])).steps.length).toBe(3000);
  });
});

describe("fused = unfused = evaluator", () => {
  it.each(Array.from({ length: 300 }, (_, seed) => seed))("program %i", async (seed) => {
    const dtype = seed % 5 === 4 ? "int32" : seed % 5 === 3 ? "float64" : "float32";
    const { computation, inputs } = randomProgram(seed, 8 + (seed % 24), dtype);
    verifyComputation(computation);
    const expected = evaluate(computation, inputs);
    const backend = evaluatorBackend();
    for (const enabled of [true, false]) {
      const plan = fuse(computation, { enabled });
      for (const { fusion } of plan.steps) verifyComputation(fusion.computation);
      expect((await runPlan(backend, computation, plan, inputs)).results).toEqual(expected);
      const byLoops = runPlanByLoops(plan, computation, inputs);
      byLoops.forEach((result, i) => {
        const wanted = expected[i]!.data as Float32Array;
        (result.data as Float32Array).forEach((value, k) => {
          expect(Math.abs(value - wanted[k]!)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(wanted[k]!)));
        });
      });
    }
    expect(backend.stats()).toMatchObject({ buffers: 0, bytesInUse: 0 });
  });
});
