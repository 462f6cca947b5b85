// Subgraphs, stripping and training nodes beyond upstream's cases; what all of them do with names, damage and size.
import { Graph } from "@org/graph";
import { standardOps } from "@org/ops";
import type { IGraphDef, INodeDef } from "@org/proto";
import { describe, expect, it, test } from "vitest";
import {
  ensureGraphIsValid,
  extractSubGraph,
  foldBatchNorms,
  fuseResizeAndConv,
  mustRunOnCpu,
  nodeNameFromInput,
  optimizeForInference,
  removeTrainingNodes,
  stripUnused,
  tensorShapeFromNodeDefName,
} from "../src/index.ts";
import { colocated, constant, int, ints, lines, node, text, type } from "./nodes.ts";

const T = type("float32");
const thrown = (code: string, sentence: unknown, hint?: unknown) =>
  expect.objectContaining({ code, sentence, ...(hint ? { hint } : {}) });

describe("extractSubGraph", () => {
  const graph = {
    node: [node("A", "scope/layer_1"), node("B", "out", ["scope/layer_1"]), node("C", "loss", ["out"])],
    versions: { producer: 21 },
    library: { function: [{ signature: { name: "f" } }] },
  };

  it("shares nodes, library and versions", () => {
    const found = extractSubGraph(graph, ["out"]);
    expect(found.node).toEqual(graph.node.slice(0, 2));
    expect(found.node[0]).toBe(graph.node[0]);
    expect(found.library).toBe(graph.library);
    expect(found.versions).toBe(graph.versions);
  });

  it('[users/4.19] takes "n:0" for "n", and says what may have been meant', () => {
    expect(lines(extractSubGraph(graph, ["out:0"]))).toHaveLength(2);
    expect(() => extractSubGraph(graph, ["layer_1"])).toThrowError(
      thrown("NOT_FOUND", "layer_1 is not in graph", expect.stringContaining('"scope/layer_1"')),
    );
    expect(() => extractSubGraph(graph, ["softmax_tensor"])).toThrowError(
      thrown("NOT_FOUND", "softmax_tensor is not in graph", 'Outputs that nothing reads: "loss".'),
    );
    expect(() => extractSubGraph(graph, "out")).toThrowError(new TypeError("dest_nodes must be a list."));
  });

  it("brings nodes that others are colocated with", () => {
    const def = { node: [node("A", "a"), node("B", "b", [], { _class: colocated("a", "gone") })] };
    expect(lines(extractSubGraph(def, ["b"]))).toEqual(["A a()", "B b()"]);
  });

  it("refuses what is no GraphDef, and a damaged one", () => {
    for (const wrong of [undefined, null, "graph", 3, [], { graphDef: graph }, new Graph()])
      expect(() => extractSubGraph(wrong as never, ["out"])).toThrow(TypeError);
    expect(() => extractSubGraph({ graphDef: graph } as never, ["out"])).toThrow("pass its graphDef");
    expect(() => extractSubGraph({ node: [node("A", "a", ["gone"])] }, ["a"])).toThrowError(
      thrown("INVALID_ARGUMENT", "Node 'a': Unknown input node 'gone'"),
    );
    expect(() => extractSubGraph({ node: [node("A", "a"), node("A", "a")] }, ["a"])).toThrowError(
      thrown("INVALID_ARGUMENT", "Duplicate node names detected for a"),
    );
  });
});

