// Ported by understanding from TensorFlow's saver_test.py: MetaGraphTest's cases without control flow.
import { atomicWrite } from "@org/io";
import { importMetaGraph } from "@org/metagraph";
import type { ISaverDef } from "@org/proto";
import { fromText, toText } from "@org/proto/text";
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import { evaluate, fails, files, inGraph, initialize, kinds, variable } from "./saver-fixture.ts";

const { MetaGraphDef, equals } = tf.protos;

test("[saver_test/MetaGraphTest.testAddCollectionDefFails] a key that is no string, and items of two kinds, stay out of the file", async () => {
  const warnings: string[] = [];
  const { save, sess } = inGraph(await files(), () => ({
    save: new tf.train.Saver(
      { v0: variable("ref", 10, "v0") },
      { onWarning: (message) => warnings.push(message) },
    ),
  }));
  sess.graph.addToCollection(save as never, 3);
  const unsupported = save.exportMetaGraph({ collectionList: [save as never] });
  expect(Object.keys(unsupported.collectionDef)).toEqual([]);
  sess.graph.addToCollection("int_collection", 3);
  // Upstream's second item is 3.5; in JavaScript 3 and 3.5 are of one type.
  sess.graph.addToCollection("int_collection", "3.5");
  const mixed = save.exportMetaGraph({ collectionList: ["int_collection"] });
  expect(Object.keys(mixed.collectionDef)).toEqual([]);
  expect(warnings.join("\n")).toMatch(/string type keys[\s\S]*int_collection/);
});

/** Two Savers in the collection, each with a checkpoint of its own. */
async function twoSavers(fs: Awaited<ReturnType<typeof files>>) {
  const built = inGraph(fs, () => {
    const v0 = variable(
      "ref",
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      "v0",
    );
    const v1 = variable("ref", 11, "v1");
    const saver0 = new tf.train.Saver({ v0 }, { name: "saver0" });
    const saver1 = new tf.train.Saver({ v1 }, { name: "saver1" });
    for (const saver of [saver0, saver1]) tf.addToCollection("savers", saver);
    return { saver0, saver1, init: tf.globalVariablesInitializer() };
  });
  await built.sess.run(built.init);
  await built.saver0.save(built.sess, "dir/saver0.ckpt");
  await built.saver1.save(built.sess, "dir/saver1.ckpt");
  const def = await tf.train.exportMetaGraph({ graph: built.sess.graph, filename: "dir/metafile", fs });
  return { ...built, def };
}

test("[saver_test/MetaGraphTest.testMultiSaverCollection] Savers of a collection come back, each for its own variables", async () => {
  const fs = await files();
  const { saver0, saver1, def } = await twoSavers(fs);
  const defs = [saver0.exportMetaGraph(), saver1.exportMetaGraph()];
  expect(def.saverDef ?? undefined).toBeUndefined();
  for (const [i, own] of defs.entries()) expect(own.saverDef!.restoreOpName).toBe(`saver${i}/restore_all`);
  for (const { collectionDef } of [def, defs[0]!]) {
    expect(collectionDef.savers!.kind).toBe("bytesList");
    expect(collectionDef.savers!.bytesList!.value).toHaveLength(2);
  }

  const graph = new tf.Graph();
  await tf.train.importMetaGraph("dir/metafile", { graph, fs });
  const savers = graph.getCollection("savers") as tf.train.Saver[];
  expect(savers).toHaveLength(2);
  const sess = new tf.Session({ graph, fs, backends: ["evaluator"] });
  await savers[0]!.restore(sess, "dir/saver0.ckpt");
  const [v0, v1] = [graph.getTensorByName("v0:0"), graph.getTensorByName("v1:0")];
  expect(await evaluate(sess, v0)).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  expect([`${v0.shape}`, `${v1.shape}`]).toEqual(["[3,2]", "[]"]);
  await fails(() => evaluate(sess, v1), "FAILED_PRECONDITION", "uninitialized value v1");
  await savers[1]!.restore(sess, "dir/saver1.ckpt");
  expect(await evaluate(sess, v1)).toBe(11);
});

