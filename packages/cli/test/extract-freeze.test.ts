import { readFile } from "node:fs/promises";
import { decode, GraphDef } from "@org/proto";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "./folder.ts";
import { fixture, run } from "./run.ts";

const { at, list } = scratchFolder();
const meta = fixture("momentum.meta");
const graphAt = async (name: string) => decode(GraphDef, await readFile(at(name)));

describe("extract", () => {
  it("writes what some nodes need", async () => {
    expect(await run(["extract", meta, "--outputs", "w/read,v/read", "-o", at("e.pb")])).toMatchObject({
      status: 0,
      out: "",
      err: `${at("e.pb")}: 4 of 151 nodes`,
    });
    expect((await graphAt("e.pb")).node.map(({ name }) => name)).toEqual(["w", "w/read", "v", "v/read"]);
    const { out } = await run(["extract", meta, "--outputs", "w/read", "-o", at("e.pbtxt"), "--json"]);
    expect(JSON.parse(out)).toMatchObject({ nodes: 2, of: 151 });
    expect(await readFile(at("e.pbtxt"), "utf8")).toContain('name: "w/read"');
  });

  it("puts placeholders in place of inputs, of the type that the node gives", async () => {
    await run(["extract", meta, "--inputs", "w/read,b/read,v/read,x", "--outputs", "out", "-o", at("i.pb")]);
    const { node } = await graphAt("i.pb");
    expect(
      node.filter(({ op }) => op === "Placeholder").map(({ name, attr }) => [name, attr.dtype!.type]),
    ).toEqual([
      ["x", 1],
      ["w/read", 1],
      ["b/read", 1],
      ["v/read", 1],
    ]);
    expect(node.some(({ op }) => op === "VariableV2")).toBe(false);
  });

  it("writes standard output as it read standard input", async () => {
    const outcome = await run(["extract", "-", "--outputs", "w", "-o", "-"], { input: await readFile(meta) });
    expect(decode(GraphDef, outcome.bytes).node[0]!.name).toBe("w");
  });

  it("says which node is missing", async () => {
    expect(await run(["extract", meta, "--outputs", "outt", "-o", at("x.pb")])).toMatchObject({
      status: 66,
      err: expect.stringMatching(/outt is not in graph[\s\S]*Hint: .*"out"/),
    });
    expect((await run(["extract", meta, "-o", at("x.pb")])).status).toBe(2);
    expect((await run(["extract", meta, "--outputs", "out", "-o", at("x.pb"), "--optimize"])).status).toBe(2);
    expect((await list()).includes("x.pb")).toBe(false);
  });
});

describe("freeze", () => {
  it("makes constants of a checkpoint's variables", async () => {
    expect(await run(["freeze", meta, "--outputs", "out", "-o", at("f.pb")])).toMatchObject({
      status: 0,
      out: "",
    });
    const { node } = await graphAt("f.pb");
    expect(node.filter(({ op }) => op === "VariableV2")).toEqual([]);
    expect(node.find(({ name }) => name === "w")).toMatchObject({ op: "Const" });
    expect((await run(["validate", at("f.pb")])).out).toContain(": ok");
  });

  it("takes a GraphDef and a checkpoint, or a SavedModel", async () => {
    await run(["convert", meta, at("g.pbtxt"), "--to", "graph"]);
    expect(await run(["freeze", at("g.pbtxt"), "--outputs", "out", "-o", at("g.pb")])).toMatchObject({
      status: 1,
      err: expect.stringContaining("--checkpoint PREFIX says it"),
    });
    await run(["freeze", at("g.pbtxt"), "-c", fixture("momentum"), "--outputs", "out", "-o", at("g.pb")]);
    expect(await run(["diff", at("g.pb"), at("f.pb")])).toMatchObject({ status: 0, out: "" });
    const saved = await run(["freeze", fixture("saved_model"), "--outputs", "scores", "-o", at("s.pbtxt")]);
    expect(saved.err).toContain("9 of 72 nodes");
    await run([
      "extract",
      at("s.pbtxt"),
      "--inputs",
      "x",
      "--outputs",
      "scores",
      "--optimize",
      "-o",
      at("o.pb"),
    ]);
    expect((await graphAt("o.pb")).node.length).toBe(7);
  });

  it("leaves variables that are excepted", async () => {
    await run(["freeze", meta, "--outputs", "out", "--except", "b", "-o", at("x.pb")]);
    const ops = Object.fromEntries((await graphAt("x.pb")).node.map(({ name, op }) => [name, op]));
    expect([ops.b, ops.w]).toEqual(["VariableV2", "Const"]);
  });

  it("says what is missing, and leaves nothing behind", async () => {
    const before = await list();
    expect((await run(["freeze", meta, "--outputs", "nope", "-o", at("y.pb")])).status).toBe(66);
    expect(
      (await run(["freeze", meta, "-c", at("nope"), "--outputs", "out", "-o", at("y.pb")])).err,
    ).toContain("doesn't exist");
    expect(
      await run(["freeze", meta, "--outputs", "out", "-o", at("y.pb")], { signal: AbortSignal.abort() }),
    ).toMatchObject({
      status: 130,
    });
    expect(await list()).toEqual(before);
  });
});
