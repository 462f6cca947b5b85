// Record files and event files that we write, TensorFlow reads.
import { readFileSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@org/tf";
import { describe, expect, it } from "vitest";
import { missing, python, scratch, type TensorFlowVersion } from "./real-tensorflow.ts";

describe.each(["1.0.1", "1.15.5", "2.21.0"] as const)("TensorFlow %s", (version: TensorFlowVersion) => {
  it.skipIf(missing(version))("reads records and events that we wrote", async () => {
    const folder = scratch();
    const records = [0, 1, 300, 70_000].map((length) => Uint8Array.from({ length }, (_, i) => (i * i) % 251));
    const files: [string, "" | "GZIP" | "ZLIB"][] = (["", "GZIP", "ZLIB"] as const).map((compression) => [
      join(folder, `records${compression}`),
      compression,
    ]);
    for (const [path, compression] of files) {
      await using writer = new tf.pythonIo.TFRecordWriter(path, compression);
      for (const record of records) await writer.write(record);
    }
    const graph = new tf.Graph();
    graph.asDefault(() => tf.add(tf.constant(1, { name: "one" }), 2));
    await using writer = new tf.summary.FileWriter(join(folder, "run"), graph);
    writer.addSummary({ value: [{ tag: "loss", simpleValue: 0.25 }] }, 2n ** 40n);
    await writer.flush();
    const [events] = await readdir(join(folder, "run"));

    const spec = { records: files, events: [join(folder, "run", events!)] };
    writeFileSync(join(folder, "spec.json"), JSON.stringify(spec));
    python(version, "read_records.py", [join(folder, "spec.json"), join(folder, "out.json")]);
    const theirs = JSON.parse(readFileSync(join(folder, "out.json"), "utf8"));
    const hex = records.map((record) => Buffer.from(record).toString("hex"));
    expect(theirs.records).toEqual([hex, hex, hex]);
    expect(theirs.events[0]).toMatchObject([
      { what: "file_version", step: "0" },
      { what: "graph_def", nodes: graph.asGraphDef().node!.length },
      { what: "meta_graph_def" },
      { what: "summary", step: String(2n ** 40n), values: [["loss", 0.25]] },
    ]);
  });
});
