// SavedModels: what we write, TensorFlow loads and runs, and the other way round; of the same program, 1.15.5 and we write the same.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CollectionDef, equals, type MetaGraphDef, NodeDef, OpDef, SaverDef, SignatureDef } from "@org/proto";
import { writeNpy } from "@org/tensor";
import * as tf from "@org/tf";
import { describe, expect, it } from "vitest";
import { missing, python, scratch, type TensorFlowVersion } from "./real-tensorflow.ts";

type Form = "pb" | "pbtxt";

interface Outcome {
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly where: string;
  readonly signatures: readonly string[];
  readonly variables: readonly string[];
}

/** A folder with the asset "words.txt", and where to export to. */
function place(): { readonly folder: string; readonly asset: string; readonly exportDir: string } {
  const folder = scratch();
  const asset = join(folder, "words.txt");
  writeFileSync(asset, "one\ntwo\n");
  return { folder, asset, exportDir: join(folder, "export") };
}

/** The program of conformance/python/saved_model.py. */
async function buildHere(exportDir: string, assetPath: string, form: Form): Promise<void> {
  const graph = new tf.Graph();
  const { signature, mainOp, init } = graph.asDefault(() => {
    const x = tf.placeholder(tf.float32, [null, 2], { name: "x" });
    const w = new tf.Variable([[1], [2]], { name: "w", dtype: tf.float32 });
    const b = new tf.Variable([0.5], { name: "b" });
    const y = tf.add(tf.matmul(x, w, { name: "product" }), b, { name: "y" });
    const where = new tf.Variable("", { name: "where", trainable: false, collections: [] });
    const asset = tf.constant(assetPath, tf.string, { name: "asset" });
    tf.addToCollection(tf.GraphKeys.ASSET_FILEPATHS, asset);
    const mainOp = tf.group([tf.assign(where, asset, { name: "found" })], { name: "main" });
    const init = tf.globalVariablesInitializer();
    const { buildTensorInfo, buildSignatureDef, PREDICT_METHOD_NAME } = tf.savedModel;
    const signature = buildSignatureDef(
      { x: buildTensorInfo(x) },
      { y: buildTensorInfo(y) },
      PREDICT_METHOD_NAME,
    );
    return { signature, mainOp, init };
  });
  const session = new tf.Session({ graph });
  await session.run(init);
  const builder = new tf.savedModel.Builder(exportDir);
  await builder.addMetaGraphAndVariables(session, [tf.savedModel.SERVING], {
    signatureDefMap: { [tf.savedModel.DEFAULT_SERVING_SIGNATURE_DEF_KEY]: signature },
    assetsCollection: graph.getCollection(tf.GraphKeys.ASSET_FILEPATHS) as tf.Tensor[],
    mainOp,
  });
  await builder.addMetaGraph([tf.savedModel.SERVING, "again"], { graph, clearDevices: true });
  await builder.save({ asText: form === "pbtxt" });
  await session.close();
}

/** Loads a SavedModel here and runs its signature, as the script does. */
async function runHere(exportDir: string, tags: readonly string[], x: tf.NdArray): Promise<Outcome> {
  const graph = new tf.Graph();
  const session = new tf.Session({ graph, backends: ["cpu"] });
  const { signatureDef } = await tf.savedModel.loader.load(session, tags, exportDir);
  const { inputs, outputs } = signatureDef.serving_default!;
  const y = await session.run(outputs.y!.name!, { feeds: { [inputs.x!.name!]: x } });
  const where = await session.run("where:0");
  await session.close();
  return {
    outputs: { y: tf.toArray(y as tf.NdArray) },
    where: tf.toStrings(where as tf.NdArray)[0]!,
    signatures: Object.keys(signatureDef).sort(),
    variables: (graph.getCollection("variables") as { name: string }[]).map(({ name }) => name),
  };
}

const x: tf.NdArray = { dtype: "float32", shape: [2, 2], data: Float32Array.of(1, 2, -3, 0.25) };

const expected = (exportDir: string): Outcome => ({
  outputs: { y: [[5.5], [-2]] },
  where: join(exportDir, "assets", "words.txt"),
  signatures: ["serving_default"],
  variables: ["w:0", "b:0"],
});

