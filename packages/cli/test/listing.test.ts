// What ls, get and show say of event files, record files, .npy files and graphs.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { openRecordWriter } from "@org/io";
import { FileWriter } from "@org/summary";
import { beforeAll, describe, expect, it } from "vitest";
import { scratchFolder } from "./folder.ts";
import { fixture, run } from "./run.ts";

const { at, list } = scratchFolder();
const examples = fixture("examples.gzip.tfrecord");
let events: string;

beforeAll(async () => {
  let clock = 1_700_000_000;
  const writer = new FileWriter(at("runs"), {
    now: () => clock++,
    hostname: "host",
    graph: { node: [{ name: "a", op: "NoOp" }] },
  });
  for (const step of [1, 2, 2n ** 40n])
    writer.addSummary(
      {
        value: [
          { tag: "loss", simpleValue: 1 / Number(step) },
          { tag: "weights", histo: { min: 0 } },
          { tag: "evil\u001b[31m\n", simpleValue: Number.NaN },
        ],
      },
      step,
    );
  writer.addSessionLog({ status: 3, checkpointPath: "model-2" }, 2);
  await writer.close();
  const [name] = await readdir(at("runs"));
  events = at(`runs/${name}`);
});

describe("event files", () => {
  it("ls prints an event a line", async () => {
    const { status, out } = await run(["ls", events]);
    expect(status).toBe(0);
    expect(out.split("\n")).toEqual([
      expect.stringMatching(/^0 +2023-11-14T22:13:2\d\.000Z {2}fileVersion {3}brain\.Event:2$/),
      expect.stringMatching(/^0 +\S+ {2}graphDef {6}1 nodes$/),
      expect.stringMatching(/^0 +\S+ {2}metaGraphDef {2}1 nodes$/),
      expect.stringMatching(/^1 +\S+ {2}summary {7}loss=1, weights \(histogram\), evil\\u001b\[31m\\n=NaN$/),
      expect.stringMatching(/^2 +\S+ {2}summary {7}loss=0\.5,/),
      expect.stringMatching(/^1099511627776 {2}\S+ {2}summary/),
      expect.stringMatching(/^2 +\S+ {2}sessionLog {4}CHECKPOINT model-2$/),
    ]);
    const json = JSON.parse((await run(["ls", events, "--json"])).out);
    expect(json.events[3]).toMatchObject({
      step: "1",
      what: "summary",
      values: [{ tag: "loss", kind: "scalar", value: 1 }, { kind: "histogram" }, { value: "NaN" }],
    });
  });

  it("show sums them up", async () => {
    const { out } = await run(["show", events]);
    expect(out).toContain(`${events}: 7 events\n\nKinds:\n  fileVersion   1\n`);
    expect(out).toMatch(/^ {2}loss +scalar +3 {2}steps 1 to 1099511627776 {2}last 9\.094947e-13$/m);
    expect(out).not.toContain("\u001b");
    const json = JSON.parse((await run(["show", events, "--json"])).out);
    expect(json).toMatchObject({
      events: 7,
      kinds: { summary: 3 },
      tags: [{ tag: "evil\u001b[31m\n" }, { count: 3 }, {}],
    });
  });

  it("get prints the course of a tag", async () => {
    expect((await run(["get", events, "loss"])).out).toBe(
      "1              1\n2              0.5\n1099511627776  9.094947e-13",
    );
    expect(JSON.parse((await run(["get", events, "loss", "--json"])).out).values[1]).toMatchObject({
      step: "2",
      value: 0.5,
    });
    expect(await run(["get", events, "lose"])).toMatchObject({
      status: 66,
      err: expect.stringContaining("It has loss, weights"),
    });
    expect((await run(["get", events, "weights"])).err).toContain("are no scalars: histogram");
  });

  it("are read up to a torn tail, which validate finds", async () => {
    const torn = at("torn.tfevents");
    await writeFile(torn, (await readFile(events)).subarray(0, -3));
    expect((await run(["ls", torn])).out.split("\n")).toHaveLength(6);
    expect(await run(["validate", torn])).toMatchObject({
      status: 65,
      out: expect.stringContaining("truncated record at"),
    });
  });
});

describe("record files", () => {
  it("ls prints a record a line, with the features of Examples", async () => {
    const { out } = await run(["ls", examples]);
    expect(out.split("\n")[1]).toBe("1   83  78  b: bytes[2], empty: nothing[0], f: float[2], i: int64[3]");
    const json = JSON.parse((await run(["ls", examples, "--json"])).out);
    expect(json).toMatchObject({ compression: "GZIP", records: [{ index: 0, length: 67 }, {}, {}] });
  });

  it("show sums them up", async () => {
    expect((await run(["show", examples])).out).toBe(
      `${examples}: 3 records (GZIP), 225 bytes, 67 to 80 bytes each\n\nFeatures of 3 Examples:\n  b      bytes[2]    3\n  empty  nothing[0]  3\n  f      float[2]    3\n  i      int64[3]    3`,
    );
    expect(JSON.parse((await run(["show", examples, "--json"])).out)).toMatchObject({
      records: 3,
      shortest: 67,
      examples: 3,
    });
  });

  it("get prints a record, or writes its bytes", async () => {
    expect((await run(["get", examples, "1"])).out).toMatch(/^features \{\n {2}feature \{\n {4}key: "b"/);
    await run(["get", examples, "2", "-o", at("record")]);
    expect((await run(["get", examples, "2", "-o", "-"])).bytes).toHaveLength(80);
    expect(await list()).toContain("record");
    for (const name of ["3", "x"])
      expect(await run(["get", examples, name])).toMatchObject({
        status: 66,
        err: expect.stringContaining("It has records 0 to 2."),
      });
  });

  it("tells compression and kind by the bytes, whatever the name", async () => {
    for (const compression of ["", "GZIP", "ZLIB"] as const) {
      const path = at(`data${compression}`);
      {
        await using writer = await openRecordWriter(path, { compression });
        await writer.write(new TextEncoder().encode("no Example"));
      }
      const json = JSON.parse((await run(["ls", path, "--json"])).out);
      expect(json).toEqual({ file: path, compression, records: [{ index: 0, offset: 0, length: 10 }] });
      expect((await run(["get", path, "0"])).out).toBe('"no Example"');
    }
    await writeFile(at("empty.tfrecord"), "");
    expect((await run(["show", at("empty.tfrecord")])).out).toContain(": 0 records, 0 bytes");
  });
});

describe("other files", () => {
  it("ls lists the nodes of a graph, the array of a .npy file, a SavedModel's tensors", async () => {
    expect((await run(["ls", fixture("signatures.pbtxt")])).out).toBe("x  Placeholder\ny  Halve        x");
    await run(["get", fixture("momentum"), "b", "-o", at("b.npy")]);
    expect((await run(["ls", at("b.npy"), "--all-tensors"])).out).toBe("float32 [5]\n[0. 0. 0. 0. 0.]");
    expect((await run(["ls", fixture("saved_model"), "--long"])).out).toMatch(/float32 +\[3,4\] +12 +48$/m);
  });

  it("a directory of checkpoints means the latest", async () => {
    await run(["convert", fixture("momentum"), at("model-1")]);
    await writeFile(at("checkpoint"), 'model_checkpoint_path: "model-1"\n');
    for (const path of [at("."), at("checkpoint")])
      expect((await run(["ls", path])).out).toContain("global_step (DT_INT64) []");
    await writeFile(at("checkpoint"), 'model_checkpoint_path: "gone"\n');
    expect(await run(["ls", at("checkpoint")])).toMatchObject({
      status: 66,
      err: expect.stringContaining("state file"),
    });
  });

  it("says what a file is, where another one is meant", async () => {
    await run(["convert", fixture("momentum"), at("m.npz")]);
    expect(await run(["show", at("m.npz")])).toMatchObject({
      status: 65,
      err: expect.stringContaining("is a .npz file, which holds no graph"),
    });
    expect(await run(["get", fixture("momentum.meta"), "w"])).toMatchObject({
      status: 65,
      err: expect.stringContaining(`The tensors are in "${fixture("momentum")}".`),
    });
    expect(await run(["get", at("m.npz"), "w", "-s", "0,1:-"])).toMatchObject({
      status: 1,
      err: expect.stringContaining("--slice"),
    });
    expect(await run(["ls", at("runs")])).toMatchObject({
      status: 66,
      err: expect.stringContaining("Name one of its event files"),
    });
    await writeFile(at("junk"), "junk \u0000\u0001\u0002");
    expect((await run(["show", at("junk")])).status).toBe(65);
  });
});
