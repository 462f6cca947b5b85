// importMetaGraph and exportMetaGraph on small graphs. Names in brackets are upstream's tests of the same behaviour
// (saver_test.py, meta_graph_test.py) that need no engine.
import { describe, expect, it } from "vitest";
import {
  type CollectionType,
  create,
  createCollectionRegistry,
  decode,
  encode,
  equals,
  exportMetaGraph,
  Graph,
  globalVariables,
  type IMetaGraphDef,
  type INodeDef,
  type ISaverDef,
  importMetaGraph,
  isTfError,
  MetaGraphDef,
  NodeDef,
  parseMetaGraph,
  ResourceVariable,
  Saver,
  SaverDef,
  standardCollections,
  type Tensor,
  trainableVariables,
  Variable,
} from "../src/index.ts";
import { fixture as bytesOf } from "./fixture.ts";

const fixture = async (name: string) => parseMetaGraph(await bytesOf(name), name);

const sentence = (fn: () => unknown) => {
  try {
    fn();
    return "no error";
  } catch (error) {
    return isTfError(error) ? `${error.code}: ${error.sentence}` : String(error);
  }
};

const float = (graph: Graph, name: string, options = {}) =>
  new Variable([1, 2], { graph, name, dtype: "float32", ...options });

const names = (items: readonly unknown[]) => items.map((item) => (item as { name: string }).name);

