// What docs/formats draws of tables and checkpoints is what the code writes and reads.
import { readFileSync } from "node:fs";
import { bytesSource, memoryFileSystem, readFile } from "@org/io";
import { convertToNdArray, toArray, toStrings } from "@org/tensor";
import { describe, expect, it } from "vitest";
import {
  encodeTensorNameSlice,
  getCheckpointState,
  openCheckpoint,
  parseSlice,
  updateCheckpointState,
  writeCheckpoint,
  writeV1,
} from "../src/index.ts";
import { TableReader } from "../src/table-reader.ts";
import { writeTable } from "./upstream/shared.ts";

const page = (name: string): string =>
  readFileSync(new URL(`../../../docs/formats/${name}.md`, import.meta.url), "utf8");

/** The fenced blocks of a language. */
const blocks = (name: string, language: string): string[] =>
  [...page(name).matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(
    ([, text]) => text!,
  );

/** The bytes that a page draws: what stands before two spaces on each line. */
const drawn = (name: string): Uint8Array[] =>
  blocks(name, "hex").map((text) =>
    Uint8Array.from(
      text
        .trimEnd()
        .split("\n")
        .flatMap((line) =>
          /^[0-9a-f]{2}(?: [0-9a-f]{2})*$/.exec(line.replace(/ {2,}.*$/, "").trimEnd())![0].split(" "),
        ),
      (pair) => Number.parseInt(pair, 16),
    ),
  );

const text = (bytes: string): Uint8Array => new TextEncoder().encode(bytes);

describe("the pages of formats", () => {
  it("table.md: two entries", async () => {
    const [bytes] = drawn("table");
    const fs = memoryFileSystem();
    await writeTable(fs, "t", [
      { key: text("a"), value: text("x") },
      { key: text("ab"), value: text("yz") },
    ]);
    expect(await readFile(fs, "t")).toEqual(bytes);
    const table = await TableReader.open(bytesSource(bytes!), "t");
    expect(await table.get(text("ab"))).toEqual(text("yz"));
  });

  it("checkpoint-v2.md: an index, a data file, strings, a slice's key", async () => {
    const [index, data, strings] = drawn("checkpoint-v2");
    const drawnFiles = memoryFileSystem({ "m.index": index!, "m.data-00000-of-00001": data! });
    const reader = await openCheckpoint("m", { fs: drawnFiles });
    const a = await reader.get("a");
    const b = await reader.get("b");
    expect([toArray(a), toArray(b)]).toEqual([
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
      7,
    ]);
    const fs = memoryFileSystem();
    await writeCheckpoint("m", { a, b }, { fs });
    expect(await readFile(fs, "m.index")).toEqual(index);
    expect(await readFile(fs, "m.data-00000-of-00001")).toEqual(data);
    await writeCheckpoint("s", { t: convertToNdArray(["hi", ""], "string") }, { fs });
    expect(await readFile(fs, "s.data-00000-of-00001")).toEqual(strings);
    expect(toStrings(await (await openCheckpoint("s", { fs })).get("t"))).toEqual(["hi", ""]);
    const key = encodeTensorNameSlice(text("w"), parseSlice("0,1:0,2"));
    const hex = Array.from(key, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    expect(page("checkpoint-v2")).toContain(`\`w\`, [2, 2], slice \`0,1:0,2\`: \`${hex}\``);
  });

  it("checkpoint-v1.md: a file", async () => {
    const [bytes] = drawn("checkpoint-v1");
    const reader = await openCheckpoint("v", { fs: memoryFileSystem({ v: bytes! }) });
    const value = await reader.get("b");
    expect([value.dtype, toArray(value)]).toEqual(["int32", [7, 8]]);
    const fs = memoryFileSystem();
    await writeV1("v", [{ name: "b", value }], { fs });
    expect(await readFile(fs, "v")).toEqual(bytes);
  });

  it("checkpoint-state.md: a file", async () => {
    const [state] = blocks("checkpoint-state", "text");
    const fs = memoryFileSystem({ "train/x": "" });
    await updateCheckpointState("train", "train/m-5", {
      fs,
      allModelCheckpointPaths: ["train/m-4", "train/m-5"],
    });
    expect(new TextDecoder().decode(await readFile(fs, "train/checkpoint"))).toBe(state);
    expect((await getCheckpointState("train", { fs }))!.modelCheckpointPath).toBe("train/m-5");
  });
});
