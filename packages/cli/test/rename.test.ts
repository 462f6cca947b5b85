import { readFile, writeFile } from "node:fs/promises";
import { openCheckpoint } from "@org/checkpoint";
import { importMetaGraph, readMetaGraph, trainableVariables } from "@org/metagraph";
import { beforeAll, describe, expect, it } from "vitest";
import { scratchFolder } from "./folder.ts";
import { fixture, run } from "./run.ts";

const { at, list } = scratchFolder();
const model = fixture("momentum");

describe("rename: a checkpoint", () => {
  it("shows what would be done, and does nothing", async () => {
    const { status, out, err } = await run([
      "rename",
      model,
      "-n",
      "b=bias",
      "-e",
      "s/Momentum$/m/",
      "--dry-run",
    ]);
    expect([status, err]).toEqual([0, ""]);
    expect(out.split("\n")).toEqual([
      "b -> bias",
      "b/Momentum -> bias/m",
      "v/Momentum -> v/m",
      "w/Momentum -> w/m",
    ]);
    expect(await list()).toEqual([]);
    expect((await run(["rename", model, "-e", "s/nothing/x/", "--dry-run"])).out).toBe("(nothing)");
  });

  it("renames in every format, and keeps the values", async () => {
    for (const to of ["new", "new.npz", "new.safetensors"]) {
      expect(await run(["rename", model, at(to), "-n", "=layer/"])).toMatchObject({
        status: 0,
        err: `${at(to)}: 7 renamed`,
      });
      expect((await run(["ls", at(to), "--all-tensor-names"])).out.split("\n")[0]).toBe(
        "tensor_name:  layer/b",
      );
      expect((await run(["rename", at(to), at(`back-${to}`), "-e", "s|^layer/||", "-q"])).status).toBe(0);
      expect(await run(["diff", model, at(`back-${to}`)])).toMatchObject({ status: 0, out: "" });
    }
  });

  it("swaps names by a map", async () => {
    await writeFile(at("map.json"), JSON.stringify({ v: "w", w: "v" }));
    await run(["rename", model, at("swapped"), "--map", at("map.json")]);
    await using reader = await openCheckpoint(at("swapped"));
    expect([reader.shape("v"), reader.shape("w"), reader.shape("w/Momentum")]).toEqual([
      [7, 5],
      [5, 3],
      [5, 3],
    ]);
  });

  it("understands sed: other delimiters, groups, flags", async () => {
    const names = async (expression: string) =>
      (await run(["rename", model, "--dry-run", "-e", expression])).out.split("\n").slice(0, 2);
    expect(await names("s,^(b)(/|$),\\1ias$2,")).toEqual(["b -> bias", "b/Momentum -> bias/Momentum"]);
    expect(await names("s/o/0/g")).toEqual(["b/Momentum -> b/M0mentum", "global_step -> gl0bal_step"]);
    expect(await names("s/MOMENTUM/m/i")).toEqual(["b/Momentum -> b/m", "v/Momentum -> v/m"]);
    expect(await names("s/b\\/Mo/x/")).toEqual(["b/Momentum -> xmentum"]);
  });

  it("refuses two of one name, and names that are not there", async () => {
    expect(await run(["rename", model, at("x"), "-n", "v=w"])).toMatchObject({
      status: 1,
      err: expect.stringContaining("Adding duplicate key: w\n\t in"),
    });
    expect(await run(["rename", model, at("x"), "-n", "momentum=m"])).toMatchObject({
      status: 66,
      err: expect.stringMatching(/There is no momentum in/),
    });
    expect((await list()).filter((name) => name.startsWith("x"))).toEqual([]);
  });

  it.each([
    [["--dry-run"], "error: no rule"],
    [["-n", "a=b"], "error: missing required argument 'to'"],
    [["x", "-n", "ab"], '"ab" is not old=new'],
    [["x", "-e", "s/a/b"], "is not s/PATTERN/REPLACEMENT/"],
    [["x", "-e", "s/(/b/"], "Invalid regular expression"],
    [["x", "-e", "y/a/b/"], "is not s/PATTERN/REPLACEMENT/"],
  ])("says what is wrong: %j", async (args, words) => {
    expect(await run(["rename", model, ...args])).toMatchObject({
      status: 2,
      out: "",
      err: expect.stringContaining(words),
    });
  });

  it("says what is wrong with a map", async () => {
    for (const [text, words] of [
      ["[1]", "is not an object of strings"],
      ["{", "is not JSON"],
      ['{"a": 1}', "is not an object of strings"],
    ] as const) {
      await writeFile(at("bad.json"), text);
      expect(await run(["rename", model, at("x"), "-m", at("bad.json")])).toMatchObject({
        status: 1,
        err: expect.stringContaining(words),
      });
    }
  });
});

