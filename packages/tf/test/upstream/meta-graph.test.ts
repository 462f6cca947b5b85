// Ported by understanding from TensorFlow's meta_graph_test.py: the cases in which an imported MetaGraph runs.
import { readFile } from "node:fs/promises";
import { createGraphDebugInfoDef } from "@org/graph";
import { memoryFileSystem, readFile as readWhole } from "@org/io";
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
