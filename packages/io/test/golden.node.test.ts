import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import {
  memoryFileSystem,
  openRecordWriter,
  type RecordCompression,
  readFile,
  recordIterator,
} from "@org/io";
import { describe, expect, it } from "vitest";

const shared = process.env.METAGRAPH_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
const folder = join(shared, "formats");
const cases = existsSync(folder)
  ? readdirSync(folder, { recursive: true })
      .map((name) => join(folder, String(name)))
      .filter((path) => path.endsWith("tfrecord/expect.json"))
  : [];

interface Expected {
  files: { file: string; compression: string; lengths: number[]; crc32: number[] }[];
}

const compressions: Record<string, RecordCompression> = { plain: "", gzip: "GZIP", zlib: "ZLIB" };

describe.skipIf(cases.length === 0)("TFRecord files (skipped without the folder `shared`)", () => {
  it.each(cases.map((path) => [relative(shared, path), path]))(
    "%s: read, and written again byte for byte",
    async (_, path) => {
      const expected = JSON.parse(readFileSync(path, "utf8")) as Expected;
      expect(new Set(expected.files.map(({ compression }) => compression)).size).toBe(3);
      for (const { file, compression: name, lengths, crc32: sums } of expected.files) {
        const whole = join(dirname(path), file);
        const compression = compressions[name]!;
        const records: Uint8Array[] = [];
        for await (const record of recordIterator(whole, { compression })) records.push(record);
        expect(records.map((data) => data.length)).toEqual(lengths);
        if (typeof crc32 === "function") expect(records.map((data) => crc32(data))).toEqual(sums);
        const fs = memoryFileSystem();
        const writer = await openRecordWriter("again", { fs, compression });
        for (const record of records) await writer.write(record);
        await writer.close();
        expect(Buffer.compare(await readFile(fs, "again"), readFileSync(whole)), file).toBe(0);
      }
    },
  );
});
