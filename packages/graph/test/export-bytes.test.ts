// What an export copies out of the file that a graph came from is what it would have written of the operation.
import { decodeLazily, encode, equals, GraphDef, type INodeDef, NodeDef } from "@org/proto";
import { lazyNodes } from "@org/proto/nodes";
import { Shape, shapeToProto } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { coreOps } from "../src/core-ops.ts";
import { createOpRegistry, Graph, importGraphDef, type Operation } from "../src/index.ts";

const utf8 = new TextEncoder();
const big = new Uint8Array(40_000).fill(3);
const shapes = (...list: (number | null)[][]): { list: { shape: ReturnType<typeof shapeToProto>[] } } => ({
  list: { shape: list.map((dims) => shapeToProto(Shape.of(dims))) },
});
const T = { type: 1 };
const constant = (name: string, content: Uint8Array): INodeDef => ({
  name,
  op: "Const",
  attr: {
    value: { tensor: { dtype: 4, tensorShape: { dim: [{ size: content.length }] }, tensorContent: content } },
    dtype: { type: 4 },
    _output_shapes: shapes([content.length]),
  },
});
const nodes: INodeDef[] = [
  constant("bytes/big", big),
  constant("bytes/small", Uint8Array.of(1, 2)),
  {
    name: "w",
    op: "VariableV2",
    device: "/device:CPU:0",
    attr: {
      shape: { shape: { dim: [{ size: 2 }] } },
      dtype: T,
      container: { s: new Uint8Array(0) },
      shared_name: { s: new Uint8Array(0) },
      _output_shapes: shapes([2]),
    },
  },
  {
    name: "w/read",
    op: "Identity",
    input: ["w"],
    attr: {
      T,
      _class: { list: { s: [utf8.encode("loc:@w"), utf8.encode("other")] } },
      _output_shapes: shapes([2]),
    },
  },
  { name: "own", op: "Mystery", input: ["w/read", "^bytes/small"], attr: { T, _output_shapes: shapes([1]) } },
  {
    name: "again",
    op: "Identity",
    input: ["w/read:0", "^own", "^w"],
    attr: { T, _output_shapes: shapes([2]) },
    experimentalDebugInfo: { originalNodeNames: ["x"] },
  },
  { name: "bare", op: "Identity", input: ["again"], attr: { T } },
  { name: "all", op: "NoOp", input: ["^bare", "^again"] },
];
const bytes = encode(GraphDef, { node: nodes, versions: { producer: 134 } });

function imported(name: string, options: { clearDevices?: boolean } = {}): Graph {
  const graph = new Graph({ ops: createOpRegistry(coreOps) });
  importGraphDef(decodeLazily(GraphDef, bytes), { graph, name, ...options });
  return graph;
}

/** The node as the operation itself tells it. */
function told(op: Operation, addShapes: boolean): INodeDef {
  const node = op.toNodeDef();
  if (addShapes && op.outputs.length > 0)
    node.attr!._output_shapes = { list: { shape: op.outputs.map(({ shape }) => shapeToProto(shape)) } };
  return node;
}

function expectSame(graph: Graph, addShapes: boolean): void {
  const def = graph.asGraphDef({ addShapes });
  // Through the wire: what is still bytes is read from there.
  const again = decodeLazily(GraphDef, encode(GraphDef, def));
  for (const [i, op] of graph.getOperations().entries())
    for (const node of [def.node![i]!, again.node[i]!]) {
      const expected = told(op, addShapes);
      expect(equals(NodeDef, node, expected), `${op.name}: ${JSON.stringify(node.input)}`).toBe(true);
      expect(node.input).toEqual(expected.input);
    }
}

const stillBytes = (graph: Graph): string[] => {
  const list = graph.asGraphDef({ addShapes: true }).node!;
  const lazy = lazyNodes(list);
  return graph.getOperations().flatMap((op, i) => (lazy && !lazy.touched(i) ? [op.name] : []));
};

describe("nodes of an imported graph", () => {
  it.each(["", "scope"])("are written as the operations are, imported under %o", (name) => {
    const graph = imported(name);
    expectSame(graph, true);
    expectSame(graph, false);
  });

  it("are the file's bytes, where nothing about them is other than in the file", () => {
    const graph = imported("");
    // The op that nobody describes is told from attributes: a message.
    expect(stillBytes(graph)).toEqual(["bytes/big", "bytes/small", "w", "w/read", "again", "bare", "all"]);
    const { sources, tails } = lazyNodes(graph.asGraphDef({ addShapes: true }).node!)!.bytes;
    expect(tails.size).toBe(0);
    expect(sources.some(({ buffer }) => buffer === bytes.buffer)).toBe(true);
    const [first] = graph.asGraphDef({ addShapes: true }).node!;
    expect(encode(NodeDef, first!)).toEqual(encode(NodeDef, nodes[0]!));
  });

  it("keep their large values where they are when they are renamed", () => {
    const { bytes: written } = lazyNodes(imported("s").asGraphDef({ addShapes: true }).node!)!;
    expect(written.tails.get(0)!.buffer).toBe(bytes.buffer);
    expect(written.tails.get(0)!.length).toBeGreaterThan(big.length);
  });

  it.each<[string, (graph: Graph) => void]>([
    ["an attribute", (graph) => graph.getOperationByName("w/read").setAttr("_x", 7)],
    ["no attribute", (graph) => graph.getOperationByName("bytes/big").clearAttr("dtype")],
    ["a device", (graph) => graph.getOperationByName("w").setDevice("/device:GPU:1")],
    [
      "an input",
      (graph) => graph.getOperationByName("bare").updateInput(0, graph.getTensorByName("w/read:0")),
    ],
    [
      "a control input",
      (graph) => graph.getOperationByName("again").addControlInput(graph.getOperationByName("bytes/big")),
    ],
    ["no control inputs", (graph) => graph.getOperationByName("all").removeControlInputs()],
    ["a shape", (graph) => graph.getTensorByName("own:0").setShape([1])],
  ])("are written with %s that an edit gives them", (_, edit) => {
    const graph = imported("");
    edit(graph);
    expectSame(graph, true);
    expectSame(graph, false);
  });

  it("lose their devices, on the way in or out", () => {
    const inward = imported("", { clearDevices: true });
    expect(inward.getOperationByName("w").device).toBe("");
    expectSame(inward, true);
    const { node } = imported("").asGraphDef({ addShapes: true, clearDevices: true });
    expect(node!.map(({ device }) => device ?? "")).toEqual(nodes.map(() => ""));
    expect(node![2]!.attr!.dtype!.type).toBe(1);
  });

  it("are a snapshot: the graph may change before they are read", () => {
    const graph = imported("s");
    const { node } = graph.asGraphDef({ addShapes: true });
    graph.getOperationByName("s/bare").updateInput(0, graph.getTensorByName("s/w/read:0"));
    expect(node![6]!.input).toEqual(["s/again"]);
  });
});