describe("importMetaGraph", () => {
  it("brings back nodes, collections and the Saver", async () => {
    const { graph, saver, scope, variables, unknownOps } = importMetaGraph(await fixture("inference.meta"));
    expect(graph.getOperations()).toHaveLength(66);
    expect(names(graph.getCollection("logits"))).toEqual(["softmax_linear/add:0"]);
    expect([...variables.keys()]).toEqual(names(globalVariables(graph)));
    expect(saver?.asSaverDef()?.restoreOpName).toBe("save/restore_all");
    expect([scope, unknownOps]).toEqual(["", []]);
  });

  it("makes a Saver only where the file has one", () => {
    const graph = new Graph();
    float(graph, "v");
    new Saver(null, { graph });
    expect(importMetaGraph(exportMetaGraph(graph)).saver).toBeUndefined();
  });

  it("shares a variable among its collections [testVariableObjectsAreSharedAmongCollections]", async () => {
    for (const name of ["inference.meta", "inference-1.0.1.meta", "momentum.meta"]) {
      const { graph } = importMetaGraph(await fixture(name));
      const all = globalVariables(graph);
      for (const variable of trainableVariables(graph)) expect(all).toContain(variable);
    }
  });

  it("knows of old files which variables are trainable", async () => {
    const { graph } = importMetaGraph(await fixture("inference-1.0.1.meta"));
    expect(globalVariables(graph).map((variable) => variable.trainable)).not.toContain(false);
  });

  it("takes scopes that are made unique [testImportsUsingSameScopeName]", () => {
    const source = new Graph();
    float(source, "v");
    const def = exportMetaGraph(source, { saverDef: new Saver(null, { graph: source }).asSaverDef() });
    const graph = new Graph();
    const first = importMetaGraph(def, { graph, importScope: "s" });
    const second = importMetaGraph(def, { graph, importScope: "s" });
    expect(names(globalVariables(graph))).toEqual(["s/v:0", "s_1/v:0"]);
    expect([first.scope, second.scope]).toEqual(["s", "s_1"]);
    expect([...second.variables.keys()]).toEqual(["v:0"]);
    expect([first, second].map(({ saver }) => saver?.asSaverDef()?.filenameTensorName)).toEqual([
      "s/save/Const:0",
      "s_1/save/Const:0",
    ]);
  });

  it("imports under the current scope [testScopedImportUnderNameScope, ...NoVarScope]", () => {
    const source = new Graph();
    float(source, "myvar");
    const def = exportMetaGraph(source, { saverDef: new Saver(null, { graph: source }).asSaverDef() });
    const graph = new Graph();
    const inBar = graph.nameScope("foo", () => importMetaGraph(def, { graph, importScope: "bar" }));
    const inFoo = graph.nameScope("foo", () => importMetaGraph(def, { graph }));
    expect(names(globalVariables(graph))).toEqual(["foo/bar/myvar:0", "foo_1/myvar:0"]);
    expect(inBar.saver?.asSaverDef()?.restoreOpName).toBe("foo/bar/save/restore_all");
    expect(inFoo.saver?.asSaverDef()?.restoreOpName).toBe("foo_1/save/restore_all");
  });

  it("restores the collections asked for [testScopedImportWithSelectedCollections]", async () => {
    const def = await fixture("inference.meta");
    const { graph } = importMetaGraph(def, { restoreCollectionsPredicate: (key) => key === "logits" });
    expect(graph.getAllCollectionKeys()).toEqual(["logits"]);
  });

  it("clears devices [testClearDevicesOnImport]", () => {
    const source = new Graph();
    source.device("/job:ps/gpu:1", () => float(source, "v"));
    const { graph } = importMetaGraph(exportMetaGraph(source), { clearDevices: true });
    expect(graph.getOperations().map((op) => op.device)).toEqual(["", "", "", ""]);
  });

  it("maps inputs and returns elements", async () => {
    const def = await fixture("inference.meta");
    const graph = new Graph();
    const images = graph.createOp("Placeholder", [], { attrs: { dtype: "float32", shape: [7, 784] } })
      .outputs[0]!;
    const { returned } = importMetaGraph(def, {
      graph,
      importScope: "net",
      inputMap: { "images:0": images },
      returnElements: ["softmax_linear/add:0", "hidden1/MatMul"],
    });
    expect(names(returned!)).toEqual(["net/softmax_linear/add:0", "net/hidden1/MatMul"]);
    expect(graph.getOperationByName("net/hidden1/MatMul").inputs[0]).toBe(images);
  });

  it("gives a graph in which more of the file's ops can be made", async () => {
    const { graph } = importMetaGraph(await fixture("inference.meta"));
    const logits = graph.getCollection("logits")[0] as Tensor;
    const relu = graph.createOp("Relu", [logits]);
    expect(exportMetaGraph(graph).graphDef?.node.at(-1)?.name).toBe(relu.name);
  });

  it("says what is wrong with a broken graph", async () => {
    const broken = async (edit: (nodes: NodeDef[], def: MetaGraphDef) => void) => {
      const def = await fixture("inference.meta");
      edit(def.graphDef!.node, def);
      return sentence(() => importMetaGraph(def));
    };
    const read = (nodes: NodeDef[]) => nodes.find((node) => node.name === "hidden1/biases/read")!;
    expect(await broken((nodes) => read(nodes).input.splice(0, 1, "ghost"))).toBe(
      "INVALID_ARGUMENT: Node 'hidden1/biases/read': Unknown input node 'ghost'",
    );
    expect(await broken((nodes) => nodes.push(nodes[0]!))).toContain("is not unique");
    expect(await broken((_, def) => (def.graphDef!.versions!.minConsumer = 2 ** 30))).toContain(
      "GraphDef min consumer version 1073741824 above current version 134",
    );
    const badBytes = { bytesList: { value: [Uint8Array.of(0xff, 0xff, 0xff)] } };
    expect(await broken((_, def) => Object.assign(def.collectionDef, { variables: badBytes }))).toContain(
      "DATA_LOSS",
    );
  });

  it("refuses absurd dims and lengths at once, with a code", () => {
    const constant = (dims: bigint[], more = {}) => ({
      name: "c",
      op: "Const",
      attr: {
        dtype: { type: 1 },
        value: { tensor: { dtype: 1, tensorShape: { dim: dims.map((size) => ({ size })) }, ...more } },
      },
    });
    const variable = {
      dtype: { type: 1 },
      shape: { shape: { dim: [{ size: 2n ** 60n }, { size: 2n ** 60n }] } },
    };
    const attempt = (...node: INodeDef[]) => sentence(() => importMetaGraph({ graphDef: { node } }));
    expect(attempt(constant([2n ** 62n, 2n ** 62n]))).toContain("INVALID_ARGUMENT");
    expect(attempt(constant([-5n]))).toContain("INVALID_ARGUMENT");
    expect(attempt({ name: "v", op: "VariableV2", attr: variable })).toContain("INVALID_ARGUMENT");
    expect(
      attempt(constant([]), {
        name: "p",
        op: "Pack",
        input: ["c"],
        attr: { T: { type: 1 }, N: { i: 2n ** 40n } },
      }),
    ).toContain("INVALID_ARGUMENT");
    // A constant of one value that stands for 2**40 is fine: nothing expands it.
    expect(attempt(constant([2n ** 40n], { floatVal: [1] }))).toBe("no error");
    expect(attempt({ name: "loop", op: "Identity", input: ["loop"], attr: { T: { type: 1 } } })).toContain(
      "in a cycle",
    );
  });

  it("imports a chain of 20,000 nodes, in either order", () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => ({
      name: `n${i + 1}`,
      op: "NoOp",
      input: [`^n${i}`],
    }));
    const nodes: INodeDef[] = [{ name: "n0", op: "NoOp" }, ...chain];
    expect(importMetaGraph({ graphDef: { node: nodes } }).graph.getOperations()).toHaveLength(20_001);
    const { graph } = importMetaGraph({ graphDef: { node: [...nodes].reverse() } });
    expect(graph.getOperations()).toHaveLength(20_001);
  });

  it("imports ops that nobody knows, and lists them", async () => {
    const def = await fixture("inference.meta");
    def.graphDef!.node.push(create(NodeDef, { name: "strange", op: "NoSuchOp", input: ["hidden1/Relu"] }));
    const { graph, unknownOps } = importMetaGraph(def);
    expect(unknownOps).toEqual([expect.objectContaining({ op: "NoSuchOp" })]);
    expect(exportMetaGraph(graph).graphDef?.node.at(-1)).toMatchObject({
      name: "strange",
      input: ["hidden1/Relu"],
    });
  });
});