test("[saver_test/MetaGraphTest.testClearExtraneousSavers] an export without other Savers has neither their nodes nor their messages", async () => {
  const { saver0, saver1, def } = await twoSavers(await files());
  const def0 = saver0.exportMetaGraph();
  const def1 = saver1.exportMetaGraph({ clearExtraneousSavers: true });
  expect(def.saverDef ?? undefined).toBeUndefined();
  expect([def0.saverDef!.saveTensorName, def1.saverDef!.saveTensorName]).toEqual([
    "saver0/control_dependency:0",
    "saver1/control_dependency:0",
  ]);
  for (const [own, count] of [
    [def, 2],
    [def1, 1],
  ] as const) {
    expect(own.collectionDef.savers!.kind).toBe("bytesList");
    expect(own.collectionDef.savers!.bytesList!.value).toHaveLength(count);
  }
  expect([def0.graphDef!.node.length, def1.graphDef!.node.length]).toEqual([33, 21]);
});

test("[saver_test/MetaGraphTest.testBinaryAndTextFormat] binary and text are read; what is neither, and what is not there, is not", async () => {
  const fs = await files();
  const filename = "dir/metafile";
  const first = inGraph(fs, () => ({ v0: variable("ref", 10, "v0") }));
  await tf.train.exportMetaGraph({ graph: first.sess.graph, filename, asText: false, fs });
  const saver = (await tf.train.importMetaGraph(filename, { graph: new tf.Graph(), fs }))!;
  expect(saver).toBeDefined();
  await saver.exportMetaGraph(filename, { asText: true, fs });
  const text = await fs.open(filename);
  expect(new TextDecoder().decode(await text.read(0, 13))).toBe("meta_info_def");
  expect(await tf.train.importMetaGraph(filename, { graph: new tf.Graph(), fs })).toBeDefined();
  // A SaverDef is no MetaGraphDef.
  await atomicWrite(fs, filename, toText(tf.protos.SaverDef, saver.asSaverDef() as ISaverDef));
  const read = () => tf.train.importMetaGraph(filename, { graph: new tf.Graph(), fs });
  await fails(read, "DATA_LOSS", "Cannot parse file");
  await fs.remove(filename);
  await fails(read, "NOT_FOUND", "does not exist");
});

test("[saver_test/MetaGraphTest.testSliceVariable] a variable that is a slice of another comes back as one", async () => {
  const fs = await files();
  const { save, sess } = inGraph(fs, () => {
    const [v1, v2] = ["v1", "v2"].map((name) => variable("ref", [20], name));
    v2!.saveSliceInfo = new tf.SaveSliceInfo({
      fullName: "v1",
      fullShape: [1],
      varOffset: [0],
      varShape: [1],
    });
    const save = new tf.train.Saver({ first: v1!, second: v2! });
    return { save, init: tf.globalVariablesInitializer() };
  });
  await initialize(sess);
  const def = await save.exportMetaGraph("dir/metafile", { fs });
  const graph = new tf.Graph();
  const saver = (await tf.train.importMetaGraph("dir/metafile", { graph, fs }))!;
  expect(saver).toBeDefined();
  expect(equals(MetaGraphDef, saver.exportMetaGraph({ graph }), def)).toBe(true);
  const [, v2] = graph.getCollection("variables") as tf.Variable[];
  expect(v2!.saveSliceInfo!.spec).toBe("1 0,1");
});

/** A function x - 1 as TensorFlow 1.15's Defun writes it, and a node that calls it. */
const withFunction = `
  node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape {} } } }
  node { name: "minus_one" op: "minus_one_uAlQgVQGvgw" input: "x" }
  library { function {
    signature {
      name: "minus_one_uAlQgVQGvgw"
      input_arg { name: "x" type: DT_FLOAT } output_arg { name: "sub" type: DT_FLOAT }
    }
    node_def {
      name: "sub/y" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
      attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape {} float_val: 1 } } }
    }
    node_def { name: "sub_0" op: "Sub" input: "x" input: "sub/y:output:0" attr { key: "T" value { type: DT_FLOAT } } }
    ret { key: "sub" value: "sub_0:z:0" }
  } }
  versions { producer: 134 }`;

