// Graphs that we froze, stripped and optimized, run by TensorFlow: the values are those of the graph that they came from.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  foldBatchNorms,
  freezeGraph,
  fuseResizeAndConv,
  type NodeGraph,
  optimizeForInference,
  removeTrainingNodes,
  stripUnused,
} from "@org/graph-util";
import { encode, GraphDef, type IGraphDef } from "@org/proto";
import { readNpy } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { constant, ints, node, text, type } from "../../packages/graph-util/test/nodes.ts";
import { haveShared, missing, python, scratch, shared, type TensorFlowVersion } from "./real-tensorflow.ts";

interface FrozenRun {
  readonly graph: IGraphDef;
  readonly feed?: Readonly<Record<string, string>>;
  readonly fetch: readonly string[];
}

/** run_frozen.py: what each graph gives. */
function runFrozen(version: TensorFlowVersion, runs: readonly FrozenRun[]): Record<string, unknown>[] {
  const folder = scratch();
  const graphs = runs.map(({ graph, ...rest }, i) => {
    const file = join(folder, `${i}.pb`);
    writeFileSync(file, encode(GraphDef, graph));
    return { ...rest, graph: file };
  });
  writeFileSync(join(folder, "spec.json"), JSON.stringify({ graphs }));
  python(version, "run_frozen.py", [join(folder, "spec.json"), join(folder, "out.json")]);
  return JSON.parse(readFileSync(join(folder, "out.json"), "utf8")) as Record<string, unknown>[];
}

function expectClose(actual: unknown, expected: unknown, tolerance: number): void {
  const [a, b] = [[actual].flat(Infinity), [expected].flat(Infinity)] as [number[], number[]];
  expect(a.length).toBe(b.length);
  for (const [i, value] of b.entries())
    expect(Math.abs(a[i]! - value)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value)));
}

interface Recorded {
  readonly file: string;
  readonly inputs: Record<string, { value: string }>;
  readonly outputs: Record<string, { value: string }>;
  readonly tol: number;
}

/** The graphs of the optimizer's cases: a convolution after a resize, a padding or both, and before a batch normalization. */
function convolutions(): { readonly before: IGraphDef; readonly after: NodeGraph }[] {
  const T = type("float32");
  const image = constant("input", [
    [
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
      [
        [-1, -4],
        [-2, -5],
        [-3, -6],
      ],
    ],
  ]);
  const weights = constant("weights", [
    [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [0.1, 0.2],
        [0.3, 0.4],
      ],
    ],
  ]);
  const conv = (input: string, padding: string, name: string) =>
    node("Conv2D", name, [input, "weights"], { T, strides: ints([1, 1, 1, 1]), padding: text(padding) });
  const norm = (name: string, values: number[]) => constant(name, values);
  const folded: IGraphDef = {
    node: [
      image,
      weights,
      conv("input", "SAME", "conv"),
      norm("gamma", [1, 2]),
      norm("beta", [0.1, 0.6]),
      norm("mean", [10, 20]),
      norm("variance", [0.25, 0.5]),
      node("FusedBatchNorm", "output", ["conv", "gamma", "beta", "mean", "variance"], {
        T,
        epsilon: { f: Math.fround(0.001) },
        is_training: { b: false },
      }),
    ],
    versions: { producer: 21 },
  };
  const resize = [
    constant("size", [12, 4], "int32"),
    node("ResizeBilinear", "resize", ["input", "size"], { T, align_corners: { b: false } }),
  ];
  const pad = (input: string) => [
    constant(
      "paddings",
      [
        [0, 0],
        [1, 1],
        [2, 2],
        [0, 0],
      ],
      "int32",
    ),
    node("MirrorPad", "pad", [input, "paddings"], { T, Tpaddings: type("int32"), mode: text("REFLECT") }),
  ];
  const chain = (...nodes: IGraphDef["node"] & object): IGraphDef => ({
    node: [image, weights, ...nodes],
    versions: { producer: 21 },
  });
  const fusable = [
    chain(...resize, ...pad("resize"), conv("pad", "VALID", "output")),
    chain(...resize, conv("resize", "VALID", "output")),
    chain(...pad("input"), conv("pad", "VALID", "output")),
  ];
  return [
    { before: folded, after: foldBatchNorms(folded) },
    ...fusable.map((before) => ({ before, after: fuseResizeAndConv(before, ["output"]) })),
  ];
}

