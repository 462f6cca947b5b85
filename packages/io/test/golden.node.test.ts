import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { concatBytes, frameRecord, readRecords } from "@org/io";
import { nodeFileSystem } from "@org/io/node";
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

describe.skipIf(cases.length === 0)("TFRecord files (skipped without the folder `shared`)", () => {
  it.each(cases.map((path) => [relative(shared, path), path]))("%s", async (_, path) => {
    const expected = JSON.parse(readFileSync(path, "utf8")) as Expected;
    const plain = expected.files.filter(({ compression }) => compression === "plain");
    expect(plain.length).toBeGreaterThan(3);
    for (const { file, lengths, crc32: sums } of plain) {
      const whole = join(dirname(path), file);
      const source = await nodeFileSystem().open(whole);
      const records: Uint8Array[] = [];
      for await (const { data } of readRecords(source, { file: whole })) records.push(data);
      await source.close();
      if (lengths) expect(records.map((data) => data.length)).toEqual(lengths);
      if (sums && typeof crc32 === "function") expect(records.map((data) => crc32(data))).toEqual(sums);
      expect(Buffer.compare(concatBytes(records.map(frameRecord)), readFileSync(whole))).toBe(0);
    }
  });
});
