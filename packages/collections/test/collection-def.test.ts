// How collections become CollectionDefs and come back: kinds, scopes, warnings, double registration.
import { createOpRegistry, Graph } from "@org/graph";
import { opDefs } from "@org/graph/op-defs";
import {
  Any,
  CollectionDef,
  decode,
  encode,
  type ICollectionDef,
  type IVariableDef,
  VariableDef,
} from "@org/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CollectionType,
  collectionKind,
  createCollectionRegistry,
  fromCollectionDef,
  toCollectionDef,
} from "../src/index.ts";

const ops = createOpRegistry(opDefs());
const back = (def: ICollectionDef, importScope?: string): unknown[] => {
  const graph = new Graph({ ops });
  for (const name of ["a", "s/a"]) graph.createOp("NoOp", [], { name });
  fromCollectionDef("k", decode(CollectionDef, encode(CollectionDef, def)), { graph, importScope });
  return graph.getCollection("k");
};
const round = (...items: unknown[]): unknown[] => back(toCollectionDef("k", items)!);

describe("toCollectionDef", () => {
  const any = new Any({ typeUrl: "type.googleapis.com/x", value: new Uint8Array([1]) });
  it.each([
    ["bytes_list", ["text"]],
    ["bytes_list", [new Uint8Array([255])]],
    ["int64_list", [1, 2n, true]],
    ["float_list", [0.5, 1]],
    ["float_list", [1, 0.5]],
    ["any_list", [any]],
    ["node_list", [{ name: "a:0" }]],
  ])("chooses %s", (kind, items) => {
    expect(collectionKind(toCollectionDef("k", items)!)).toBe(kind);
  });

  it.each([
    [["text", 0.5]],
    [[1, "text"]],
    [[0.5, "text"]],
    [[{ name: "a" }, 5]],
    [[Symbol("x")]],
    [[any, 1]],
  ])("leaves the collection out, with a warning, where an item does not fit", (items) => {
    const warnings: string[] = [];
    expect(
      toCollectionDef("k", items, { onWarning: ({ message }) => warnings.push(message) }),
    ).toBeUndefined();
    expect(warnings[0]).toMatch(
      /^Issue encountered when serializing k\.\nType is unsupported, or the types of the items don't match field type in CollectionDef\. Note this is a warning and probably safe to ignore\.\n/,
    );
  });

  it("writes nothing for an empty collection", () => {
    expect(toCollectionDef("k", [])).toBeUndefined();
  });

  it("keeps names below the export scope, and what has no name", () => {
    const items = [{ name: "s/a:0" }, { name: "t/a:0" }];
    expect(toCollectionDef("k", items, { exportScope: "s" })).toEqual({ nodeList: { value: ["a:0"] } });
    expect(toCollectionDef("k", [1], { exportScope: "s" })).toEqual({ int64List: { value: [1n] } });
    expect(toCollectionDef("k", ["t/x"], { exportScope: "s" })).toBeUndefined();
    expect(toCollectionDef("k", items, { excludeNodes: new Set(["s/a:0"]) })).toEqual({
      nodeList: { value: ["t/a:0"] },
    });
  });
});

describe("a collection from a file", () => {
  it("comes back as it was", () => {
    const item = fc.oneof(
      fc.array(fc.string(), { minLength: 1 }),
      fc.array(fc.maxSafeInteger(), { minLength: 1 }),
      fc.array(fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }), { minLength: 1 }),
      fc.array(
        fc.float({ noNaN: true }).filter((x) => !Object.is(x, -0)),
        { minLength: 1 },
      ),
    );
    fc.assert(
      fc.property(item, (items) => {
        expect(round(...items)).toEqual(items);
      }),
    );
  });

  it("keeps bytes that are no text, and whole floats floats", () => {
    expect(round(new Uint8Array([255, 0]))).toEqual([new Uint8Array([255, 0])]);
    const graph = new Graph();
    fromCollectionDef("k", { floatList: { value: [1, 2] } }, { graph });
    expect(toCollectionDef("k", graph.getCollectionRef("k"))).toEqual({ floatList: { value: [1, 2] } });
  });

  it("puts the import scope in front of text and names, not of bytes", () => {
    expect(
      back({ bytesList: { value: [new TextEncoder().encode("sgd"), new Uint8Array([255])] } }, "s"),
    ).toEqual(["s/sgd", new Uint8Array([255])]);
    expect(back({ nodeList: { value: ["a"] } }, "s")).toMatchObject([{ name: "s/a" }]);
    expect(() => back({ nodeList: { value: ["gone"] } })).toThrow(
      "The name 'gone' refers to an Operation not in the graph.",
    );
  });
});

describe("collection types", () => {
  const type = (
    key: string,
    more: Partial<CollectionType<IVariableDef, IVariableDef>> = {},
  ): CollectionType<IVariableDef, IVariableDef> => ({
    key,
    protoType: VariableDef,
    toProto: (item) => item,
    fromProto: (proto) => ({ variableName: proto.variableName }),
    ...more,
  });

  it("of one identity share objects of equal bytes", () => {
    const graph = new Graph();
    const made = new Map<string, unknown>();
    const bytes = encode(VariableDef, { variableName: "v" });
    const collections = createCollectionRegistry(
      ["a", "b"].map((key) => type(key, { identity: "variable" })),
      type("c"),
    );
    for (const key of ["a", "b", "c"])
      fromCollectionDef(key, { bytesList: { value: [bytes] } }, { graph, collections, made });
    const [a, b, c] = ["a", "b", "c"].map((key) => graph.getCollection(key)[0]);
    expect(a).toBe(b);
    expect(c).not.toBe(a);
    expect(c).toEqual(a);
  });

  it("skip items without message, and drop the collection where one throws", () => {
    const collections = createCollectionRegistry(
      type("some", { toProto: (item) => (item.variableName === "out" ? undefined : item) }),
      type("bad", {
        toProto: () => {
          throw new Error("no");
        },
      }),
    );
    const items = [{ variableName: "in" }, { variableName: "out" }];
    expect(toCollectionDef("some", items, { collections })!.bytesList!.value).toHaveLength(1);
    expect(toCollectionDef("bad", items, { collections })).toBeUndefined();
  });

  it("rebuild items from names where a file has those", () => {
    const graph = new Graph({ ops });
    graph.createOp("NoOp", [], { name: "v" });
    const collections = createCollectionRegistry(
      type("vars", { fromNode: (node) => ({ variableName: node.name }) }),
    );
    fromCollectionDef("vars", { nodeList: { value: ["v"] } }, { graph, collections });
    expect(graph.getCollection("vars")).toEqual([{ variableName: "v" }]);
  });

  it("clash by name, with both origins", () => {
    const first = type("k", { origin: "one" });
    expect(() => createCollectionRegistry(first, type("k", { origin: "two" }))).toThrow(
      "Registering two proto functions with name 'k'! (Previous registration was in one)\nHint: The second registration is two's.",
    );
    expect(createCollectionRegistry(first, createCollectionRegistry(first)).keys()).toEqual(["k"]);
    expect(() => createCollectionRegistry(type("k", { toProto: 5 as never }))).toThrow(
      new TypeError("to_proto must be callable."),
    );
    expect(() => createCollectionRegistry(type("k", { fromProto: 5 as never }))).toThrow(
      new TypeError("from_proto must be callable."),
    );
  });
});
