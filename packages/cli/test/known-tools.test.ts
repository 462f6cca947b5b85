// What inspect_checkpoint and saved_model_cli of TensorFlow 1.15.5 print, to the letter, under their own flags.
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { fixture, run } from "./run.ts";

const recorded = (name: string): Promise<string> => readFile(fixture(name), "utf8");

describe("ls prints what inspect_checkpoint prints", () => {
  it.each([
    [["--all_tensors"], "momentum.all_tensors.txt"],
    [["--tensor_name", "v"], "momentum.tensor_name.txt"],
    [["--tensor-name=v"], "momentum.tensor_name.txt"],
    [["--all_tensor_names", "--count_exclude_pattern", "Momentum"], "momentum.all_tensor_names.txt"],
  ])("%j", async (flags, file) => {
    const { status, out, err } = await run(["ls", fixture("momentum"), ...flags]);
    expect([status, err]).toEqual([0, ""]);
    expect(`${out}\n`).toBe(await recorded(file));
  });
});

describe("show prints what saved_model_cli prints", () => {
  it.each([
    [["--all"], "saved_model.show-all.txt"],
    [["--tag_set", "serve"], "saved_model.show-tag-set.txt"],
    [["--tag_set", "serve", "--signature_def", "serving_default"], "saved_model.show-signature-def.txt"],
  ])("%j", async (flags, file) => {
    const { status, out, err } = await run(["show", fixture("saved_model"), ...flags]);
    expect([status, err]).toEqual([0, ""]);
    expect(`${out}\n`).toBe(await recorded(file));
  });

  it("and then what is in each MetaGraph", async () => {
    const { out } = await run(["show", fixture("saved_model")]);
    expect(out.startsWith(await recorded("saved_model.show.txt"))).toBe(true);
    for (const words of ["Nodes: 72, of", "Assets:\n  vocab.txt  asset_path:0", "Init op: "])
      expect(out).toContain(words);
  });

  it("in JSON, all of them or one", async () => {
    const all = JSON.parse((await run(["show", fixture("saved_model"), "--json"])).out);
    expect(all).toMatchObject({ schemaVersion: "1", metaGraphs: [{ tags: ["serve"] }] });
    const flags = ["--json", "--signature-def", "serving_default"];
    const one = JSON.parse((await run(["show", fixture("saved_model"), ...flags])).out);
    expect(one.inputs).toEqual([{ key: "x", name: "x:0", dtype: "float32", shape: [-1, 3] }]);
  });

  it("says which tags and signatures there are", async () => {
    expect(await run(["show", fixture("saved_model"), "--tag-set", "train"])).toMatchObject({
      status: 66,
      err: expect.stringContaining('Hint: It has "serve".'),
    });
    expect(await run(["show", fixture("saved_model"), "--signature-def", "x"])).toMatchObject({
      status: 66,
      err: expect.stringContaining('It has "serving_default".'),
    });
  });
});
