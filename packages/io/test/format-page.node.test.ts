// What docs/formats/tfrecord.md draws is what the code writes and reads.
import { readFile } from "node:fs/promises";
import { bytesSource, frameRecord, readRecords } from "@org/io";
import { expect, it } from "vitest";

it("draws a record as it is", async () => {
  const page = await readFile(new URL("../../../docs/formats/tfrecord.md", import.meta.url), "utf8");
  const lines = /```hex\n([\s\S]*?)```/.exec(page)![1]!.trimEnd().split("\n");
  const hex = lines.flatMap((line) => /^(?:[0-9a-f]{2} )*[0-9a-f]{2}(?= {2}|$)/.exec(line)![0].split(" "));
  const bytes = Uint8Array.from(hex, (pair) => Number.parseInt(pair, 16));
  expect(frameRecord(new TextEncoder().encode("foo"))).toEqual(bytes);
  const { value } = await readRecords(bytesSource(bytes)).next();
  expect(new TextDecoder().decode(value!.data)).toBe("foo");
});
