// What we write, TensorFlow reads.
import { join } from "node:path";
import { openCheckpoint, writeCheckpoint } from "@org/checkpoint";
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
});
