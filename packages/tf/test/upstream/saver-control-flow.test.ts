// Ported by understanding from TensorFlow's saver_test.py: the cases of MetaGraphTest and ScopedGraphTest with conditionals and loops.
import { exportScopedMetaGraph, importScopedMetaGraph, QueueRunner } from "@org/collections";
import { type FileSystem, memoryFileSystem } from "@org/io";
import { standardCollections, type VariableBase } from "@org/metagraph";
import { Any } from "@org/proto";
import { toText } from "@org/proto/text";
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import { evaluate, files, inGraph, initialize, variable } from "./saver-fixture.ts";

const { encode, equals, MetaGraphDef, QueueRunnerDef } = tf.protos;

/** A message of the user's own, as text, bytes and Any. */
function addUserDefined(graph: tf.Graph): void {
  const def = { queueName: "test_queue" };
  const value = encode(QueueRunnerDef, def);
  const any = tf.protos.create(Any, { typeUrl: "type.googleapis.com/tensorflow.QueueRunnerDef", value });
  graph.addToCollection("user_defined_string_collection", toText(QueueRunnerDef, def));
  graph.addToCollection("user_defined_bytes_collection", value);
  graph.addToCollection("user_defined_any_collection", any);
}

test("[saver_test/MetaGraphTest.testAddCollectionDef] collections of every kind come back, and export equal", async () => {
  const fs = await files();
  const { save, sess } = inGraph(fs, () => {
    const graph = tf.getDefaultGraph();
    const v0 = variable("ref", 1, "v0");
    tf.cond(
      tf.less(v0, 10),
      () => tf.add(v0, 1),
      () => tf.subtract(v0, 1),
    );
    tf.whileLoop(
      (i) => tf.less(i, 10),
      (i) => tf.add(i, 1),
      [v0],
    );
    const counter = new tf.Variable(tf.constant(0, "int64"));
    const countUpTo = tf.countUpTo(counter, 3);
    const queue = graph.createOp("FIFOQueueV2", [], {
      name: "fifo_queue",
      attrs: { component_types: ["float32"], capacity: 30, shared_name: "collection_queue" },
    });
    const close = (cancel: boolean) =>
      graph.createOp("QueueCloseV2", [queue.outputs[0]!], {
        name: "fifo_queue_Close",
        attrs: { cancel_pending_enqueues: cancel },
      });
    const [closeOp, cancelOp] = [close(false), close(true)];
    tf.globalVariablesInitializer();
    const save = new tf.train.Saver({ v0 });
    tf.addToCollection("int_collection", 3);
    tf.addToCollection("float_collection", 3.5);
    tf.addToCollection("string_collection", "hello");
    tf.addToCollection("variable_collection", v0);
    tf.addToCollection(
      "queue_runners",
      new QueueRunner({ queue, enqueueOps: [countUpTo.op], closeOp, cancelOp }),
    );
    addUserDefined(graph);
    return { save };
  });
  const def = await save.exportMetaGraph("dir/metafile", { graph: sess.graph, fs });
  expect(def.saverDef && def.graphDef && def.metaInfoDef).toBeTruthy();
  expect(def.metaInfoDef!.tensorflowVersion).not.toBe("");
  expect(def.metaInfoDef!.tensorflowGitVersion).not.toBe("");
  expect(Object.keys(def.collectionDef)).toHaveLength(12);

  const graph = new tf.Graph();
  const saver = (await tf.train.importMetaGraph("dir/metafile", { graph, fs }))!;
  const again = saver.exportMetaGraph({ graph });
  expect(Object.keys(again.collectionDef).sort()).toEqual(Object.keys(def.collectionDef).sort());
  expect(equals(MetaGraphDef, again, def)).toBe(true);
});

/** Biases that a cond chooses. */
const condBiases = () =>
  new tf.Variable(
    tf.cond(
      tf.less(tf.constant(Math.random()), 0.5),
      () => tf.ones([128]),
      () => tf.zeros([128]),
    ),
    { name: "biases" },
  );

/** Biases that a loop adds to. */
const loopBiases = () =>
  tf.whileLoop(
    (it) => tf.less(it, 2),
    (it, biases) => [
      tf.operator.add(it, tf.constant(1, "int32")),
      tf.operator.add(biases, tf.constant(0.1, { shape: [32] })),
    ],
    [tf.constant(0, "int32"), new tf.Variable(tf.zeros([32]))],
  )[1];

const weights = (rows: number, columns: number) =>
  new tf.Variable(tf.truncatedNormal([rows, columns], { stddev: 1 / Math.sqrt(rows) }), { name: "weights" });

