// A graph's elements, edits, raw collections, functions and messages.
import { decode, encode, GraphDef } from "@org/proto";
import { Shape } from "@org/tensor";
import { beforeEach, describe, expect, it } from "vitest";
import { coreOps } from "../src/core-ops.ts";
import {
  createOpRegistry,
  currentGraph,
  Graph,
  importGraphDef,
  isOperation,
  isTensor,
  type Tensor,
} from "../src/index.ts";
import { registry } from "./test-ops.ts";

let graph: Graph;
beforeEach(() => {
  graph = new Graph({ ops: registry });
});
const ints = (name: string, ...values: number[]): Tensor =>
  graph.createOp("Const", [], {
    name,
    attrs: {
      dtype: "int32",
      value: { dtype: "int32", shape: [values.length], data: Int32Array.from(values) },
    },
  }).outputs[0]!;

describe("names of elements", () => {
  beforeEach(() => {
    ints("c", 1);
    graph.nameScope("import", () => ints("weights", 1));
  });
  const sentences: [string, () => unknown, string, string][] = [
    [
      "a missing op",
      () => graph.getOperationByName("zz"),
      "NOT_FOUND",
      "The name 'zz' refers to an Operation not in the graph.",
    ],
    [
      "a tensor of a missing op",
      () => graph.getTensorByName("zz:0"),
      "NOT_FOUND",
      "The name 'zz:0' refers to a Tensor which does not exist. The operation, 'zz', does not exist in the graph.",
    ],
    [
      "a missing output",
      () => graph.getTensorByName("c:3"),
      "NOT_FOUND",
      "The name 'c:3' refers to a Tensor which does not exist. The operation, 'c', exists but only has 1 outputs.",
    ],
    [
      "an op for a tensor",
      () => graph.getTensorByName("c"),
      "INVALID_ARGUMENT",
      `The name 'c' refers to an Operation, not a Tensor. Tensor names must be of the form "<op_name>:<output_index>".`,
    ],
    [
      "a missing op for a tensor",
      () => graph.getTensorByName("foo"),
      "INVALID_ARGUMENT",
      `The name 'foo' looks like an (invalid) Operation name, not a Tensor. Tensor names must be of the form "<op_name>:<output_index>".`,
    ],
    [
      "a tensor for an op",
      () => graph.getOperationByName("c:0"),
      "INVALID_ARGUMENT",
      "Name 'c:0' appears to refer to a Tensor, not a Operation.",
    ],
    [
      "a bad index",
      () => graph.asGraphElement("c:x"),
      "INVALID_ARGUMENT",
      `The name 'c:x' looks a like a Tensor name, but is not a valid one. Tensor names must be of the form "<op_name>:<output_index>".`,
    ],
  ];
  it.each(sentences)("%s", (_, run, code, sentence) => {
    expect(run).toThrow(expect.objectContaining({ code, sentence }));
  });

  it("come with names that are near", () => {
    expect(() => graph.getTensorByName("weights:0")).toThrow("Did you mean 'import/weights:0'?");
    expect(() => graph.getOperationByName("import/Weight")).toThrow("Did you mean 'import/weights'?");
  });

  it("are elements themselves, of this graph", () => {
    const c = graph.getTensorByName("c:0");
    expect(graph.asGraphElement(c)).toBe(c);
    expect(graph.asGraphElement(c.op)).toBe(c.op);
    expect(isTensor(c) && isOperation(c.op)).toBe(true);
    expect(() => new Graph().asGraphElement(c)).toThrow(
      'Tensor Tensor("c:0", shape=(1,), dtype=int32) is not an element of this graph.',
    );
    expect(() => graph.asGraphElement(5)).toThrow(
      new TypeError("Can not convert a number into a Tensor or Operation."),
    );
    expect(() => graph.asGraphElement(c, { allowTensor: false })).toThrow(
      "Can not convert a Tensor into a Operation.",
    );
  });
});

