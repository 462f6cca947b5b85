// tf.savedModel with the default graph.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryFileSystem } from "@org/io";
import { beforeEach, describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";

const session = (fs = memoryFileSystem()) => new tf.Session({ fs, backends: ["evaluator"] });

beforeEach(() => tf.resetDefaultGraph());

/** y = x * w in the default graph, with w = 3. */
function model() {
  const x = tf.placeholder(tf.float32, [null], { name: "x" });
  const w = new tf.Variable(3, { name: "w", dtype: tf.float32 });
  return { x, w, y: tf.multiply(x, w, { name: "y" }) };
}

describe("tf.savedModel", () => {
  it("has Python's functions, flat and by module", () => {
    const { builder, loader, signatureDefUtils, utils, mainOp } = tf.savedModel;
    expect(builder.SavedModelBuilder).toBe(tf.savedModel.Builder);
    expect(loader.load).toBe(tf.savedModel.load);
    expect(utils.buildTensorInfo).toBe(tf.savedModel.buildTensorInfo);
    expect(signatureDefUtils.predictSignatureDef).toBe(tf.savedModel.predictSignatureDef);
    expect(mainOp.mainOpWithRestore).toBe(tf.savedModel.mainOpWithRestore);
    expect(tf.savedModel.SERVING).toBe(tf.savedModel.tagConstants.SERVING);
    expect(tf.savedModel.signatureConstants.DEFAULT_SERVING_SIGNATURE_DEF_KEY).toBe("serving_default");
    expect(tf.savedModel.constants.ASSETS_KEY).toBe("saved_model_assets");
  });

  it("saves and loads for serving", async () => {
    const fs = memoryFileSystem();
    const { x, y } = model();
    const first = session(fs);
    await first.run(tf.globalVariablesInitializer());
    await tf.savedModel.simpleSave(first, "export", { x }, { y });

    tf.resetDefaultGraph();
    const second = session(fs);
    const { signatureDef } = await tf.savedModel.loader.load(second, [tf.savedModel.SERVING], "export");
    const { inputs, outputs } = signatureDef.serving_default!;
    const fed = tf.savedModel.utils.getTensorFromTensorInfo(inputs.x!) as tf.Tensor;
    expect(fed).toBe(tf.getDefaultGraph().getTensorByName("x:0"));
    const value = await second.run(outputs.y!.name!, { feeds: { [fed.name]: [1, 2] } });
    expect(tf.toNumbers(value as tf.NdArray)).toEqual([3, 6]);
  });

  it("adds the default graph, with a main op", async () => {
    const fs = memoryFileSystem();
    const { w } = model();
    const first = session(fs);
    await first.run(tf.globalVariablesInitializer());
    await first.run(tf.assign(w, 5));
    const builder = new tf.savedModel.builder.SavedModelBuilder("export");
    await builder.addMetaGraphAndVariables(first, ["plain"]);
    await builder.addMetaGraph(["init"], { mainOp: tf.savedModel.mainOp.mainOp() });
    await builder.save({ asText: true });
    for (const [tag, value] of [
      ["plain", 5],
      ["init", 3],
    ] as const) {
      const other = new tf.Session({ graph: new tf.Graph(), fs, backends: ["evaluator"] });
      await tf.savedModel.load(other, [tag], "export");
      expect(tf.toNumbers(await other.run("w:0"))).toEqual([value]);
    }
  });

  it("builds a main op with a restore", () => {
    model();
    const saver = new tf.train.Saver();
    const op = tf.savedModel.mainOpWithRestore(saver.saverDef!.restoreOpName);
    expect(op.controlInputs.map(({ name }) => name).sort()).toEqual(["group_deps", "save/restore_all"]);
  });

  it("a session without files of its own reaches the model's, assets included, and no others", async () => {
    const folder = await mkdtemp(join(tmpdir(), "metagraph-saved-model-"));
    try {
      const words = join(folder, "words.txt");
      await writeFile(words, "zero\none\n");
      const { x, y } = model();
      const ids = tf.placeholder(tf.int64, [null], { name: "ids" });
      const { name } = tf.lookup.indexToStringTableFromFile(words).lookup(ids) as tf.Tensor;
      const first = new tf.Session({ backends: ["evaluator"] });
      await first.run(tf.globalVariablesInitializer());
      const exportDir = join(folder, "export");
      await tf.savedModel.simpleSave(
        first,
        exportDir,
        { x },
        { y },
        { legacyInitOp: tf.tablesInitializer() },
      );
      await rm(words);

      const graph = new tf.Graph();
      const second = new tf.Session({ graph, backends: ["evaluator"] });
      await tf.savedModel.load(second, ["serve"], exportDir);
      expect(tf.toNumbers(await second.run("w:0"))).toEqual([3]);
      const found = await second.run(name, { feeds: { "ids:0": [1n, 0n] } });
      expect(tf.toStrings(found as tf.NdArray)).toEqual(["one", "zero"]);

      const third = new tf.Session({ graph: new tf.Graph(), backends: ["evaluator"] });
      const loader = await tf.savedModel.SavedModelLoader.open(exportDir);
      loader.loadGraph(third.graph, ["serve"]);
      const initOp = third.graph.getCollection(tf.savedModel.MAIN_OP_KEY)[0] as tf.Operation;
      await expect(third.run([], { targets: [initOp] })).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
