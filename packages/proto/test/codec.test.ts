import {
  AttrValue,
  CollectionDef,
  clone,
  create,
  DataType,
  decode,
  encode,
  equals,
  FunctionDef,
  GraphDebugInfo,
  GraphDef,
  HistogramProto,
  type INodeDef,
  Int64List,
  JobDef,
  type MessageType,
  MetaGraphDef,
  NodeDef,
  OpDef,
  StructuredValue,
  TensorProto,
  TensorShapeProto,
  UInt64Value,
} from "@org/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const back = <T extends object, I extends object>(type: MessageType<T, I>, message: I) =>
  decode(type, encode(type, message));

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const edges = [
  0n,
  1n,
  127n,
  128n,
  2n ** 31n,
  2n ** 32n,
  2n ** 49n - 1n,
  2n ** 49n,
  2n ** 53n + 1n,
  2n ** 62n,
  2n ** 63n - 1n,
];
const signedEdges = [...edges, ...edges.map((value) => -value), -(2n ** 63n)];

describe("64-bit integers", () => {
  it("come back as bigint from every kind of field", () => {
    const one = (value: bigint) => {
      expect(back(AttrValue, { i: value }).i).toBe(value);
      expect(back(TensorShapeProto, { dim: [{ size: value }] }).dim[0]!.size).toBe(value);
      expect(back(Int64List, { value: [value, 5n, value] }).value).toEqual([value, 5n, value]);
      expect(back(OpDef.AttrDef, { minimum: value }).minimum).toBe(value);
      expect(back(StructuredValue, { int64Value: value }).int64Value).toBe(value);
    };
    for (const value of signedEdges) one(value);
    fc.assert(fc.property(int64, one));
  });

  it("unsigned ones too, up to 2**64 - 1", () => {
    const one = (value: bigint) => {
      expect(back(UInt64Value, { value }).value).toBe(value);
      expect(back(TensorProto, { uint64Val: [value] }).uint64Val).toEqual([value]);
      expect(back(GraphDebugInfo.StackTrace, { frameId: [value, 1n] }).frameId).toEqual([value, 1n]);
      const info = back(GraphDebugInfo, {
        nameToTraceId: { a: value },
        framesById: { [String(value)]: { line: 3 } },
      });
      expect(info.nameToTraceId.a).toBe(value);
      expect(info.framesById[String(value)]!.line).toBe(3);
    };
    for (const value of [...edges, 2n ** 63n, 2n ** 64n - 1n]) one(value);
    fc.assert(fc.property(uint64, one));
  });

  it("are taken as safe integers, and 0n where absent", () => {
    expect(back(AttrValue, { i: -7 }).i).toBe(-7n);
    expect(back(Int64List, { value: [2 ** 53 - 1] }).value).toEqual([9007199254740991n]);
    expect(back(OpDef.AttrDef, {}).minimum).toBe(0n);
    expect(encode(OpDef.AttrDef, { minimum: 0 })).toHaveLength(0);
    expect(encode(OpDef.AttrDef, { minimum: 0n })).toHaveLength(0);
    expect(back(AttrValue, { i: 0 }).i).toBe(0n);
  });

  it.each([
    ["a fraction", 0.5],
    ["an unsafe integer", 2 ** 60],
    ["NaN", Number.NaN],
    ["2**63", 2n ** 63n],
    ["a string", "5"],
  ])("are never %s", (_, value) => {
    expect(() => encode(AttrValue, { i: value as bigint })).toThrow(TypeError);
    expect(() => encode(Int64List, { value: [value as bigint] })).toThrow(TypeError);
  });

  it("refuse a negative number where unsigned", () => {
    expect(() => encode(UInt64Value, { value: -1n })).toThrow(TypeError);
  });
});

