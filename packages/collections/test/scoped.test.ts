// Ported by understanding from TensorFlow's meta_graph_test.py: MetaGraphDefs of graphs and of scopes of them.
import { createOpRegistry, Graph, type OpInput, type Tensor } from "@org/graph";
import { opDefs } from "@org/graph/op-defs";
import {
  decode,
  encode,
  equals,
  GraphDef,
  type IFunctionDef,
  MetaGraphDef,
  QueueRunnerDef,
  SaverDef,
} from "@org/proto";
import { ndArray } from "@org/tensor";
import { beforeEach, describe, expect, it } from "vitest";
import {
  copyScopedMetaGraph,
  exportScopedMetaGraph,
  GraphKeys,
  type ImportScopedOptions,
  importScopedMetaGraph,
  opsUsed,
  QueueRunner,
} from "../src/index.ts";

const ops = createOpRegistry(opDefs());
let graph: Graph;
beforeEach(() => {
  graph = new Graph({ ops });
});
const fresh = (): Graph => new Graph({ ops });
const constant = (name: string, into = graph): Tensor =>
  into.createOp("Const", [], {
    name,
    attrs: { dtype: "float32", value: ndArray("float32", [], Float32Array.of(1)) },
  }).outputs[0]!;
const apply = (type: string, inputs: OpInput[], name = type, into = graph): Tensor =>
  into.createOp(type, inputs, { name }).outputs[0]!;
const names = (of: Graph): string[] => of.getOperations().map((op) => op.name);
const text = (def: Uint8Array[] | readonly Uint8Array[] | null | undefined): string[] =>
  (def ?? []).map((bytes) => new TextDecoder().decode(bytes));
const load = (
  def: Parameters<typeof importScopedMetaGraph>[0],
  options: Partial<ImportScopedOptions> = {},
) => {
  const into = options.graph ?? fresh();
  return { into, ...importScopedMetaGraph(def, { graph: into, ...options }) };
};

