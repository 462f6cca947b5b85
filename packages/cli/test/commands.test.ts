// What show, ls and get print, from a checkpoint of TensorFlow 1.15.5 and from a MetaGraph written by hand.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFileSystem } from "@org/io/node";
import { writeCheckpoint } from "@org/metagraph";
import { convertToNdArray, type NdArray, readNpy, toNumbers } from "@org/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture, run } from "./run.ts";

const model = fixture("momentum");
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metagraph-cli-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("ls", () => {
  it("prints what inspect_checkpoint of TensorFlow 1.15.5 prints, to the letter", async () => {
    const { status, out, err } = await run(["ls", model]);
    expect([status, err]).toEqual([0, ""]);
    expect(`${out}\n`).toBe(await readFile(fixture("momentum.inspect_checkpoint.txt"), "utf8"));
  });

  it("prints columns", async () => {
    const { out } = await run(["ls", model, "--long"]);
    expect(out.split("\n").slice(2, 4)).toEqual([
      "global_step  int64    []      1    8",
      "v            float32  [5,3]  15   60",
    ]);
  });

  it("prints one JSON document", async () => {
    const found = JSON.parse((await run(["ls", model, "--json"])).out);
    expect(found).toMatchObject({ checkpoint: model, version: "V2", params: 111 });
    expect(found.tensors[3]).toEqual({ name: "v", dtype: "float32", shape: [5, 3] });
  });

  it("lists a checkpoint of nothing", async () => {
    const prefix = join(folder, "nothing");
    await writeCheckpoint(prefix, {}, { fs: nodeFileSystem() });
    expect(await run(["ls", prefix])).toMatchObject({ status: 0, out: "\n# Total number of params: 0" });
  });
});

describe("get", () => {
  it("prints a tensor, or a part of it", async () => {
    expect(await run(["get", model, "b"])).toMatchObject({ status: 0, out: "[0. 0. 0. 0. 0.]", err: "" });
    const { out } = await run(["get", model, "v", "--slice", "1,2:0,1"]);
    expect(out).toBe("[[ 0.27166933]\n [-0.27182576]]");
  });

  it("prints JSON that loses nothing", async () => {
    const prefix = join(folder, "odd");
    const tensors: Record<string, NdArray> = {
      floats: convertToNdArray([Number.NaN, Number.NEGATIVE_INFINITY, 0.1], "float64"),
      long: convertToNdArray([2n ** 60n + 1n], "int64"),
      strings: convertToNdArray([["text", Uint8Array.of(255, 0)]], "string"),
    };
    await writeCheckpoint(prefix, tensors, { fs: nodeFileSystem() });
    const value = async (name: string) => JSON.parse((await run(["get", prefix, name, "--json"])).out).value;
    expect(await value("floats")).toEqual(["NaN", "-Infinity", 0.1]);
    expect(await value("long")).toEqual(["1152921504606846977"]);
    expect(await value("strings")).toEqual([["text", { base64: "/wA=" }]]);
  });

  it("writes .npy to standard output", async () => {
    const { status, out, bytes } = await run(["get", model, "w", "-o", "-"]);
    expect([status, out]).toEqual([0, ""]);
    expect(readNpy(bytes)).toMatchObject({ dtype: "float32", shape: [7, 5] });
  });

  it("writes a .npy file, and overwrites one only with --force", async () => {
    const file = join(folder, "b.npy");
    expect(await run(["get", model, "b", "-o", file])).toMatchObject({
      status: 0,
      out: "",
      err: `${file}: float32 [5]`,
    });
    const bytes = await readFile(file);
    expect(toNumbers(readNpy(bytes))).toEqual([0, 0, 0, 0, 0]);
    expect(await run(["get", model, "v", "-o", file])).toMatchObject({
      status: 1,
      err: `metagraph: ${file} exists\nHint: --force overwrites it.`,
    });
    expect(await readFile(file)).toEqual(bytes);
    expect(await run(["get", model, "v", "-o", file, "--force", "-q"])).toMatchObject({ status: 0, err: "" });
    expect(readNpy(await readFile(file)).shape).toEqual([5, 3]);
  });

  it("leaves nothing behind where it cannot write", async () => {
    const before = await readdir(folder);
    const nowhere = join(folder, "gone", "b.npy");
    const { status, err } = await run(["get", model, "b", "-o", nowhere]);
    expect(status).toBe(1);
    expect(err).toContain(`metagraph: Cannot write ${nowhere}: `);
    expect(await run(["get", model, "b", "-f", "-o", folder])).toMatchObject({
      status: 1,
      err: `metagraph: ${folder} is a directory`,
    });
    expect(await readdir(folder)).toEqual(before);
  });
});