describe("maps", () => {
  const keys = fc.uniqueArray(
    fc.oneof(
      fc.string(),
      fc.nat(20).map(String),
      fc.constantFrom("__proto__", "constructor", "01", "4294967295", "-1", ""),
    ),
  );

  it("keep the order of the wire, integer-like keys and __proto__ included", () => {
    fc.assert(
      fc.property(keys, (names) => {
        // One entry after the other: concatenated messages merge.
        const bytes = names.flatMap((name) => [
          ...encode(NodeDef, { attr: Object.fromEntries([[name, { placeholder: name }]]) }),
        ]);
        const wire = Uint8Array.from(bytes);
        const node = decode(NodeDef, wire);
        expect(encode(NodeDef, node)).toEqual(wire);
        expect(encode(NodeDef, clone(NodeDef, node))).toEqual(wire);
        for (const name of names) expect(node.attr[name]!.placeholder).toBe(name);
        expect(Object.keys(node.attr).sort()).toEqual([...names].sort());
      }),
    );
  });

  it("inherit nothing", () => {
    const { attr } = back(NodeDef, { attr: { a: { i: 1n } } });
    expect(attr.constructor).toBeUndefined();
    expect("toString" in attr).toBe(false);
    expect({}).not.toHaveProperty("a");
  });

  it("take changes: what is deleted is gone, what is new comes last", () => {
    const node = back(NodeDef, { attr: { b: { i: 1n }, "7": { i: 2n }, a: { i: 3n } } });
    delete node.attr.b;
    node.attr["1"] = new AttrValue();
    expect(Object.keys(back(NodeDef, node).attr).sort()).toEqual(["1", "7", "a"]);
  });

  it("have integer keys as decimal text", () => {
    expect(back(JobDef, { tasks: { 3: "x", 0: "y" } }).tasks).toEqual({ 0: "y", 3: "x" });
    expect(back(FunctionDef, { resourceArgUniqueId: { 4: 9 } }).resourceArgUniqueId["4"]).toBe(9);
  });
});

describe("unknown fields", () => {
  it("are kept, compared and written again, at every level", () => {
    const inner = Uint8Array.of(0xba, 0x3e, 2, 7, 7); // field 999, two bytes
    const wire = Uint8Array.of(0x0a, inner.length + 3, 0x0a, 1, 97, ...inner, ...inner);
    const graph = decode(GraphDef, wire);
    expect(graph.node[0]!.name).toBe("a");
    expect(graph.node[0]!.$unknowns).toEqual([inner]);
    expect(graph.$unknowns).toEqual([inner]);
    expect(encode(GraphDef, graph)).toEqual(wire);
    expect(Object.keys(graph)).not.toContain("$unknowns");
    expect(equals(GraphDef, graph, { node: [{ name: "a" }] })).toBe(false);
    expect(equals(GraphDef, graph, clone(GraphDef, graph))).toBe(true);
  });
});

