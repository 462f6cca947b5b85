// Random ops with parameters, without state, and candidate samplers: what TensorFlow 1.15.5 drew for the same seeds, in two runs of one session
// (recorded by fixtures/record-draws.py); sampled losses and gradients of samples.
import { readFileSync } from "node:fs";
import { Graph, type Tensor } from "@org/graph";
import { toNumbers } from "@org/tensor";
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";
import { failure, inGraph } from "./in-graph.ts";
import { MiniSession } from "./mini-session.ts";
import { array, type Plain, title } from "./recorded-cases.ts";

interface DrawCase {
  readonly op: string;
  readonly inputs: readonly Plain[];
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly shapes: readonly (readonly (number | null)[])[];
  readonly runs?: readonly (readonly Plain[])[];
  readonly error?: string;
  readonly code?: string;
}

const cases = JSON.parse(readFileSync(new URL("fixtures/draws.json", import.meta.url), "utf8")) as DrawCase[];

/** Functions of samples (logarithms, powers) may differ in the last place of a type; what is counted or picked may not. */
const tolerance: Partial<Record<string, number>> = { float32: 1.2e-7, float64: 1e-14, float16: 1e-3 };

function expectDrawn(got: number[], want: Plain): void {
  const within = tolerance[want.dtype] ?? 0;
  const wanted = toNumbers(array(want));
  expect(got).toHaveLength(wanted.length);
  got.forEach((x, i) => {
    const y = wanted[i]!;
    if (!(x === y || Math.abs(x - y) <= within * Math.abs(y))) expect(`${i}: ${x}`).toBe(`${i}: ${y}`);
  });
}

const attrOf = (value: unknown): never =>
  (typeof value === "object" && value !== null && "bigint" in value
    ? BigInt(value.bigint as string)
    : value) as never;

describe("draws", () => {
  const named = cases.map((one, i) => [`${i} ${title(one as never)}`, one] as const);
  it.each(named)("%s", async (_, one) => {
    const graph = new Graph({ ops: tf.standardOps });
    const inputs = graph.asDefault(() => one.inputs.map((input) => tf.constant(array(input))));
    const attrs = Object.fromEntries(Object.entries(one.attrs).map(([key, value]) => [key, attrOf(value)]));
    const op = graph.createOp(one.op, inputs, { attrs });
    expect(op.outputs.map(({ shape }) => shape.dims)).toEqual(one.shapes);
    const session = new MiniSession(graph);
    if (one.error !== undefined) {
      await expect(session.run(op.outputs)).rejects.toMatchObject({
        sentence: one.error,
        code: "INVALID_ARGUMENT",
      });
      return;
    }
    for (const run of one.runs!) {
      const got = await session.run(op.outputs);
      run.forEach((want, i) => {
        expect([got[i]!.dtype, got[i]!.shape]).toEqual([want.dtype, want.shape]);
        expectDrawn(toNumbers(got[i]!), want);
      });
    }
  });
});

describe("samplers", () => {
  const run = (make: () => Tensor): Promise<unknown> => {
    const [graph, made] = inGraph((graph) => [graph, make()] as const);
    return new MiniSession(graph).fetch(made);
  };
  const one = [[1]];

  it("say what they cannot draw", async () => {
    const unigrams = [1, 0, 0, 3];
    const fixed = (sampled: number, unique: boolean, options: tf.FixedUnigramOptions) => () =>
      tf.fixedUnigramCandidateSampler(tf.constant(one, "int64"), 1, sampled, unique, 4, options).sampled;
    await expect(run(fixed(3, true, { unigrams }))).rejects.toThrow("only 2 classes have a weight above 0");
    await expect(run(fixed(1, true, { unigrams: [1] }))).rejects.toThrow(
      "There are 1 classes, but range_max is 4",
    );
    await expect(run(fixed(1, true, { unigrams: [0, 0, 0, 0] }))).rejects.toThrow("not all 0");
    await expect(run(fixed(1, true, { vocabFile: "words" }))).rejects.toThrow();
    const learned = (): Tensor =>
      tf.learnedUnigramCandidateSampler(tf.constant([[9]], "int64"), 1, 1, true, 4).sampled;
    await expect(run(learned)).rejects.toThrow("class 9 is not in [0, 4)");
    await expect(run(() => tf.randomPoisson([Number.NaN], [1], { seed: 1 }))).rejects.toThrow(
      "a rate of NaN",
    );
  });

  it("are named as in Python", () => {
    inGraph(() => {
      const drawn = tf.allCandidateSampler(tf.constant(one, "int64"), 1, 3, true, { name: "all" });
      expect([drawn.sampled.name, drawn.sampledExpectedCount.shape.dims]).toEqual(["all:0", [3]]);
      expect(failure(() => tf.statelessRandomUniform([2], [1, 2], { dtype: "int32" }))).toContain(
        "Must specify maxval",
      );
    });
  });
});