describe("exportScopedMetaGraph", () => {
  it("states versions, ops in use and collections; the import gives the same again", () => {
    const sum = apply("Add", [
      graph.createOp("Placeholder", [], { attrs: { dtype: "float32", shape: [] } }).outputs[0]!,
      constant("c"),
    ]);
    graph.addToCollection("outputs", sum);
    graph.addToCollection("sizes", 4);
    graph.addToCollection("rates", 0.5);
    graph.addToCollection("notes", "text");
    graph.addToCollection("empty", 1);
    graph.getCollectionRef("empty").length = 0;
    const { metaGraphDef, variables } = exportScopedMetaGraph(graph);
    expect(variables.size).toBe(0);
    expect(metaGraphDef.metaInfoDef).toMatchObject({
      tensorflowVersion: "1.15.5",
      tensorflowGitVersion: "metagraph-js",
    });
    expect(metaGraphDef.metaInfoDef!.strippedOpList!.op!.map((op) => op.name)).toEqual([
      "Add",
      "Const",
      "Placeholder",
    ]);
    expect(Object.keys(metaGraphDef.collectionDef!)).toEqual(["outputs", "sizes", "rates", "notes"]);
    expect(metaGraphDef.graphDef!.node!.every((node) => node.attr!._output_shapes)).toBe(true);
    const again = exportScopedMetaGraph(
      load(decode(MetaGraphDef, encode(MetaGraphDef, metaGraphDef))).into,
    ).metaGraphDef;
    expect(equals(MetaGraphDef, again, metaGraphDef)).toBe(true);
  });

  it("[meta_graph_test/SimpleMetaGraphTest.testStrippedOpListRecursiveFunctions] counts ops of called functions, recursion included", () => {
    const fn = (name: string, ...calls: string[]): IFunctionDef => ({
      signature: { name },
      nodeDef: calls.map((op) => ({ name: op, op })),
    });
    const library = { function: [fn("a", "b", "Square"), fn("b", "a", "Neg"), fn("uncalled", "Exp")] };
    expect(opsUsed({ node: [{ op: "a" }, { op: "Const" }], library })).toEqual(["Const", "Neg", "Square"]);
  });

  it("[meta_graph_test/SimpleMetaGraphTest.testDefaultAttrStrippingNestedFunctions] strips default attributes in nodes and functions, but of ops that nobody knows", () => {
    const attr = { T: { type: 1 }, Tout: { type: 8 } };
    const doubles = { T: { type: 2 }, Tout: { type: 18 } };
    const node = [
      { name: "a", op: "Complex", attr },
      { name: "b", op: "Complex", attr: doubles },
      { name: "c", op: "NoSuchOp", attr },
    ];
    const graphDef = { node, library: { function: [{ signature: { name: "f" }, nodeDef: node }] } };
    const { metaGraphDef } = exportScopedMetaGraph(graph, { graphDef, stripDefaultAttrs: true });
    const keys = (nodes: typeof node) => nodes.map((one) => Object.keys(one.attr).join());
    expect(keys(metaGraphDef.graphDef!.node as typeof node)).toEqual(["", "T,Tout", "T,Tout"]);
    expect(keys(metaGraphDef.graphDef!.library!.function![0]!.nodeDef as typeof node)).toEqual([
      "",
      "T,Tout",
      "T,Tout",
    ]);
    expect(metaGraphDef.metaInfoDef!.strippedDefaultAttrs).toBe(true);
  });

  it("takes the scope off names, groups and inputs, and lists what lies outside, once", () => {
    const image = constant("images");
    const guard = graph.createOp("NoOp", [], { name: "guard" });
    graph.nameScope("hidden1", () => {
      const weights = constant("weights");
      graph.colocateWith(weights, () =>
        graph.controlDependencies([guard], () => apply("Mul", [image, weights], "y")),
      );
      apply("Add", [image, image], "twice");
    });
    const { metaGraphDef } = exportScopedMetaGraph(graph, { exportScope: "hidden1", collectionList: [] });
    const node = metaGraphDef.graphDef!.node!;
    expect(node.map((one) => [one.name, one.input])).toEqual([
      ["weights", []],
      ["y", ["$unbound_inputs_images", "weights", "^$unbound_inputs_guard"]],
      ["twice", ["$unbound_inputs_images", "$unbound_inputs_images"]],
    ]);
    expect(text(node[1]!.attr!._class!.list!.s)).toEqual(["loc:@weights"]);
    expect(text(metaGraphDef.collectionDef!.unbound_inputs!.bytesList!.value)).toEqual([
      "$unbound_inputs_images",
      "^$unbound_inputs_guard",
    ]);
    expect(graph.getAllCollectionKeys()).toEqual([]);

    const sentence =
      "Graph contains unbound inputs: $unbound_inputs_images,^$unbound_inputs_guard. Must provide these inputs through input_map.";
    expect(() => load(metaGraphDef)).toThrow(sentence);
    const into = fresh();
    const other = constant("other", into);
    expect(() => load(metaGraphDef, { graph: into, inputMap: { "images:0": other } })).toThrow(
      "Graph contains unbound inputs",
    );
    const inputMap = { "$unbound_inputs_images:0": other, "^$unbound_inputs_guard": other.op };
    load(metaGraphDef, { graph: into, importScope: "new", inputMap });
    expect(into.getOperationByName("new/y").inputs[0]).toBe(other);
    expect(into.getOperationByName("new/y").colocationGroups()).toEqual(["loc:@new/weights"]);
    const again = exportScopedMetaGraph(into, { exportScope: "new" }).metaGraphDef.graphDef!;
    const renamed = JSON.parse(JSON.stringify(again.node).replaceAll("inputs_other", "inputs_images")) as {
      input: string[];
    }[];
    expect(
      renamed.map((one) =>
        one.input.map((name) => name.replace("^$unbound_inputs_images", "^$unbound_inputs_guard")),
      ),
    ).toEqual(node.map((one) => one.input));
  });

  it("keeps nested scopes below the one that is taken off", () => {
    graph.nameScope("hidden1", () => graph.nameScope("hidden2", () => apply("Neg", [constant("w")], "out")));
    const { metaGraphDef } = exportScopedMetaGraph(graph, { exportScope: "hidden1/hidden2" });
    expect(names(load(metaGraphDef, { importScope: "new_hidden1/new_hidden2" }).into)).toEqual([
      "new_hidden1/new_hidden2/w",
      "new_hidden1/new_hidden2/out",
    ]);
  });

  it("clears devices, going out or coming in", () => {
    graph.device("/job:ps/cpu:0", () => constant("a"));
    const kept = exportScopedMetaGraph(graph).metaGraphDef;
    const cleared = exportScopedMetaGraph(graph, { clearDevices: true }).metaGraphDef;
    expect(kept.graphDef!.node![0]!.device).toBe("/job:ps/device:CPU:0");
    expect(cleared.graphDef!.node![0]!.device).toBe("");
    expect(load(kept, { clearDevices: true }).into.getOperationByName("a").device).toBe("");
    expect(kept.graphDef!.node![0]!.device).toBe("/job:ps/device:CPU:0");
    const given = exportScopedMetaGraph(fresh(), {
      graphDef: kept.graphDef!,
      clearDevices: true,
    }).metaGraphDef;
    expect(given.graphDef!.node![0]!.device).toBe("");
  });

  it("leaves out the nodes and SaverDefs of other Savers", () => {
    const node = ["save/SaveV2", "save/restore_all", "save_1/SaveV2", "save_1/restore_all", "v"].map(
      (name) => ({
        name,
        op: name.endsWith("SaveV2") ? "SaveV2" : "NoOp",
      }),
    );
    const saverDef = { saveTensorName: "save_1/control_dependency:0", restoreOpName: "save_1/restore_all" };
    graph.addToCollection(GraphKeys.SAVERS, { name: "any" });
    const { metaGraphDef } = exportScopedMetaGraph(graph, {
      graphDef: { node },
      saverDef,
      clearExtraneousSavers: true,
    });
    expect(metaGraphDef.graphDef!.node!.map((one) => one.name)).toEqual([
      "save_1/SaveV2",
      "save_1/restore_all",
      "v",
    ]);
    const [bytes] = metaGraphDef.collectionDef!.savers!.bytesList!.value!;
    expect(decode(SaverDef, bytes!)).toMatchObject(saverDef);
  });

  it("[users/4.13] refuses a GraphDef of 2 GiB, and names what is large", () => {
    const tensor = { dtype: 1, tensorContent: { length: 2 ** 31 } as Uint8Array };
    const node = [{ name: "huge", op: "Const", attr: { value: { tensor } } }];
    expect(() => exportScopedMetaGraph(graph, { graphDef: { node } })).toThrow(
      /^GraphDef cannot be larger than 2GB\.\nHint: The largest nodes: huge \(2048 MiB\)/,
    );
  });
});

