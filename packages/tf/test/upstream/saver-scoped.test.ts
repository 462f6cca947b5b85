// Ported by understanding from TensorFlow's saver_test.py: ScopedGraphTest's cases without control flow.
import { exportScopedMetaGraph } from "@org/collections";
import { copyScopedMetaGraph, standardCollections, type VariableBase } from "@org/metagraph";
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import { evaluate, fails, files, inGraph, initialize, variable } from "./saver-fixture.ts";

const collections = standardCollections;
const dict = (variables: ReadonlyMap<string, unknown>) =>
  Object.fromEntries(variables) as Record<string, VariableBase>;
const saverOf = (graph: tf.Graph, variables: ReadonlyMap<string, unknown>) =>
  graph.asDefault(() => new tf.train.Saver(dict(variables), { maxToKeep: 1 }));

/** One layer under the scope hidden1. */
const layer = () =>
  tf.nameScope("hidden1", () => {
    const images = tf.constant(1, { dtype: "float32", shape: [3, 2], name: "images" });
    const weights = variable(
      "ref",
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      "weights",
    );
    const biases = variable("ref", [0.1, 0.1, 0.1], "biases");
    tf.nn.relu(tf.operator.add(tf.matmul(images, weights), biases), { name: "relu" });
    return {};
  });

async function expectRelu(sess: tf.Session, name: string): Promise<void> {
  const value = (await evaluate(sess, name)) as number[][];
  expect(value).toHaveLength(3);
  for (const row of value) for (const [i, x] of [5.1, 7.1, 9.1].entries()) expect(row[i]).toBeCloseTo(x, 5);
}

test("[saver_test/ScopedGraphTest.testCopyScopedGraph] a scope is copied within its graph and into another, and both copies restore", async () => {
  const fs = await files();
  const { sess } = inGraph(fs, layer);
  const graph1 = sess.graph;
  await initialize(sess);
  const first = exportScopedMetaGraph(graph1, { exportScope: "hidden1", collections }).variables;
  await saverOf(graph1, first).save(sess, "dir/saver0.ckpt", { writeState: false });

  const copy = (toScope: string, toGraph = graph1) =>
    copyScopedMetaGraph({ fromScope: "hidden1", toScope, fromGraph: graph1, toGraph, collections }).variables;
  await fails(() => copy("hidden1"), "INVALID_ARGUMENT", "need to be different");
  const second = copy("hidden2");
  const again = new tf.Session({ graph: graph1, fs, backends: ["evaluator"] });
  for (const variables of [first, second]) await saverOf(graph1, variables).restore(again, "dir/saver0.ckpt");
  await expectRelu(again, "hidden1/relu:0");
  await expectRelu(again, "hidden2/relu:0");

  const graph2 = new tf.Graph();
  const elsewhere = copy("new_hidden1", graph2);
  const other = new tf.Session({ graph: graph2, fs, backends: ["evaluator"] });
  await saverOf(graph2, elsewhere).restore(other, "dir/saver0.ckpt");
  await expectRelu(other, "new_hidden1/relu:0");
});

test("[saver_test/ScopedGraphTest.testExportGraphDefWithScope] a scope of a GraphDef is exported with its variables", async () => {
  const fs = await files();
  const { sess } = inGraph(fs, layer);
  await initialize(sess);
  const graph1 = sess.graph;
  const { variables } = exportScopedMetaGraph(graph1, {
    graphDef: graph1.asGraphDef(),
    exportScope: "hidden1",
    collections,
  });
  expect([...variables.keys()].sort()).toEqual(["biases:0", "weights:0"]);
  await saverOf(graph1, variables).save(sess, "dir/saver0.ckpt", { writeState: false });
  const graph2 = new tf.Graph();
  const copied = copyScopedMetaGraph({
    fromScope: "hidden1",
    toScope: "new_hidden1",
    fromGraph: graph1,
    toGraph: graph2,
    collections,
  });
  const other = new tf.Session({ graph: graph2, fs, backends: ["evaluator"] });
  await saverOf(graph2, copied.variables).restore(other, "dir/saver0.ckpt");
  await expectRelu(other, "new_hidden1/relu:0");
});

test("[saver_test/ScopedGraphTest.testSerializeSaverWithScope] a scope takes along the Savers that lie in it, and no others", async () => {
  const fs = await files();
  const { saver1, saver2, sess } = inGraph(fs, () => {
    const saver1 = tf.nameScope("hidden1", () => new tf.train.Saver([variable("ref", [1], "variable1")]));
    const variable2 = tf.nameScope("hidden2", () => variable("ref", [2], "variable2"));
    const saver2 = new tf.train.Saver([variable2], { name: "hidden2/" });
    for (const saver of [saver1, saver2]) tf.addToCollection("savers", saver);
    return { saver1, saver2 };
  });
  await initialize(sess);
  await saver1.save(sess, "dir/saver1.ckpt", { writeState: false });
  await saver2.save(sess, "dir/saver2.ckpt", { writeState: false });
  for (const [n, value] of [
    [1, 1],
    [2, 2],
  ] as const) {
    const graph = new tf.Graph();
    const { variables } = copyScopedMetaGraph({
      fromScope: `hidden${n}`,
      toScope: `new_hidden${n}`,
      fromGraph: sess.graph,
      toGraph: graph,
      collections,
    });
    expect(variables.size).toBe(1);
    const savers = graph.getCollection("savers") as tf.train.Saver[];
    expect(savers).toHaveLength(1);
    const other = new tf.Session({ graph, fs, backends: ["evaluator"] });
    await savers[0]!.restore(other, `dir/saver${n}.ckpt`);
    expect(await evaluate(other, variables.get(`variable${n}:0`) as tf.Variable)).toEqual([value]);
  }
});