describe("show", () => {
  const golden = async (name: string) => (await readFile(fixture(name), "utf8")).trimEnd();
  const named = (out: string, file: string) => out.replace(file, file.replace(/.*\//, ""));

  it.each(["momentum.meta", "signatures.pbtxt"])("prints the sections of %s", async (name) => {
    const { status, out, err } = await run(["show", fixture(name)]);
    expect([status, err]).toEqual([0, ""]);
    expect(named(out, fixture(name))).toBe(await golden(`${name}.show.txt`));
  });

  it("prints one JSON document", async () => {
    const found = JSON.parse((await run(["show", fixture("signatures.pbtxt"), "--json"])).out);
    expect(found).toMatchObject({
      tensorflowVersion: "1.15.5",
      tags: ["serve"],
      inputs: [{ name: "x:0", dtype: "float32", shape: [-1, 3] }],
      saver: null,
    });
    expect(found.collections[0]).toEqual({
      key: "rates",
      kind: "float",
      count: 2,
      values: [0.5, "Infinity"],
    });
    expect(found.collections[1].values[0]).toBe("9007199254740993");
    expect(found.signatures[0].outputs[0]).toEqual({ key: "out", name: "y:0", dtype: "string", shape: null });
    expect(found.nodes).toBeUndefined();
  });

  it("lists nodes, as text and in JSON", async () => {
    const { out } = await run(["show", fixture("signatures.pbtxt"), "--nodes"]);
    expect(out).toBe("x  Placeholder\ny  Halve        x");
    const { nodes } = JSON.parse((await run(["show", fixture("signatures.pbtxt"), "--nodes", "--json"])).out);
    expect(nodes[1]).toEqual({ name: "y", op: "Halve", input: ["x"], device: "/device:CPU:0" });
  });

  it("reads standard input", async () => {
    const input = await readFile(fixture("momentum.meta"));
    const { status, out } = await run(["show", "-"], { input });
    expect(status).toBe(0);
    expect(out).toContain("-: MetaGraph of TensorFlow 1.15.5");
    expect(await run(["show", "-"])).toMatchObject({
      status: 65,
      err: expect.stringContaining("Cannot parse file (standard input): the file is empty."),
    });
  });
});

describe("exit status", () => {
  it.each([
    ["show", "nope.meta"],
    ["show", "nope"],
    ["ls", "nope"],
    ["get", "nope", "w"],
    ["get", model, "ww"],
    ["show", fixture("")],
    ["ls", fixture("")],
  ])("66 for what is missing: %s %s", async (...args) => {
    const { status, out, err } = await run(args);
    expect([status, out]).toEqual([66, ""]);
    expect(err).toMatch(/^metagraph: /);
    expect(err).not.toMatch(/^ +at /m);
  });

  it("65 for a graph that is cut off, in the words of what it was", async () => {
    const cut = async (name: string, source: Uint8Array, length: number): Promise<string> => {
      await writeFile(join(folder, name), source.subarray(0, length));
      const { status, out, err } = await run(["show", join(folder, name)]);
      expect([status, out]).toEqual([65, ""]);
      expect(err).toContain(`Cannot parse file ${join(folder, name)}: `);
      return err;
    };
    for (const name of ["whole.pb", "whole.pbtxt"])
      expect(
        (await run(["extract", `${model}.meta`, "--outputs", "v/read", "-o", join(folder, name)])).status,
      ).toBe(0);
    const binary = await readFile(join(folder, "whole.pb"));
    expect(await cut("cut.pb", binary, binary.length - 10)).toContain("tensorflow.GraphDef at byte");
    const text = await readFile(join(folder, "whole.pbtxt"));
    expect(await cut("cut.pbtxt", text, text.length - 10)).toMatch(/: \d+:\d+ : /);
    expect(await cut("cut.meta", await readFile(`${model}.meta`), 5000)).toContain(
      "tensorflow.MetaGraphDef at byte",
    );
    expect(await cut("words.txt", new TextEncoder().encode("some words: yes"), 15)).toContain("1:1 : ");
  });

  it("65 for what is damaged, and one line says where", async () => {
    const bytes = await readFile(`${model}.data-00000-of-00001`);
    bytes[bytes.length - 3]! ^= 1;
    const prefix = join(folder, "bad");
    await writeFile(`${prefix}.data-00000-of-00001`, bytes);
    await writeFile(`${prefix}.index`, await readFile(`${model}.index`));
    await writeFile(`${prefix}.meta`, (await readFile(`${model}.meta`)).subarray(0, 1000));
    expect(await run(["get", prefix, "w/Momentum", "--quiet"])).toMatchObject({
      status: 65,
      err: expect.stringContaining("Checksum does not match"),
    });
    expect(await run(["get", prefix, "b", "--quiet"])).toMatchObject({ status: 0, out: "", err: "" });
    expect(await run(["show", `${prefix}.meta`])).toMatchObject({ status: 65, out: "" });
    expect((await run(["ls", `${prefix}.meta`])).status).toBe(65);
  });

  it("1 for a part that the tensor does not have", async () => {
    expect(await run(["get", model, "w", "-s", "0,9:-"])).toMatchObject({
      status: 1,
      err: expect.stringContaining("out of bounds"),
    });
  });

  it("130 for Ctrl-C, without words", async () => {
    const signal = AbortSignal.abort();
    for (const args of [
      ["show", fixture("momentum.meta")],
      ["get", model, "w"],
      ["ls", model],
    ])
      expect(await run(args, { signal })).toMatchObject({ status: 130, err: "" });
  });

  it("0 and no output with --quiet", async () => {
    for (const args of [
      ["show", fixture("momentum.meta")],
      ["get", model, "w"],
      ["ls", model],
    ])
      expect(await run([...args, "--quiet"])).toMatchObject({ status: 0, out: "", err: "" });
  });
});