describe("rename: a graph", () => {
  beforeAll(async () => {
    const { status } = await run([
      "rename",
      model,
      at("graph"),
      "-n",
      "b=layer/bias",
      "-n",
      "w=layer/weights",
      "--with-graph",
    ]);
    expect(status).toBe(0);
  });

  it("renames everything that names a node", async () => {
    const def = await readMetaGraph(at("graph.meta"));
    const { graph, saver } = importMetaGraph(def);
    expect(trainableVariables(graph).map(({ name }) => name)).toEqual([
      "layer/weights:0",
      "layer/bias:0",
      "v:0",
    ]);
    expect(
      graph
        .getOperationByName("train/update_b/ApplyMomentum")
        .inputs.map(({ name }) => name)
        .slice(0, 2),
    ).toEqual(["layer/bias:0", "layer/bias/Momentum:0"]);
    expect(saver).toBeDefined();
    expect((await run(["validate", at("graph.meta"), at("graph")])).out.match(/: ok/g)).toHaveLength(2);
    // The graph's Saver reads the renamed checkpoint: freezing goes by its restore ops.
    expect((await run(["freeze", at("graph.meta"), "--outputs", "out", "-o", at("frozen.pb")])).status).toBe(
      0,
    );
  });

  it("comes back the same", async () => {
    await run([
      "rename",
      at("graph"),
      at("back"),
      "-n",
      "layer/bias=b",
      "-n",
      "layer/weights=w",
      "--with-graph",
    ]);
    expect(await run(["diff", at("back.meta"), `${model}.meta`])).toMatchObject({ status: 0, out: "" });
    expect(await run(["diff", at("back"), model])).toMatchObject({ status: 0, out: "" });
  });

  it("keeps what Savers save under, if asked to", async () => {
    await run(["rename", `${model}.meta`, at("keys.meta"), "-n", "b=bias", "--keep-keys"]);
    // It still restores the old checkpoint.
    const { status, err } = await run([
      "freeze",
      at("keys.meta"),
      "-c",
      model,
      "--outputs",
      "out",
      "-o",
      at("keys.pb"),
    ]);
    expect([status, err]).toEqual([0, expect.stringContaining("nodes")]);
    expect(
      (await run(["freeze", at("graph.meta"), "-c", model, "--outputs", "out", "-o", at("no.pb")])).status,
    ).toBe(66);
  });

  it("renames names in resources, loops, colocation, collections, Savers, signatures", async () => {
    const text = await readFile(fixture("signatures.pbtxt"), "utf8");
    const nodes = `
      node { name: "s/q" op: "FIFOQueueV2" attr { key: "shared_name" value { s: "s/q" } } }
      node {
        name: "s/loop" op: "NoOp"
        attr { key: "frame_name" value { s: "s/while_context" } }
        attr { key: "_class" value { list { s: "loc:@s/q" } } }
      }
      versions`;
    const more = `
      collection_def { key: "names" value { node_list { value: "s/q:0" } } }
      saver_def { restore_op_name: "s/loop" filename_tensor_name: "s/q:0" }
      signature_def { key: "sparse" value { inputs { key: "a" value { coo_sparse { values_tensor_name: "s/q:0" } } } } }`;
    const changed = text.replace('input: "x"', 'input: "x" input: "^s/loop"').replace("versions", nodes);
    await writeFile(at("odd.pbtxt"), changed + more);
    await run(["rename", at("odd.pbtxt"), at("odd2.pbtxt"), "-n", "s=t"]);
    const renamed = await readFile(at("odd2.pbtxt"), "utf8");
    expect(renamed.match(/"[^"]*\bs\/[^"]*"/g)).toBeNull();
    for (const name of ["t/q", "^t/loop", "t/while_context", "loc:@t/q", "t/q:0", "t/loop"])
      expect(renamed).toContain(`"${name}"`);
    expect(renamed).toContain('values_tensor_name: "t/q:0"');
  });

  it("refuses names that nodes cannot have", async () => {
    expect(await run(["rename", `${model}.meta`, at("x.meta"), "-n", "b=a b"])).toMatchObject({
      status: 1,
      err: expect.stringContaining("'a b' is not a valid node name"),
    });
    expect(await run(["rename", `${model}.meta`, at("x.meta"), "-n", "b=w"])).toMatchObject({
      status: 1,
      err: expect.stringContaining("Node name 'w' already exists"),
    });
    expect(await run(["rename", fixture("saved_model"), at("x"), "-n", "b=w"])).toMatchObject({
      status: 1,
      err: expect.stringContaining("metagraph convert"),
    });
  });
});
