// Checkpoints elsewhere than on a disk: on a server, by few requests; among files that were dropped.
import { httpFileSystem, memoryFileSystem, readFile } from "@org/io";
import { convertToNdArray, type NdArray, toNumbers } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { openCheckpoint, writeCheckpoint } from "../src/index.ts";

const tensors: [string, NdArray][] = Array.from({ length: 200 }, (_, i) => [
  `layer_${String(i).padStart(3, "0")}/kernel`,
  convertToNdArray(new Array(2000).fill(i), "float32"),
]);

async function files(): Promise<Record<string, Uint8Array>> {
  const fs = memoryFileSystem();
  await writeCheckpoint("m", tensors, { fs });
  const all: Record<string, Uint8Array> = {};
  for (const name of await fs.list(".")) all[name] = await readFile(fs, name);
  return all;
}

describe("one tensor of a remote checkpoint", () => {
  it("takes three requests: the index, the data file's beginning, the tensor", async () => {
    const all = await files();
    const asked: string[] = [];
    let bytes = 0;
    const fetchFile: typeof fetch = async (url, init) => {
      const name = new URL(String(url)).pathname.slice(1);
      const [, start, last] = /^bytes=(\d+)-(\d+)$/
        .exec(new Headers(init?.headers).get("range")!)!
        .map(Number) as [number, number, number];
      asked.push(`${name} ${start}`);
      const content = all[name];
      if (!content) return new Response(null, { status: 404 });
      const body = content.slice(start, last + 1);
      bytes += body.length;
      const contentRange = `bytes ${start}-${start + body.length - 1}/${content.length}`;
      return new Response(body, { status: 206, headers: { "content-range": contentRange } });
    };
    const fs = httpFileSystem("http://host/", { fetch: fetchFile });
    const reader = await openCheckpoint("m", { fs });
    const value = await reader.get("layer_150/kernel");
    await reader.close();
    expect(new Set(toNumbers(value))).toEqual(new Set([150]));
    expect(asked).toEqual(["m.index 0", "m.data-00000-of-00001 0", `m.data-00000-of-00001 ${150 * 8000}`]);
    expect(bytes).toBe(all["m.index"]!.length + 65_536 + 8000);
  });
});

describe("dropped files", () => {
  const dropped = async (): Promise<File[]> =>
    Object.entries(await files()).map(
      ([name, content]) => new File([content as Uint8Array<ArrayBuffer>], name),
    );

  it("are a checkpoint, and need no name", async () => {
    const reader = await openCheckpoint(await dropped());
    expect(reader.prefix).toBe("m");
    expect(toNumbers(await reader.get("layer_003/kernel", { slice: { starts: [7], lengths: [2] } }))).toEqual(
      [3, 3],
    );
    await reader.close();
  });

  it("are one checkpoint, or an error that names them", async () => {
    const all = await dropped();
    const index = all.find(({ name }) => name === "m.index")!;
    await expect(openCheckpoint([...all, new File([index], "n.index")])).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    await expect(openCheckpoint([new File([], "a"), new File([], "b")])).rejects.toMatchObject({
      code: "NOT_FOUND",
      sentence: "There is no checkpoint among these files: a, b",
    });
    await expect(openCheckpoint(7 as never)).rejects.toThrow(TypeError);
    await expect(openCheckpoint(new URL("gs://bucket/m"))).rejects.toMatchObject({ code: "UNIMPLEMENTED" });
  });
});