describe("importScopedMetaGraph", () => {
  const small = (): MetaGraphDef => {
    const from = fresh();
    from.addToCollection("ends", constant("myvar", from));
    from.addToCollection("hparams", "sgd");
    from.addToCollection("sizes", 3);
    return decode(MetaGraphDef, encode(MetaGraphDef, exportScopedMetaGraph(from).metaGraphDef));
  };

  it("goes below the current name scope, with and without a scope of its own", () => {
    graph.nameScope("foo", () => load(small(), { graph, importScope: "bar" }));
    expect(names(graph)).toEqual(["foo/bar/myvar"]);
    const plain = fresh();
    plain.nameScope("foo", () => load(small(), { graph: plain }));
    expect(names(plain)).toEqual(["foo/myvar"]);
    expect((plain.getCollection("ends")[0] as Tensor).name).toBe("foo/myvar:0");
  });

  it("makes the scope unique, and says what it is called", () => {
    const scopes = ["s", "s"].map((importScope) => load(small(), { graph, importScope }).importScope);
    expect(scopes).toEqual(["s", "s_1"]);
    expect(names(graph)).toEqual(["s/myvar", "s_1/myvar"]);
    expect(graph.getCollection("ends").map((t) => (t as Tensor).name)).toEqual(["s/myvar:0", "s_1/myvar:0"]);
    expect(graph.getCollection("hparams")).toEqual(["s/sgd", "s_1/sgd"]);
  });

  it("restores the collections that are asked for", () => {
    const { into } = load(small(), { restoreCollectionsPredicate: (key) => key !== "hparams" });
    expect(into.getAllCollectionKeys()).toEqual(["ends", "sizes"]);
  });

  it("hands back elements and tells of unknown ops", () => {
    const def = small();
    const strange = {
      ...def,
      graphDef: {
        ...def.graphDef,
        node: [...def.graphDef!.node, { name: "x", op: "NoSuchOp", input: ["myvar"] }],
      },
    };
    const { returned, unknownOps } = load(strange, { returnElements: ["myvar:0", "x"], importScope: "s" });
    expect(returned!.map((element) => element.name)).toEqual(["s/myvar:0", "s/x"]);
    expect(unknownOps).toEqual([{ op: "NoSuchOp", nodes: ["s/x"], described: false }]);
  });

  it("leaves out a collection of no kind, and warns of old ones", () => {
    const def = small();
    const warnings: string[] = [];
    const collectionDef = { odd: {}, local_variables: { nodeList: { value: ["myvar:0"] } } };
    const { into } = load({ ...def, collectionDef }, { onWarning: ({ message }) => warnings.push(message) });
    expect(warnings).toEqual([
      "The saved meta_graph is possibly from an older release:\n'local_variables' collection should be of type 'byte_list', but instead is of type 'node_list'.",
      "Cannot identify data type for collection odd. Skipping.",
    ]);
    expect(into.getCollection("local_variables")).toHaveLength(1);
  });
});

