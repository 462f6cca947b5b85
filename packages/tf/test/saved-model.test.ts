// tf.savedModel with the default graph.
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

  it("a session without files of its own reaches only the model's", async () => {
    const { mkdtemp, rm } = await import("node:fs/promises");
    const { tmpdir } = await import("node:os");
    const { join } = await import("node:path");
    const folder = await mkdtemp(join(tmpdir(), "metagraph-saved-model-"));
    try {
      const { x, y } = model();
      const first = new tf.Session({ backends: ["evaluator"] });
      await first.run(tf.globalVariablesInitializer());
      await tf.savedModel.simpleSave(first, join(folder, "export"), { x }, { y });
      const second = new tf.Session({ graph: new tf.Graph(), backends: ["evaluator"] });
      await tf.savedModel.load(second, ["serve"], join(folder, "export"));
      expect(tf.toNumbers(await second.run("w:0"))).toEqual([3]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