function layer2And3(hidden1: tf.Tensor): tf.Tensor {
  const hidden2 = tf.nameScope("hidden2", () => {
    const w = weights(128, 32);
    return tf.nn.relu(tf.operator.add(tf.matmul(hidden1, w), loopBiases()));
  });
  const logits = tf.nameScope("softmax_linear", () => {
    const w = weights(32, 10);
    return tf.operator.add(tf.matmul(hidden2, w), new tf.Variable(tf.zeros([10]), { name: "biases" }));
  });
  tf.addToCollection("logits", logits);
  return logits;
}

function inference(): tf.Tensor {
  const images = tf.constant(1.2, { shape: [100, 28], name: "images" });
  const hidden1 = tf.nameScope("hidden1", () => {
    const w = weights(28, 128);
    const biases = condBiases();
    return tf.nn.relu(tf.operator.add(tf.matmul(images, w), biases));
  });
  return layer2And3(hidden1);
}

test("[saver_test/MetaGraphTest.testGraphExtension] a graph with a conditional and a loop is extended by training, and goes on from a file", async () => {
  const fs = await files();
  const first = inGraph(fs, () => {
    const logits = inference();
    return { logits, init: tf.globalVariablesInitializer(), saver: new tf.train.Saver() };
  });
  await first.sess.run(first.init);
  const before = await evaluate(first.sess, first.logits);
  await first.saver.save(first.sess, "dir/saver0.ckpt");
  await first.saver.exportMetaGraph("dir/metafile", { graph: first.sess.graph, fs });

  // Restored, and extended by a loss and its training.
  const graph = new tf.Graph();
  const saver = (await tf.train.importMetaGraph("dir/metafile", { graph, fs }))!;
  saver.exportMetaGraph({ graph });
  const sess = new tf.Session({ graph, fs, backends: ["evaluator"] });
  await saver.restore(sess, "dir/saver0.ckpt");
  const [trainOp, loss] = graph.asDefault(() => {
    const labels = tf.constant(0, "int32", { shape: [100], name: "labels" });
    const batchSize = tf.size(labels);
    const column = tf.expandDims(labels, 1);
    const indices = tf.expandDims(tf.range(0, batchSize), 1);
    const concated = tf.concat([indices, column], 1);
    const onehot = tf.sparseToDense(concated, tf.stack([batchSize, 10]), 1.0, 0.0);
    const [logits] = tf.getCollection<tf.Tensor>("logits");
    const crossEntropy = tf.nn.softmaxCrossEntropyWithLogits({
      labels: onehot,
      logits: logits!,
      name: "xentropy",
    });
    const loss = tf.reduceMean(crossEntropy, undefined, { name: "xentropy_mean" });
    tf.summary.scalar("loss", loss);
    const trainOp = new tf.train.GradientDescentOptimizer(0.01).minimize(loss);
    tf.addToCollection("train_op", trainOp);
    return [trainOp, loss] as const;
  });
  expect(await evaluate(sess, graph.getCollection("logits")[0] as tf.Tensor)).toEqual(before);
  const start = (await evaluate(sess, loss)) as number;
  for (let step = 0; step < 5; step++) await sess.run(trainOp);
  expect((await evaluate(sess, loss)) as number).toBeLessThan(start);
  await tf.train.exportMetaGraph({ graph, filename: "dir/train_metafile", fs });

  // From the file of the training graph.
  const last = new tf.Graph();
  const restored = (await tf.train.importMetaGraph("dir/train_metafile", { graph: last, fs }))!;
  const trained = new tf.Session({ graph: last, fs, backends: ["evaluator"] });
  await restored.restore(trained, "dir/saver0.ckpt");
  expect(await evaluate(trained, loss.name)).toBe(start);
  await trained.run(last.getCollection("train_op")[0] as tf.Operation);
});

/** Builds, exports, imports; the gradient of the output that is built on the imported graph is that of the original. */
async function gradientComesBack(build: (x: tf.Variable) => tf.Tensor): Promise<void> {
  const fs = memoryFileSystem();
  const first = inGraph(fs, () => {
    const x = new tf.Variable(0, { dtype: "float32" });
    const output = build(x);
    return { x, output, init: tf.globalVariablesInitializer(), saver: new tf.train.Saver() };
  });
  await first.sess.run(first.init);
  await evaluate(first.sess, first.output);
  await first.saver.save(first.sess, "saver.ckpt");
  await first.saver.exportMetaGraph("metafile", { graph: first.sess.graph, fs });
  const [grad] = first.sess.graph.asDefault(() => tf.gradients([first.output], [first.x]));
  const expected = await evaluate(first.sess, grad as tf.Tensor);

  const graph = new tf.Graph();
  const saver = (await tf.train.importMetaGraph("metafile", { graph, fs }))!;
  const sess = new tf.Session({ graph, fs, backends: ["evaluator"] });
  await saver.restore(sess, "saver.ckpt");
  const x = graph.getTensorByName(first.x.name);
  const output = graph.getTensorByName(first.output.name);
  const [again] = graph.asDefault(() => tf.gradients([output], [x]));
  await initialize(sess);
  expect(await evaluate(sess, again as tf.Tensor)).toBe(expected);
  expect(typeof expected).toBe("number");
}

