// Record files by path and their compression; the cases of core/lib/io/recordio_test.cc.
import {
  bytesSource,
  crc32c,
  createRecordWriter,
  frameRecord,
  maskCrc32c,
  memoryFileSystem,
  openRecordWriter,
  type RecordAt,
  type RecordCompression,
  type RecordWriterOptions,
  readFile,
  readRecords,
  recordIterator,
} from "@org/io";
import fc from "fast-check";
import { gzip } from "pako";
import { describe, expect, it, vi } from "vitest";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytesOf = (words: string): Uint8Array => new TextEncoder().encode(words);
const compressions: readonly RecordCompression[] = ["", "GZIP", "ZLIB"];

async function written(
  records: readonly (string | Uint8Array)[],
  options: RecordWriterOptions = {},
): Promise<Uint8Array> {
  const fs = memoryFileSystem();
  await using writer = await openRecordWriter("file", { fs, ...options });
  for (const record of records) await writer.write(typeof record === "string" ? bytesOf(record) : record);
  await writer.close();
  return readFile(fs, "file");
}

async function readAll(
  bytes: Uint8Array,
  compression: RecordCompression = "",
  start = 0,
): Promise<RecordAt[]> {
  const found: RecordAt[] = [];
  for await (const record of readRecords(bytesSource(bytes), { compression, start })) found.push(record);
  return found;
}

const words = async (bytes: Uint8Array, compression: RecordCompression = ""): Promise<string[]> =>
  (await readAll(bytes, compression)).map(({ data }) => text(data));