describe("removeTrainingNodes", () => {
  it("bridges a CheckNumerics that data flow through", () => {
    const graph = {
      node: [
        node("A", "a"),
        node("CheckNumerics", "check", ["a:1"], { T, message: text("no") }),
        node("CheckNumerics", "again", ["check"], { T }),
        node("B", "out", ["again", "^check"]),
      ],
    };
    expect(lines(removeTrainingNodes(graph))).toEqual(["A a()", "B out(a:1)"]);
  });

  it("keeps the order that a check stood for, as an Identity", () => {
    const graph = {
      node: [
        node("A", "a"),
        node("Assert", "assert"),
        node("CheckNumerics", "check", ["a", "^assert"], { T, message: text("no") }),
        node("CheckNumerics", "next", ["a", "^check"], { T, message: text("no") }),
        node("B", "out", ["check", "^next"]),
      ],
    };
    const found = removeTrainingNodes(graph);
    expect(lines(found)).toEqual([
      "A a()",
      "Assert assert()",
      "Identity check(a, ^assert)",
      "Identity next(a, ^check)",
      "B out(check, ^next)",
    ]);
    expect(found.node[2]!.attr).toEqual({ T });
  });

  it("keeps outputs, protected nodes and library; colocation with what is gone goes", () => {
    const graph = {
      node: [
        node("A", "a"),
        node("Identity", "inner", ["a"], { T }),
        node("B", "b", ["inner"], { _class: colocated("inner") }),
        node("C", "c", ["b"], { _class: colocated("inner", "a"), T }),
        node("Identity", "kept", ["c"], { T }),
        node("Identity", "out", ["kept"], { T }),
      ],
      library: { function: [] },
      versions: { producer: 1 },
    };
    const found = removeTrainingNodes(graph, ["kept:0"]);
    expect(lines(found)).toEqual(["A a()", "B b(a)", "C c(b)", "Identity kept(c)", "Identity out(kept)"]);
    expect(found.node[1]!.attr).toEqual({});
    expect(found.node[2]!.attr).toEqual({ T, _class: colocated("a") });
    expect(found).toMatchObject({ library: graph.library, versions: graph.versions });
    expect(found.node[0]).toBe(graph.node[0]);
  });

  it("refuses Identities that read each other", () => {
    const graph = {
      node: [node("Identity", "a", ["b"]), node("Identity", "b", ["a"]), node("C", "c", ["a"])],
    };
    expect(() => removeTrainingNodes(graph)).toThrowError(
      thrown("INVALID_ARGUMENT", expect.stringContaining("reads itself through Identity nodes alone")),
    );
  });
});

describe("stripUnused", () => {
  const graph = {
    node: [
      node("Reader", "batch", [], { _output_shapes: { list: { shape: [{ dim: [{ size: 2n }] }, {}] } } }),
      node("B", "b", ["batch"]),
      node("C", "c", ["batch:1"]),
    ],
  };

  it("gives a placeholder the shape of the first output", () => {
    const { node: nodes } = stripUnused(graph, ["batch"], ["b"], "int64");
    expect(nodes[0]).toEqual({
      name: "batch",
      op: "Placeholder",
      attr: { dtype: type("int64"), _output_shapes: { list: { shape: [{ dim: [{ size: 2n }] }] } } },
    });
  });

  it("refuses an input whose second output is read, and types that are not as many", () => {
    expect(() => stripUnused(graph, ["batch"], ["c"], "int64")).toThrowError(
      thrown("INVALID_ARGUMENT", "Node 'c' reads 'batch:1', and a placeholder has one output"),
    );
    expect(() => stripUnused(graph, ["batch"], ["b"], ["int64", "int32"])).toThrowError(
      thrown("INVALID_ARGUMENT", expect.stringContaining("2 placeholder types for 1 input nodes")),
    );
    expect(() => stripUnused(graph, ["batch"], ["b"], "float" as never)).toThrow(TypeError);
  });
});

