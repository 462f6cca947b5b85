// What people could not do with other people's models, or had to be told by others: queues in front, devices baked in, two models in one graph.
import { readFile } from "node:fs/promises";
import { memoryFileSystem } from "@org/io";
import type { INodeDef } from "@org/proto";
import { beforeEach, describe, expect, test } from "vitest";
import * as tf from "../../src/index.ts";

beforeEach(() => tf.resetDefaultGraph());

const session = (options: tf.SessionOptions = {}) => new tf.Session({ backends: ["evaluator"], ...options });

test("[users/4.5] a model behind a queue runs on fed values: any tensor may be fed", async () => {
  const file = new URL("../../../metagraph/test/upstream/fixtures/metrics.meta", import.meta.url);
  await tf.train.importMetaGraph(new Uint8Array(await readFile(file)));
  const [dequeued] = tf
    .getDefaultGraph()
    .getOperations()
    .filter(({ type }) => type === "QueueDequeueV2");
  const run = session();
  await run.run([], { targets: [tf.localVariablesInitializer()] });
  const feeds: [tf.Tensor, number[][]][] = [[dequeued!.outputs[0]!, [[1, 5]]]];
  expect(tf.toArray(await run.run("mean/update_op:0", { feeds }))).toBe(3);
  feeds[0]![1] = [[6, 8]];
  expect(tf.toArray(await run.run("mean/update_op:0", { feeds }))).toBe(5);
});

test("[users/4.6] a checkpoint holds the optimizer's state: training goes on where it was left", async () => {
  const fs = memoryFileSystem();
  const build = () => {
    const w = new tf.Variable([1, -2], { name: "w", dtype: "float32" });
    const loss = tf.reduceSum(tf.square(w));
    const train = new tf.train.AdamOptimizer(0.1).minimize(loss);
    return {
      w,
      train: train as tf.Operation,
      saver: new tf.train.Saver(),
      init: tf.globalVariablesInitializer(),
    };
  };
  const steps = async (run: tf.Session, train: tf.Operation, count: number) => {
    for (let i = 0; i < count; i++) await run.run([], { targets: [train] });
  };
  const first = build();
  const one = session({ fs });
  await one.run([], { targets: [first.init] });
  await steps(one, first.train, 3);
  await first.saver.save(one, "adam");
  await steps(one, first.train, 3);
  const wanted = tf.toArray(await one.run(first.w));
  const reader = await tf.train.openCheckpoint("adam", { fs });
  expect(reader.names()).toEqual(["beta1_power", "beta2_power", "w", "w/Adam", "w/Adam_1"]);
  await reader.close();
  tf.resetDefaultGraph();
  const second = build();
  const two = session({ fs });
  await second.saver.restore(two, "adam");
  await steps(two, second.train, 3);
  expect(tf.toArray(await two.run(second.w))).toEqual(wanted);
});

describe("[users/4.11] a graph that was placed on machines and devices that are not here", () => {
  const placed = async () => {
    const graph = new tf.Graph();
    const def = graph.asDefault(() => {
      tf.device("/job:ps/task:3/device:GPU:7", () => new tf.Variable([2], { name: "w", dtype: "float32" }));
      tf.device("/device:TPU:0", () => tf.square(tf.globalVariables()[0]!, { name: "y" }));
      return tf.train.exportMetaGraph({ saverDef: new tf.train.Saver().saverDef });
    });
    return def;
  };

  test("runs, saves and restores, its devices kept for those who have them", async () => {
    const saver = await tf.train.importMetaGraph(await placed());
    expect(tf.getDefaultGraph().getOperationByName("y").device).toBe("/device:TPU:0");
    const run = session({ fs: memoryFileSystem() });
    await run.run([], { targets: [tf.globalVariablesInitializer()] });
    expect(tf.toArray(await run.run("y:0"))).toEqual([4]);
    await saver!.save(run, "placed");
    await saver!.restore(run, "placed");
    const again = await tf.train.exportMetaGraph();
    expect(again.graphDef!.node.find(({ name }) => name === "w")!.device).toBe("/job:ps/task:3/device:GPU:7");
  });

  test("loses them with clearDevices", async () => {
    await tf.train.importMetaGraph(await placed(), { clearDevices: true });
    const devices = new Set(
      tf
        .getDefaultGraph()
        .getOperations()
        .map(({ device }) => device),
    );
    expect([...devices]).toEqual([""]);
  });
});

