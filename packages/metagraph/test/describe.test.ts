import { coreOps } from "@org/graph/core-ops";
import { describe, expect, it } from "vitest";
import { describe as describeMetaGraph, importMetaGraph, parseMetaGraph, Variable } from "../src/index.ts";
import { fixture as bytesOf } from "./fixture.ts";

const fixture = async (name: string) => parseMetaGraph(await bytesOf(name), name);

const line = ({ name, dtype, shape }: { name: string; dtype: string | undefined; shape: unknown }) =>
  `${name} ${dtype} ${shape}`;

describe("describe", () => {
  it("says what goes in, what comes out and what is kept", async () => {
    const found = describeMetaGraph(await fixture("momentum.meta"));
    expect(found.tensorflowVersion).toBe("1.15.5");
    expect(found.producer).toBe(134);
    expect(found.inputs.map(line)).toEqual(["x:0 float32 [?,7]", "y:0 float32 [?,3]"]);
    expect(
      found.variables.map((variable) => `${line(variable)} ${variable.kind} ${variable.trainable}`),
    ).toEqual([
      "w:0 float32 [7,5] ref true",
      "b:0 float32 [5] ref true",
      "v:0 float32 [5,3] ref true",
      "global_step:0 int64 [] ref false",
      "w/Momentum:0 float32 [7,5] ref false",
      "b/Momentum:0 float32 [5] ref false",
      "v/Momentum:0 float32 [5,3] ref false",
    ]);
    expect(found.hasSaver).toBe(true);
    expect(found.ops[0]!.op).toBe("Const");
    expect(found.ops.reduce((sum, { count }) => sum + count, 0)).toBe(found.nodeCount);
  });

  it("finds the tensors that nothing reads", async () => {
    const found = describeMetaGraph(await fixture("inference.meta"));
    expect(found.outputs.map(line)).toEqual(["softmax_linear/add:0 float32 [?,10]"]);
    expect(found.collections.find(({ key }) => key === "logits")).toEqual({
      key: "logits",
      kind: "node",
      count: 1,
      values: ["softmax_linear/add:0"],
    });
  });

  it("lists ops that a registry lacks", async () => {
    const found = describeMetaGraph(await fixture("inference.meta"), { ops: coreOps });
    expect(found.unknownOps.map(({ op }) => op)).toContain("MatMul");
    expect(found.unknownOps.find(({ op }) => op === "Relu")?.nodes).toEqual(["hidden1/Relu", "hidden2/Relu"]);
  });

  it("describes a graph as its export", async () => {
    const def = await fixture("momentum.meta");
    const { graph } = importMetaGraph(def);
    new Variable(1, { graph, name: "more", dtype: "float32" });
    const found = describeMetaGraph(graph);
    expect(found.variables.map(({ name }) => name)).toContain("more:0");
    expect(found.nodeCount).toBe(def.graphDef!.node.length + 4);
  });

  it("shows collections of every kind, and of nothing", () => {
    const found = describeMetaGraph({
      collectionDef: {
        rates: { floatList: { value: [0.5] } },
        steps: { int64List: { value: [3n] } },
        notes: { bytesList: { value: [new TextEncoder().encode("two words")] } },
        raw: { bytesList: { value: [Uint8Array.of(0, 255)] } },
        broken: {},
      },
    });
    expect(found.collections.map(({ key, kind, values }) => [key, kind, ...values])).toEqual([
      ["rates", "float", 0.5],
      ["steps", "int64", 3n],
      ["notes", "bytes", "two words"],
      ["raw", "bytes"],
      ["broken", "none"],
    ]);
  });

  it("shows signatures and slices", () => {
    const found = describeMetaGraph({
      signatureDef: {
        serving_default: {
          methodName: "tensorflow/serving/predict",
          inputs: { in: { name: "x:0", dtype: 1, tensorShape: { dim: [{ size: -1n }] } } },
          outputs: { out: { name: "y:0", dtype: 9, tensorShape: { unknownRank: true } } },
        },
      },
    });
    const [signature] = found.signatures;
    expect(signature?.methodName).toBe("tensorflow/serving/predict");
    expect(signature?.inputs.map(line)).toEqual(["x:0 float32 [?]"]);
    expect(signature?.outputs.map(line)).toEqual(["y:0 int64 <unknown>"]);
  });
});
