// What docs/formats/events.md draws is what the code writes and reads.
import { readFile } from "node:fs/promises";
import { frameRecord, memoryFileSystem } from "@org/io";
import { Event, encode } from "@org/proto";
import { summaryIterator } from "@org/summary";
import { expect, it } from "vitest";

it("draws an event as it is", async () => {
  const page = await readFile(new URL("../../../docs/formats/events.md", import.meta.url), "utf8");
  const lines = /```hex\n([\s\S]*?)```/.exec(page)![1]!.trimEnd().split("\n");
  const hex = lines.flatMap((line) => /^(?:[0-9a-f]{2} )*[0-9a-f]{2}(?= {2}|$)/.exec(line)![0].split(" "));
  const bytes = Uint8Array.from(hex, (pair) => Number.parseInt(pair, 16));
  const event = { wallTime: 2, step: 3, summary: { value: [{ tag: "a", simpleValue: 0.5 }] } };
  expect(Buffer.from(frameRecord(encode(Event, event))).toString("hex")).toBe(
    Buffer.from(bytes).toString("hex"),
  );
  const { value } = await summaryIterator("f", { fs: memoryFileSystem({ f: bytes }) }).next();
  expect(value).toMatchObject({
    wallTime: 2,
    step: 3n,
    summary: { value: [{ tag: "a", simpleValue: 0.5 }] },
  });
});