test("[users/4.14] two models live in one graph under scopes of their own, each restored from its checkpoint by the names in it", async () => {
  const fs = memoryFileSystem();
  const models = [3, 5];
  for (const value of models) {
    await new tf.Graph().asDefault(() => saveModel(value));
  }
  async function saveModel(value: number): Promise<void> {
    const w = new tf.Variable([value], { name: "w", dtype: "float32" });
    tf.addToCollection("output", tf.multiply(w, 2, { name: "y" }));
    const [saver, init] = [new tf.train.Saver(), tf.globalVariablesInitializer()];
    const run = session({ fs });
    await run.run([], { targets: [init] });
    await saver.save(run, `model${value}`);
  }
  const imported = [];
  for (const value of models)
    imported.push(
      await tf.train.importMetaGraphWithReturnElements(`model${value}.meta`, { importScope: "model", fs }),
    );
  expect(imported.map(({ scope }) => scope)).toEqual(["model", "model_1"]);
  const run = session({ fs });
  for (const [i, { saver }] of imported.entries()) await saver!.restore(run, `model${models[i]}`);
  expect(tf.getCollection<tf.Tensor>("output").map(({ name }) => name)).toEqual(["model/y:0", "model_1/y:0"]);
  const values = await run.run(tf.getCollection<tf.Tensor>("output"));
  expect(values.map((value) => tf.toArray(value))).toEqual([[6], [10]]);
});

test("[users/4.17] tables of an imported graph are filled by one initializer", async () => {
  const graph = new tf.Graph();
  const def = await graph.asDefault(() => {
    const initializer = new tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2], {
      keyDType: "string",
      valueDType: "int64",
    });
    const table = new tf.lookup.StaticHashTable(initializer, -1);
    tf.identity(table.lookup(tf.constant(["b", "c"])), { name: "found" });
    return tf.train.exportMetaGraph();
  });
  await tf.train.importMetaGraph(def, { importScope: "theirs" });
  const run = session();
  await expect(run.run("theirs/found:0")).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    hint: expect.stringContaining("tablesInitializer"),
  });
  await run.run([], { targets: [tf.tablesInitializer()] });
  expect(tf.toNumbers(await run.run("theirs/found:0"))).toEqual([2, -1]);
});

test("[users/4.18] a name without its import scope is answered with the name that has one", async () => {
  const graph = new tf.Graph();
  const def = await graph.asDefault(() => {
    tf.identity(tf.constant(1), { name: "logits" });
    return tf.train.exportMetaGraph();
  });
  await tf.train.importMetaGraph(def, { importScope: "net" });
  await expect(session().run("logits:0")).rejects.toMatchObject({
    code: "NOT_FOUND",
    hint: "Did you mean 'net/logits:0'?",
  });
  expect(() => tf.getDefaultGraph().getTensorByName("logits:0")).toThrow("Did you mean 'net/logits:0'?");
});

test("[users/4.2] attributes that TensorFlow 2 added are dropped where they say nothing new, also from a file without a list of ops", async () => {
  const T = { T: { type: 1 } };
  const node: INodeDef[] = [
    { name: "x", op: "Placeholder", attr: { dtype: { type: 1 } } },
    {
      name: "plain",
      op: "MatMul",
      input: ["x", "x"],
      attr: { ...T, grad_a: { b: false }, grad_b: { b: false } },
    },
    { name: "other", op: "MatMul", input: ["x", "x"], attr: { ...T, grad_a: { b: true } } },
  ];
  const graphDef = { node, versions: { producer: 2474, minConsumer: 12 } };
  const warnings: string[] = [];
  const onWarning = ({ message }: { message: string }) => warnings.push(message);
  const attrs = (graph: tf.Graph, name: string) =>
    [...graph.getOperationByName(name).attrMap.keys()].filter((key) => key.startsWith("grad_"));
  const first = new tf.Graph();
  first.asDefault(() => tf.importGraphDef(graphDef, { name: "", onWarning }));
  const second = new tf.Graph();
  await tf.train.importMetaGraph({ graphDef } as never, { graph: second, onWarning });
  for (const graph of [first, second])
    expect([attrs(graph, "plain"), attrs(graph, "other")]).toEqual([[], ["grad_a"]]);
  expect(warnings).toHaveLength(2);
  for (const text of warnings)
    expect(text).toContain("NodeDef mentions attr 'grad_a' not in Op<name=MatMul;");
  const old = { ...graphDef, versions: { producer: 134 } };
  tf.importGraphDef(old, { name: "", onWarning });
  expect(attrs(tf.getDefaultGraph() as tf.Graph, "plain")).toEqual(["grad_a", "grad_b"]);
});
