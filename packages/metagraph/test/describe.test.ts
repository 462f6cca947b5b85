import { coreOps } from "@org/graph/core-ops";
import type { IOpDef } from "@org/proto";
import { describe, expect, it } from "vitest";
import {
  describe as describeMetaGraph,
  encode,
  GraphDef,
  type INodeDef,
  importMetaGraph,
  parseMetaGraph,
  Variable,
} from "../src/index.ts";
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

  const node = (op: string, name: string, input: string[] = [], attr = {}): INodeDef => ({
    name,
    op,
    input,
    attr,
  });
  const float = { type: 1 };
  const opDefsOf = (...ops: IOpDef[]) => ({ strippedOpList: { op: ops } });

  it("[users/4.5] names the tensors after queues and iterators, where they lead to an output", () => {
    const shapes = (...dims: number[][]) => ({
      list: { shape: dims.map((dim) => ({ dim: dim.map((size) => ({ size: BigInt(size) })) })) },
    });
    const found = describeMetaGraph({
      metaInfoDef: opDefsOf({
        name: "IteratorGetNext",
        outputArg: [{ name: "components", typeListAttr: "output_types" }],
      }),
      graphDef: {
        node: [
          node("FIFOQueueV2", "files"),
          node("ReaderReadV2", "read", ["reader", "files"]),
          node("FIFOQueueV2", "queue"),
          node("QueueEnqueueV2", "enqueue", ["queue", "read:1"]),
          node("QueueSizeV2", "size", ["queue"]),
          node("Cast", "full", ["size"]),
          node("QueueDequeueManyV2", "batch", ["queue", "n"]),
          node("IteratorGetNext", "next", ["iterator"], {
            output_types: { list: { type: [3, 1] } },
            output_shapes: shapes([4], [4, 2]),
          }),
          node("MatMul", "y", ["batch:1", "next:1"], { _output_shapes: shapes([4, 2]) }),
          node("ScalarSummary", "summary", ["tags", "y"]),
        ],
      },
    });
    expect(found.inputs.map((input) => `${line(input)} ${input.kind}`)).toEqual([
      "batch:1 undefined <unknown> queue",
      "next:1 float32 [4,2] iterator",
    ]);
    expect(found.outputs.map(line)).toEqual(["y:0 undefined [4,2]"]);
  });

  it("[users/4.19] takes what gradients, summaries and updates read for outputs, and not what these are made of", () => {
    const found = describeMetaGraph({
      saverDef: { saveTensorName: "save/control:0", restoreOpName: "save/restore_all" },
      collectionDef: { train_op: { nodeList: { value: ["train"] } } },
      graphDef: {
        node: [
          node("VariableV2", "w", [], { dtype: float }),
          node("Assign", "w/Assign", ["w", "w/initial"]),
          node("RandomUniform", "w/initial", []),
          node("Identity", "w/read", ["w"]),
          node("Square", "loss", ["w/read"]),
          node("Mul", "gradients/loss_grad/mul", ["loss", "w/read"]),
          node("L2Loss", "norm", ["gradients/loss_grad/mul"]),
          node("ScalarSummary", "summary", ["tags", "loss"]),
          node("ApplyGradientDescent", "train", ["w", "gradients/loss_grad/mul"]),
          node("Identity", "save/control", ["save/Const"]),
          node("SaveV2", "import/save/SaveV2", []),
          node("Identity", "import/save/control_dependency", []),
          node("NoOp", "group", ["^train", "^accuracy"]),
          node("Mean", "accuracy", ["loss_of"]),
          node("Less", "assert_less/Less", ["accuracy"]),
        ],
      },
    });
    expect(found.outputs.map(({ name }) => name)).toEqual(["loss:0"]);
  });

  it("names what signatures name, be it read or not", () => {
    const outputs = (name: string) => ({ outputs: { out: { name, dtype: 1 } } });
    const found = describeMetaGraph({
      graphDef: { node: [node("A", "a"), node("B", "b", ["a"])] },
      signatureDef: { one: outputs("a:0"), two: outputs("b:0"), three: outputs("a:0"), gone: outputs("c:0") },
    });
    expect(found.outputs.map(({ name, signatures }) => [name, ...signatures])).toEqual([
      ["b:0", "two"],
      ["a:0", "one", "three"],
    ]);
  });

  it("[users/4.1] lists ops that a registry lacks, in functions too, and Python functions by their tokens", () => {
    const found = describeMetaGraph(
      {
        graphDef: {
          node: [
            node("Const", "c"),
            node("Mystery", "m"),
            node("known_function", "call"),
            node("PyFunc", "py", [], { token: { s: new TextEncoder().encode("pyfunc_3") } }),
          ],
          library: {
            function: [
              {
                signature: { name: "known_function" },
                nodeDef: [node("Mystery", "a"), node("Mystery", "b"), node("Riddle", "c")],
              },
            ],
          },
        },
      },
      { ops: coreOps },
    );
    expect(found.missing.ops).toEqual([
      { op: "Mystery", nodes: ["m"], functions: ["known_function"] },
      { op: "PyFunc", nodes: ["py"], functions: [] },
      { op: "Riddle", nodes: [], functions: ["known_function"] },
    ]);
    expect(found.unknownOps).toBe(found.missing.ops);
    expect(found.missing.pyFunctions).toEqual([{ node: "py", op: "PyFunc", token: "pyfunc_3" }]);
  });

  it("tells Savers, variables that no collection has, sizes and the largest nodes", async () => {
    const found = describeMetaGraph(await fixture("momentum.meta"));
    expect(found.savers).toEqual([
      {
        filenameTensor: "save/Const:0",
        saveTensor: "save/control_dependency:0",
        restoreOp: "save/restore_all",
        version: "V2",
        sharded: false,
        maxToKeep: 5,
        isDefault: true,
      },
    ]);
    expect(found.sizes).toMatchObject({ variables: 448, trainableParameters: 55 });
    expect(found.variables[0]!.bytes).toBe(140);
    const sizes = found.largestNodes.map(({ bytes }) => bytes);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));

    const graphDef = {
      node: [
        node("VarHandleOp", "v", [], { dtype: float, shape: { shape: { dim: [{ size: 3n }] } } }),
        node("Const", "small"),
        node("Const", "large", [], { value: { tensor: { tensorContent: new Uint8Array(1000) } } }),
      ],
    };
    const bare = describeMetaGraph({ graphDef });
    expect(bare.variables.map((variable) => `${line(variable)} ${variable.kind} ${variable.bytes}`)).toEqual([
      "v:0 float32 [3] resource 12",
    ]);
    expect(bare.largestNodes[0]).toMatchObject({ name: "large", op: "Const" });
    expect(bare.sizes.constants).toBeGreaterThan(1000);
    expect(bare.sizes.nodes).toBe(encode(GraphDef, { node: graphDef.node }).length);
  });

  it("takes 100,000 nodes, and loops", () => {
    const chain = Array.from({ length: 100_000 }, (_, i) =>
      node("Add", `n${i}`, i === 0 ? ["n99999"] : [`n${i - 1}`]),
    );
    const found = describeMetaGraph({ graphDef: { node: [...chain, node("Mul", "out", ["n7:0"])] } });
    expect(found.outputs.map(({ name }) => name)).toEqual(["out:0"]);
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
