// What docs/formats/saved-model.md draws is what the code reads and writes.
import { readFile } from "node:fs/promises";
import { memoryFileSystem } from "@org/io";
import { encode, SavedModel } from "@org/proto";
import { expect, it } from "vitest";
import { describeSavedModel, opSignatureDef, parseSavedModel } from "../src/index.ts";
import { newGraph } from "./models.ts";

it("draws a message as it is", async () => {
  const page = await readFile(new URL("../../../docs/formats/saved-model.md", import.meta.url), "utf8");
  const lines = /```hex\n([\s\S]*?)```/.exec(page)![1]!.trimEnd().split("\n");
  const hex = lines.flatMap((line) => /^(?:[0-9a-f]{2} )*[0-9a-f]{2}(?= {2}|$)/.exec(line)![0].split(" "));
  const bytes = Uint8Array.from(hex, (pair) => Number.parseInt(pair, 16));
  const x = newGraph().createOp("NoOp", [], { name: "x" });
  const key = "__saved_model_init_op";
  const model = {
    savedModelSchemaVersion: 1,
    metaGraphs: [
      {
        metaInfoDef: { tags: ["serve"] },
        graphDef: { node: [{ name: "x", op: "NoOp" }] },
        signatureDef: { [key]: opSignatureDef(x, key) },
        assetFileDef: [{ tensorInfo: { name: "p:0" }, filename: "w.txt" }],
      },
    ],
  };
  expect(Buffer.from(encode(SavedModel, model)).toString("hex")).toBe(Buffer.from(bytes).toString("hex"));
  const read = await parseSavedModel("m", { fs: memoryFileSystem({ "m/saved_model.pb": bytes }) });
  expect(describeSavedModel(read).metaGraphs).toMatchObject([
    { tags: ["serve"], initOp: "x", assets: [{ tensorName: "p:0", filename: "w.txt" }], signatures: [] },
  ]);
});