describe("sampled losses", () => {
  /** All classes are sampled, so the loss does not depend on what is drawn. */
  const losses = async (make: typeof tf.nceLoss): Promise<number[]> => {
    const [graph, loss] = inGraph((graph) => {
      const labels = tf.constant([[0], [2]], "int64");
      const options = {
        weights: tf.constant([
          [1, 2],
          [0, 1],
          [2, -1],
        ]),
        biases: tf.constant([0.5, 0, -0.5]),
        labels,
        inputs: tf.constant([
          [1, 0],
          [0.5, 1],
        ]),
        numSampled: 3,
        numClasses: 3,
        sampledValues: tf.allCandidateSampler(labels, 1, 3, true),
      };
      return [graph, make(options)] as const;
    });
    return toNumbers(await new MiniSession(graph).fetch(loss));
  };
  const sigmoid = (x: number, label: number): number =>
    Math.max(x, 0) - x * label + Math.log1p(Math.exp(-Math.abs(x)));
  const logits = [
    [1.5, 0, 1.5],
    [3, 1, -0.5],
  ];

  it("are what their formulas say", async () => {
    const nce = logits.map((row, i) =>
      row.reduce((sum, x) => sum + sigmoid(x, 0), sigmoid(row[[0, 2][i]!]!, 1)),
    );
    (await losses(tf.nceLoss)).forEach((loss, i) => {
      expect(loss).toBeCloseTo(nce[i]!, 5);
    });
    // The sampled class that is the true one counts for nothing.
    const softmax = logits.map((row, i) => {
      const own = row[[0, 2][i]!]!;
      return Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - own;
    });
    (await losses(tf.sampledSoftmaxLoss)).forEach((loss, i) => {
      expect(loss).toBeCloseTo(softmax[i]!, 5);
    });
  });
});

describe("gradients of gamma samples", () => {
  it("are slopes of the quantile function", async () => {
    const step = 1e-5;
    const [graph, fetches] = inGraph((graph) => {
      const alpha = tf.constant([0.7, 2.5, 8], "float64");
      const samples = tf.randomGamma([5], alpha, { dtype: "float64", seed: 3 });
      const slope = tf.gradients(samples, alpha)[0] as Tensor;
      // P(alpha, sample) stays what it is: the sample moves by -dP/dalpha / dP/dx.
      const change = (of: (by: number) => Tensor): Tensor => tf.subtract(of(step), of(-step));
      const { add } = tf.operator;
      const byAlpha = change((by) => tf.igamma(add(tf.zerosLike(samples), add(alpha, by)), samples));
      const bySample = change((by) => tf.igamma(add(tf.zerosLike(samples), alpha), add(samples, by)));
      const numeric = tf.reduceSum(tf.negative(tf.realdiv(byAlpha, bySample)), { axis: 0 });
      return [graph, [slope, numeric]] as const;
    });
    const [slope, numeric] = await new MiniSession(graph).run(fetches);
    expect(slope!.shape).toEqual([3]);
    toNumbers(slope!).forEach((x, i) => {
      expect(x / toNumbers(numeric!)[i]!).toBeCloseTo(1, 5);
      expect(x).toBeGreaterThan(0);
    });
  });
});
