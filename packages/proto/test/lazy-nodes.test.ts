import { isTfError } from "@org/errors";
import {
  clone,
  decode,
  decodeLazily,
  encode,
  encodeParts,
  equals,
  GraphDef,
  type INodeDef,
  MetaGraphDef,
  NodeDef,
} from "@org/proto";
import { nodeTable } from "@org/proto/nodes";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";

const utf8 = new TextEncoder();
const constant = (name: string, content: number[], dtype = 1): INodeDef => ({
  name,
  op: "Const",
  attr: {
    value: {
      tensor: {
        dtype,
        tensorShape: { dim: [{ size: content.length }] },
        tensorContent: Uint8Array.from(content),
      },
    },
    dtype: { type: dtype },
  },
});
const nodes: INodeDef[] = [
  constant("a", [1, 2]),
  constant("b", [3, 4]),
  { name: "sum", op: "Add", input: ["a", "b:1", "^c"], device: "/cpu:0", attr: { T: { type: 1 } } },
  {
    name: "read",
    op: "Identity",
    input: ["sum"],
    attr: { T: { type: 1 }, _class: { list: { s: [utf8.encode("loc:@a")] } } },
  },
];
const bytes = encode(GraphDef, { node: nodes, versions: { producer: 134 } });
const concat = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));
const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
/** A GraphDef of one node with that body. */
const graphOf = (...body: readonly (Uint8Array | readonly number[])[]): Uint8Array => {
  const node = concat(...body);
  return concat([0x0a, node.length], node);
};

