// Random ops in graphs: seeds as TensorFlow's Python sets them, one generator a node and session.
import { readFileSync } from "node:fs";
import { Graph } from "@org/graph";
import type { NdArray, NumericData } from "@org/tensor";
import { describe, expect, it } from "vitest";
import {
  applyOne,
  constant,
  getSeed,
  placeholder,
  randomNormal,
  randomShuffle,
  randomUniform,
  setRandomSeed,
  shape,
  standardOps,
  truncatedNormal,
} from "../src/index.ts";
import { expectNodes } from "./compare-nodes.ts";
import { MiniSession } from "./mini-session.ts";
import { shared, sharedReason } from "./shared.ts";

const hex = ({ data }: NdArray): string => {
  const { buffer, byteOffset, byteLength } = data as NumericData;
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString("hex");
};

function build<T>(program: (graph: Graph) => T, seed?: number): [T, Graph] {
  const graph = new Graph({ ops: standardOps, ...(seed === undefined ? {} : { seed }) });
  return [graph.asDefault(() => program(graph)), graph];
}

describe("seeds", () => {
  it("are the graph's and the op's, or the number of ops so far", () => {
    const graph = new Graph({ ops: standardOps });
    expect(getSeed(undefined, graph)).toBeUndefined();
    expect(getSeed(5, graph)).toEqual([87654321, 5]);
    setRandomSeed(7, graph);
    expect(getSeed(undefined, graph)).toEqual([7, 0]);
    constant(1, { graph });
    expect(getSeed(undefined, graph)).toEqual([7, 1]);
    setRandomSeed(0, graph);
    expect(getSeed(0, graph)).toEqual([0, 2 ** 31 - 1]);
    expect(getSeed(-1, graph)).toEqual([0, 2 ** 31 - 2]);
  });

  it("give TensorFlow's bits, and new ones with each run", async () => {
    interface Case {
      op: string;
      dtype: "float32";
      seed: string;
      seed2: string;
      shape: number[];
      runs: string[];
    }
    const cases = JSON.parse(
      readFileSync(new URL("./fixtures/random.json", import.meta.url), "utf8"),
    ) as Case[];
    const one = cases.find(
      ({ op, dtype, seed }) => op === "RandomUniform" && dtype === "float32" && seed === "7",
    )!;
    const [drawn, graph] = build(() =>
      applyOne("RandomUniform", [one.shape], {
        attrs: { dtype: "float32", seed: Number(one.seed), seed2: Number(one.seed2) },
      }),
    );
    const session = new MiniSession(graph);
    for (const run of one.runs) expect(hex(await session.fetch(drawn))).toBe(run);
    expect(hex(await new MiniSession(graph).fetch(drawn))).toBe(one.runs[0]);
  });

  it("without any, each session draws other numbers", async () => {
    const [drawn, graph] = build(() => randomUniform([8]));
    const [a, b] = [await new MiniSession(graph).fetch(drawn), await new MiniSession(graph).fetch(drawn)];
    expect(hex(a)).not.toBe(hex(b));
  });
});

describe("random tensors", () => {
  it("have the range, mean and deviation that were asked for", async () => {
    const [drawn, graph] = build(
      () => [
        randomUniform([2000], { minval: -2, maxval: 3 }),
        randomNormal([2000], { mean: 5, stddev: 2 }),
        truncatedNormal([2000], { mean: 1, stddev: 0.5 }),
        randomUniform([2000], { maxval: 4, dtype: "int32" }),
      ],
      1,
    );
    const values = (await new MiniSession(graph).run(drawn)).map(({ data }) =>
      Array.from(data as Float32Array),
    );
    const mean = (x: number[]): number => x.reduce((a, b) => a + b) / x.length;
    expect([Math.min(...values[0]!) >= -2, Math.max(...values[0]!) < 3]).toEqual([true, true]);
    expect(mean(values[1]!)).toBeCloseTo(5, 0);
    expect(values[2]!.every((x) => Math.abs(x - 1) < 1)).toBe(true);
    expect(new Set(values[3]!)).toEqual(new Set([0, 1, 2, 3]));
  });

  it("randomShuffle keeps rows together", async () => {
    const [shuffled, graph] = build(() =>
      randomShuffle(
        constant([
          [1, 1],
          [2, 2],
          [3, 3],
        ]),
        { seed: 1 },
      ),
    );
    const rows = Array.from((await new MiniSession(graph).fetch(shuffled)).data as Float32Array);
    expect(rows.filter((_, i) => i % 2 === 0).sort()).toEqual([1, 2, 3]);
    expect(rows.every((x, i) => x === rows[i - (i % 2)])).toBe(true);
  });

  it("refuse what they cannot draw", () => {
    build(() => {
      expect(() => randomUniform([2], { dtype: "int32" })).toThrow(
        "Must specify maxval for integer dtype int32",
      );
      expect(() => randomUniform([2], { dtype: "string" })).toThrow(TypeError);
    });
  });
});

describe.skipIf(!shared)(`reference graphs${sharedReason}`, () => {
  it("random_ops, as far as the first op that is not here", () => {
    const [, graph] = build(() => {
      const x = placeholder("float32", [6, 3], { name: "x" });
      randomUniform([2], { seed: 5, name: "op_seed_only" });
      setRandomSeed(87654321);
      randomUniform([2, 3]);
      randomUniform([2], { minval: 0, maxval: 10, dtype: "int32", seed: 3 });
      randomUniform([], { minval: -1, maxval: 1, dtype: "float64" });
      randomNormal([3], { mean: 1, stddev: 2, seed: 1 });
      randomNormal(shape(x), { dtype: "float16" });
      truncatedNormal([4], { seed: 0 });
    });
    let here = true;
    expectNodes(graph, "random_ops", (line) => {
      here &&= !line.startsWith("random_gamma");
      return here;
    });
  });
});
