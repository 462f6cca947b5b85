import { isTfError } from "@org/errors";
import { memoryFileSystem } from "@org/io";
import { encode, equals, MetaGraphDef } from "@org/proto";
import { toText } from "@org/proto/text";
import { beforeAll, describe, expect, it } from "vitest";
import { parseMetaGraph, readMetaGraph, writeMetaGraph } from "../src/index.ts";
import { fixture } from "./fixture.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
let inference: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  inference = new Uint8Array(await fixture("inference.meta"));
});

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    (error: unknown) =>
      isTfError(error) ? [error.code, error.sentence, error.hint ?? ""].join(" | ") : String(error),
  );

describe("readMetaGraph", () => {
  let fs: ReturnType<typeof memoryFileSystem>;
  let def: MetaGraphDef;
  beforeAll(async () => {
    fs = memoryFileSystem();
    def = await readMetaGraph(inference);
    await fs.makeDirectory("dir");
    await writeMetaGraph("dir/model-1.meta", def, { fs });
    await writeMetaGraph("/abs/model.meta", def, { fs });
  });

  it("reads bytes, buffers, blobs, paths and URLs alike", async () => {
    const buffer = inference.buffer.slice(inference.byteOffset, inference.byteOffset + inference.byteLength);
    const url = `data:application/octet-stream;base64,${btoa(String.fromCharCode(...inference))}`;
    const sources = [
      buffer,
      new Blob([inference]),
      url,
      new URL(url),
      "dir/model-1.meta",
      "file:///abs/model.meta",
      new URL("file:///abs/model.meta"),
    ];
    for (const source of sources) {
      const read = await readMetaGraph(source as string, { fs });
      expect(encode(MetaGraphDef, read)).toEqual(inference);
    }
  });

  it("reads text, and writes the same message as text", async () => {
    await writeMetaGraph("dir/model.pbtxt", def, { fs, asText: true });
    const read = await readMetaGraph("dir/model.pbtxt", { fs });
    expect(equals(MetaGraphDef, read, def)).toBe(true);
  });

  it("makes directories that are missing", async () => {
    await writeMetaGraph("new/deep/model.meta", def, { fs });
    expect((await fs.stat("new/deep/model.meta"))?.size).toBe(inference.length);
  });

  it("says which file was meant, where there is none", async () => {
    const read = (path: string) => failure(readMetaGraph(path, { fs }));
    expect(await read("dir/nope.meta")).toBe(
      'NOT_FOUND | File dir/nope.meta does not exist. | In "dir" there is "model-1.meta".',
    );
    expect(await read("dir/model-1")).toContain('Did you mean "dir/model-1.meta"?');
    expect(await read("gone/model.meta")).toContain('There is no directory "gone"');
    expect(await read("")).toContain("NOT_FOUND");
    expect(await read("dir")).toContain("FAILED_PRECONDITION | dir; Is a directory");
    expect(await failure(readMetaGraph(5 as never))).toContain(
      "TypeError: A MetaGraphDef is read from a path",
    );
  });

  it("stops where the signal says so", async () => {
    const signal = AbortSignal.abort();
    expect(await failure(readMetaGraph("dir/model-1.meta", { fs, signal }))).toContain("CANCELLED");
  });
});

describe("parseMetaGraph", () => {
  const parse = (bytes: Uint8Array) => failure(parseMetaGraph(bytes, "x.meta"));

  it("refuses an empty file", async () => {
    expect(await parse(new Uint8Array(0))).toContain(
      "DATA_LOSS | Cannot parse file x.meta: the file is empty.",
    );
  });

  it("refuses text that is no MetaGraphDef, with line and column", async () => {
    expect(await parse(utf8("Test test!\n"))).toBe(
      'DATA_LOSS | Cannot parse file x.meta: 1:1 : Message type "tensorflow.MetaGraphDef" has no field named "Test". | ',
    );
  });

  it("refuses text that is not UTF-8, and says where", async () => {
    const text = utf8(`meta_info_def { meta_graph_version: "gr" }`);
    const bytes = Uint8Array.from([...text.slice(0, 39), 0xfc, ...text.slice(39)]);
    expect(await parse(bytes)).toContain("Cannot parse file x.meta: it is text, but not UTF-8 at byte 39.");
  });

  it("refuses garbage and files of other kinds, and says what they are", async () => {
    const noise = Uint8Array.from({ length: 500 }, (_, i) => (i * 167 + 13) % 256);
    expect(await parse(noise)).toContain("it is neither a binary nor a text MetaGraphDef");
    expect(await parse(new Uint8Array(100))).toContain("DATA_LOSS");
    expect(await parse(await fixture("momentum.index"))).toContain("a checkpoint's table");
    expect(await parse(await fixture("momentum.data-00000-of-00001"))).toContain("DATA_LOSS");
    expect(await parse(await fixture("frozen.pb"))).toContain("It is a GraphDef");
    expect(await parse(utf8('model_checkpoint_path: "model-5"\n'))).toContain("a checkpoint state file");
    expect(await parse(utf8("<!DOCTYPE html><html></html>"))).toContain("an HTML page");
    expect(await parse(utf8("version https://git-lfs.github.com/spec/v1\n"))).toContain("a Git LFS pointer");
  });

  it("refuses a file cut off anywhere, or gives a prefix of it", async () => {
    // Cut between two fields of the message, what is left is a message: that cannot be told.
    const outcomes = new Set<string>();
    for (let length = 1; length < inference.length; length += 37) {
      const outcome = await parse(inference.subarray(0, length));
      outcomes.add(
        outcome === "no error" ? outcome : outcome.slice(0, "DATA_LOSS | Cannot parse file x.meta:".length),
      );
    }
    expect([...outcomes]).toEqual(["DATA_LOSS | Cannot parse file x.meta:"]);
  });

  it("survives any flipped byte", async () => {
    for (let at = 0; at < inference.length; at += 53) {
      const bytes = inference.slice();
      bytes[at]! ^= 0xff;
      expect(await parse(bytes)).toMatch(/^(no error|DATA_LOSS \| Cannot parse file x\.meta)/);
    }
  });

  it("allocates nothing for absurd lengths", async () => {
    const absurd = Uint8Array.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x07, 1, 2, 3]);
    expect(await parse(absurd)).toContain("DATA_LOSS");
  });

  it("keeps what a text file says of every field", async () => {
    const def = await parseMetaGraph(await fixture("momentum.meta"));
    const back = await parseMetaGraph(utf8(toText(MetaGraphDef, def)));
    expect(equals(MetaGraphDef, def, back)).toBe(true);
  });
});