describe.each(["1.0.1", "1.15.5", "2.21.0"] as const)("TensorFlow %s", (version: TensorFlowVersion) => {
  it.skipIf(!haveShared || missing(version))(
    "runs what we froze, stripped and optimized of its own network",
    async () => {
      const folder = join(shared, "formats", version, "frozen");
      const { graphs } = JSON.parse(readFileSync(join(folder, "expect.json"), "utf8")) as {
        graphs: Recorded[];
      };
      const recorded = (file: string): Recorded => graphs.find((graph) => graph.file === file)!;
      const options = { inputCheckpoint: join(folder, "model"), outputNodeNames: "probs,logits" };
      const fromText = await freezeGraph({ ...options, inputGraph: join(folder, "graph.pbtxt") });
      const fromMeta = await freezeGraph({ ...options, inputMetaGraph: join(folder, "model.meta") });
      const cases: [NodeGraph, Recorded][] = [
        [fromText, recorded("frozen.pb")],
        [fromMeta, recorded("frozen.pb")],
        [removeTrainingNodes(fromText, ["probs", "logits"]), recorded("removed_training.pb")],
        [optimizeForInference(fromText, ["raw"], ["probs", "logits"], "float32"), recorded("optimized.pb")],
        [stripUnused(fromText, ["image"], ["logits"], "float32"), recorded("stripped.pb")],
      ];
      const results = runFrozen(
        version,
        cases.map(([graph, { inputs, outputs }]) => ({
          graph,
          feed: Object.fromEntries(
            Object.entries(inputs).map(([name, { value }]) => [name, join(folder, value)]),
          ),
          fetch: Object.keys(outputs),
        })),
      );
      for (const [i, [, { outputs, tol }]] of cases.entries())
        for (const [name, { value }] of Object.entries(outputs)) {
          const wanted = readNpy(new Uint8Array(readFileSync(join(folder, value))));
          expectClose(results[i]![name], Array.from(wanted.data as Float32Array), tol);
        }
    },
  );

  it.skipIf(missing(version))(
    "loads what we froze of a batch normalization that updates its averages through refs and handles",
    async () => {
      const folder = join(scratch(), "bn");
      mkdirSync(folder);
      python(version, "train_batch_norm.py", [folder]);
      const expected = JSON.parse(readFileSync(join(folder, "expect.json"), "utf8")) as Record<
        string,
        unknown
      >;
      const kinds = Object.keys(expected);
      expect(kinds).toEqual(version === "1.0.1" ? ["ref"] : ["ref", "resource"]);
      const frozen: NodeGraph[] = [];
      for (const kind of kinds) {
        const inputCheckpoint = join(folder, kind);
        frozen.push(
          await freezeGraph({
            inputMetaGraph: `${inputCheckpoint}.meta`,
            inputCheckpoint,
            outputNodeNames: "out",
          }),
        );
      }
      for (const [i, kind] of kinds.entries()) {
        const opsOf = new Map(frozen[i]!.node.map(({ name, op }) => [name, op]));
        expect([...opsOf.values()].filter((op) => /^Ref|Variable|VarHandle|Assign/.test(op ?? ""))).toEqual(
          [],
        );
        const update = [...opsOf].find(([name]) => /\/Assign(SubVariableOp|Sub)$/.test(name ?? ""));
        expect(update?.[1]).toBe(kind === "ref" ? "Sub" : "NoOp");
      }
      const feed = { "x:0": join(folder, "x.npy"), "training:0": join(folder, "training.npy") };
      const results = runFrozen(
        version,
        frozen.map((graph) => ({ graph, feed, fetch: ["out:0"] })),
      );
      for (const [i, kind] of kinds.entries()) expectClose(results[i]!["out:0"], expected[kind], 1e-6);
    },
  );

  it.skipIf(missing(version))("gives the same before and after folding and fusing", () => {
    const graphs = convolutions();
    const results = runFrozen(
      version,
      graphs.flatMap(({ before, after }) => [before, after].map((graph) => ({ graph, fetch: ["output:0"] }))),
    );
    for (let i = 0; i < results.length; i += 2)
      expectClose(results[i + 1]!["output:0"], results[i]!["output:0"], 1e-4);
  });
});
