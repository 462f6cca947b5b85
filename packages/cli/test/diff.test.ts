import { readFile, writeFile } from "node:fs/promises";
import { nodeFileSystem } from "@org/io/node";
import { writeCheckpoint } from "@org/metagraph";
import { convertToNdArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "./folder.ts";
import { fixture, run } from "./run.ts";

const { at } = scratchFolder();
const graph = async (name: string, change: (text: string) => string): Promise<string> => {
  await writeFile(at(name), change(await readFile(fixture("signatures.pbtxt"), "utf8")));
  return at(name);
};

describe("diff of graphs", () => {
  it("is nothing between a graph and itself, in any order, with defaults written out", async () => {
    const original = fixture("signatures.pbtxt");
    const other = await graph("other.pbtxt", (text) => {
      // x after y; "y" reads "x:0"; an attribute that says nothing.
      const x = /( {2}node \{\n {4}name: "x"[\s\S]*?\n {2}\}\n)/.exec(text)![1]!;
      return text
        .replace(x, "")
        .replace(
          /( {2}library)/,
          `${x.replace('op: "Placeholder"', 'op: "Placeholder" attr { key: "_output_shapes" value { list { shape { dim { size: -1 } } } } }')}$1`,
        )
        .replace('input: "x"', 'input: "x:0"');
    });
    expect(await run(["diff", original, other])).toMatchObject({ status: 0, out: "", err: "" });
  });

  it("says what is more, what is less, and what is other", async () => {
    const b = await graph("b.pbtxt", (text) =>
      text
        .replace('device: "/device:CPU:0"', 'device: "/device:GPU:0" input: "^z"')
        .replace("versions { producer: 134 }", 'node { name: "z" op: "NoOp" } versions { producer: 135 }')
        .replace("type: DT_FLOAT } }", "type: DT_INT32 } }")
        .replace("value: 0.5", "value: 0.25")
        .replace('key: "raw"', 'key: "rawer"')
        .replace('method_name: "tensorflow/serving/predict"', 'method_name: "m"'),
    );
    const { status, out, err } = await run(["diff", fixture("signatures.pbtxt"), b]);
    expect([status, err]).toEqual([1, ""]);
    expect(out.split("\n")).toEqual([
      "~ producer: 134 -> 135",
      "+ node z (NoOp)",
      "~ node x",
      "    attr dtype: type: DT_FLOAT -> type: DT_INT32",
      "~ node y",
      "    device: /device:CPU:0 -> /device:GPU:0",
      '    control inputs: "" -> ^z',
      "- collection raw",
      "+ collection rawer",
      "~ collection rates",
      expect.stringMatching(/^ {4}content: .*0\.5.* -> .*0\.25/),
      "~ signature serving_default",
      expect.stringMatching(/^ {4}content: .*predict.* -> .*"m"/),
    ]);
    const json = JSON.parse((await run(["diff", fixture("signatures.pbtxt"), b, "--json"])).out);
    expect(json).toMatchObject({
      same: false,
      nodes: { added: ["z"], removed: [] },
      collections: { removed: ["raw"] },
    });
    expect(await run(["diff", b, fixture("signatures.pbtxt"), "--quiet"])).toMatchObject({
      status: 1,
      out: "",
      err: "",
    });
  });

  it("knows the default of an attribute that is left out", async () => {
    const node = (attr: string) =>
      `node { name: "a" op: "MatMul" attr { key: "T" value { type: DT_FLOAT } } ${attr} }`;
    await writeFile(at("short.pbtxt"), node(""));
    await writeFile(at("long.pbtxt"), node('attr { key: "transpose_a" value { b: false } }'));
    await writeFile(at("changed.pbtxt"), node('attr { key: "transpose_a" value { b: true } }'));
    expect((await run(["diff", at("short.pbtxt"), at("long.pbtxt")])).status).toBe(0);
    expect(await run(["diff", at("short.pbtxt"), at("changed.pbtxt")])).toMatchObject({
      status: 1,
      out: "~ node a\n    attr transpose_a: b: false -> b: true",
    });
  });
});

describe("diff of tensors", () => {
  const save = (name: string, tensors: Parameters<typeof writeCheckpoint>[1]) =>
    writeCheckpoint(at(name), tensors, { fs: nodeFileSystem() });

  it("says which differ, and by how much", async () => {
    await save("a", {
      gone: convertToNdArray([1], "float32"),
      shape: convertToNdArray([1, 2], "float32"),
      type: convertToNdArray([1], "float32"),
      value: convertToNdArray([1, 2, Number.NaN, 0, 5]),
      half: convertToNdArray([1, 2], "float16"),
      long: convertToNdArray([2n ** 60n, 2n ** 60n], "int64"),
      words: convertToNdArray(["a", "b"], "string"),
      same: convertToNdArray([Number.NaN, -0]),
    });
    await save("b", {
      come: convertToNdArray([true], "bool"),
      shape: convertToNdArray([[1, 2]], "float32"),
      type: convertToNdArray([1], "float64"),
      value: convertToNdArray([1, 2.5, Number.NaN, 0, 4.75]),
      half: convertToNdArray([1, 2.5], "float16"),
      long: convertToNdArray([2n ** 60n, 2n ** 60n + 1n], "int64"),
      words: convertToNdArray(["a", "c"], "string"),
      same: convertToNdArray([Number.NaN, 0]),
    });
    const { status, out } = await run(["diff", at("a"), at("b")]);
    expect(status).toBe(1);
    expect(out.split("\n")).toEqual([
      "- tensor gone (float32 [1])",
      "+ tensor come (bool [1])",
      "~ tensor half: 1 of 2 elements differ, by 0.5 at most",
      "~ tensor long: 1 of 2 elements differ, by 1 at most",
      "~ tensor shape: float32 [2] -> float32 [1,2]",
      "~ tensor type: float32 [1] -> float64 [1]",
      "~ tensor value: 2 of 5 elements differ, by 0.5 at most",
      "~ tensor words: 1 of 2 elements differ",
    ]);
    const json = JSON.parse((await run(["diff", at("a"), at("b"), "--json"])).out);
    expect(json).toMatchObject({
      same: false,
      changed: [{ name: "half", maxAbsDifference: 0.5 }, {}, {}, {}, {}, {}],
    });
  });

  it("takes a tolerance and patterns", async () => {
    const only = ["--include", "^(value|same)$"];
    expect((await run(["diff", at("a"), at("b"), ...only])).out).toContain("value: 2 of 5");
    expect((await run(["diff", at("a"), at("b"), ...only, "--tolerance", "0.25"])).out).toContain(
      "value: 1 of 5",
    );
    expect((await run(["diff", at("a"), at("b"), ...only, "--tolerance", "0.5"])).status).toBe(0);
    expect((await run(["diff", at("a"), at("b"), "--tolerance", "-1"])).status).toBe(2);
    expect((await run(["diff", at("a"), at("b"), "--include", "("])).status).toBe(2);
  });

  it("does not compare a graph with tensors", async () => {
    expect(await run(["diff", at("a"), fixture("momentum.meta")])).toMatchObject({
      status: 1,
      err: expect.stringContaining("is a checkpoint, "),
    });
    expect((await run(["diff", at("a"), at("nope")])).status).toBe(66);
  });
});
