// Ported by understanding from TensorFlow's importer_test.py: the cases in which an imported graph runs, or is built on.
import { readFile } from "node:fs/promises";
import { decode, encode, GraphDef } from "@org/proto";
import { fromText } from "@org/proto/text";
import { beforeEach, describe, expect, test } from "vitest";
import * as tf from "../../src/index.ts";

beforeEach(() => tf.resetDefaultGraph());

/** A GraphDef that TensorFlow 1.15.5 built; packages/metagraph/test/upstream/fixtures/record.py says how. */
async function graphOf(file: string): Promise<GraphDef> {
  const url = new URL(`../../../metagraph/test/upstream/fixtures/${file}`, import.meta.url);
  return tf.protos.decode(tf.protos.MetaGraphDef, new Uint8Array(await readFile(url))).graphDef!;
}
/** What a graph is once it has gone over the wire. */
const wire = (graph: tf.Graph): GraphDef => decode(GraphDef, encode(GraphDef, graph.asGraphDef()));
const elements = (def: GraphDef, names: string[], options = {}) =>
  tf.importGraphDef(def, { graph: tf.getDefaultGraph(), returnElements: names, ...options }).returned!;
const tensors = (...args: Parameters<typeof elements>) => elements(...args) as tf.Tensor[];
const run = async (fetch: tf.Tensor, feeds = {}) =>
  tf.toArray(await new tf.Session({ backends: ["evaluator"] }).run(fetch, { feeds }));

