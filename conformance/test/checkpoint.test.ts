// What we write, TensorFlow reads.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { convertCheckpoint, createCheckpointWriter, openCheckpoint, writeCheckpoint } from "@org/checkpoint";
import type { NdArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import {
  haveShared,
  missing,
  readCheckpoint,
  scratch,
  shared,
  type TensorFlowVersion,
} from "./real-tensorflow.ts";

const hex = (array: NdArray): string => {
  const { buffer, byteOffset, byteLength } = array.data as Uint8Array;
  return Buffer.from(buffer, byteOffset, byteLength).toString("hex");
};

describe.each(["1.0.1", "1.15.5", "2.21.0"] as const)("TensorFlow %s", (version: TensorFlowVersion) => {
  it.skipIf(!haveShared || missing(version))("reads every tensor of a checkpoint that we wrote", async () => {
    const reader = await openCheckpoint(join(shared, "formats", version, "v2_dtypes", "model"));
    const entries: [string, NdArray][] = [];
    for (const name of reader.names()) entries.push([name, await reader.get(name)]);
    await reader.close();
    const prefix = join(scratch(), "ours");
    await writeCheckpoint(prefix, entries);
    const theirs = readCheckpoint(version, prefix);
    expect(Object.keys(theirs).sort()).toEqual([...reader.names()].sort());
    for (const [name, value] of entries) {
      if (theirs[name]!.unsupported) {
        // 1.0.1 restores these types in graphs, but its reader has no numpy type for them.
        expect(version).toBe("1.0.1");
        expect(["float16", "uint16", "qint8", "quint8", "qint16", "quint16", "qint32"]).toContain(
          value.dtype,
        );
        continue;
      }
      expect(theirs[name]!.shape, name).toEqual(value.shape);
      if (value.dtype === "string")
        expect(theirs[name]!.strings, name).toEqual(
          (value.data as Uint8Array[]).map((s) => Buffer.from(s).toString("hex")),
        );
      else expect(theirs[name]!.hex, name).toBe(hex(value));
    }
  });

  /** What TensorFlow reads at `prefix` is what we read there, where its reader has a numpy type. */
  async function expectSame(prefix: string): Promise<number> {
    const reader = await openCheckpoint(prefix);
    const theirs = readCheckpoint(version, prefix);
    expect(Object.keys(theirs).sort()).toEqual([...reader.names()].sort());
    for (const name of reader.names()) {
      if (theirs[name]!.unsupported) continue;
      const value = await reader.get(name);
      expect(theirs[name]!.shape, name).toEqual(value.shape);
      if (value.dtype === "string")
        expect(theirs[name]!.strings, name).toEqual(
          (value.data as Uint8Array[]).map((text) => Buffer.from(text).toString("hex")),
        );
      else expect(theirs[name]!.hex, name).toBe(hex(value));
    }
    await reader.close();
    return reader.names().length;
  }
  /** What TensorFlow's own V1 reader gives: it has no bool and no complex numbers, and dies of [2, 0, 3]. */
  const inV1 = new Set(["float32", "float64", "int32", "int64", "string", "uint8", "int16"]);

  it.skipIf(!haveShared || missing(version))("reads what we converted to V1", async () => {
    const source = join(shared, "formats", version, "v2_dtypes", "model");
    const reader = await openCheckpoint(source);
    const prefix = join(scratch(), "v1");
    const filter = (name: string): boolean =>
      inV1.has(reader.dtype(name)) && reader.shape(name).join() !== "2,0,3";
    const { tensors } = await convertCheckpoint(source, prefix, { version: "V1", filter });
    expect(tensors.length).toBeGreaterThan(10);
    expect(await expectSame(prefix)).toBe(tensors.length);
    await reader.close();
  });

  it.skipIf(!haveShared || missing(version))(
    "reads partitioned variables that we copied under other names",
    async () => {
      const folder = join(shared, "formats", version, "partitioned");
      const { checkpoints } = JSON.parse(readFileSync(join(folder, "expect.json"), "utf8")) as {
        checkpoints: { prefix: string; format: string }[];
      };
      const source = join(folder, checkpoints.find(({ format }) => format === "V2")!.prefix);
      const prefix = join(scratch(), "copy");
      // TensorFlow writes slices of strings, and cannot read them.
      const reader = await openCheckpoint(source);
      const { tensors } = await convertCheckpoint(source, prefix, {
        rename: (name) => `other/${name}`,
        filter: (name) => reader.dtype(name) !== "string",
      });
      await reader.close();
      expect(tensors.some(({ to }) => to.startsWith("other/"))).toBe(true);
      expect(await expectSame(prefix)).toBe(tensors.length);
    },
  );

  it.skipIf(missing(version))("reads a data file whose tensors are aligned", async () => {
    const prefix = join(scratch(), "aligned");
    const writer = await createCheckpointWriter(prefix, { dataAlignment: 64 });
    for (const name of ["b", "a", "c"])
      await writer.add(name, { dtype: "float32", shape: [3], data: Float32Array.of(1, 2, 3) });
    await writer.finish();
    expect(await expectSame(prefix)).toBe(3);
  });
});
