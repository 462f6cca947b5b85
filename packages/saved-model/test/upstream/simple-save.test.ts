// The case of TensorFlow's simple_save_test.py.
import { memoryFileSystem } from "@org/io";
import { globalVariables, ResourceVariable } from "@org/variables";
import { expect, it } from "vitest";
import { load, signatureConstants, simpleSave, tagConstants } from "../../src/index.ts";
import { globalValues, initialize, withSession } from "../models.ts";

it("[simple_save_test/SimpleSaveTest.testSimpleSave] one call saves a graph for Predict", async () => {
  const fs = memoryFileSystem();
  await withSession(fs, async (session, graph) => {
    const x = new ResourceVariable(1, { graph, name: "var_x", dtype: "int32" });
    const y = new ResourceVariable(2, { graph, name: "var_y", dtype: "int32" });
    await initialize(session);
    expect(await globalValues(session)).toEqual([1, 2]);
    expect(await simpleSave(session, "export", { x }, { y })).toBe("export/saved_model.pb");
  });
  await withSession(fs, async (session, graph) => {
    const { signatureDef } = await load(session, [tagConstants.SERVING], "export");
    const variables = globalVariables(graph);
    expect(await globalValues(session)).toEqual([1, 2]);
    expect(variables.map(({ name, dtype, shape }) => [name, dtype, shape.toNumbers()])).toEqual([
      ["var_x:0", "int32", []],
      ["var_y:0", "int32", []],
    ]);
    expect(Object.keys(signatureDef)).toEqual([signatureConstants.DEFAULT_SERVING_SIGNATURE_DEF_KEY]);
    const { methodName, inputs, outputs } = signatureDef.serving_default!;
    expect(methodName).toBe(signatureConstants.PREDICT_METHOD_NAME);
    expect(Object.keys(inputs)).toEqual(["x"]);
    expect(inputs.x).toMatchObject({ name: "var_x:0", dtype: 3, tensorShape: { dim: [] } });
    expect(Object.keys(outputs)).toEqual(["y"]);
    expect(outputs.y).toMatchObject({ name: "var_y:0", dtype: 3, tensorShape: { dim: [] } });
  });
});