describe("importGraphDef", () => {
  test("[importer_test/ImportGraphDefTest.testWithExtensionAndAttr] a list input and its attribute come back, and run", async () => {
    const graph = new tf.Graph();
    graph.asDefault(() => {
      const c = tf.constant(5, { dtype: "float32", name: "c" });
      tf.stack([c, c], 0, { name: "pack" });
    });
    const [pack] = elements(wire(graph), ["pack"]) as tf.Operation[];
    expect(await run(pack!.outputs[0]!)).toEqual([5, 5]);
  });

  test("[importer_test/ImportGraphDefTest.testResources] handles keep the shape of their variable", async () => {
    const graph = new tf.Graph();
    const [variable, assigned, shape, init] = graph.asDefault(() => {
      const v = new tf.ResourceVariable(1, { dtype: "float32" });
      const assign = v.assign(2) as tf.Tensor | tf.Operation;
      const made = graph.createOp("VariableShape", [v.handle]);
      return [v.name, assign.name, made.outputs[0]!.name, tf.globalVariablesInitializer().name];
    });
    const [handle, assign, of, initializer] = elements(wire(graph), [variable, assigned, shape, init]);
    const again = tf.getDefaultGraph().createOp("VariableShape", [handle as tf.Tensor]).outputs[0]!;
    expect([String((of as tf.Tensor).shape), String(again.shape)]).toEqual(["[0]", "[0]"]);
    const session = new tf.Session({ backends: ["evaluator"] });
    await session.run([], { targets: [initializer as tf.Operation] });
    const read = tf.getDefaultGraph().createOp("ReadVariableOp", [handle as tf.Tensor], {
      attrs: { dtype: "float32" },
    }).outputs[0]!;
    expect(tf.toArray(await session.run(read))).toBe(1);
    await session.run([], { targets: ["op" in assign! ? assign.op : assign!] });
    expect(tf.toArray(await session.run(read))).toBe(2);
    expect(tf.toArray(await session.run(again))).toEqual([]);
  });

  test("[importer_test/ImportGraphDefTest.testWhileLoop] a loop runs under its new name", async () => {
    const [result] = tensors(await graphOf("loop.meta"), ["while/Exit:0"]);
    expect(result!.name).toBe("import/while/Exit:0");
    expect(await run(result!)).toBe(10);
  });

  test("[importer_test/ImportGraphDefTest.testImportWhileLoopInCond] a loop imported into a branch runs where the branch is taken", async () => {
    const def = await graphOf("loop.meta");
    const choice = tf.placeholder("bool");
    const result = tf.cond(
      choice,
      () => tensors(def, ["while/Exit:0"])[0]!,
      () => tf.constant(1, { dtype: "int32" }),
    );
    expect(await run(result, [[choice, true]])).toBe(10);
    expect(await run(result, [[choice, false]])).toBe(1);
  });

  test("[importer_test/ImportGraphDefTest.testImportWhileLoopInWhileLoop] a loop imported into a loop's body runs in each of its turns", async () => {
    const def = await graphOf("loop.meta");
    const body = () => tensors(def, ["while/Exit:0"])[0]!;
    const result = tf.whileLoop((i: tf.Tensor) => tf.less(i, 2), body, [tf.constant(0, { dtype: "int32" })], {
      shapeInvariants: [tf.Shape.unknown],
    });
    expect(await run(result)).toBe(10);
  });

  test("[importer_test/ImportGraphDefTest.testInvalidInputForInputMap] what stands in a map", async () => {
    const map = (def: GraphDef, inputMap: unknown, options = {}) =>
      elements(def, [], { inputMap, ...options });
    expect(() => map(fromText(GraphDef, ""), [tf.constant(5)])).toThrow(
      new TypeError("input_map must be a dictionary mapping strings to Tensor objects."),
    );
    const def = fromText(
      GraphDef,
      `node { name: 'a' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }
       node { name: 'id' op: 'Identity' input: 'a:0' attr { key: 'T' value { type: DT_FLOAT } } }`,
    );
    const variable = new tf.Variable(5, { dtype: "float32" });
    expect(() => map(def, { "a:0": variable }, { name: "" })).toThrow(
      /^tf\.import_graph_def\(\) requires a non-empty `name` if `input_map` contains non-Tensor values\./,
    );
    const [id] = tensors(def, ["id:0"], {
      inputMap: { "a:0": tf.constant(5, { dtype: "float32" }) },
      name: "",
    });
    expect(await run(id!)).toBe(5);
  });

  test("[importer_test/ImportGraphDefTest.testGradient] shapes and gradients go through an imported graph to what was mapped into it", () => {
    const graph = new tf.Graph();
    graph.asDefault(() => {
      const inputs = tf.placeholder("float32", [null, 100], { name: "input" });
      const weights = tf.placeholder("float32", [100, 10], { name: "weights" });
      const biases = tf.placeholder("float32", [10], { name: "biases" });
      const activations = tf.nn.relu(tf.add(tf.matmul(inputs, weights), biases), { name: "activations" });
      tf.reduceMean(activations, null, { name: "loss" });
    });
    const input = tf.placeholder("float32", [32, 100]);
    const weights = new tf.Variable(tf.truncatedNormal([100, 10]), { name: "weights" });
    const biases = new tf.Variable(tf.zeros([10]), { name: "biases" });
    const [activations, loss] = tensors(wire(graph), ["activations:0", "loss:0"], {
      inputMap: { "input:0": input, "weights:0": weights, "biases:0": biases },
    });
    expect([activations!, loss!].map(({ shape }) => String(shape))).toEqual(["[32,10]", "[]"]);
    const gradients = tf.gradients(loss!, [weights, biases]) as tf.Tensor[];
    expect(gradients.map(({ shape }) => String(shape))).toEqual(["[100,10]", "[10]"]);
  });

  test("[importer_test/ImportGraphDefTest.testLargeGraph] a constant of 13 million numbers goes over the wire and runs", async () => {
    const graph = new tf.Graph();
    const shape = [13, 1000, 1000];
    graph.asDefault(() => {
      const data = new Float32Array(13_000_000).fill(1);
      data[12_999_999] = 7;
      tf.identity(tf.constant({ dtype: "float32", shape, data }), { name: "same" });
    });
    const [same] = tensors(wire(graph), ["same:0"]);
    const value = await new tf.Session({ backends: ["evaluator"] }).run(same!);
    expect([value.shape, value.data[0], value.data[12_999_999]]).toEqual([shape, 1, 7]);
  });
});
