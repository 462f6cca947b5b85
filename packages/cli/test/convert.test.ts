import { copyFile, readFile, writeFile } from "node:fs/promises";
import { nodeFileSystem } from "@org/io/node";
import { openCheckpoint, writeCheckpoint } from "@org/metagraph";
import { convertToNdArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "./folder.ts";
import { fixture, run } from "./run.ts";

const { at, list } = scratchFolder();
const meta = fixture("momentum.meta");
const model = fixture("momentum");
const ok = async (...args: string[]) => {
  const outcome = await run(args);
  expect(outcome.status, `${args.join(" ")}: ${outcome.err}`).toBe(0);
  return outcome;
};
const same = async (a: string, b: string) =>
  expect(await run(["diff", a, b])).toMatchObject({ status: 0, out: "" });

const sameBytes = async (a: string, b: string) =>
  expect(Buffer.compare(await readFile(a), await readFile(b)), a).toBe(0);

describe("convert: graphs", () => {
  it("makes text of binary and binary of text, the same message again", async () => {
    expect((await ok("convert", meta, at("m.pbtxt"))).err).toBe(`${at("m.pbtxt")}: MetaGraphDef, 151 nodes`);
    await ok("convert", at("m.pbtxt"), at("again.meta"));
    await same(meta, at("again.meta"));
    await ok("convert", at("again.meta"), at("again.pbtxt"));
    await sameBytes(at("again.pbtxt"), at("m.pbtxt"));
    expect(await readFile(at("m.pbtxt"), "utf8")).toMatch(/^meta_info_def \{/);
  });

  it("makes a GraphDef of a MetaGraphDef, and text of that", async () => {
    await ok("convert", meta, at("graph.pb"));
    const { err } = await ok("convert", at("graph.pb"), at("graph.pbtxt"));
    expect(err).toContain("GraphDef, 151 nodes");
    await ok("convert", at("graph.pbtxt"), at("graph2.pb"));
    await same(at("graph2.pb"), at("graph.pb"));
    expect((await ok("show", at("graph.pbtxt"))).out).toContain(": GraphDef version 134");
  });

  it("makes a MetaGraphDef of a GraphDef for a .meta file", async () => {
    expect((await ok("convert", at("graph.pb"), at("wrapped.meta"))).err).toContain(
      "MetaGraphDef, 151 nodes",
    );
    await same(at("wrapped.meta"), at("graph.pb"));
  });

  it("reads standard input and writes standard output", async () => {
    const { status, bytes } = await run(["convert", "-", "-", "--to", "text"], {
      input: await readFile(meta),
    });
    expect(status).toBe(0);
    expect(new TextDecoder().decode(bytes)).toBe(await readFile(at("m.pbtxt"), "utf8"));
  });

  it("says what was done in JSON", async () => {
    const { out, err } = await ok("convert", meta, at("json.pbtxt"), "--json");
    expect(err).toBe("");
    expect(JSON.parse(out)).toEqual({
      from: meta,
      to: at("json.pbtxt"),
      format: "text",
      message: "MetaGraphDef",
      nodes: 151,
    });
  });
});

describe("convert: tensors", () => {
  it("goes through every format and comes back the same bytes", async () => {
    await ok("convert", model, at("v1"), "--to", "v1");
    await ok("convert", at("v1"), at("a.npz"));
    await ok("convert", at("a.npz"), at("a.safetensors"));
    await ok("convert", at("a.safetensors"), at("b.npz"), "--compress");
    await ok("convert", at("b.npz"), at("v1b"), "--to", "v1");
    await ok("convert", at("v1b"), at("v2"));
    for (const name of ["v1", "a.npz", "a.safetensors", "b.npz", "v1b", "v2"]) await same(model, at(name));
    for (const suffix of ["index", "data-00000-of-00001"])
      await sameBytes(at(`v2.${suffix}`), `${model}.${suffix}`);
    expect(JSON.parse((await ok("ls", at("v1"), "--json")).out).version).toBe("V1");
  });

  it("takes what is asked for", async () => {
    const { err } = await ok(
      "convert",
      model,
      at("part.npz"),
      "--include",
      "^[bvw]",
      "--exclude",
      "/Momentum$",
      "--exclude",
      "^b",
    );
    expect(err).toBe(`${at("part.npz")}: 2 tensors`);
    expect((await ok("ls", at("part.npz"), "--all-tensor-names")).out).toBe(
      "tensor_name:  v\ntensor_name:  w\n# Total number of params: 50",
    );
  });

  it("writes the same archive whenever it is asked to", async () => {
    await ok("convert", model, at("c.npz"));
    await sameBytes(at("c.npz"), at("a.npz"));
  });

  it("says which tensor a format cannot hold, before it writes", async () => {
    const before = await list();
    const prefix = at("strings");
    await writeCheckpoint(
      prefix,
      {
        s: convertToNdArray(["a"], "string"),
        nul: convertToNdArray([Uint8Array.of(65, 0)], "string"),
        w: convertToNdArray([1]),
      },
      { fs: nodeFileSystem() },
    );
    expect(await run(["convert", prefix, at("s.safetensors")])).toMatchObject({
      status: 1,
      err: expect.stringMatching(/safetensors has no type for (s|nul): string[\s\S]*--exclude/),
    });
    expect(await run(["convert", prefix, at("s.npz")])).toMatchObject({
      status: 1,
      err: expect.stringContaining("A string of nul ends with NUL"),
    });
    const climbing = at("strings.climb");
    await writeCheckpoint(climbing, { "a/../../b": convertToNdArray([1]) }, { fs: nodeFileSystem() });
    expect(await run(["convert", climbing, at("s.npz")])).toMatchObject({
      status: 1,
      err: expect.stringContaining("The tensor a/../../b has a name that leads out of an archive"),
    });
    await ok("convert", prefix, at("s.npz"), "--exclude", "nul");
    expect((await list()).filter((name) => !before.includes(name) && !name.startsWith("strings"))).toEqual([
      "s.npz",
    ]);
  });

  it("keeps bfloat16's bits", async () => {
    await writeCheckpoint(at("half"), { h: convertToNdArray([1, 2], "bfloat16") }, { fs: nodeFileSystem() });
    expect((await ok("convert", at("half"), at("half.npz"))).err).toContain("numpy has no bfloat16");
    await ok("convert", at("half"), at("half.safetensors"));
    await ok("convert", at("half.safetensors"), at("half2"));
    await same(at("half"), at("half2"));
  });
});

describe("convert: SavedModels", () => {
  it("become a .meta file and a checkpoint, and SavedModels again", async () => {
    const { err } = await ok("convert", fixture("saved_model"), at("sm"));
    expect(err).toContain("the graph reads assets, which stay in");
    expect(err).toContain("72 nodes, 2 tensors");
    await using reader = await openCheckpoint(at("sm"), { fs: nodeFileSystem() });
    expect(reader.names()).toHaveLength(2);
    expect(await run(["convert", at("sm.meta"), at("export/")])).toMatchObject({
      status: 1,
      err: expect.stringContaining("--assets"),
    });
    await ok("convert", at("sm.meta"), at("export/"), "--assets", fixture("saved_model/assets"));
    for (const file of ["saved_model.pb", "assets/vocab.txt", "variables/variables.index"])
      await sameBytes(at(`export/${file}`), fixture(`saved_model/${file}`));
    expect((await ok("validate", at("export"))).out).toContain(": ok");
    await same(fixture("saved_model"), at("export"));
  });

  it("become text as a whole, or one MetaGraph", async () => {
    expect((await ok("convert", fixture("saved_model"), at("saved_model.pbtxt"))).err).toContain(
      "SavedModel, 72 nodes",
    );
    expect(await readFile(at("saved_model.pbtxt"), "utf8")).toMatch(
      /^saved_model_schema_version: 1\nmeta_graphs \{/,
    );
    await ok("convert", fixture("saved_model"), at("one.pbtxt"), "--tag-set", "serve");
    expect(await readFile(at("one.pbtxt"), "utf8")).toMatch(/^meta_info_def \{/);
    await same(at("saved_model.pbtxt"), at("one.pbtxt"));
    await ok("convert", at("saved_model.pbtxt"), at("saved_model.bin"));
    expect((await ok("validate", at("saved_model.bin"))).out).toContain("SavedModel: 72 nodes [serve]");
  });

  it("get tags, and are not written over", async () => {
    await ok("convert", meta, at("tagged"), "--to", "saved-model", "--tag-set", "serve,gpu");
    expect((await ok("show", at("tagged"), "--json")).out).toContain('"gpu"');
    expect(await run(["convert", meta, at("tagged/")])).toMatchObject({
      status: 1,
      err: expect.stringContaining("exists, and is not empty"),
    });
    await ok("convert", meta, at("tagged/"), "--force");
    await same(model, at("tagged"));
  });

  it("give their variables alone, too", async () => {
    await ok("convert", fixture("saved_model"), at("variables.npz"));
    await same(fixture("saved_model"), at("variables.npz"));
  });

  it("need a Saver", async () => {
    await ok("convert", meta, at("bare.pb"));
    await copyFile(`${model}.index`, at("bare.index"));
    await copyFile(`${model}.data-00000-of-00001`, at("bare.data-00000-of-00001"));
    expect(await run(["convert", at("bare.pb"), at("bare-export/"), "-c", at("bare")])).toMatchObject({
      status: 66,
      err: expect.stringContaining("has no SaverDef"),
    });
  });
});

describe("convert: what cannot be", () => {
  it("does not overwrite, and leaves nothing behind", async () => {
    await writeFile(at("there.pbtxt"), "mine");
    expect(await run(["convert", meta, at("there.pbtxt")])).toMatchObject({
      status: 1,
      err: `metagraph: ${at("there.pbtxt")} exists\nHint: --force overwrites it.`,
    });
    expect(await run(["convert", model, at("v2")])).toMatchObject({
      status: 1,
      err: expect.stringContaining("--force"),
    });
    expect(await readFile(at("there.pbtxt"), "utf8")).toBe("mine");
    await ok("convert", meta, at("there.pbtxt"), "-f", "-q");
    const before = await list();
    for (const to of ["no/a.npz", "no/a.safetensors", "no/a.pbtxt", "no/no/a"])
      expect((await run(["convert", to.endsWith("txt") ? meta : model, at(to)])).status, to).toBe(1);
    expect(await list()).toEqual(before);
  });

  it("says what becomes what", async () => {
    expect(await run(["convert", meta, at("x.npz")])).toMatchObject({
      status: 1,
      err: expect.stringContaining("is a graph, which does not become npz"),
    });
    expect(await run(["convert", model, at("x"), "--to", "text"])).toMatchObject({
      status: 1,
      err: expect.stringContaining("It becomes v1, v2, npz, safetensors."),
    });
    expect(await run(["convert", meta, at("x"), "--to", "v3"])).toMatchObject({ status: 2 });
  });

  it("explains suffixes", async () => {
    expect(await run(["convert", `${model}.index`, at("x.npz")])).toMatchObject({
      status: 66,
      err: expect.stringContaining(`Pass the prefix: "${model}".`),
    });
    expect(await run(["convert", `${model}.pb`, at("x.npz")])).toMatchObject({
      status: 66,
      err: expect.stringContaining(`There is "${model}.meta".`),
    });
  });

  it("ends at Ctrl-C with nothing written", async () => {
    const before = await list();
    for (const [from, to] of [
      [meta, "c.pbtxt"],
      [model, "c.npz"],
      [model, "c.safetensors"],
      [model, "c"],
      [at("a.npz"), "c"],
      [fixture("saved_model"), "c"],
    ] as const)
      expect(
        await run(["convert", from, at(to.replace("c", "cancelled"))], { signal: AbortSignal.abort() }),
      ).toMatchObject({
        status: 130,
        err: "",
      });
    expect(await list()).toEqual(before);
  });
});

it("get reads .npz and .safetensors files", async () => {
  for (const file of ["a.npz", "a.safetensors"]) {
    const { value } = JSON.parse((await ok("get", at(file), "global_step", "--json")).out);
    expect(value).toBe("0");
    expect(await run(["get", at(file), "vv"])).toMatchObject({
      status: 66,
      err: expect.stringContaining('It has "v"'),
    });
  }
});