describe("record files", () => {
  it("[recordio_test/RecordioTest.Empty] without records end at once", async () => {
    expect(await words(await written([]))).toEqual([]);
    for (const compression of ["GZIP", "ZLIB"] as const)
      expect(await words(await written([], { compression }), compression)).toEqual([]);
  });

  it("[recordio_test/RecordioTest.ReadWrite] give back what was written, and end after it", async () => {
    const fs = memoryFileSystem();
    await using writer = await openRecordWriter("file", { fs });
    for (const word of ["foo", "bar", "", "xxxx"]) await writer.write(bytesOf(word));
    await writer.close();
    const records = recordIterator("file", { fs });
    for (const word of ["foo", "bar", "", "xxxx"]) expect(text((await records.next()).value!)).toBe(word);
    expect((await records.next()).done).toBe(true);
    expect((await records.next()).done).toBe(true);
  });

  it("[recordio_test/RecordioTest.ManyRecords] hold 100,000 records", async () => {
    const records = Array.from({ length: 100_000 }, (_, i) => `${i}.`);
    expect(await words(await written(records))).toEqual(records);
  });

  it("[recordio_test/RecordioTest.RandomRead] hold records of very different lengths", async () => {
    // SimplePhilox::Skewed(17): each power of two up to 2**17 is as likely.
    let state = 301;
    const random = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const records = Array.from({ length: 500 }, (_, i) => {
      const length = random(2 ** random(18));
      return `${i}.`.repeat(length).slice(0, length);
    });
    for (const compression of compressions)
      expect(await words(await written(records, { compression }), compression)).toEqual(records);
  });

  it.each([
    [
      "[recordio_test/RecordioTest.NonSequentialReads] [recordio_test/RecordioTest.NonSequentialReadsWithReadBuffer]",
      "",
    ],
    ["[recordio_test/RecordioTest.NonSequentialReadsWithCompression]", "ZLIB"],
    ["gzip:", "GZIP"],
  ] as const)("%s are read from any record on", async (_, compression) => {
    const bytes = await written(
      Array.from({ length: 10 }, (_, i) => `${i}.`),
      { compression },
    );
    const all = await readAll(bytes, compression);
    for (const i of [3, 8, 0]) {
      const [record, next] = await readAll(bytes, compression, all[i]!.offset);
      expect(text(record!.data)).toBe(`${i}.`);
      expect(record!.end).toBe(all[i + 1]!.offset);
      expect(next!.offset).toBe(record!.end);
    }
  });

  it.each([
    ["[recordio_test/RecordioTest.ReadError] [recordio_test/RecordioTest.ReadErrorWithBuffering]", ""],
    ["[recordio_test/RecordioTest.ReadErrorWithCompression]", "ZLIB"],
    ["gzip:", "GZIP"],
  ] as const)("%s lose no record where a read fails once", async (_, compression) => {
    const wrote = "well hello there!".repeat(10);
    const bytes = await written([wrote], { compression });
    let fail = true;
    const good = bytesSource(bytes);
    const source = {
      ...good,
      read: async (start: number, end: number) => {
        if (fail) throw Object.assign(new Error("read error"));
        return good.read(start, end);
      },
    };
    const first = async () => (await readRecords(source, { compression }).next()).value!;
    await expect(first()).rejects.toThrow("read error");
    fail = false;
    expect(text((await first()).data)).toBe(wrote);
    expect((await first()).end).toBeGreaterThan(0);
  });

  it.each([
    ["[recordio_test/RecordioTest.CorruptLength]", 6, 100],
    ["[recordio_test/RecordioTest.CorruptLengthCrc]", 10, 100],
    ["[recordio_test/RecordioTest.CorruptData]", 14, 10],
    ["[recordio_test/RecordioTest.CorruptDataCrc]", 18, 10],
  ])("%s are DATA_LOSS where a byte is another: %i", async (_, at, delta) => {
    const bytes = await written(["foo"]);
    bytes[at]! += delta;
    await expect(words(bytes)).rejects.toMatchObject({
      code: "DATA_LOSS",
      sentence: "corrupted record at 0",
      place: { offset: 0 },
    });
  });

  it.each([
    ["[recordio_test/RecordioTest.ReadEnd]", 0],
    ["[recordio_test/RecordioTest.ReadPastEnd]", 5],
  ])("%s have no records behind their end: +%i", async (_, past) => {
    for (const compression of compressions) {
      const bytes = await written(["foo", "bar", "x".repeat(10000)], { compression });
      const end = (await readAll(bytes, compression)).at(-1)!.end;
      expect(await readAll(bytes, compression, end + past)).toEqual([]);
    }
  });

  it("are read as they were written with every option of zlib", async () => {
    const record = fc.uint8Array({ maxLength: 300 });
    const options = fc.record({
      compression: fc.constantFrom(...compressions),
      compressionLevel: fc.integer({ min: -1, max: 9 }),
      memLevel: fc.integer({ min: 1, max: 9 }),
      compressionStrategy: fc.constantFrom(0, 1, 2, 3, 4),
      windowBits: fc.integer({ min: 9, max: 15 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 20 }), options, async (records, how) => {
        const found = await readAll(await written(records, how as RecordWriterOptions), how.compression);
        expect(found.map(({ data }) => data)).toEqual(records);
      }),
      { numRuns: 60 },
    );
  });

  it("may consist of several gzip members", async () => {
    const both = [await written(["a"], { compression: "GZIP" }), gzip(await written(["b", "c"]))];
    const bytes = Uint8Array.from([...both[0]!, ...both[1]!]);
    expect(await words(bytes, "GZIP")).toEqual(["a", "b", "c"]);
  });

  it("show after a flush what was written before it, compressed too", async () => {
    for (const compression of compressions) {
      const seen: number[] = [];
      const sink = { write: async (bytes: Uint8Array) => void seen.push(...bytes), close: async () => {} };
      await using writer = await createRecordWriter(sink, { compression });
      const pending = writer.write(bytesOf("one"));
      await writer.flush();
      await pending;
      const found: string[] = [];
      for await (const { data } of readRecords(bytesSource(Uint8Array.from(seen)), {
        compression,
        tornTail: "stop",
      }))
        found.push(text(data));
      expect(found).toEqual(["one"]);
    }
  });

  it("show nothing before they are closed, and nothing of one given up", async () => {
    const fs = memoryFileSystem({ old: "old" });
    const writer = await openRecordWriter("old", { fs, compression: "GZIP" });
    await writer.write(bytesOf("new"));
    expect(text(await readFile(fs, "old"))).toBe("old");
    await writer.abort();
    expect(await fs.list(".")).toEqual(["old"]);
    await expect(writer.write(bytesOf("more"))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      sentence: "Writer not initialized or previously closed",
    });
    await expect(openRecordWriter("bad", { fs, compression: "ZLIB", memLevel: 99 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence: "deflateInit failed with status -2",
    });
    expect(await fs.list(".")).toEqual(["old"]);
  });

  it("say what is wrong with a compressed file, and where", async () => {
    const bad = async (bytes: Uint8Array, compression: RecordCompression) => {
      const fs = memoryFileSystem({ f: bytes });
      for await (const _ of recordIterator("f", { fs, compression }));
    };
    await expect(bad(await written(["plain"]), "GZIP")).rejects.toMatchObject({
      code: "DATA_LOSS",
      sentence: "inflate() failed with error -3: incorrect header check",
      place: { file: "f", offset: 0 },
    });
    const whole = await written(["some words", "some more words"], { compression: "GZIP" });
    for (let cut = 0; cut < whole.length; cut++)
      await expect(bad(whole.subarray(0, cut), "GZIP"), `${cut}`).rejects.toMatchObject({
        code: "DATA_LOSS",
        sentence: expect.stringMatching(/^truncated record at (0|26|57)$/),
      });
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = whole.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      // Nobody reads "is text" (a flag), time, extra flags and system of the header, nor the bits that fill up the last byte.
      const unread =
        bit === 24 ||
        (bit >= 32 && bit < 80) ||
        (bit >= (whole.length - 9) * 8 + 3 && bit < (whole.length - 8) * 8);
      if (unread) expect(await words(flipped, "GZIP")).toEqual(["some words", "some more words"]);
      else await expect(bad(flipped, "GZIP"), `bit ${bit}`).rejects.toMatchObject({ code: "DATA_LOSS" });
    }
    const zlib = await written(["words"], { compression: "ZLIB" });
    await expect(bad(Uint8Array.from([...zlib, 0]), "ZLIB")).rejects.toThrow("bytes behind the end");
  });

  it("whose records say that they are long take no memory for what is not there", async () => {
    const header = frameRecord(new Uint8Array(0)).slice(0, 12);
    new DataView(header.buffer).setUint32(0, 200_000_000, true);
    new DataView(header.buffer).setUint32(8, maskCrc32c(crc32c(header.subarray(0, 8))), true);
    const lying = gzip(header);
    const Plain = Uint8Array;
    const sizes: number[] = [];
    vi.stubGlobal(
      "Uint8Array",
      new Proxy(Plain, {
        construct(target, args, newTarget) {
          if (typeof args[0] === "number") sizes.push(args[0]);
          return Reflect.construct(target, args, newTarget) as object;
        },
      }),
    );
    try {
      await expect(words(lying, "GZIP")).rejects.toMatchObject({ code: "DATA_LOSS" });
    } finally {
      vi.unstubAllGlobals();
    }
    expect(Math.max(...sizes)).toBeLessThan(2 ** 20);
  });

  it("that are bombs stop at the limit", async () => {
    const bomb = await written([new Uint8Array(2 ** 24)], { compression: "GZIP" });
    expect(bomb.length).toBeLessThan(20_000);
    const read = async (maxRecordBytes: number) => {
      for await (const { data } of readRecords(bytesSource(bomb), { compression: "GZIP", maxRecordBytes }))
        return data.length;
    };
    expect(await read(2 ** 24)).toBe(2 ** 24);
    await expect(read(2 ** 20)).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      sentence: "record at 0 has 16777216 bytes",
      hint: expect.stringContaining("maxRecordBytes"),
    });
  });
});
