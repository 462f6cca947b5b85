// Ported by understanding from TensorFlow's meta_graph_test.py: the cases in which an imported MetaGraph runs.
import { readFile } from "node:fs/promises";
import { createGraphDebugInfoDef } from "@org/graph";
import { memoryFileSystem, readFile as readWhole } from "@org/io";
import { importMetaGraph } from "@org/metagraph";
import { beforeEach, expect, test } from "vitest";
import * as tf from "../../src/index.ts";

beforeEach(() => tf.resetDefaultGraph());

/** The bytes of a graph that a TensorFlow built; packages/metagraph/test/upstream/fixtures/record.py says how. */
const fixture = async (file: string): Promise<Uint8Array> =>
  new Uint8Array(
    await readFile(new URL(`../../../metagraph/test/upstream/fixtures/${file}`, import.meta.url)),
  );
const session = () => new tf.Session({ backends: ["evaluator"] });

test("[meta_graph_test/SimpleMetaGraphTest.testNoVariables] a graph without variables comes back equal and computes the same", async () => {
  const fs = memoryFileSystem();
  const input = tf.placeholder("float32", [], { name: "input" });
  const output = tf.add(input, tf.constant(42, { dtype: "float32", name: "offset" }), { name: "add_offset" });
  tf.addToCollection("input_tensor", input);
  tf.addToCollection("output_tensor", output);
  const before = await session().run(output, { feeds: [[input, -10]] });
  expect(tf.toArray(before)).toBe(32);
  const filename = "no_variables/metafile";
  const def = await tf.train.exportMetaGraph({
    filename,
    fs,
    graphDef: tf.getDefaultGraph().asGraphDef({ addShapes: true }),
    collectionList: ["input_tensor", "output_tensor"],
  });
  expect(def.metaInfoDef!.tensorflowVersion).not.toBe("");
  expect(def.metaInfoDef!.tensorflowGitVersion).not.toBe("");
  tf.resetDefaultGraph();
  const { variables, saver } = await tf.train.importMetaGraphWithReturnElements(filename, { fs });
  expect([variables.size, saver]).toEqual([0, undefined]);
  const again = await tf.train.exportMetaGraph({ filename: `${filename}_new`, fs });
  expect(tf.protos.equals(tf.protos.MetaGraphDef, again, def)).toBe(true);
  const [newInput] = tf.getCollection<tf.Tensor>("input_tensor");
  const [newOutput] = tf.getCollection<tf.Tensor>("output_tensor");
  expect(await session().run(newOutput!, { feeds: [[newInput!, -10]] })).toEqual(before);
});