test("[saver_test/MetaGraphTest.testStrippedOpListDef] the op list has the ops of nodes and of functions, without their documentation", async () => {
  for (const [writeVersion, save] of [
    ["V1", "SaveSlices"],
    ["V2", "SaveV2"],
  ] as const) {
    const { saver } = inGraph(await files(), () => {
      const v0 = variable("ref", 0);
      const v1 = variable("ref", 10);
      tf.add(v0, v1);
      tf.importGraphDef(fromText(tf.protos.GraphDef, withFunction), {
        graph: tf.getDefaultGraph(),
        name: "",
        inputMap: { x: tf.identity(v0) },
      });
      const saver = new tf.train.Saver({ v0 }, { writeVersion });
      tf.globalVariablesInitializer();
      return { saver };
    });
    const { op } = saver.exportMetaGraph().metaInfoDef!.strippedOpList!;
    // "Placeholder" is the imported x, which its input map leaves without readers.
    const names = op.map(({ name }) => name).filter((name) => name !== "Placeholder");
    expect(names).toEqual([
      "Add",
      "Assign",
      "Const",
      "Identity",
      "NoOp",
      "PlaceholderWithDefault",
      "RestoreV2",
      save,
      "Sub",
      "VariableV2",
    ]);
    expect(op.every(({ summary, description }) => !summary && !description)).toBe(true);
  }
});

test("[saver_test/MetaGraphTest.testStripDefaultValuedAttrs] attributes that equal their default go where told so", async () => {
  for (const stripDefaultAttrs of [true, false]) {
    const { save } = inGraph(await files(), () => {
      const [real, imag] = [variable("ref", 1, "real"), variable("ref", 2, "imag")];
      tf.complex(real, imag, { name: "complex" });
      const save = new tf.train.Saver({ real_num: real, imag_num: imag });
      tf.globalVariablesInitializer();
      return { save };
    });
    const def = save.exportMetaGraph({ stripDefaultAttrs });
    const { attr } = def.graphDef!.node.find(({ name }) => name === "complex")!;
    expect(["T" in attr!, "Tout" in attr!]).toEqual([!stripDefaultAttrs, !stripDefaultAttrs]);
  }
});

/** A layer, its loss and a step of Adam. */
function model() {
  const image = tf.placeholder("float32", [null, 784], { name: "image" });
  const label = tf.placeholder("float32", [null, 10], { name: "label" });
  const weights = new tf.Variable(tf.randomUniform([784, 10]), { name: "weights" });
  const bias = new tf.Variable(tf.zeros([10]), { name: "bias" });
  const logits = tf.nn.relu(tf.operator.add(tf.matmul(image, weights), bias), { name: "logits" });
  tf.nn.softmax(logits, { name: "prediction" });
  const cost = tf.nn.softmaxCrossEntropyWithLogits({ labels: label, logits, name: "cost" });
  new tf.train.AdamOptimizer().minimize(cost, { name: "optimize" });
  return { weights };
}

const random = (length: number) => Float32Array.from({ length }, () => Math.random());
const feeds = () => ({
  "new_model/image:0": tf.ndArray("float32", [1, 784], random(784)),
  "new_model/label:0": tf.ndArray("float32", [1, 10], random(10).map(Math.round)),
});

async function savedModel(fs: Awaited<ReturnType<typeof files>>) {
  const { saver, weights, sess } = inGraph(fs, () => ({ ...model(), saver: new tf.train.Saver() }));
  await initialize(sess);
  await saver.save(sess, "dir/ckpt");
  return evaluate(sess, weights);
}

test("[saver_test/MetaGraphTest.testImportIntoNamescope] a model goes under a scope, is restored and trained there", async () => {
  const fs = await files();
  const weights = await savedModel(fs);
  const graph = new tf.Graph();
  const sess = new tf.Session({ graph, fs, backends: ["evaluator"] });
  const saver = (await tf.train.importMetaGraph("dir/ckpt.meta", { graph, fs, importScope: "new_model" }))!;
  await saver.restore(sess, "dir/ckpt");
  expect(await evaluate(sess, "new_model/weights:0")).toEqual(weights);
  await sess.run(["new_model/optimize"], { feeds: feeds() });
  await sess.run(["new_model/cost/Reshape_2:0"], { feeds: feeds() });
});

