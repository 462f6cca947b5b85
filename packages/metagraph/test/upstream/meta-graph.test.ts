// Ported by understanding from TensorFlow's meta_graph_test.py (SimpleMetaGraphTest, and what imports change): what needs no engine.

import { exportScopedMetaGraph } from "@org/collections";
import { createOpRegistry, type OpInput, type Tensor } from "@org/graph";
import { coreOps } from "@org/graph/core-ops";
import { opDefs } from "@org/graph/op-defs";
import { FunctionDef } from "@org/proto";
import { fromText } from "@org/proto/text";
import { ndArray } from "@org/tensor";
import { describe, expect, test } from "vitest";
import {
  equals,
  exportMetaGraph,
  Graph,
  GraphDef,
  GraphKeys,
  globalVariables,
  type INodeDef,
  importGraphDef,
  importMetaGraph,
  isVariable,
  MetaGraphDef,
  memoryFileSystem,
  QueueRunner,
  ResourceVariable,
  readMetaGraph,
  standardCollections,
  trainableVariables,
  Variable,
  type VariableBase,
  writeMetaGraph,
} from "../../src/index.ts";
import { upstreamGraph } from "./fixture.ts";

const ops = createOpRegistry(coreOps, { fallback: opDefs() });
const constant = (
  graph: Graph,
  name: string,
  dtype: "float32" | "float64",
  value: number,
  shape: number[] = [],
) =>
  graph.createOp("Const", [], {
    name,
    attrs: {
      dtype,
      value: ndArray(
        dtype,
        shape,
        new (dtype === "float32" ? Float32Array : Float64Array)(shape.reduce((a, b) => a * b, 1)).fill(value),
      ),
    },
  }).outputs[0]!;
const apply = (graph: Graph, type: string, inputs: OpInput[], name: string): Tensor =>
  graph.createOp(type, inputs, { name }).outputs[0]!;
const node = (def: MetaGraphDef, name: string): INodeDef =>
  def.graphDef!.node.find((one) => one.name === name)!;
const names = (items: Iterable<unknown>): string[] =>
  [...items].map((item) => (item as { name: string }).name);
const sorted = (items: Iterable<string>): string[] => [...items].sort();
/** Variables that a scoped export takes along: name within the scope, name in the graph. */
const exported = (graph: Graph, exportScope: string): [string, string][] =>
  [...exportScopedMetaGraph(graph, { exportScope, collections: standardCollections }).variables]
    .map(([key, item]): [string, string] => [key, (item as VariableBase).name])
    .sort(([a], [b]) => (a < b ? -1 : 1));
const myVariable = (kind: typeof Variable | typeof ResourceVariable): MetaGraphDef => {
  const graph = new Graph();
  new kind(1, { graph, name: "myvar", dtype: "float32" });
  return exportMetaGraph(graph);
};
const kinds = [
  ["ref", Variable],
  ["resource", ResourceVariable],
] as const;

describe("default attributes", () => {
  const complex = (dtype: "float32" | "float64", attrs = {}): Graph => {
    const graph = new Graph({ ops });
    const inputs = ["real", "imag"].map((name) => constant(graph, name, dtype, 1));
    graph.createOp("Complex", inputs, { name: "complex", attrs });
    return graph;
  };

  test("[meta_graph_test/SimpleMetaGraphTest.testDefaultAttrStripping] go where they are asked to, and only defaults", () => {
    const single = complex("float32");
    const stripped = exportMetaGraph(single, { graphDef: single.asGraphDef(), stripDefaultAttrs: true });
    expect(Object.keys(node(stripped, "complex").attr!)).toEqual([]);
    expect(stripped.metaInfoDef!.strippedDefaultAttrs).toBe(true);
    const whole = exportMetaGraph(single, { graphDef: single.asGraphDef(), stripDefaultAttrs: false });
    expect(sorted(Object.keys(node(whole, "complex").attr!))).toEqual(["T", "Tout"]);
    expect(whole.metaInfoDef!.strippedDefaultAttrs).toBe(false);
    const graph = complex("float64", { Tout: "complex128" });
    const double = exportMetaGraph(graph, { graphDef: graph.asGraphDef(), stripDefaultAttrs: true });
    expect(node(double, "complex").attr).toMatchObject({ T: { type: 2 }, Tout: { type: 18 } });
    expect(double.metaInfoDef!.strippedDefaultAttrs).toBe(true);
  });

  test("[meta_graph_test/SimpleMetaGraphTest.testDefaultAttrStrippingUnregisteredOps] stay where nobody knows the op", () => {
    const graphDef = { node: [{ name: "node_with_unreg_op", op: "unreg_op", attr: { attr_1: { i: 1n } } }] };
    const def = exportMetaGraph(new Graph(), {
      graphDef,
      metaInfoDef: { strippedOpList: { op: [{}] } },
      stripDefaultAttrs: true,
    });
    expect(node(def, "node_with_unreg_op").attr!.attr_1!.i).toBe(1n);
    expect(def.metaInfoDef!.strippedDefaultAttrs).toBe(true);
    expect(def.metaInfoDef!.strippedOpList!.op).toHaveLength(1);
  });
});