describe.each(["1.0.1", "1.15.5", "2.21.0"] as const)("TensorFlow %s", (version: TensorFlowVersion) => {
  describe.each(["pb", "pbtxt"] as const)("saved_model.%s", (form) => {
    it.skipIf(missing(version))("that we wrote is loaded and computes the same", async () => {
      const { folder, asset, exportDir } = place();
      await buildHere(exportDir, asset, form);
      writeFileSync(join(folder, "x.npy"), writeNpy(x));
      const spec = {
        export_dir: exportDir,
        tags: ["serve"],
        signature: "serving_default",
        feed: { x: join(folder, "x.npy") },
      };
      writeFileSync(join(folder, "spec.json"), JSON.stringify(spec));
      python(version, "saved_model.py", ["run", join(folder, "spec.json"), join(folder, "out.json")]);
      expect(JSON.parse(readFileSync(join(folder, "out.json"), "utf8"))).toEqual(expected(exportDir));
      expect(await runHere(exportDir, ["serve"], x)).toEqual(expected(exportDir));
    });

    it.skipIf(missing(version))("that it wrote is loaded here and computes the same", async () => {
      const { asset, exportDir } = place();
      python(version, "saved_model.py", ["build", exportDir, asset, form]);
      expect(await runHere(exportDir, ["serve"], x)).toEqual(expected(exportDir));
      expect(readFileSync(join(exportDir, "assets", "words.txt"), "utf8")).toBe("one\ntwo\n");
      const { metaGraphs } = await tf.savedModel.parseSavedModel(exportDir);
      expect(metaGraphs.map(({ metaInfoDef }) => metaInfoDef!.tags)).toEqual([["serve"], ["serve", "again"]]);
    });
  });
});

it.skipIf(missing("1.15.5"))("of the same program, TensorFlow 1.15.5 and we write the same", async () => {
  const { folder, asset } = place();
  const [theirs, ours] = [join(folder, "theirs"), join(folder, "ours")];
  python("1.15.5", "saved_model.py", ["build", theirs, asset, "pb"]);
  await buildHere(ours, asset, "pb");
  for (const file of [
    "variables/variables.index",
    "variables/variables.data-00000-of-00001",
    "assets/words.txt",
  ])
    expect(readFileSync(join(ours, file)), file).toEqual(readFileSync(join(theirs, file)));
  const [a, b] = [await tf.savedModel.parseSavedModel(theirs), await tf.savedModel.parseSavedModel(ours)];
  expect(b.savedModelSchemaVersion).toBe(a.savedModelSchemaVersion);
  expect(b.metaGraphs).toHaveLength(2);
  for (const [i, def] of a.metaGraphs.entries()) expect(differences(def, b.metaGraphs[i]!)).toEqual([]);
});

/** What differs, a line each: nodes in their order with attributes, op list, collections, Saver, signatures, tags. A Saver's uuid is its own. */
function differences(theirs: MetaGraphDef, ours: MetaGraphDef): string[] {
  const found: string[] = [];
  const nodesOf = (def: MetaGraphDef) =>
    def.graphDef!.node.filter(({ name }) => !name.endsWith("StringJoin/inputs_1"));
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);
  expect(names(nodesOf(ours))).toEqual(names(nodesOf(theirs)));
  for (const [i, node] of nodesOf(theirs).entries())
    if (!equals(NodeDef, node, nodesOf(ours)[i]!)) found.push(`node ${node.name}`);
  const opsOf = (def: MetaGraphDef) => def.metaInfoDef!.strippedOpList!.op;
  expect(names(opsOf(ours))).toEqual(names(opsOf(theirs)));
  for (const [i, op] of opsOf(theirs).entries())
    if (!equals(OpDef, op, opsOf(ours)[i]!)) found.push(`op ${op.name}`);
  expect(Object.keys(ours.collectionDef).sort()).toEqual(Object.keys(theirs.collectionDef).sort());
  for (const [key, collection] of Object.entries(theirs.collectionDef))
    if (!equals(CollectionDef, collection, ours.collectionDef[key]!)) found.push(`collection ${key}`);
  expect(Object.keys(ours.signatureDef)).toEqual(Object.keys(theirs.signatureDef));
  for (const [key, signature] of Object.entries(theirs.signatureDef))
    if (!equals(SignatureDef, signature, ours.signatureDef[key]!)) found.push(`signature ${key}`);
  if (!equals(SaverDef, theirs.saverDef!, ours.saverDef!)) found.push("saverDef");
  expect(ours.metaInfoDef!.tags).toEqual(theirs.metaInfoDef!.tags);
  expect(ours.metaInfoDef!.strippedDefaultAttrs).toBe(theirs.metaInfoDef!.strippedDefaultAttrs);
  expect(ours.assetFileDef).toEqual(theirs.assetFileDef);
  return found;
}
