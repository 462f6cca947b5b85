import { ndArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import {
  evaluate,
  evaluatorBackend,
  type FusionPlan,
  fuse,
  fuseAlike,
  HloBuilder,
  type HloComputation,
  outlinedFusion,
} from "../src/index.ts";
import { randomProgram, runPlan } from "../src/testing.ts";
import { trainingStep } from "./training-step.ts";

const kernels = ({ steps, values, roots, parameters }: FusionPlan): unknown => ({
  steps: steps.map(({ fusion, donations, inputs, outputs }) => ({
    key: fusion.key,
    name: fusion.computation.name,
    donations,
    inputs,
    outputs,
  })),
  values,
  roots,
  parameters,
});

describe("an outline", () => {
  it("gives other batch sizes, 1 and 0 too, the plan that fuse makes for them", () => {
    const { outline } = outlinedFusion(trainingStep(100).computation);
    for (const batch of [33, 1, 100, 0]) {
      const { computation } = trainingStep(batch);
      expect(kernels(fuseAlike(outline, computation)!), `batch ${batch}`).toEqual(kernels(fuse(computation)));
    }
  });

  it("gives the same program the same plan, which computes the same", async () => {
    for (let seed = 0; seed < 60; seed++) {
      const { computation, inputs } = randomProgram(seed);
      const { plan, outline } = outlinedFusion(computation);
      const again = fuseAlike(outline, computation)!;
      expect(kernels(again), `seed ${seed}`).toEqual(kernels(plan));
      const { results } = await runPlan(evaluatorBackend(), computation, again, inputs);
      expect(results.map(({ data }) => data)).toEqual(evaluate(computation, inputs).map(({ data }) => data));
    }
  });

  it("takes constants from the new computation", async () => {
    const scaled = (by: readonly number[]): HloComputation => {
      const b = new HloBuilder();
      const x = b.parameter("float32", [by.length]);
      return b.build([
        b.binary("multiply", x, b.constant(ndArray("float32", [by.length], Float32Array.from(by)))),
      ]);
    };
    const { outline } = outlinedFusion(scaled([1, 2]));
    const other = scaled([3, 4, 5]);
    const inputs = [ndArray("float32", [3], Float32Array.of(1, 10, 100))];
    const { results } = await runPlan(evaluatorBackend(), other, fuseAlike(outline, other)!, inputs);
    expect(Array.from(results[0]!.data as Float32Array)).toEqual([3, 40, 500]);
  });

  it("does not fit what has other opcodes, types, ranks, operands or attributes that a kernel depends on", () => {
    const of = (make: (b: HloBuilder) => Parameters<HloBuilder["build"]>[0][number]): HloComputation => {
      const b = new HloBuilder();
      return b.build([make(b)]);
    };
    const { outline } = outlinedFusion(
      of((b) => b.reduce(b.unary("exp", b.parameter("float32", [2, 3])), "add", [1])),
    );
    const others = [
      of((b) => b.reduce(b.unary("tanh", b.parameter("float32", [2, 3])), "add", [1])),
      of((b) => b.reduce(b.unary("exp", b.parameter("float64", [2, 3])), "add", [1])),
      of((b) => b.reduce(b.unary("exp", b.parameter("float32", [2, 3, 4])), "add", [1])),
      of((b) => b.reduce(b.unary("exp", b.parameter("float32", [2, 3])), "maximum", [1])),
      of((b) => b.reduce(b.unary("exp", b.parameter("float32", [2, 3])), "add", [0])),
      of((b) => b.reduce(b.parameter("float32", [2, 3]), "add", [1])),
    ];
    for (const other of others) expect(fuseAlike(outline, other)).toBeUndefined();
    expect(
      fuseAlike(
        outline,
        of((b) => b.reduce(b.unary("exp", b.parameter("float32", [5, 7])), "add", [1])),
      ),
    ).toBeDefined();
  });

  it("does not fit where new extents ask for another way to read", () => {
    const split = (dims: readonly number[], to: readonly number[]): HloComputation => {
      const b = new HloBuilder();
      const x = b.parameter("float32", dims);
      return b.build([b.unary("exp", b.reshape(b.transpose(x, [1, 0]), to))]);
    };
    // [3, 2] as [3, 2] is strided; as [2, 3] it is no view.
    const { outline } = outlinedFusion(split([2, 3], [3, 2]));
    const other = split([2, 3], [2, 3]);
    const plan = fuseAlike(outline, other);
    expect(plan).toBeUndefined();
    expect(kernels(fuseAlike(outline, split([4, 5], [5, 4]))!)).toEqual(kernels(fuse(split([4, 5], [5, 4]))));
  });
});