test("[meta_graph_test/MetaGraphWithVariableScopeTest.testMetricsCollection] [users/4.16] [users/4.20] local variables of an import are variables with initializers, also where an old release listed names", async () => {
  for (const [file, listed] of [
    ["metrics.meta", "bytesList"],
    ["metrics-1.0.1.meta", "nodeList"],
  ] as const) {
    tf.resetDefaultGraph();
    const bytes = await fixture(file);
    const { kind } = tf.protos.decode(tf.protos.MetaGraphDef, bytes).collectionDef.local_variables!;
    expect(kind).toBe(listed);
    const warnings: string[] = [];
    await tf.train.importMetaGraph(bytes, { onWarning: ({ message }) => warnings.push(message) });
    expect(warnings.some((text) => text.includes("possibly from an older release"))).toBe(
      listed === "nodeList",
    );
    const locals = tf.localVariables();
    expect(locals).toHaveLength(2);
    const run = session();
    await expect(run.run(locals[0]!)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await run.run([], { targets: [tf.localVariablesInitializer()] });
    for (const variable of locals) expect(tf.toArray(await run.run(variable))).toBe(0);
  }
});

test("[meta_graph_test/ScopedMetaGraphTest.testExportDebugInfo] debug info says where each op was made, in files beside the .meta", async () => {
  tf.resetDefaultGraph({ recordTraces: true });
  tf.nameScope("hidden1/hidden2/hidden3", () => {
    const images = tf.constant(1, { dtype: "float32", shape: [3, 2], name: "images" });
    const rows = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    const weights = new tf.Variable(rows, { name: "weights", dtype: "float32" });
    const biases = new tf.ResourceVariable([0.1, 0.1, 0.1], { name: "biases", dtype: "float32" });
    tf.nn.relu(tf.add(tf.matmul(images, weights), biases), { name: "relu" });
  });
  const graph = tf.getDefaultGraph();
  const info = createGraphDebugInfoDef(graph.getOperations().map((op) => ["", op] as const));
  expect(info.files.length).toBeGreaterThanOrEqual(1);
  expect(Object.keys(info.traces)).toHaveLength(graph.getOperations().length);

  const fs = memoryFileSystem();
  const read = async (path: string) => tf.protos.decode(tf.protos.GraphDebugInfo, await readWhole(fs, path));
  const scoped = { exportScope: "hidden1/hidden2", saveDebugInfo: true, fs };
  const def = await tf.train.exportMetaGraph({ filename: "traced/scope.meta", ...scoped });
  expect(Object.keys((await read("traced/scope.debug")).traces).sort()).toEqual(
    def.graphDef!.node.map(({ name }) => `hidden1/hidden2/${name}@`).sort(),
  );
  const run = new tf.Session({ backends: ["evaluator"], fs });
  const saver = new tf.train.Saver();
  await run.run([], { targets: [tf.globalVariablesInitializer()] });
  const prefix = await saver.save(run, "traced/model", { globalStep: 5, saveDebugInfo: true });
  const saved = await read(`${prefix}.debug`);
  expect(Object.keys(saved.traces)).toHaveLength(graph.getOperations().length);
  const trace = saved.traces["hidden1/hidden2/hidden3/relu@"]!.fileLineCols;
  expect(trace.some(({ fileIndex }) => saved.files[fileIndex]!.endsWith("meta-graph.test.ts"))).toBe(true);

  tf.resetDefaultGraph();
  tf.constant(1);
  await expect(
    tf.train.exportMetaGraph({ filename: "traced/none.meta", saveDebugInfo: true, fs }),
  ).rejects.toMatchObject({ code: "FAILED_PRECONDITION", hint: expect.stringContaining("recordTraces") });
  expect(await fs.stat("traced/none.meta")).toBeUndefined();
});

test("[meta_graph_test/ScopedMetaGraphTest.testWhileLoopGradients] a loop comes back equal from another scope, and its gradient is the same there", async () => {
  const file = tf.protos.decode(tf.protos.MetaGraphDef, await fixture("scoped-loop.meta"));
  importMetaGraph(file, { graph: tf.getDefaultGraph() });
  const def = await tf.train.exportMetaGraph({ exportScope: "export" });
  const gradient = async (scope: string) => {
    const graph = tf.getDefaultGraph();
    const [start, output] = ["Variable:0", "while/Exit_1:0"].map((name) =>
      graph.getTensorByName(`${scope}/${name}`),
    );
    const [grad] = tf.gradients(output!, [start!]);
    const run = session();
    await run.run([], { targets: [tf.globalVariablesInitializer()] });
    return tf.toArray(await run.run(grad as tf.Tensor));
  };
  const expected = await gradient("export");
  expect(expected).toBe(1);
  tf.resetDefaultGraph();
  importMetaGraph(def, { graph: tf.getDefaultGraph(), importScope: "import" });
  const again = await tf.train.exportMetaGraph({ exportScope: "import" });
  expect(again.graphDef).toEqual(def.graphDef);
  expect(again.collectionDef).toEqual(def.collectionDef);
  expect(tf.protos.equals(tf.protos.MetaGraphDef, again, def)).toBe(true);
  expect(await gradient("import")).toBe(expected);
});

test("[meta_graph_test/ScopedMetaGraphTest.testImportWhileLoopInWhileLoop] a MetaGraph with a loop is imported into a loop's body, and runs", async () => {
  const def = tf.protos.decode(tf.protos.MetaGraphDef, await fixture("variable-loop.meta"));
  const [, x] = tf.whileLoop(
    (i: tf.Tensor) => tf.less(i, 2),
    (i: tf.Tensor) => {
      importMetaGraph(def, { graph: tf.getDefaultGraph() });
      return [tf.add(i, 1), tf.getDefaultGraph().getTensorByName("while/Exit_1:0")] as const;
    },
    [tf.constant(0, { dtype: "int32" }), tf.constant(0, { dtype: "float32" })],
    { name: "" },
  );
  const run = session();
  await run.run([], { targets: [tf.globalVariablesInitializer()] });
  expect(tf.toArray(await run.run(x!))).toBe(32);
});

test.each([false, true])(
  "[meta_graph_test/ExportImportAcrossScopesTest.testPartitionedVariables] partitioned variables moved to another scope are as if made there (resource: %s)",
  async (useResource) => {
    const graphIn = (scope: string): tf.Graph => {
      const graph = new tf.Graph();
      graph.asDefault(() =>
        tf.variableScope(scope, () => {
          tf.getVariable("weights", {
            partitioner: tf.fixedSizePartitioner(3, 0),
            initializer: tf.truncatedNormal([100, 10]),
            useResource,
          });
          const collections = ["a", "b", "z", "f", "e", "d", "g"];
          tf.getVariable("another", { shape: [], collections, useResource });
        }),
      );
      return graph;
    };
    const exported = await tf.train.exportMetaGraph({
      graph: graphIn("dropA/dropB/keepA"),
      exportScope: "dropA/dropB",
    });
    const imported = new tf.Graph();
    importMetaGraph(exported, { graph: imported, importScope: "importA" });
    const [result, expected] = await Promise.all(
      [imported, graphIn("importA/keepA")].map((graph) => tf.train.exportMetaGraph({ graph })),
    );
    // Names of resources are no names of nodes: a scope does not change them.
    for (const { graphDef } of [result!, expected!])
      for (const node of graphDef!.node) if (useResource) delete node.attr.shared_name;
    expect(result!.graphDef!.node.map(({ name }) => name).sort()).toEqual(
      expected!.graphDef!.node.map(({ name }) => name).sort(),
    );
    expect(result!.collectionDef).toEqual(expected!.collectionDef);
    expect(tf.protos.equals(tf.protos.MetaGraphDef, result!, expected!)).toBe(true);
  },
);