describe("queue runners", () => {
  it("leave and enter scopes", () => {
    graph.nameScope("queue1", () => {
      const noOp = (name: string) => graph.createOp("NoOp", [], { name });
      const [queue, enqueue, close, cancel] = ["q", "enqueue", "close", "cancel"].map(noOp);
      graph.addToCollection(
        GraphKeys.QUEUE_RUNNERS,
        new QueueRunner({ queue: queue!, enqueueOps: [enqueue!], closeOp: close, cancelOp: cancel }),
      );
    });
    const first = exportScopedMetaGraph(graph, { exportScope: "queue1" }).metaGraphDef;
    const [bytes] = first.collectionDef!.queue_runners!.bytesList!.value!;
    expect(decode(QueueRunnerDef, bytes!)).toMatchObject({
      queueName: "q",
      enqueueOpName: ["enqueue"],
      closeOpName: "close",
      cancelOpName: "cancel",
      queueClosedExceptionTypes: [11],
    });
    const { into } = load(first, { importScope: "new_queue1" });
    expect((into.getCollection(GraphKeys.QUEUE_RUNNERS)[0] as QueueRunner).name).toBe("new_queue1/q");
    const again = exportScopedMetaGraph(into, { exportScope: "new_queue1" }).metaGraphDef;
    expect(equals(MetaGraphDef, again, first)).toBe(true);
  });
});

describe("copyScopedMetaGraph", () => {
  it("copies a scope within a graph or to another, but not onto itself", () => {
    graph.nameScope("a", () => constant("c"));
    copyScopedMetaGraph({ fromScope: "a", toScope: "b", fromGraph: graph, toGraph: graph });
    expect(names(graph)).toEqual(["a/c", "b/c"]);
    expect(() =>
      copyScopedMetaGraph({ fromScope: "a", toScope: "a", fromGraph: graph, toGraph: graph }),
    ).toThrow("'from_scope' and 'to_scope' need to be different when performing copy in the same graph.");
    const other = fresh();
    copyScopedMetaGraph({ fromScope: "a", toScope: "a", fromGraph: graph, toGraph: other });
    expect(
      equals(GraphDef, other.asGraphDef(), {
        ...graph.asGraphDef(),
        node: graph.asGraphDef().node!.slice(0, 1),
      }),
    ).toBe(true);
  });
});