describe("foldBatchNorms", () => {
  const four = [1, 2, 3, 4];
  const norm = (attr = {}, input = ["conv", "gamma", "beta", "mean", "variance"]) =>
    node("FusedBatchNormV3", "norm", input, { T, epsilon: { f: 0 }, is_training: { b: false }, ...attr });
  const nodes = (...more: INodeDef[]): IGraphDef => ({
    node: [
      node("Placeholder", "x", [], { dtype: T }),
      constant("w", [[[four]]]),
      node("Conv2D", "conv", ["x", "w"], { T, strides: ints([1, 1, 1, 1]), padding: text("SAME") }),
      ...["gamma", "beta", "mean", "variance"].map((name) => constant(name, four)),
      ...more,
    ],
  });
  const warnings = (graph: IGraphDef, outputNodeNames: string[] = []): string[] => {
    const seen: string[] = [];
    const folded = foldBatchNorms(graph, { outputNodeNames, onWarning: (message) => seen.push(message) });
    expect(folded.node).toEqual(graph.node);
    return seen;
  };

  it("leaves what trains, what others read, what is no constant, and says so", () => {
    expect(warnings(nodes(norm({ is_training: { b: true } })))).toEqual(["'norm' trains: it is not folded."]);
    const { is_training: _, ...unsaid } = norm().attr!;
    expect(warnings(nodes({ ...norm(), attr: unsaid }))).toEqual(["'norm' trains: it is not folded."]);
    expect(warnings(nodes(norm(), node("Relu", "other", ["conv"])))[0]).toContain("'conv' is read by others");
    expect(warnings(nodes(norm()), ["conv"])[0]).toContain("'conv' is read by others");
    expect(warnings(nodes(norm(), node("Relu", "mean_of", ["norm:1"])))).toEqual([
      "Statistics of 'norm' are read: it is not folded.",
    ]);
    expect(warnings(nodes(norm({}, ["x", "gamma", "beta", "mean", "variance"])))[0]).toBe(
      "Didn't find expected Conv2D or DepthwiseConv2dNative input to 'norm'",
    );
    expect(warnings(nodes(norm({}, ["conv", "x", "beta", "mean", "variance"])))[0]).toContain(
      "Didn't find expected gamma Constant input to 'norm', found Placeholder instead.",
    );
    expect(
      warnings(nodes(constant("short", [1]), norm({}, ["conv", "short", "beta", "mean", "variance"])))[0],
    ).toBe("Incorrect shape for gamma, found (1,), expected (4,), for node norm");
  });

  it("scales shared weights in a copy, and keeps constants that others read", () => {
    const graph = nodes(norm(), node("Sum", "penalty", ["w", "mean"]));
    expect(lines(foldBatchNorms(graph))).toEqual([
      "Placeholder x()",
      "Const w()",
      "Const conv_weights()",
      "Conv2D conv(x, conv_weights)",
      "Const mean()",
      "Const conv_bn_offset()",
      "BiasAdd norm(conv, conv_bn_offset)",
      "Sum penalty(w, mean)",
    ]);
  });
});

describe("fuseResizeAndConv", () => {
  const image = (pad: readonly string[], conv = {}): IGraphDef => ({
    node: [
      node("Placeholder", "x", [], { dtype: T }),
      constant("size", [4, 4], "int32"),
      constant(
        "pads",
        [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ],
        "int32",
      ),
      constant("w", [[[[1]]]]),
      node("ResizeBilinear", "resize", ["x", "size", "^ready"], { T, align_corners: { b: true } }),
      node("MirrorPad", "pad", pad, { T, Tpaddings: type("int32"), mode: text("SYMMETRIC") }),
      node("Conv2D", "conv", ["pad", "w", "^go"], {
        T,
        strides: ints([1, 1, 1, 1]),
        padding: text("VALID"),
        ...conv,
      }),
      node("NoOp", "ready"),
      node("NoOp", "go"),
    ],
  });

  it("keeps control inputs, and what others read", () => {
    const graph = image(["resize", "pads"]);
    const fused = fuseResizeAndConv({ node: [...graph.node!, node("Relu", "other", ["resize"])] }, ["conv"]);
    expect(lines(fused).slice(4)).toEqual([
      "ResizeBilinear resize(x, size, ^ready)",
      "FusedResizeAndPadConv2D conv(x, size, pads, w, ^ready, ^go)",
      "NoOp ready()",
      "NoOp go()",
      "Relu other(resize)",
    ]);
    expect(lines(fuseResizeAndConv(graph, ["conv", "pad"]))).toContain("MirrorPad pad(resize, pads)");
  });

  it.each([
    ["NCHW", { data_format: text("NCHW") }],
    ["dilations", { dilations: ints([1, 2, 2, 1]) }],
    ["explicit paddings", { padding: text("EXPLICIT") }],
  ])("leaves a convolution with %s", (_, attr) => {
    const graph = image(["resize", "pads"], attr);
    expect(fuseResizeAndConv(graph, ["conv"]).node).toEqual(graph.node);
  });
});