describe("decode", () => {
  const message = encode(MetaGraphDef, {
    metaInfoDef: { tags: ["serve"], tensorflowVersion: "1.15.5" },
    graphDef: {
      node: [
        {
          name: "a",
          op: "Const",
          attr: { value: { tensor: { dtype: 1, floatVal: [1, 2], int64Val: [300n] } } },
        },
      ],
      versions: { producer: 134 },
    },
    collectionDef: { c: { int64List: { value: [1n, -1n] } } },
  });

  it("of a message cut anywhere gives another message or DATA_LOSS, never anything else", () => {
    for (let cut = 0; cut < message.length; cut++) {
      try {
        decode(MetaGraphDef, message.subarray(0, cut));
      } catch (error) {
        expect(error).toMatchObject({
          code: "DATA_LOSS",
          sentence: expect.stringContaining("tensorflow.MetaGraphDef"),
        });
      }
    }
    expect(() => decode(MetaGraphDef, message.subarray(0, message.length - 1))).toThrow("Unable to parse");
  });

  it("of noise gives a message or DATA_LOSS", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        try {
          decode(MetaGraphDef, noise);
        } catch (error) {
          expect(error).toMatchObject({ code: "DATA_LOSS" });
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("allocates nothing for absurd lengths", () => {
    const absurd = Uint8Array.of(0x22, 0xff, 0xff, 0xff, 0xff, 0x07, 1, 2, 3); // tensor_content of 2 GiB
    expect(() => decode(TensorProto, absurd)).toThrow(
      expect.objectContaining({ code: "DATA_LOSS", place: { offset: expect.any(Number) } }),
    );
    const packed = Uint8Array.of(0x52, 0xff, 0xff, 0xff, 0x7f, 1);
    expect(() => decode(TensorProto, packed)).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
  });

  it("stops at absurd depth", () => {
    let deep: Uint8Array = new Uint8Array(0);
    for (let i = 0; i < 300; i++) deep = encode(AttrValue, { func: { attr: { a: decodeShallow(deep) } } });
    expect(() => decode(AttrValue, deep)).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
    function decodeShallow(bytes: Uint8Array): { $unknowns: Uint8Array[] } {
      return { $unknowns: [bytes] };
    }
  });

  it("refuses text that is not UTF-8 and varints without end", () => {
    expect(() => decode(NodeDef, Uint8Array.of(0x0a, 1, 0xff))).toThrow(
      expect.objectContaining({ code: "DATA_LOSS" }),
    );
    expect(() => decode(AttrValue, Uint8Array.of(0x18, ...new Array(12).fill(0x80)))).toThrow(
      "invalid varint encoding",
    );
  });

  it("shares no memory with its input", () => {
    const bytes = encode(AttrValue, { s: Uint8Array.of(1, 2) });
    const value = decode(AttrValue, bytes);
    bytes.fill(0);
    expect(value.s).toEqual(Uint8Array.of(1, 2));
    if (typeof Buffer === "undefined") return; // not Node
    expect(Buffer.isBuffer(decode(AttrValue, Buffer.from([0x12, 1, 5])).s)).toBe(false);
  });

  it("reads packed and unpacked lists", () => {
    expect(decode(Int64List, Uint8Array.of(0x08, 1, 0x08, 2, 0x0a, 2, 3, 4)).value).toEqual([1n, 2n, 3n, 4n]);
    expect(decode(HistogramProto, encode(HistogramProto, { bucket: [1, 2.5] })).bucket).toEqual([1, 2.5]);
  });
});

describe("equals", () => {
  const node: INodeDef = { name: "n", attr: { a: { f: Number.NaN }, b: { i: 1 } } };
  it("ignores map order, takes defaults for absent, NaN for NaN, numbers for bigints", () => {
    expect(
      equals(NodeDef, node, { op: "", input: [], name: "n", attr: { b: { i: 1n }, a: { f: Number.NaN } } }),
    ).toBe(true);
  });
  it("tells a set oneof member from an absent one, and values apart", () => {
    expect(equals(AttrValue, { i: 0n }, {})).toBe(false);
    expect(equals(AttrValue, { list: {} }, {})).toBe(false);
    expect(equals(AttrValue, { f: 0 }, { f: -0 })).toBe(false);
    expect(equals(NodeDef, node, { ...node, input: ["x"] })).toBe(false);
    expect(equals(CollectionDef, { nodeList: { value: ["a"] } }, { nodeList: { value: ["b"] } })).toBe(false);
  });
});

describe("create", () => {
  it("makes classes with every default of plain objects", () => {
    const op = create(OpDef, { name: "Op", attr: [{ hasMinimum: true, minimum: 3 }] });
    expect(op.attr[0]).toBeInstanceOf(OpDef.AttrDef);
    expect(op.attr[0]!.minimum).toBe(3n);
    expect(op.inputArg).toEqual([]);
    expect(op.deprecation).toBeNull();
    expect(create(AttrValue, { type: DataType.DT_HALF })).toMatchObject({ value: "type", type: 19, i: null });
  });
  it("needs nothing compiled at run time", () => {
    expect(OpDef.ArgDef.typeName).toBe("tensorflow.OpDef.ArgDef");
  });
});