describe.each(kinds)("collections of %s variables", (_, kind) => {
  test("[meta_graph_test/SimpleMetaGraphTest.testVariableObjectsAreSharedAmongCollections] share one object", () => {
    const first = new Graph();
    const v = new kind(3, { graph: first, dtype: "float32" });
    expect([globalVariables(first), trainableVariables(first)]).toEqual([[v], [v]]);
    expect(globalVariables(first)[0]).toBe(v);
    const { graph } = importMetaGraph(exportMetaGraph(first));
    expect([globalVariables(graph).length, trainableVariables(graph).length]).toEqual([1, 1]);
    expect(globalVariables(graph)[0]).toBe(trainableVariables(graph)[0]);
  });

  test("[meta_graph_test/SimpleMetaGraphTest.testMetricVariablesCollectionLoadsBytesList] metric_variables holds variables", () => {
    const first = new Graph();
    const v = new kind([1, 2, 3], { graph: first, shape: [3], dtype: "float64", name: "v" });
    const def = exportMetaGraph(first);
    def.collectionDef[GraphKeys.METRIC_VARIABLES] = def.collectionDef.variables!;
    const { graph } = importMetaGraph(def);
    const list = graph.getCollection(GraphKeys.METRIC_VARIABLES) as VariableBase[];
    expect(list).toHaveLength(1);
    expect(isVariable(list[0])).toBe(true);
    expect(list[0]).toBeInstanceOf(kind);
    expect([list[0]!.name, list[0]!.dtype, String(list[0]!.shape)]).toEqual([
      v.name,
      v.dtype,
      String(v.shape),
    ]);
  });

  test("[meta_graph_test/ScopedMetaGraphTest.testScopedImportUnderNameScope] come under the current scope and the import's", () => {
    const graph = new Graph();
    const { variables } = graph.nameScope("foo", () =>
      importMetaGraph(myVariable(kind), { graph, importScope: "bar" }),
    );
    expect(names(variables.values())).toEqual(["foo/bar/myvar:0"]);
  });

  test("[meta_graph_test/ScopedMetaGraphTest.testScopedImportUnderNameScopeNoVarScope] come under the current scope alone", () => {
    const graph = new Graph();
    const { variables } = graph.nameScope("foo", () => importMetaGraph(myVariable(kind), { graph }));
    expect(names(variables.values())).toEqual(["foo/myvar:0"]);
  });

  test("[meta_graph_test/ScopedMetaGraphTest.testImportsUsingSameScopeName] come twice under scopes made unique", () => {
    const first = new Graph();
    new kind(0, { graph: first, name: "v" });
    const def = exportMetaGraph(first);
    const graph = new Graph();
    for (const suffix of ["", "_1"]) {
      const { variables } = importMetaGraph(def, { graph, importScope: "s" });
      expect([...variables].map(([key, { name }]) => [key, name])).toEqual([["v:0", `s${suffix}/v:0`]]);
    }
  });

  test("[meta_graph_test/ScopedMetaGraphTest.testScopedImportWithSelectedCollections] come back as the predicate says", async () => {
    const first = new Graph();
    new kind(1, { graph: first, trainable: true });
    const keys = [GraphKeys.GLOBAL_VARIABLES, GraphKeys.TRAINABLE_VARIABLES];
    for (const key of keys) expect(first.getCollection(key)).toHaveLength(1);
    const fs = memoryFileSystem();
    await writeMetaGraph("selected/meta_graph.pb", exportMetaGraph(first), { fs });
    const def = await readMetaGraph("selected/meta_graph.pb", { fs });
    for (const wanted of [keys, [keys[0]], [keys[1]], []]) {
      const importScope = "some_scope_name";
      const { graph } = importMetaGraph(def, {
        importScope,
        restoreCollectionsPredicate: (key) => wanted.includes(key as (typeof keys)[number]),
      });
      for (const key of keys)
        expect(graph.getCollection(key, importScope)).toHaveLength(wanted.includes(key) ? 1 : 0);
    }
  });

  test(`[meta_graph_test/ScopedMetaGraphTest.testExportNestedNames${kind === ResourceVariable ? "Resource" : ""}] keep the scopes below the exported one`, () => {
    const first = new Graph({ ops });
    first.nameScope("hidden1/hidden2/hidden3", () => {
      const images = constant(first, "images", "float32", 1, [3, 2]);
      const matrix = [
        [1, 2, 3],
        [4, 5, 6],
      ];
      const weights = new kind(matrix, { graph: first, name: "weights", dtype: "float32" });
      const biases = new kind([0.1, 0.1, 0.1], { graph: first, name: "biases", dtype: "float32" });
      const product = apply(first, "MatMul", [images, weights.value()], "MatMul");
      apply(first, "Relu", [apply(first, "AddV2", [product, biases.value()], "add")], "relu");
    });
    const def = exportMetaGraph(first, { exportScope: "hidden1/hidden2" });
    expect(exported(first, "hidden1/hidden2")).toEqual([
      ["hidden3/biases:0", "hidden1/hidden2/hidden3/biases:0"],
      ["hidden3/weights:0", "hidden1/hidden2/hidden3/weights:0"],
    ]);
    for (const { name } of def.graphDef!.node) expect(name).toMatch(/^hidden3/);
    const { graph, variables } = importMetaGraph(def, { importScope: "new_hidden1/new_hidden2" });
    expect(sorted(variables.keys())).toEqual(["hidden3/biases:0", "hidden3/weights:0"]);
    expect(sorted(names(variables.values()))).toEqual([
      "new_hidden1/new_hidden2/hidden3/biases:0",
      "new_hidden1/new_hidden2/hidden3/weights:0",
    ]);
    for (const name of ["biases", "weights"]) {
      const scoped = `new_hidden1/new_hidden2/hidden3/${name}`;
      if (kind === Variable)
        expect(graph.getOperationByName(`${scoped}/Assign`).colocationGroups()).toEqual([`loc:@${scoped}`]);
      expect(graph.getOperationByName(`${scoped}/Assign`).inputs[0]!.op.name).toBe(scoped);
    }
  });

  test("[meta_graph_test/ScopedMetaGraphTest.testClearDevices] lose their devices, going out or coming in", () => {
    const first = new Graph({ ops });
    const square = [
      [1, 1],
      [1, 1],
    ];
    const make = (name: string) => new kind(square, { graph: first, name, dtype: "float32" });
    const a = first.device("/device:CPU:0", () => make("a"));
    const b = first.device("/job:ps/replica:0/task:0/device:GPU:0", () => make("b"));
    first.device("/job:localhost/replica:0/task:0/cpu:0", () =>
      apply(first, "MatMul", [a.value(), b.value()], "matmul"),
    );
    const devices = (graph: Graph): string[] =>
      ["a", "b", "matmul"].map((name) => graph.getOperationByName(name).device);
    expect(devices(first)).toEqual([
      "/device:CPU:0",
      "/job:ps/replica:0/task:0/device:GPU:0",
      "/job:localhost/replica:0/task:0/device:CPU:0",
    ]);
    const cleared = exportMetaGraph(first, { clearDevices: true });
    expect(devices(importMetaGraph(cleared, { clearDevices: false }).graph)).toEqual(["", "", ""]);
    const given = exportMetaGraph(first, { graphDef: first.asGraphDef(), clearDevices: true });
    expect(devices(importMetaGraph(given, { clearDevices: false }).graph)).toEqual(["", "", ""]);
    const kept = exportMetaGraph(first, { clearDevices: false });
    expect(devices(importMetaGraph(kept, { clearDevices: true }).graph)).toEqual(["", "", ""]);
    expect(devices(importMetaGraph(kept).graph)).toEqual(devices(first));
  });
});