const one = () => tf.constant(1, "int32");
type Step = (i: tf.Tensor, x: tf.Tensor) => [tf.Tensor, tf.Tensor];
const outerLoop = (body: Step) => (x: tf.Variable) =>
  tf.whileLoop((i) => tf.less(i, 5), body, [tf.constant(0, "int32"), x])[1];
const innerLoop = (x: tf.Tensor) =>
  tf.whileLoop(
    (j) => tf.less(j, 3),
    (j, y) => [tf.operator.add(j, one()), tf.operator.add(y, x)],
    [tf.constant(0, "int32"), tf.constant(0, "float32")],
  )[1];

test("[saver_test/MetaGraphTest.testNestedWhileLoopsSerDes] a loop in a loop", () =>
  gradientComesBack(
    outerLoop((i, x) => {
      const r = innerLoop(x);
      return [tf.operator.add(i, one()), tf.operator.add(x, r)];
    }),
  ));

test("[saver_test/MetaGraphTest.testNestedControlFlowSerDes] a loop in a conditional in a loop", () =>
  gradientComesBack(
    outerLoop((i, x) => {
      const result = tf.cond(
        tf.greater(i, 0),
        () => innerLoop(x),
        () => x,
      );
      return [tf.operator.add(i, one()), result];
    }),
  ));

test("[saver_test/MetaGraphTest.testNestedCondsSerDes] conditionals in a conditional", () =>
  gradientComesBack((x) =>
    tf.cond(
      tf.greater(x, 0),
      () =>
        tf.cond(
          tf.greater(x, 3),
          () => tf.identity(x),
          () => tf.multiply(x, 2),
        ),
      () =>
        tf.cond(
          tf.less(x, -3),
          () => tf.constant(1, "float32"),
          () => tf.multiply(x, -1),
        ),
    ),
  ));

test("[saver_test/ScopedGraphTest.testScopedSaveAndRestore] a scope with a conditional is saved, and restored under another name elsewhere", async () => {
  const fs: FileSystem = await files();
  const collections = standardCollections;
  const first = inGraph(fs, () => {
    inference();
    addUserDefined(tf.getDefaultGraph());
    return { init: tf.globalVariablesInitializer() };
  });
  const scoped = exportScopedMetaGraph(first.sess.graph, { exportScope: "hidden1", collections });
  await tf.train.writeMetaGraph("dir/exported_hidden1.pbtxt", scoped.metaGraphDef, { asText: true, fs });
  const names = (variables: ReadonlyMap<string, unknown>) => [...variables.keys()].sort();
  expect(names(scoped.variables)).toEqual(["biases:0", "weights:0"]);
  const dict = (variables: ReadonlyMap<string, unknown>) =>
    Object.fromEntries(variables) as Record<string, VariableBase>;
  await first.sess.run(first.init);
  const saver = new tf.train.Saver(dict(scoped.variables), { maxToKeep: 1 });
  await saver.save(first.sess, "dir/ckpt", { writeState: false });
  const saved = await evaluate(first.sess, "hidden1/weights:0");

  const graph = new tf.Graph();
  const image = graph.asDefault(() => tf.constant(1.2, { shape: [100, 28], name: "images" }));
  const def = await tf.train.readMetaGraph("dir/exported_hidden1.pbtxt", { fs });
  const { variables } = importScopedMetaGraph(def, {
    graph,
    collections,
    inputMap: { $unbound_inputs_images: image },
    importScope: "new_hidden1",
  });
  expect(names(variables)).toEqual(["biases:0", "weights:0"]);
  const hidden1 = graph.getTensorByName("new_hidden1/Relu:0");
  const { logits, initRest, restorer } = graph.asDefault(() => {
    const logits = layer2And3(hidden1);
    const imported = new Set(variables.values());
    const rest = tf.globalVariables().filter((v) => !imported.has(v));
    return {
      logits,
      initRest: tf.variablesInitializer(rest),
      restorer: new tf.train.Saver(dict(variables), { maxToKeep: 1 }),
    };
  });
  const sess = new tf.Session({ graph, fs, backends: ["evaluator"] });
  await restorer.restore(sess, "dir/ckpt");
  expect(await evaluate(sess, "new_hidden1/weights:0")).toEqual(saved);
  expect(await evaluate(sess, "new_hidden1/biases:0")).toEqual(
    await evaluate(first.sess, "hidden1/biases:0"),
  );
  await sess.run(initRest);
  expect((await sess.run(logits)).shape).toEqual([100, 10]);
});