describe("exportMetaGraph", () => {
  it("writes every kind of collection [testAddCollectionDef]", () => {
    const graph = new Graph();
    const v = float(graph, "v", { collections: ["variables", "local_variables"] });
    const r = new ResourceVariable(1, { graph, name: "r", dtype: "float32", trainable: false });
    graph.addToCollections(["ints"], 3);
    graph.addToCollection("floats", 3.5);
    graph.addToCollection("strings", "hello");
    graph.addToCollection("bytes", Uint8Array.of(0xff, 0));
    graph.addToCollection("any", {
      typeUrl: "type.googleapis.com/tensorflow.NodeDef",
      value: new Uint8Array(0),
    });
    graph.addToCollection("tensors", v.value());
    graph.addToCollection("ops", v.op);
    graph.addToCollection("global_step", r);
    graph.addToCollection("savers", new Saver([v]));
    const first = exportMetaGraph(graph);
    const again = exportMetaGraph(importMetaGraph(first).graph);
    expect(equals(MetaGraphDef, first, again)).toBe(true);
    const kinds = Object.entries(first.collectionDef).map(([key, def]) => `${key} ${def.kind}`);
    expect(kinds.sort()).toEqual([
      "any anyList",
      "bytes bytesList",
      "floats floatList",
      "global_step bytesList",
      "ints int64List",
      "local_variables bytesList",
      "ops nodeList",
      "savers bytesList",
      "strings bytesList",
      "tensors nodeList",
      "trainable_variables bytesList",
      "variables bytesList",
    ]);
  });

  it("leaves out a collection that it cannot write, with a warning [testAddCollectionDefFails]", () => {
    const graph = new Graph();
    float(graph, "v");
    graph.addToCollection("mixed", "text");
    graph.addToCollection("mixed", 1);
    graph.addToCollection("variables", "no variable");
    const warnings: string[] = [];
    const def = exportMetaGraph(graph, { onWarning: ({ message }) => warnings.push(message) });
    expect(Object.keys(def.collectionDef)).toEqual(["trainable_variables"]);
    expect(warnings.map((text) => text.split("\n")[0])).toEqual([
      "Issue encountered when serializing variables.",
      "Issue encountered when serializing mixed.",
    ]);
  });

  it("keeps each Saver of the collection apart [testMultiSaverCollection]", () => {
    const graph = new Graph();
    const [v0, v1] = [float(graph, "v0"), float(graph, "v1")];
    for (const [variable, name] of [
      [v0, "saver0"],
      [v1, "saver1"],
    ] as const)
      graph.addToCollection("savers", new Saver([variable], { name }));
    const def = exportMetaGraph(graph);
    expect(def.saverDef).toBeNull();
    expect(def.collectionDef.savers?.bytesList?.value).toHaveLength(2);
    const savers = importMetaGraph(def).graph.getCollection("savers") as Saver[];
    expect(savers.map((saver) => saver.asSaverDef()?.restoreOpName)).toEqual([
      "saver0/restore_all",
      "saver1/restore_all",
    ]);
    expect(savers[1]?.exportMetaGraph().saverDef?.saveTensorName).toBe("saver1/control_dependency:0");
  });

  it("clears Savers that are not the one given [testClearExtraneousSavers]", () => {
    const graph = new Graph();
    float(graph, "v0");
    const savers = ["one", "two"].map((name) => new Saver(null, { graph, name }));
    for (const saver of savers) graph.addToCollection("savers", saver);
    const whole = savers[0]!.exportMetaGraph();
    const cleared = savers[0]!.exportMetaGraph({ clearExtraneousSavers: true });
    expect(
      cleared.collectionDef.savers?.bytesList?.value.map((bytes) => decode(SaverDef, bytes).saveTensorName),
    ).toEqual(["one/control_dependency:0"]);
    expect(
      [whole, cleared].map((def) => def.graphDef?.node.some((node) => node.name.startsWith("two/"))),
    ).toEqual([true, false]);
  });

  it("keeps save slices [testSliceVariable]", async () => {
    const { SaveSliceInfo } = await import("@org/variables");
    const graph = new Graph();
    const v = float(graph, "v");
    v.saveSliceInfo = new SaveSliceInfo({
      fullName: "slice_1",
      fullShape: [4],
      varOffset: [2],
      varShape: [2],
    });
    const def = exportMetaGraph(graph);
    const back = importMetaGraph(def, { importScope: "s" });
    expect(back.variables.get("v:0")?.saveSliceInfo).toMatchObject({ fullName: "s/slice_1", varOffset: [2] });
    expect(equals(MetaGraphDef, def, exportMetaGraph(importMetaGraph(def).graph))).toBe(true);
  });

  it("exports a scope, with its Saver and variables [testSerializeSaverWithScope]", () => {
    const graph = new Graph();
    graph.nameScope("hidden1", () =>
      graph.addToCollection("savers", new Saver([float(graph, "v")], { name: "saver" })),
    );
    graph.nameScope("hidden2", () =>
      graph.addToCollection("savers", new Saver([float(graph, "v")], { name: "saver" })),
    );
    const def = exportMetaGraph(graph, { exportScope: "hidden1" });
    expect(def.graphDef?.node.map((node) => node.name)).toContain("saver/restore_all");
    expect(def.collectionDef.savers?.bytesList?.value).toHaveLength(1);
    const { graph: other } = importMetaGraph(def, { importScope: "new" });
    const [saver] = other.getCollection("savers") as Saver[];
    expect(saver?.asSaverDef()?.restoreOpName).toBe("new/saver/restore_all");
    expect(names(globalVariables(other))).toEqual(["new/v:0"]);
  });

  it("lists the ops that are used [testStrippedOpListDef]", () => {
    const graph = new Graph();
    float(graph, "v");
    new Saver(null, { graph, writeVersion: "V1" });
    const ops = exportMetaGraph(graph).metaInfoDef?.strippedOpList?.op ?? [];
    expect(ops.map((op) => op.name)).toEqual([
      "Assign",
      "Const",
      "Identity",
      "NoOp",
      "PlaceholderWithDefault",
      "RestoreV2",
      "SaveSlices",
      "VariableV2",
    ]);
    expect(ops.map((op) => op.summary + op.description).join("")).toBe("");
  });

  it("strips default attributes [testStripDefaultValuedAttrs]", () => {
    const graph = new Graph();
    float(graph, "v");
    const attrs = (def: MetaGraphDef) =>
      Object.keys(def.graphDef!.node.find((node) => node.name === "v")!.attr).sort();
    expect(attrs(exportMetaGraph(graph))).toEqual([
      "_output_shapes",
      "container",
      "dtype",
      "shape",
      "shared_name",
    ]);
    const stripped = exportMetaGraph(graph, { stripDefaultAttrs: true });
    expect(attrs(stripped)).toEqual(["_output_shapes", "dtype", "shape"]);
    expect(stripped.metaInfoDef?.strippedDefaultAttrs).toBe(true);
  });

  it("states our versions and keeps the caller's info", () => {
    const def = exportMetaGraph(new Graph(), { metaInfoDef: { metaGraphVersion: "mine", tags: ["serve"] } });
    expect(def.metaInfoDef).toMatchObject({
      metaGraphVersion: "mine",
      tags: ["serve"],
      tensorflowVersion: "1.15.5",
    });
    expect(def.graphDef?.versions?.producer).toBe(134);
  });

  it("shares nothing with the graph", async () => {
    const { graph } = importMetaGraph(await fixture("inference.meta"));
    const def = exportMetaGraph(graph);
    const before = encode(MetaGraphDef, exportMetaGraph(graph));
    for (const node of def.graphDef!.node) node.attr = {};
    expect(encode(MetaGraphDef, exportMetaGraph(graph))).toEqual(before);
  });

  it("is the same from the same graph, byte for byte", async () => {
    const bytes = async () => {
      const { graph, saver } = importMetaGraph(await fixture("momentum.meta"));
      return encode(MetaGraphDef, exportMetaGraph(graph, { saverDef: saver?.asSaverDef() }));
    };
    expect(await bytes()).toEqual(await bytes());
  });
});

