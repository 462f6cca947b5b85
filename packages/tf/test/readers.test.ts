// Readers that take file names from queues, and files as ops see them. Files are in memory.
import { memoryFileSystem, openRecordWriter, type RecordCompression, readFile } from "@org/io";
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";

type Files = ReturnType<typeof memoryFileSystem>;

async function within<T>(
  build: () => T,
  use: (session: tf.Session, built: T) => Promise<void>,
  fs: Files = memoryFileSystem(),
): Promise<void> {
  const graph = new tf.Graph();
  const built = graph.asDefault(build);
  const session = new tf.Session({ graph, backends: [], fs });
  try {
    await use(session, built);
  } finally {
    await session.close();
  }
}

async function put(fs: Files, path: string, bytes: Uint8Array | string): Promise<void> {
  const sink = await fs.create(path);
  await sink.write(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
  await sink.close();
}

/** A reader over the files of a queue, which is filled and closed by targets. */
function reading(reader: InstanceType<typeof tf.ReaderBase>, files: readonly string[]) {
  const queue = new tf.FIFOQueue(99, ["string"], { shapes: [[]] });
  const [key, value] = reader.read(queue);
  return {
    reader,
    queue,
    key,
    value,
    fill: queue.enqueueMany([files as string[]]),
    close: queue.close(),
    produced: reader.numRecordsProduced(),
    completed: reader.numWorkUnitsCompleted(),
  };
}

const text = (value: tf.NdArray): string => tf.toStrings(value)[0]!;
const run = (session: tf.Session, target: tf.Operation): Promise<unknown> =>
  session.run([], { targets: [target] });

async function record(
  session: tf.Session,
  { key, value }: ReturnType<typeof reading>,
): Promise<[string, string]> {
  const [k, v] = (await session.run([key, value])) as unknown as tf.NdArray[];
  return [text(k!), text(v!)];
}

async function counts(
  session: tf.Session,
  { produced, completed }: ReturnType<typeof reading>,
): Promise<number[]> {
  const values = (await session.run([produced, completed])) as unknown as tf.NdArray[];
  return values.map((value) => tf.toNumbers(value)[0]!);
}

/** All records up to the end of the (closed) queue. */
async function all(session: tf.Session, built: ReturnType<typeof reading>): Promise<[string, string][]> {
  await run(session, built.fill);
  await run(session, built.close);
  const found: [string, string][] = [];
  for (;;) {
    try {
      found.push(await record(session, built));
    } catch (error) {
      expect((error as tf.TfError).code).toBe("OUT_OF_RANGE");
      expect((error as Error).message).toMatch(
        /is closed and has insufficient elements \(requested 1, current size 0\)/,
      );
      return found;
    }
  }
}

describe("IdentityReader", () => {
  it("[reader_ops_test/IdentityReaderTest.testOneEpoch] gives what the queue has, and counts", () =>
    within(
      () => reading(new tf.IdentityReader({ name: "test_reader" }), ["A", "B", "C"]),
      async (session, built) => {
        expect(await counts(session, built)).toEqual([0, 0]);
        await run(session, built.fill);
        await run(session, built.close);
        for (const [i, name] of ["A", "B", "C"].entries()) {
          expect(await record(session, built)).toEqual([name, name]);
          expect(await counts(session, built)).toEqual([i + 1, i + 1]);
        }
        await expect(record(session, built)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
        expect(await counts(session, built)).toEqual([3, 3]);
      },
    ));

  it("[reader_ops_test/IdentityReaderTest.testMultipleEpochs] goes on where the queue is filled again", () =>
    within(
      () => reading(new tf.IdentityReader(), ["DD", "EE"]),
      async (session, built) => {
        for (let epoch = 0; epoch < 3; epoch++) {
          await run(session, built.fill);
          for (const name of ["DD", "EE"]) expect(await record(session, built)).toEqual([name, name]);
        }
        await run(session, built.close);
        await expect(record(session, built)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
      },
    ));

  it("[reader_ops_test/IdentityReaderTest.testSerializeRestore] state comes out and goes in; what is none is refused", () =>
    within(
      () => {
        const built = reading(new tf.IdentityReader({ name: "test_reader" }), ["X", "Y", "Z"]);
        const given = tf.placeholder("string", []);
        return {
          ...built,
          given,
          state: built.reader.serializeState(),
          restore: built.reader.restoreState(given),
        };
      },
      async (session, built) => {
        const { given, state, restore } = built;
        await run(session, built.fill);
        expect((await record(session, built))[0]).toBe("X");
        const kept = (await session.run(state)) as tf.NdArray;
        expect((await record(session, built))[0]).toBe("Y");
        expect(await counts(session, built)).toEqual([2, 2]);
        await session.run([], { targets: [restore], feeds: [[given, kept]] });
        expect(await counts(session, built)).toEqual([1, 1]);
        const [bytes] = kept.data as Uint8Array[];
        for (const bad of [
          bytes!.slice(0, -1),
          Uint8Array.of(...bytes!, 0x78),
          new TextEncoder().encode("BOGUS"),
          Uint8Array.of(8, 5),
        ]) {
          await expect(
            session.run([], { targets: [restore], feeds: [[given, tf.ndArray("string", [], [bad])]] }),
          ).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
          expect(await counts(session, built)).toEqual([0, 0]);
        }
      },
    ));

  it("[reader_ops_test/IdentityReaderTest.testReset] a reset reader is as new; the queue is not touched", () =>
    within(
      () => {
        const built = reading(new tf.IdentityReader(), ["X", "Y", "Z"]);
        return { ...built, reset: built.reader.reset() };
      },
      async (session, built) => {
        await run(session, built.fill);
        for (const name of ["X", "Y"]) expect((await record(session, built))[0]).toBe(name);
        await run(session, built.reset);
        expect(await counts(session, built)).toEqual([0, 0]);
        expect((await record(session, built))[0]).toBe("Z");
        expect(await counts(session, built)).toEqual([1, 1]);
      },
    ));
});

describe("WholeFileReader", () => {
  it("[reader_ops_test/WholeFileReaderTest.testOneEpoch] a file is a record", async () => {
    const fs = memoryFileSystem();
    for (const i of [0, 1, 2]) await put(fs, `whole${i}`, `content ${i}`);
    await within(
      () => reading(new tf.WholeFileReader(), ["whole0", "whole1", "whole2"]),
      async (session, built) =>
        expect(await all(session, built)).toEqual([0, 1, 2].map((i) => [`whole${i}`, `content ${i}`])),
      fs,
    );
  });

  it("[reader_ops_test/WholeFileReaderTest.testInfiniteEpochs] reads on as the queue is filled by runs at the same time", async () => {
    const fs = memoryFileSystem();
    for (const i of [0, 1]) await put(fs, `whole${i}`, `content ${i}`);
    await within(
      () => reading(new tf.WholeFileReader(), ["whole0", "whole1"]),
      async (session, built) => {
        const first = record(session, built);
        await run(session, built.fill);
        expect(await first).toEqual(["whole0", "content 0"]);
        for (let i = 1; i < 6; i++) {
          await run(session, built.fill);
          expect(await record(session, built)).toEqual([`whole${i % 2}`, `content ${i % 2}`]);
        }
      },
      fs,
    );
  });

  it("a file that is missing is NOT_FOUND, and is asked for again", async () => {
    const fs = memoryFileSystem();
    await within(
      () => reading(new tf.WholeFileReader(), ["late"]),
      async (session, built) => {
        await run(session, built.fill);
        await expect(record(session, built)).rejects.toMatchObject({ code: "NOT_FOUND" });
        await put(fs, "late", "there");
        expect(await record(session, built)).toEqual(["late", "there"]);
      },
      fs,
    );
  });
});

describe("TextLineReader", () => {
  const lines = async (ending: string): Promise<Files> => {
    const fs = memoryFileSystem();
    for (const f of [0, 1]) {
      const all = [0, 1, 2, 3, 4].map((l) => `${l}: ${f}`);
      // The last line of the first file has no end.
      await put(fs, `text_line.${f}`, all.join(ending) + (f === 0 ? "" : ending));
    }
    return fs;
  };
  const expected = (skipped: number): [string, string][] =>
    [0, 1].flatMap((f) =>
      [0, 1, 2, 3, 4].slice(skipped).map((l): [string, string] => [`text_line.${f}:${l + 1}`, `${l}: ${f}`]),
    );

  it.each([
    ["[reader_ops_test/TextLineReaderTest.testOneEpochLF] lines end in \\n", "\n"],
    ["[reader_ops_test/TextLineReaderTest.testOneEpochCRLF] lines end in \\r\\n", "\r\n"],
  ])("%s", async (_, ending) =>
    within(
      () => reading(new tf.TextLineReader({ name: "test_reader" }), ["text_line.0", "text_line.1"]),
      async (session, built) => expect(await all(session, built)).toEqual(expected(0)),
      await lines(ending),
    ),
  );

  it("[reader_ops_test/TextLineReaderTest.testSkipHeaderLines] the first lines of each file are left out", async () =>
    within(
      () => reading(new tf.TextLineReader({ skipHeaderLines: 1 }), ["text_line.0", "text_line.1"]),
      async (session, built) => expect(await all(session, built)).toEqual(expected(1)),
      await lines("\n"),
    ));

  it("has no state to save", async () =>
    within(
      () => {
        const reader = new tf.TextLineReader();
        return reader.serializeState();
      },
      async (session, state) => await expect(session.run(state)).rejects.toThrow(/Reader SerializeState/),
    ));
});

describe("FixedLengthRecordReader", () => {
  const [header, footer] = ["HHHHH", "FFF"];
  const body = (file: number, count: number): string =>
    Array.from({ length: count }, (_, i) => String.fromCharCode(65 + file * 10 + i).repeat(3)).join("");

  it("[reader_ops_test/FixedLengthRecordReaderTest.testOneEpoch] headers and footers are left out", async () => {
    const fs = memoryFileSystem();
    for (const f of [0, 1]) await put(fs, `fixed${f}`, header + body(f, 4) + footer);
    await within(
      () =>
        reading(new tf.FixedLengthRecordReader(3, { headerBytes: 5, footerBytes: 3 }), ["fixed0", "fixed1"]),
      async (session, built) =>
        expect(await all(session, built)).toEqual(
          [0, 1].flatMap((f) =>
            [0, 1, 2, 3].map((i) => [`fixed${f}:${i}`, body(f, 4).slice(3 * i, 3 * i + 3)]),
          ),
        ),
      fs,
    );
  });

  it("[reader_ops_test/FixedLengthRecordReaderTest.testOneEpochWithHopBytes] records overlap where they hop less than they are long", async () => {
    const fs = memoryFileSystem();
    await put(fs, "fixed", `${header}abcdefghij${footer}`);
    await within(
      () =>
        reading(new tf.FixedLengthRecordReader(4, { headerBytes: 5, footerBytes: 3, hopBytes: 2 }), [
          "fixed",
        ]),
      async (session, built) =>
        expect(await all(session, built)).toEqual([
          ["fixed:0", "abcd"],
          ["fixed:1", "cdef"],
          ["fixed:2", "efgh"],
          ["fixed:3", "ghij"],
        ]),
      fs,
    );
  });

  it("a negative length is refused", () =>
    within(
      () => reading(new tf.FixedLengthRecordReader(3, { headerBytes: -1 }), []),
      async (session, built) =>
        await expect(session.run(built.produced)).rejects.toThrow(/header_bytes must be >= 0 not -1/),
    ));
});

describe("TFRecordReader", () => {
  async function records(compression: RecordCompression = ""): Promise<Files> {
    const fs = memoryFileSystem();
    for (const f of [0, 1]) {
      const writer = await openRecordWriter(`tf_record.${f}`, { fs, compression });
      for (let r = 0; r < 7; r++) await writer.write(new TextEncoder().encode(`Record ${r} of file ${f}`));
      await writer.close();
    }
    return fs;
  }
  const files = ["tf_record.0", "tf_record.1"];
  const values = [0, 1].flatMap((f) => [0, 1, 2, 3, 4, 5, 6].map((r) => `Record ${r} of file ${f}`));

  it.each([
    ["[reader_ops_test/TFRecordReaderTest.testOneEpoch] plain files", ""],
    ["[reader_ops_test/TFRecordReaderTest.testReadGzipFiles] gzip", "GZIP"],
    ["[reader_ops_test/TFRecordReaderTest.testReadZlibFiles] zlib", "ZLIB"],
  ] as const)("%s", async (_, compression) =>
    within(
      () => reading(new tf.TFRecordReader({ name: "test_reader", compression }), files),
      async (session, built) => {
        const found = await all(session, built);
        expect(found.map(([, value]) => value)).toEqual(values);
        expect(found.slice(6, 9).map(([key]) => key)).toEqual([
          "tf_record.0:204",
          "tf_record.1:0",
          "tf_record.1:34",
        ]);
      },
      await records(compression),
    ),
  );

  it("[reader_ops_test/TFRecordReaderTest.testReadUpTo] several at once, fewer at the end of a file", async () =>
    within(
      () => {
        const built = reading(new tf.TFRecordReader(), files);
        const [keys, batch] = built.reader.readUpTo(built.queue, 4n);
        return { ...built, keys, batch };
      },
      async (session, built) => {
        expect(built.keys.shape.dims).toEqual([null]);
        await run(session, built.fill);
        await run(session, built.close);
        const sizes: number[] = [];
        const found: string[] = [];
        for (let i = 0; i < 4; i++) {
          const strings = tf.toStrings((await session.run(built.batch)) as tf.NdArray);
          sizes.push(strings.length);
          found.push(...strings);
        }
        expect(sizes).toEqual([4, 3, 4, 3]);
        expect(found).toEqual(values);
        await expect(session.run(built.batch)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
        expect(await counts(session, built)).toEqual([14, 2]);
      },
      await records(),
    ));

  it("a damaged file is DATA_LOSS each time; one that is missing is passed over by the next read", async () => {
    const fs = await records();
    const bytes = (await readFile(fs, "tf_record.0")).slice();
    bytes[20]! ^= 1;
    await put(fs, "damaged", bytes);
    await within(
      () => reading(new tf.TFRecordReader(), ["missing", "damaged"]),
      async (session, built) => {
        await run(session, built.fill);
        await expect(record(session, built)).rejects.toMatchObject({ code: "NOT_FOUND" });
        for (let i = 0; i < 2; i++)
          await expect(record(session, built)).rejects.toMatchObject({ code: "DATA_LOSS" });
      },
      fs,
    );
  });
});

describe("files", () => {
  it("[io_ops_test/IoOpsTest.testReadFile] [io_ops_test/IoOpsTest.testWriteFile] [io_ops_test/IoOpsTest.testWriteFileCreateDir] come and go, with their directories", async () => {
    const fs = memoryFileSystem();
    await within(
      () => ({
        write: tf.writeFile("some/directory/file", "Some contents"),
        read: tf.readFile("some/directory/file"),
      }),
      async (session, { write, read }) => {
        expect(read.shape.dims).toEqual([]);
        await run(session, write);
        expect(text((await session.run(read)) as tf.NdArray)).toBe("Some contents");
      },
      fs,
    );
  });

  it("[io_ops_test/IoOpsTest.testMatchingFiles] names that match, of several patterns", async () => {
    const fs = memoryFileSystem();
    await fs.makeDirectory("dir");
    const names = ["a.bar", "a.baz", "b.bar", "ab.bar", "z"];
    for (const name of names) await put(fs, `dir/${name}`, "");
    await within(
      () => [
        tf.matchingFiles("dir/?.bar"),
        tf.io.matchingFiles("dir/a*"),
        tf.matchingFiles(["dir/z", "dir/b*"]),
        tf.matchingFiles("dir/nothing*"),
      ],
      async (session, patterns) => {
        const found = (await session.run(patterns)) as unknown as tf.NdArray[];
        expect(found.map((value) => tf.toStrings(value))).toEqual([
          ["dir/a.bar", "dir/b.bar"],
          ["dir/a.bar", "dir/a.baz", "dir/ab.bar"],
          ["dir/b.bar", "dir/z"],
          [],
        ]);
      },
      fs,
    );
  });

  it("are out of reach where the session was given none", async () => {
    const graph = new tf.Graph();
    const read = graph.asDefault(() => tf.readFile("/etc/hostname"));
    const session = new tf.Session({ graph, backends: [] });
    await expect(session.run(read)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await session.close();
  });
});