test("[meta_graph_test/ScopedMetaGraphTest.testPotentialCycle] an input from outside has to be given, under its unbound name", () => {
  const first = new Graph({ ops });
  const square = (graph: Graph, value: number) => constant(graph, "Const", "float32", value, [2, 2]);
  const product = apply(first, "MatMul", [square(first, 1), square(first, 2)], "MatMul");
  first.nameScope("hidden1", () =>
    apply(first, "MatMul", [apply(first, "Relu", [product], "Relu"), square(first, 3)], "MatMul"),
  );
  const def = exportMetaGraph(first, { exportScope: "hidden1" });
  const graph = new Graph({ ops });
  expect(() => importMetaGraph(def, { graph, importScope: "new_hidden1" })).toThrow(
    "Graph contains unbound inputs",
  );
  const four = square(graph, 4);
  const { scope } = importMetaGraph(def, {
    graph,
    importScope: "new_hidden1",
    inputMap: { $unbound_inputs_MatMul: four },
  });
  expect(graph.getOperationByName(`${scope}/Relu`).inputs).toEqual([four]);
});

test("[meta_graph_test/ScopedMetaGraphTest.testScopedWithQueue] a queue and its runner move to another scope and back, as text", async () => {
  const first = new Graph({ ops });
  first.nameScope("queue1", () => {
    const queue = first.createOp("FIFOQueueV2", [], {
      name: "fifo_queue",
      attrs: { component_types: ["float32"], capacity: 10 },
    });
    const handle = queue.outputs[0]!;
    const enqueue = first.createOp(
      "QueueEnqueueV2",
      [handle, [constant(first, "enqueue/component", "float32", 9876)]],
      { name: "enqueue" },
    );
    const closeOp = first.createOp("QueueCloseV2", [handle], { name: "close" });
    const cancelOp = first.createOp("QueueCloseV2", [handle], {
      name: "close_1",
      attrs: { cancel_pending_enqueues: true },
    });
    first.addToCollection(
      GraphKeys.QUEUE_RUNNERS,
      new QueueRunner({ queue, enqueueOps: [enqueue], closeOp, cancelOp }),
    );
    first.createOp("QueueDequeueV2", [handle], { name: "dequeue", attrs: { component_types: ["float32"] } });
  });
  const fs = memoryFileSystem();
  const original = exportMetaGraph(first, { exportScope: "queue1" });
  await writeMetaGraph("queue/exported_queue1.pbtxt", original, { fs, asText: true });
  const { graph } = importMetaGraph(await readMetaGraph("queue/exported_queue1.pbtxt", { fs }), {
    importScope: "new_queue1",
  });
  expect(
    names([graph.asGraphElement("new_queue1/dequeue:0"), graph.asGraphElement("new_queue1/close")]),
  ).toEqual(["new_queue1/dequeue:0", "new_queue1/close"]);
  const again = exportMetaGraph(graph, { exportScope: "new_queue1" });
  await writeMetaGraph("queue/exported_new_queue1.pbtxt", again, { fs, asText: true });
  expect(equals(MetaGraphDef, again, original)).toBe(true);
  expect(equals(MetaGraphDef, await readMetaGraph("queue/exported_new_queue1.pbtxt", { fs }), original)).toBe(
    true,
  );
  expect(names(graph.getCollection(GraphKeys.QUEUE_RUNNERS))).toEqual(["new_queue1/fifo_queue"]);
});