describe("the rest", () => {
  it("ensureGraphIsValid names what is wrong", () => {
    expect(() => ensureGraphIsValid({ node: [node("A", "a"), node("B", "a")] })).toThrowError(
      thrown("INVALID_ARGUMENT", "Duplicate node names detected for a"),
    );
    expect(() => ensureGraphIsValid({ node: [node("A", "a", ["^gone"])] })).toThrowError(
      thrown("INVALID_ARGUMENT", "Input for a not found: ^gone"),
    );
    expect(() => optimizeForInference({ node: [node("A", "a", ["gone"])] }, [], ["a"], 1)).toThrowError(
      thrown("INVALID_ARGUMENT", "Input for a not found: gone"),
    );
  });

  it("nodeNameFromInput strips ports and carets", () => {
    expect(["n", "n:0", "n:12", "^n", "a/b:1", "odd:name", ":0"].map(nodeNameFromInput)).toEqual([
      "n",
      "n",
      "n",
      "n",
      "a/b",
      "odd:name",
      ":0",
    ]);
  });

  test("mustRunOnCpu knows what has no kernel on a GPU", () => {
    const cases: [INodeDef, boolean, boolean][] = [
      [constant("c", 1), false, false],
      [constant("c", 1, "int32"), true, true],
      [constant("c", "text", "string"), true, true],
      [node("DynamicStitch", "d", [], { T: type("int32") }), true, true],
      [node("ParallelDynamicStitch", "d", [], { T }), false, false],
      [node("Cast", "c", [], { SrcT: type("int32"), DstT: T }), true, true],
      [node("VariableV2", "v"), false, true],
      [node("MatMul", "m", [], { T: type("int32") }), false, false],
    ];
    for (const [def, plain, pinned] of cases) {
      expect(mustRunOnCpu(def), def.op!).toBe(plain);
      expect(mustRunOnCpu(def, true), def.op!).toBe(pinned);
    }
    const graph = new Graph({ ops: standardOps });
    expect(
      mustRunOnCpu(graph.createOp("Variable", [], { attrs: { shape: [1], dtype: "float32" } }), true),
    ).toBe(true);
    expect(() => mustRunOnCpu(null as never)).toThrow(TypeError);
  });

  test('tensorShapeFromNodeDefName reads "n" as "n:0"', () => {
    const graph = new Graph({ ops: standardOps });
    graph.createOp("Placeholder", [], { name: "x", attrs: { dtype: "float32", shape: [null, 3] } });
    expect(String(tensorShapeFromNodeDefName(graph, "x"))).toBe("[?,3]");
    expect(String(tensorShapeFromNodeDefName(graph, "x:0"))).toBe("[?,3]");
    expect(() => tensorShapeFromNodeDefName(graph, "y")).toThrowError(
      thrown("NOT_FOUND", expect.stringContaining("'y:0' refers to a Tensor which does not exist")),
    );
  });

  it("takes 100,000 nodes in a chain, of Identities and of checks, without a stack of its own", () => {
    const chain = (op: string, count: number): IGraphDef => ({
      node: [
        node("A", "n0"),
        ...Array.from({ length: count }, (_, i) => node(op, `n${i + 1}`, [`n${i}`], { T, N: int(1) })),
        node("Out", "out", [`n${count}`, `^n${count >> 1}`]),
      ],
    });
    expect(extractSubGraph(chain("B", 100_000), ["out"]).node).toHaveLength(100_002);
    expect(lines(removeTrainingNodes(chain("CheckNumerics", 100_000)))).toEqual(["A n0()", "Out out(n0)"]);
    // One of them is waited for.
    expect(removeTrainingNodes(chain("Identity", 100_000)).node).toHaveLength(3);
  });
});
