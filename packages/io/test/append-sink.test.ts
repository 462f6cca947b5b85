import { appendSink, memoryFileSystem, readFile } from "@org/io";
import { describe, expect, it } from "vitest";

describe("appendSink", () => {
  it("grows a file on a file system that cannot append", async () => {
    const { append: _, ...fs } = memoryFileSystem({ "a/log": Uint8Array.of(1) });
    const sink = await appendSink(fs, "a/log");
    await sink.write(Uint8Array.of(2));
    expect(await readFile(fs, "a/log")).toEqual(Uint8Array.of(1));
    await sink.flush();
    expect(await readFile(fs, "a/log")).toEqual(Uint8Array.of(1, 2));
    await sink.write(Uint8Array.of(3));
    await sink.close();
    await sink.close();
    expect(await readFile(fs, "a/log")).toEqual(Uint8Array.of(1, 2, 3));
    await expect(sink.write(Uint8Array.of(4))).rejects.toThrow(TypeError);
  });

  it("makes an empty file at once", async () => {
    const { append: _, ...fs } = memoryFileSystem();
    await appendSink(fs, "log");
    expect((await fs.stat("log"))?.size).toBe(0);
    await expect(appendSink(fs, "no/log")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