describe("layers with a conditional and a loop, as TensorFlow 1.15.5 builds them", () => {
  test.each(["layers-ref.meta", "layers-resource.meta"])(
    "[meta_graph_test/ScopedMetaGraphTest.testScopedExportAndImport] %s: three scopes move to a new graph, and back",
    async (file) => {
      const first = importMetaGraph(await upstreamGraph(file)).graph;
      const fs = memoryFileSystem();
      const path = (scope: string) => `scopes/exported_${scope}.pbtxt`;
      const scopes = ["hidden1", "hidden2", "softmax_linear"];
      const originals: MetaGraphDef[] = [];
      for (const scope of scopes) {
        const def = exportMetaGraph(first, {
          exportScope: scope,
          ...(scope === "hidden1" ? {} : { unboundInputsColName: null }),
        });
        originals.push(def);
        expect(exported(first, scope)).toEqual([
          ["biases:0", `${scope}/biases:0`],
          ["weights:0", `${scope}/weights:0`],
        ]);
        expect(Object.keys(def.collectionDef).includes("unbound_inputs")).toBe(scope === "hidden1");
        await writeMetaGraph(path(scope), def, { fs, asText: true });
      }
      const graph = new Graph({ ops });
      const read = (scope: string) => readMetaGraph(path(scope), { fs });
      const one = await read("hidden1");
      const images = constant(graph, "images", "float32", 1.2, [100, 28]);
      const importScope = "new_hidden1";
      expect(() => importMetaGraph(one, { graph, importScope })).toThrow("Graph contains unbound inputs");
      expect(() => importMetaGraph(one, { graph, importScope, inputMap: { "image:0": images } })).toThrow(
        "Graph contains unbound inputs",
      );
      const into = async (scope: string, outer: string, value: Tensor): Promise<void> => {
        const { variables } = importMetaGraph(await read(scope), {
          graph,
          importScope: `new_${scope}`,
          inputMap: { [`$unbound_inputs_${outer}`]: value },
        });
        expect(sorted(variables.keys())).toEqual(["biases:0", "weights:0"]);
        expect(sorted(names(variables.values()))).toEqual([
          `new_${scope}/biases:0`,
          `new_${scope}/weights:0`,
        ]);
      };
      const relu = (scope: string): Tensor =>
        apply(graph, "Identity", [graph.getTensorByName(`new_${scope}/Relu:0`)], `${scope}/Relu`);
      await into("hidden1", "images", images);
      await into("hidden2", "hidden1/Relu", relu("hidden1"));
      await into("softmax_linear", "hidden2/Relu", relu("hidden2"));
      for (const [i, scope] of scopes.entries()) {
        const again = exportMetaGraph(graph, {
          exportScope: `new_${scope}`,
          ...(scope === "hidden1" ? {} : { unboundInputsColName: null }),
        });
        delete again.collectionDef.unbound_inputs;
        delete originals[i]!.collectionDef.unbound_inputs;
        // What our registry and the file's own say of an op is one thing in two hands.
        expect(again.metaInfoDef!.strippedOpList!.op!.map((op) => op.name)).toEqual(
          originals[i]!.metaInfoDef!.strippedOpList!.op!.map((op) => op.name),
        );
        expect(again.graphDef).toEqual(originals[i]!.graphDef);
        expect(equals(MetaGraphDef, again, originals[i]!)).toBe(true);
      }
    },
  );
});

