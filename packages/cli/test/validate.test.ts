import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { openRecordWriter } from "@org/io";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "./folder.ts";
import { fixture, run } from "./run.ts";

const { at } = scratchFolder();
const flipped = async (from: string, to: string, byte: number): Promise<string> => {
  const bytes = await readFile(from);
  bytes[byte < 0 ? bytes.length + byte : byte]! ^= 1;
  await writeFile(at(to), bytes);
  return at(to);
};

describe("validate", () => {
  it("reads everything, and says how much that was", async () => {
    for (const format of ["npz", "safetensors"])
      await run(["convert", fixture("momentum"), at(`m.${format}`)]);
    await run(["get", fixture("momentum"), "v", "-o", at("v.npy")]);
    const files = [
      ["momentum", "V2 checkpoint: 7 tensors, 448 bytes"],
      ["momentum.meta", "MetaGraphDef: 151 nodes"],
      ["saved_model", "SavedModel: 72 nodes [serve]; V2 checkpoint: 2 tensors, 64 bytes"],
      ["examples.gzip.tfrecord", "3 records"],
    ].map(([name, words]) => [fixture(name!), words]);
    files.push(
      [at("m.npz"), ".npz file: 7 tensors, 448 bytes"],
      [at("m.safetensors"), ".safetensors file: 7 tensors, 448 bytes"],
      [at("v.npy"), ".npy file: float32 [5,3]"],
    );
    const { status, out, err } = await run(["validate", ...files.map(([file]) => file!)]);
    expect([status, err]).toEqual([0, ""]);
    expect(out.split("\n")).toEqual(files.map(([file, words]) => `${file}: ok (${words})`));
  });

  it("lists every damaged tensor of a checkpoint", async () => {
    await writeFile(at("bad.index"), await readFile(fixture("momentum.index")));
    const data = await readFile(fixture("momentum.data-00000-of-00001"));
    data[0]! ^= 1;
    data[data.length - 1]! ^= 1;
    await writeFile(at("bad.data-00000-of-00001"), data);
    const { status, out } = await run(["validate", at("bad")]);
    expect(status).toBe(65);
    expect(out.split("\n")).toEqual([
      `${at("bad")}: 2 problems (V2 checkpoint: 7 tensors, 448 bytes)`,
      expect.stringMatching(/^ {2}error at b: .*Checksum does not match/),
      expect.stringMatching(/^ {2}error at w\/Momentum: .*Checksum does not match/),
    ]);
    const json = JSON.parse((await run(["validate", at("bad"), fixture("momentum"), "--json"])).out);
    expect(json).toMatchObject({
      ok: false,
      files: [{ problems: [{ place: "b", severity: "error" }, {}] }, { problems: [] }],
    });
    await rm(at("bad.data-00000-of-00001"));
    expect((await run(["validate", at("bad")])).out).toContain("7 problems");
  });

  it("finds flipped bits in every format", async () => {
    for (const [from, to, byte] of [
      [at("m.npz"), "bit.npz", 300],
      [at("m.safetensors"), "bit.safetensors", 1],
      [fixture("examples.gzip.tfrecord"), "bit.tfrecord", -6],
      [fixture("momentum.index"), "bit.index", 100],
    ] as const) {
      const path = await flipped(from, to, byte);
      const { status, out } = await run(["validate", path.replace(/\.index$/, "")]);
      expect([status, out], to).toEqual([65, expect.stringMatching(/1 problem \([^)]*\)\n {2}error/)]);
    }
  });

  it("lists every damaged record whose length holds, and ends where one does not", async () => {
    const records = ["a", "b", "c", "d"];
    {
      await using writer = await openRecordWriter(at("r.tfrecord"));
      for (const text of records) await writer.write(new TextEncoder().encode(text));
    }
    const bytes = await readFile(at("r.tfrecord"));
    for (const i of [0, 2]) bytes[i * 17 + 12]! ^= 1;
    await writeFile(at("r.tfrecord"), bytes);
    expect((await run(["validate", at("r.tfrecord")])).out.split("\n")).toEqual([
      `${at("r.tfrecord")}: 2 problems (2 records)`,
      "  error at byte 0: corrupted record at 0",
      "  error at byte 34: corrupted record at 34",
    ]);
    bytes[17]! ^= 1;
    await writeFile(at("r.tfrecord"), bytes);
    expect((await run(["validate", at("r.tfrecord")])).out).toContain(
      "2 problems (0 records, and then no more)",
    );
  });

  it("looks into graphs: inputs, collections, Saver, signatures, unknown ops", async () => {
    const text = `
      graph_def {
        node { name: "a" op: "NoSuchOp" }
        node { name: "b" op: "Identity" input: "a" attr { key: "T" value { type: DT_FLOAT } } }
      }
      saver_def { restore_op_name: "save/restore_all" }
      collection_def { key: "variables" value { bytes_list { value: "\\010\\377" } } }
      signature_def { key: "s" value { outputs { key: "o" value { name: "c:0" } } } }`;
    await writeFile(at("odd.pbtxt"), text);
    const { status, out } = await run(["validate", at("odd.pbtxt")]);
    expect(status).toBe(65);
    expect(out).toMatch(/^ {2}error at (collection )?variables: /m);
    expect(out).toContain(
      "  error at saver_def.restore_op_name: it names save/restore_all, and there is no such node",
    );
    expect(out).toContain("  error at signature s, output o: it names c:0, and there is no such node");
    expect(out).toContain("  warning at a: Op type not registered 'NoSuchOp'");
    await writeFile(
      at("hole.pbtxt"),
      'node { name: "b" op: "Identity" input: "a" attr { key: "T" value { type: DT_FLOAT } } }',
    );
    expect(await run(["validate", at("hole.pbtxt")])).toMatchObject({
      status: 65,
      out: expect.stringContaining("Unknown input node 'a'"),
    });
  });

  it("takes warnings for problems if asked to", async () => {
    await writeFile(at("unknown.pbtxt"), 'node { name: "a" op: "NoSuchOp" }');
    expect(await run(["validate", at("unknown.pbtxt")])).toMatchObject({
      status: 0,
      out: expect.stringContaining("warning at a"),
    });
    expect((await run(["validate", at("unknown.pbtxt"), "--strict", "-q"])).status).toBe(65);
  });

  it("checks a SavedModel's variables and assets", async () => {
    await cp(fixture("saved_model"), at("sm"), { recursive: true });
    await rm(at("sm/assets/vocab.txt"));
    await rm(at("sm/variables/variables.index"));
    const { status, out } = await run(["validate", at("sm")]);
    expect(status).toBe(65);
    expect(out).toContain("error at variables: ");
    expect(out).toMatch(/error at asset vocab\.txt: .*No such file/);
  });

  it("goes on to other files, and says what is missing", async () => {
    const { status, out } = await run(["validate", at("nope"), fixture("momentum")]);
    expect(status).toBe(66);
    expect(out).toContain(`${fixture("momentum")}: ok`);
    const alone = await run(["validate", at("nope")]);
    expect(alone).toMatchObject({ status: 66, err: "" });
    expect(alone.out).toMatch(/error: Unsuccessful TensorSliceReader.*\n {4}Hint: /);
    const json = await run(["validate", at("nope"), fixture("momentum"), "--json"]);
    expect(json.status).toBe(66);
    expect(JSON.parse(json.out)).toMatchObject({
      ok: false,
      files: [{ checked: "nothing" }, { problems: [] }],
    });
    await writeFile(at("empty"), "");
    expect((await run(["validate", at("nope"), at("empty")])).status).toBe(65);
    expect(await run(["validate", fixture("momentum"), "-q"])).toMatchObject({ status: 0, out: "", err: "" });
    expect((await run(["validate", fixture("momentum")], { signal: AbortSignal.abort() })).status).toBe(130);
  });
});