describe("edits", () => {
  it("of an input keep consumers and shapes right, downstream too", () => {
    const x = ints("x", 1, 2);
    const y = ints("y", 1, 2, 3);
    const a = graph.createOp("Identity", [x]);
    const b = graph.createOp("Identity", [a.outputs[0]!]);
    expect(x.consumers()).toEqual([a]);
    a.updateInput(0, y);
    expect(x.consumers()).toEqual([]);
    expect(y.consumers()).toEqual([a]);
    expect(b.outputs[0]!.shape.toString()).toBe("[3]");
    expect(() => a.updateInput(1, y)).toThrow("Node 'Identity' has no input 1");
    const float = graph.createOp("FloatOutput", []).outputs[0]!;
    expect(() => a.updateInput(0, float)).toThrow(
      "was passed float from FloatOutput:0 incompatible with expected int32.",
    );
  });

  it("of attributes are read as the OpDef says, and change shapes", () => {
    const p = graph.createOp("Placeholder", [], { attrs: { dtype: "float32", shape: [1] } });
    p.setAttr("shape", [4, null]);
    expect(p.outputs[0]!.shape.toString()).toBe("[4,?]");
    p.setAttr("_note", "kept");
    expect(p.attrs.string("_note")).toBe("kept");
    p.clearAttr("_note");
    expect(p.attrs.has("_note")).toBe(false);
    const revision = graph.revision;
    p.setDevice("/cpu:0");
    expect(graph.revision).not.toBe(revision);
  });

  it("add control inputs once", () => {
    const [a, b] = [graph.createOp("None", []), graph.createOp("None", [])];
    a.addControlInputs([b, b]);
    a.addControlInput(b);
    expect(a.controlInputs).toEqual([b]);
    a.removeControlInputs();
    expect(a.controlInputs).toEqual([]);
  });

  it("are refused once the graph is finalized", () => {
    const a = graph.createOp("None", []);
    graph.finalize();
    expect(() => a.setDevice("/cpu:0")).toThrow("Graph is finalized and cannot be modified.");
  });

  it("of a shape add knowledge, and may not contradict it", () => {
    const p = graph.createOp("Placeholder", [], { attrs: { dtype: "float32", shape: [null, 3] } })
      .outputs[0]!;
    p.setShape([2, null]);
    expect(p.shape.toString()).toBe("[2,3]");
    expect(() => p.setShape([5, 3])).toThrow(
      "Dimension 0 in both shapes must be equal, but are 2 and 5. Shapes are [2,3] and [5,3].",
    );
    expect(() => p.setShape([3])).toThrow("Shapes must be equal rank, but are 2 and 1");
    expect(graph.createOp("FloatOutput", [], { shapes: [[7]] }).outputs[0]!.shape).toEqual(new Shape([7]));
  });
});

describe("collections", () => {
  it("hold anything, and filter by name as re.match does", () => {
    const a = graph.nameScope("s", () => ints("a", 1));
    const b = ints("s_b", 1);
    graph.addToCollections(["k", "l", "k"], a);
    graph.addToCollection("k", b);
    graph.addToCollection("k", 5);
    expect(graph.getCollection("k")).toEqual([a, b, 5]);
    expect(graph.getCollection("k", "s")).toEqual([a, b]);
    expect(graph.getCollection("k", "s/")).toEqual([a]);
    expect(graph.getCollection("k", ".*b:0")).toEqual([b]);
    expect(graph.getAllCollectionKeys()).toEqual(["k", "l"]);
    graph.getCollectionRef("k").length = 1;
    expect(graph.getCollection("k")).toEqual([a]);
    graph.clearCollection("k");
    expect(graph.getCollection("k")).toEqual([]);
    expect(() => graph.getCollection("l", "(")).toThrow("Scope '(' is not a regular expression");
  });
});

describe("as a GraphDef", () => {
  it("is what imports back, shapes and functions included", () => {
    const x = graph.device("/job:ps", () => ints("x", 1, 2));
    graph.createOp("Identity", [x], { controlInputs: [x.op], name: "y" });
    graph.addFunction({ signature: { name: "f" } });
    const bytes = encode(GraphDef, graph.asGraphDef({ addShapes: true }));
    const copy = new Graph({ ops: registry });
    importGraphDef(decode(GraphDef, bytes), { graph: copy, name: "" });
    expect(encode(GraphDef, copy.asGraphDef({ addShapes: true }))).toEqual(bytes);
    expect(copy.getFunction("f")).toBeDefined();
    expect(copy.asGraphDef({ fromVersion: 1 }).node!.map((n) => n.name)).toEqual(["y"]);
    expect(copy.asGraphDef().node![0]!.attr).not.toHaveProperty("_output_shapes");
  });

  it("of an empty graph holds versions alone", () => {
    expect(new Graph().asGraphDef()).toEqual({
      node: [],
      versions: { producer: 134, minConsumer: 0, badConsumers: [] },
    });
  });
});

describe("the current graph", () => {
  it("is that of the innermost asDefault", () => {
    expect(currentGraph()).toBeUndefined();
    const inner = new Graph();
    graph.asDefault(() => {
      expect(currentGraph()).toBe(graph);
      inner.asDefault(() => expect(currentGraph()).toBe(inner));
      expect(currentGraph()).toBe(graph);
    });
    expect(currentGraph()).toBeUndefined();
  });
});

describe("a large import", () => {
  it("is no matter of recursion, and its order none of depth", () => {
    const count = 20_000;
    // Last first: each node reads the one after it.
    const node = [
      ...Array.from({ length: count - 1 }, (_, i) => ({
        name: `scope${i % 100}/n${i}`,
        op: "Identity",
        input: [i === count - 2 ? "n0" : `scope${(i + 1) % 100}/n${i + 1}`],
        attr: { T: { type: 3 }, _class: { list: { s: [new TextEncoder().encode("loc:@n0")] } } },
      })),
      { name: "n0", op: "IntOutput" },
    ];
    const target = new Graph({ ops: createOpRegistry(coreOps, { fallback: registry }) });
    importGraphDef({ node, versions: { producer: 134 } }, { graph: target, name: "s" });
    expect(target.getOperations().length).toBe(count);
    expect(target.getOperationByName("s/scope0/n0").inputs[0]!.name).toBe("s/scope1/n1:0");
    const last = target.getOperationByName(`s/scope${(count - 2) % 100}/n${count - 2}`);
    expect(last.colocationGroups()).toEqual(["loc:@s/n0"]);
    expect(last.inputs[0]!.name).toBe("s/n0:0");
  });
});
