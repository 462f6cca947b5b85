// tf.summary.FileWriter, tf.train.summaryIterator, tf.pythonIo as a program uses them.
import { memoryFileSystem } from "@org/io";
import * as tf from "@org/tf";
import { describe, expect, it } from "vitest";

describe("tf.summary.FileWriter", () => {
  it("writes a graph with its collections and what summary ops give", async () => {
    const fs = memoryFileSystem();
    const graph = new tf.Graph();
    const [x, merged] = graph.asDefault(() => {
      const input = tf.placeholder(tf.float32, [], { name: "x" });
      tf.summary.scalar("loss", input);
      return [input, tf.summary.mergeAll()!] as const;
    });
    await using session = new tf.Session({ graph, backends: ["evaluator"] });
    const writer = new tf.summary.FileWriter("runs", session.graph, { fs });
    for (const step of [1, 2])
      writer.addSummary(await session.run(merged, { feedDict: { [x.name]: step / 4 } }), step);
    await writer.close();

    const [file] = await fs.list("runs");
    const kinds: unknown[] = [];
    for await (const event of tf.train.summaryIterator(`runs/${file}`, { fs })) {
      const { graphDef, metaGraphDef, summary } = event;
      if (graphDef) kinds.push(tf.protos.decode(tf.protos.GraphDef, graphDef).node[0]!.name);
      else if (metaGraphDef)
        kinds.push(Object.keys(tf.protos.decode(tf.protos.MetaGraphDef, metaGraphDef).collectionDef));
      else if (summary) kinds.push(summary.value.map(({ tag, simpleValue }) => [tag, simpleValue]));
    }
    expect(kinds).toEqual(["x", ["summaries"], [["loss", 0.25]], [["loss", 0.5]]]);
  });
});

describe("tf.pythonIo", () => {
  const { TFRecordCompressionType, TFRecordOptions, TFRecordWriter, tfRecordIterator } = tf.pythonIo;

  it("writes and reads record files", async () => {
    const fs = memoryFileSystem();
    for (const options of [
      undefined,
      "GZIP" as const,
      TFRecordCompressionType.ZLIB,
      new TFRecordOptions("ZLIB", { compressionLevel: 9 }),
    ]) {
      {
        await using writer = new TFRecordWriter("f", options, { fs });
        await writer.write(Uint8Array.of(1, 2));
        await writer.write(Uint8Array.of());
      }
      const records: Uint8Array[] = [];
      for await (const record of tfRecordIterator("f", options, { fs })) records.push(record);
      expect(records).toEqual([Uint8Array.of(1, 2), Uint8Array.of()]);
    }
  });

  it("knows compressions by number and word", () => {
    const of = TFRecordOptions.getCompressionTypeString;
    expect([of(), of(0), of(1), of(2), of("GZIP"), of(new TFRecordOptions(2))]).toEqual([
      "",
      "",
      "ZLIB",
      "GZIP",
      "GZIP",
      "GZIP",
    ]);
    for (const bad of ["BZIP2", 3])
      expect(() => new TFRecordOptions(bad as never)).toThrow(
        expect.objectContaining({
          code: "INVALID_ARGUMENT",
          sentence: `Not a valid compression_type: "${bad}"`,
        }),
      );
    expect(() => new TFRecordWriter("f", "LZ4" as never)).toThrow("Not a valid compression_type");
  });

  it("says which directory is missing", async () => {
    const writer = new TFRecordWriter("no/f", null, { fs: memoryFileSystem() });
    await expect(writer.write(Uint8Array.of(1))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