describe("a collection type of one's own", () => {
  interface Hyper {
    readonly rate: number;
  }
  // Any message will do: a SaverDef has a float field.
  const hyperType: CollectionType<Hyper, ISaverDef> = {
    key: "hyper",
    protoType: SaverDef,
    toProto: (item) => ({ keepCheckpointEveryNHours: item.rate }),
    fromProto: (def) => ({ rate: def.keepCheckpointEveryNHours ?? 0 }),
  };
  const collections = createCollectionRegistry(standardCollections, hyperType);

  it("goes out and comes back, also through a Saver that was imported with it", () => {
    const graph = new Graph();
    const saver = new Saver([float(graph, "v")], { collections });
    graph.addToCollection("hyper", { rate: 0.5 });
    const def: IMetaGraphDef = saver.exportMetaGraph();
    const back = importMetaGraph(def, { collections });
    expect(back.graph.getCollection("hyper")).toEqual([{ rate: 0.5 }]);
    expect(equals(MetaGraphDef, back.saver!.exportMetaGraph(), def)).toBe(true);
  });

  it("stays bytes where it is not known", () => {
    const graph = new Graph();
    graph.addToCollection("hyper", { rate: 0.5 });
    const def = exportMetaGraph(graph, { collections });
    const [item] = importMetaGraph(def).graph.getCollection("hyper");
    expect(item).toEqual(expect.anything());
  });
});