test("[saver_test/MetaGraphTest.testImportIntoImplicitNamescope] a model that is imported inside a name scope goes under it", async () => {
  const fs = await files();
  const weights = await savedModel(fs);
  const def = await tf.train.readMetaGraph("dir/ckpt.meta", { fs });
  const { saver, sess } = inGraph(fs, () =>
    tf.nameScope("new_model", () => {
      const { saver } = importMetaGraph(def, { graph: tf.getDefaultGraph() });
      return { saver: saver! };
    }),
  );
  await saver.restore(sess, "dir/ckpt");
  expect(await evaluate(sess, "new_model/weights:0")).toEqual(weights);
  await sess.run(["new_model/optimize"], { feeds: feeds() });
});

test("[saver_test/MetaGraphTest.testImportIntoNamescopeWithoutVariables] a Saver comes only where the scope has variables", async () => {
  const fs = await files();
  const first = inGraph(fs, () => {
    tf.constant([1, 2, 3], { name: "x" });
    tf.constant([1, 2, 3], { name: "y" });
    return { saver: new tf.train.Saver(null, { allowEmpty: true }) };
  });
  await first.saver.save(first.sess, "dir/ckpt");
  const graph = new tf.Graph();
  const into = (importScope: string) => tf.train.importMetaGraph("dir/ckpt.meta", { graph, fs, importScope });
  expect(await into("subgraph_1")).toBeUndefined();
  graph.asDefault(() => new tf.Variable(tf.zeros([10]), { name: "my_scope/my_var" }));
  expect(await into("subgraph_2")).toBeUndefined();
  const saver = await into("my_scope");
  expect(saver).toBeInstanceOf(tf.train.Saver);
});

const onGpu = () => tf.device("/job:ps/replica:0/task:0/device:GPU:0", model);

test("[saver_test/MetaGraphTest.testClearDevicesOnImport] devices that are not there can be cleared, or refused, or passed over", async () => {
  const fs = await files();
  const source = inGraph(fs, onGpu);
  const def = await tf.train.exportMetaGraph({ graph: source.sess.graph });
  const into = async (clearDevices: boolean, softPlacement: boolean) => {
    const graph = new tf.Graph();
    await tf.train.importMetaGraph(def, { graph, clearDevices, importScope: "new_model" });
    return new tf.Session({ graph, fs, backends: ["evaluator"], softPlacement });
  };
  await fails(
    async () => initialize(await into(false, false)),
    "INVALID_ARGUMENT",
    "was explicitly assigned to /job:ps/replica:0/task:0/device:GPU:0 but available devices are",
  );
  for (const sess of [await into(true, false), await into(false, true)]) {
    await initialize(sess);
    await sess.run(["new_model/optimize"], { feeds: feeds() });
  }
});

test("[saver_test/MetaGraphTest.testClearDevicesOnExport] an export without devices runs where they are not", async () => {
  const fs = await files();
  const source = inGraph(fs, onGpu);
  const exported = await tf.train.exportMetaGraph({ graph: source.sess.graph, clearDevices: true });
  const path = await tf.train.writeGraph(exported, "dir", "meta_graph.pbtxt", { fs });
  for (const def of [exported, path]) {
    const graph = new tf.Graph();
    await tf.train.importMetaGraph(def, { graph, fs, importScope: "new_model" });
    // The Saver that the import adds reads on the CPU.
    const devices = new Set(graph.getOperations().map(({ device }) => device));
    expect([...devices]).toEqual(["", "/device:CPU:0"]);
    const sess = new tf.Session({ graph, fs, backends: ["evaluator"], softPlacement: false });
    await initialize(sess);
    await sess.run(["new_model/optimize"], { feeds: feeds() });
  }
});

test.each(kinds)("exports of %s variables say which kind they are", async (kind) => {
  const { save, sess } = inGraph(await files(), () => ({
    save: new tf.train.Saver([variable(kind, 1, "v")]),
  }));
  const [bytes] = save.exportMetaGraph({ graph: sess.graph }).collectionDef.variables!.bytesList!.value!;
  expect(tf.protos.decode(tf.protos.VariableDef, bytes!).isResource ?? false).toBe(kind === "resource");
});
