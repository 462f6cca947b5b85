// Every checkpoint that a real TensorFlow wrote, read and compared with what it holds (skipped without the golden files).
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { memoryFileSystem, readFile } from "@org/io";
import { nodeFileSystem } from "@org/io/node";
import { type DType, dtypes, type NdArray, readNpy } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { createCheckpointWriter, openCheckpoint, type V1Entry, writeV1 } from "../src/index.ts";

const shared = process.env.METAGRAPH_SHARED ?? join(import.meta.dirname, "../../../../shared");
const formats = join(shared, "formats");
const there = existsSync(formats);

interface Expected {
  dtype: DType;
  shape: number[];
  value?: string;
  strings?: string[];
  hex?: string;
  entry?: number[];
}

const bytesOf = (array: NdArray): string => {
  const data = array.data as Uint8Array;
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex");
};

function check(name: string, got: NdArray, want: Expected, folder: string): void {
  expect(got.dtype, name).toBe(want.dtype);
  expect(got.shape, name).toEqual(want.shape);
  if (want.strings) {
    expect(
      (got.data as Uint8Array[]).map((s) => Buffer.from(s).toString("latin1")),
      name,
    ).toEqual(want.strings);
  } else if (want.value) {
    expect(bytesOf(got), name).toBe(bytesOf(readNpy(readFileSync(join(folder, want.value)))));
  } else if (want.hex !== undefined && dtypes[want.dtype].storage !== "handle") {
    expect(bytesOf(got), name).toBe(want.hex);
  }
}

const cases = ["v2_dtypes", "v1_basic", "v1_sharded", "v2_sharded", "partitioned"];
const versions = there ? readdirSync(formats).filter((name) => /^\d/.test(name)) : [];

describe.skipIf(!there)(
  "checkpoints of real TensorFlows (needs the golden files beside the repository)",
  () => {
    for (const version of versions) {
      for (const name of cases) {
        const folder = join(formats, version, name);
        const expected = JSON.parse(readFileSync(join(folder, "expect.json"), "utf8")) as {
          checkpoints: {
            prefix: string;
            format: string;
            shards?: number;
            tensors: Record<string, Expected>;
          }[];
        };
        for (const { prefix, format, shards, tensors } of expected.checkpoints) {
          it(`reads ${version}/${name}/${prefix}`, async () => {
            const reader = await openCheckpoint(join(folder, prefix));
            expect(reader.version).toBe(format);
            expect([...reader.names()].sort()).toEqual(Object.keys(tensors).sort());
            for (const [key, want] of Object.entries(tensors))
              check(key, await reader.get(key), want, folder);
            await reader.close();
          });

          if (format === "V1" && name === "v1_basic") {
            it(`writes ${version}/${name}/${prefix} byte for byte`, async () => {
              const reader = await openCheckpoint(join(folder, prefix));
              const entries: V1Entry[] = [];
              for (const key of reader.names()) entries.push({ name: key, value: await reader.get(key) });
              await reader.close();
              const fs = memoryFileSystem();
              await writeV1("copy", entries, { fs });
              const ours = Buffer.from(await readFile(fs, "copy"));
              expect(ours.equals(readFileSync(join(folder, prefix)))).toBe(true);
            });
          }

          if (format === "V2" && shards === 1 && Object.values(tensors).every(({ entry }) => entry)) {
            it(`writes ${version}/${name}/${prefix} byte for byte`, async () => {
              const reader = await openCheckpoint(join(folder, prefix));
              const fs = memoryFileSystem();
              const writer = await createCheckpointWriter("copy", { fs });
              const order = Object.entries(tensors).sort(
                ([, a], [, b]) => a.entry![1]! - b.entry![1]! || a.entry![2]! - b.entry![2]!,
              );
              for (const [key] of order) await writer.add(key, await reader.get(key));
              await writer.finish();
              await reader.close();
              const disk = nodeFileSystem();
              for (const end of [".index", ".data-00000-of-00001"]) {
                const ours = Buffer.from(await readFile(fs, `copy${end}`));
                expect(ours.equals(Buffer.from(await readFile(disk, join(folder, prefix + end)))), end).toBe(
                  true,
                );
              }
            });
          }
        }
      }
    }
  },
);