/** Any message-like attribute value, small. */
const attr = fc.oneof(
  fc.record({ i: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
  fc.record({ s: fc.uint8Array({ maxLength: 5 }) }),
  fc.record({ type: fc.nat(30) }),
  fc.record({ list: fc.record({ s: fc.array(fc.uint8Array({ maxLength: 3 }), { maxLength: 3 }) }) }),
  fc.record({ shape: fc.record({ unknownRank: fc.boolean() }) }),
  fc.record({
    tensor: fc.record({
      dtype: fc.nat(20),
      tensorShape: fc.record({ dim: fc.array(fc.record({ size: fc.bigInt(-1n, 9n) }), { maxLength: 3 }) }),
      tensorContent: fc.uint8Array({ maxLength: 9 }),
      intVal: fc.array(fc.integer({ min: -5, max: 300 }), { maxLength: 3 }),
      stringVal: fc.array(fc.uint8Array({ maxLength: 3 }), { maxLength: 3 }),
    }),
  }),
);
const name = fc.oneof(fc.constantFrom("a", "b/c", "w:0", "^x", "x:12", "y:01", "ä", ""), fc.string());
const anyNode = fc.record({
  name,
  op: fc.constantFrom("Const", "Add", "Ünï", ""),
  input: fc.array(name, { maxLength: 4 }),
  device: fc.constantFrom("", "/gpu:0"),
  attr: fc.dictionary(fc.constantFrom("T", "value", "_class", "_output_shapes", "7", "k".repeat(200)), attr),
});

describe("decodeLazily()", () => {
  it("gives what decode() gives, and the same bytes, whatever is touched", () => {
    fc.assert(
      fc.property(fc.array(anyNode, { maxLength: 6 }), fc.array(fc.nat(5)), (node, touched) => {
        const file = encode(MetaGraphDef, { graphDef: { node, versions: { producer: 1 } } });
        const lazy = decodeLazily(MetaGraphDef, file);
        for (const i of touched) void lazy.graphDef!.node[i];
        expect(encode(MetaGraphDef, lazy)).toEqual(file);
        expect(lazy).toEqual(decode(MetaGraphDef, file));
      }),
    );
  });

  it("keeps an array that programs can use as one", () => {
    const { node } = decodeLazily(GraphDef, bytes);
    expect(Array.isArray(node)).toBe(true);
    expect(node.length).toBe(4);
    expect(node.map((one) => one.name)).toEqual(["a", "b", "sum", "read"]);
    expect([...node.entries()][2]![1]).toBeInstanceOf(NodeDef);
    expect(node[2]).toBe(node[2]);
    expect(node[4]).toBeUndefined();
    expect(3 in node && !(4 in node)).toBe(true);
    expect(Object.keys(node)).toEqual(["0", "1", "2", "3"]);
    expect(node.findIndex((one) => one.op === "Identity")).toBe(3);
    expect(node.slice(1, 3).map((one) => one.op)).toEqual(["Const", "Add"]);
    expect([...node, ...node].length).toBe(8);
    expect(JSON.parse(JSON.stringify(node.map(({ input }) => input)))[2]).toEqual(["a", "b:1", "^c"]);
  });

  it("takes changes: of a node, and of the list", () => {
    const edits: ((graph: GraphDef) => unknown)[] = [
      (graph) => Object.assign(graph.node[1]!, { name: "c" }),
      (graph) => Object.assign(graph.node, { 1: graph.node[0]! }),
      (graph) => void graph.node.push(new NodeDef({ name: "new", op: "NoOp" })),
      (graph) => void graph.node.splice(1, 2),
      (graph) => void graph.node.reverse(),
      (graph) => void graph.node.unshift(new NodeDef({ name: "new", op: "NoOp" })),
      (graph) => void graph.node.pop(),
      (graph) => Object.assign(graph.node, { length: 1 }),
      (graph) => {
        graph.node.length = 0;
        graph.node.push(new NodeDef({ name: "only" }));
      },
      (graph) => void graph.node.sort((a, b) => (a.name < b.name ? 1 : -1)),
      (graph) => void delete graph.node[2]!.attr.T,
      (graph) => Object.assign(graph, { node: graph.node.filter(({ op }) => op !== "Add") }),
    ];
    for (const edit of edits) {
      const lazy = decodeLazily(GraphDef, bytes);
      const plain = decode(GraphDef, bytes);
      edit(lazy);
      edit(plain);
      expect(encode(GraphDef, lazy), String(edit)).toEqual(encode(GraphDef, plain));
      expect(nodeTable(lazy.node).count).toBe(plain.node.length);
      expect([...lazy.node]).toEqual([...plain.node]);
    }
  });

  it("writes nodes that it would write otherwise as they are, unless they are touched", () => {
    const file = graphOf([0x12, 1, 0x61, 0x0a, 0x81, 0x00, 0x62]); // op first, and a length that takes two bytes
    const lazy = decodeLazily(GraphDef, file);
    expect(encode(GraphDef, lazy)).toEqual(file);
    expect(nodeTable(lazy.node).name(0)).toBe("b");
    expect(lazy.node[0]).toEqual(new NodeDef({ name: "b", op: "a" }));
    expect(encode(GraphDef, lazy)).toEqual(graphOf([0x0a, 1, 0x62, 0x12, 1, 0x61]));
  });

  it("reads several GraphDefs of one message, and one that comes in parts, as protobuf merges them", () => {
    const part = (list: INodeDef[]): Uint8Array => encode(MetaGraphDef, { graphDef: { node: list } });
    const file = concat(part(nodes.slice(0, 1)), part(nodes.slice(1)));
    expect(decodeLazily(MetaGraphDef, file)).toEqual(decode(MetaGraphDef, file));
  });

  it("can be cloned, and the clone is an ordinary message", () => {
    const lazy = decodeLazily(GraphDef, bytes);
    const copy = clone(GraphDef, lazy);
    expect(equals(GraphDef, copy, lazy)).toBe(true);
    expect(structuredClone(copy).node.length).toBe(4);
  });

  it("is DATA_LOSS for every truncation, and for whatever decode() refuses, at the same byte", () => {
    const refuse = (read: typeof decode, file: Uint8Array): string | undefined => {
      try {
        read(GraphDef, file);
        return undefined;
      } catch (error) {
        if (!isTfError(error)) throw error;
        expect(error.code).toBe("DATA_LOSS");
        return `${error.message} at ${error.place.offset}`;
      }
    };
    const files = [
      ...Array.from({ length: bytes.length }, (_, i) => bytes.subarray(0, i)),
      ...Array.from({ length: bytes.length * 8 }, (_, i) =>
        bytes.map((byte, at) => (at === i >> 3 ? byte ^ (1 << (i & 7)) : byte)),
      ),
    ];
    let refused = 0;
    for (const file of files) {
      const why = refuse(decode, file);
      if (why !== undefined) refused++;
      expect(refuse(decodeLazily, file), [...file].join()).toBe(why);
    }
    expect(refused).toBeGreaterThan(500);
  });

  test("what is misused is a TypeError", () => {
    expect(() => decodeLazily(GraphDef, "x" as never)).toThrow(TypeError);
  });
});

describe("nodeTable()", () => {
  it("tells every node without touching it", () => {
    fc.assert(
      fc.property(fc.array(anyNode, { maxLength: 6 }), (list) => {
        const file = encode(GraphDef, { node: list });
        const lazy = decodeLazily(GraphDef, file);
        const table = nodeTable(lazy.node);
        expect(table.count).toBe(list.length);
        for (const [i, node] of decode(GraphDef, file).node.entries()) {
          const read = table.node(i);
          // "x:0" is another way to write "x", "y:01" one to write "y:1".
          read.input = [...node.input];
          expect(read).toEqual(node);
          for (let k = 0; k < node.input.length; k++)
            expect(table.writtenInput(table.inputFirst[i]! + k)).toBe(node.input[k]);
          expect(table.signatures[table.signature[i]!]!.op).toBe(node.op);
        }
        expect(encode(GraphDef, lazy)).toEqual(file);
      }),
    );
  });

  it("sees nodes with the same attributes as alike: tensors by dtype and shape, _class not at all", () => {
    const table = nodeTable([
      ...nodes,
      constant("c", [1, 2, 3]),
      constant("d", [1, 2], 3),
      {
        ...nodes[3]!,
        name: "other",
        attr: { T: { type: 1 }, _class: { list: { s: [utf8.encode("loc:@b")] } } },
      },
      { ...nodes[3]!, name: "without", attr: { T: { type: 1 } } },
    ]);
    const [a, b, sum, read, c, d, other, without] = table.signature;
    expect(b).toBe(a);
    expect(other).toBe(read);
    expect(without).toBe(read);
    expect(new Set([a, sum, read, c, d]).size).toBe(5);
    expect(table.signatures[a!]!.attr.value!.tensor!.tensorContent.length).toBe(0);
    const groups: string[] = [];
    table.visitClass(6, (start, end) =>
      groups.push(new TextDecoder().decode(table.bytes.subarray(start, end))),
    );
    table.visitClass(7, () => groups.push("none"));
    expect(groups).toEqual(["loc:@b"]);
    expect(table.attrs(6)._class!.list!.s).toHaveLength(1);
  });

  it("keeps unknown fields apart", () => {
    const file = graphOf([0x0a, 1, 0x61, 0xfa, 0x07, 2, 1, 2]);
    const table = nodeTable(decodeLazily(GraphDef, file).node);
    expect(table.extras(0).$unknowns).toEqual([Uint8Array.of(0xfa, 0x07, 2, 1, 2)]);
    expect(table.name(0)).toBe("a");
  });
});

describe("encodeParts()", () => {
  it("gives the bytes of encode(), large values as they are", () => {
    const content = new Uint8Array(100_000).fill(7);
    const message = {
      node: [
        nodes[0]!,
        { name: "big", op: "Const", attr: { value: { tensor: { tensorContent: content } } } },
      ],
      library: { function: [{ nodeDef: [{ attr: { v: { s: new Uint8Array(40_000) } } }] }] },
    };
    const parts = encodeParts(GraphDef, message);
    expect(parts.some((part) => part === content)).toBe(true);
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    expect(sameBytes(encode(GraphDef, message), whole)).toBe(true);
    const read = decode(GraphDef, whole);
    expect(sameBytes(read.node[1]!.attr.value!.tensor!.tensorContent, content)).toBe(true);
    expect(read.library!.function[0]!.nodeDef[0]!.attr.v!.s!.length).toBe(40_000);
  });
});