test("a loop exports from a scope, imports under another and exports equal", async () => {
  const first = importMetaGraph(await upstreamGraph("scoped-loop.meta")).graph;
  const def = exportMetaGraph(first, { exportScope: "export" });
  expect(def.collectionDef.while_context!.bytesList!.value).toHaveLength(1);
  const { graph } = importMetaGraph(def, { importScope: "import" });
  expect(equals(MetaGraphDef, exportMetaGraph(graph, { exportScope: "import" }), def)).toBe(true);
  expect(
    new TextDecoder().decode(graph.getOperationByName("import/while/Enter").rawAttrs.get("frame_name")!.s!),
  ).toBe("import/while/while_context");
});

test("[meta_graph_test/SimpleMetaGraphTest.testStrippedOpListNestedFunctions] functions count by what they call, once they are called", () => {
  const body = (name: string, op: string) =>
    fromText(
      FunctionDef,
      `signature { name: "${name}" input_arg { name: "x" type: DT_INT32 } output_arg { name: "y" type: DT_INT32 } }
       node_def { name: "call" op: "${op}" input: "x" attr { key: "T" value { type: DT_INT32 } } } ret { key: "y" value: "call:y:0" }`,
    );
  const graph = new Graph({ ops });
  graph.addFunction(body("f0", "Square"));
  graph.addFunction(body("f1", "f0"));
  const used = () => exportMetaGraph(graph).metaInfoDef!.strippedOpList!.op!.map(({ name }) => name);
  expect(used()).toEqual([]);
  const seven = `attr { key: "dtype" value { type: DT_INT32 } } attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { } int_val: 7 } } }`;
  const call = `node { name: "Const" op: "Const" ${seven} } node { name: "f1" op: "f1" input: "Const" }`;
  const library = { function: [body("f0", "Square"), body("f1", "f0")] };
  importGraphDef({ ...fromText(GraphDef, call), library }, { graph, name: "" });
  expect(used()).toEqual(["Const", "Square"]);
});
