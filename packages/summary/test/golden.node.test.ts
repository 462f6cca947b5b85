// Event files of TensorFlow 1.0.1, 1.15.5 and 2.21: read, and written again byte for byte.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { memoryFileSystem, readFile, recordIterator } from "@org/io";
import { decode, type Event, type GraphDef as Graph, GraphDef, MetaGraphDef, type Summary } from "@org/proto";
import { EventsWriter, summaryIterator } from "@org/summary";
import { describe, expect, it } from "vitest";

const shared = process.env.METAGRAPH_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
const folder = join(shared, "formats");
const cases = existsSync(folder)
  ? readdirSync(folder, { recursive: true })
      .map((name) => join(folder, String(name)))
      .filter((path) => path.endsWith("events/expect.json"))
  : [];

interface Expected {
  readonly files: readonly {
    readonly file: string;
    readonly bytes: number;
    readonly events: readonly ExpectedEvent[];
  }[];
}
interface ExpectedEvent {
  readonly step: string;
  readonly what: string;
  readonly record_bytes: number;
  readonly crc32: number;
  readonly wall_time?: number;
  readonly file_version?: string;
  readonly sha256?: string;
  readonly nodes?: number;
  readonly values?: readonly Record<string, unknown>[];
  readonly session_log?: { readonly status: number; readonly checkpoint_path: string; readonly msg: string };
  readonly log_message?: { readonly level: number; readonly message: string };
  readonly tag?: string;
  readonly run_metadata_bytes?: number;
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const bitsOf = (value: number): string => {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return view.getUint32(0).toString(16).padStart(8, "0");
};
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const number = (value: number): number | string =>
  Number.isNaN(value)
    ? "nan"
    : value === Number.POSITIVE_INFINITY
      ? "inf"
      : value === Number.NEGATIVE_INFINITY
        ? "-inf"
        : value;

function shownValue(value: Summary.Value): Record<string, unknown> {
  const { tag, simpleValue, histo, image, audio, tensor, metadata } = value;
  if (histo) {
    const { min, max, num, sum, sumSquares, bucketLimit, bucket } = histo;
    return {
      tag,
      kind: "histo",
      histo: { min, max, num, sum, sum_squares: sumSquares, bucket_limit: bucketLimit, bucket },
    };
  }
  if (image) {
    const { height, width, colorspace, encodedImageString: png } = image;
    return {
      tag,
      kind: "image",
      image: { height, width, colorspace, bytes: png.length, sha256: sha256(png) },
    };
  }
  if (audio) {
    const { sampleRate, numChannels, lengthFrames, encodedAudioString: wav, contentType } = audio;
    return {
      tag,
      kind: "audio",
      audio: {
        sample_rate: sampleRate,
        num_channels: Number(numChannels),
        length_frames: Number(lengthFrames),
        content_type: contentType,
        bytes: wav.length,
        sha256: sha256(wav),
      },
    };
  }
  if (tensor)
    return {
      tag,
      kind: "tensor",
      ...(metadata
        ? { plugin: metadata.pluginData?.pluginName ?? "", display_name: metadata.displayName }
        : {}),
      shape: tensor.tensorShape?.dim.map(({ size }) => Number(size)) ?? [],
    };
  return { tag, kind: "simple_value", simple_value: number(simpleValue!), bits: bitsOf(simpleValue!) };
}

/** As expect.json has it; of a tensor the shape alone, its values are @org/tensor's to read. */
function expectedValue(value: Record<string, unknown>): Record<string, unknown> {
  const { tensor, ...rest } = value as { tensor?: { shape: number[] } };
  return tensor ? { ...rest, shape: tensor.shape } : rest;
}

function checkEvent(event: Event, expected: ExpectedEvent): void {
  expect(String(event.step)).toBe(expected.step);
  expect(snake(event.what!)).toBe(expected.what);
  if (expected.wall_time !== undefined) expect(event.wallTime).toBe(expected.wall_time);
  if (expected.file_version !== undefined) expect(event.fileVersion).toBe(expected.file_version);
  const graph = event.graphDef ?? event.metaGraphDef;
  if (expected.sha256 !== undefined) expect(sha256(graph!)).toBe(expected.sha256);
  if (expected.nodes !== undefined) {
    const def: Graph | null = event.graphDef
      ? decode(GraphDef, event.graphDef)
      : decode(MetaGraphDef, event.metaGraphDef!).graphDef;
    expect(def!.node.length).toBe(expected.nodes);
  }
  if (expected.values)
    expect(event.summary!.value.map(shownValue)).toEqual(expected.values.map(expectedValue));
  const { session_log: log, log_message: message } = expected;
  if (log)
    expect(event.sessionLog).toMatchObject({
      status: log.status,
      checkpointPath: log.checkpoint_path,
      msg: log.msg,
    });
  if (message) expect(event.logMessage).toMatchObject(message);
  if (expected.tag !== undefined) {
    expect(event.taggedRunMetadata!.tag).toBe(expected.tag);
    expect(event.taggedRunMetadata!.runMetadata.length).toBe(expected.run_metadata_bytes);
  }
}

describe.skipIf(cases.length === 0)("event files of TensorFlow (skipped without the folder `shared`)", () => {
  it.each(cases.map((path) => [relative(shared, path), path]))("%s", async (_, path) => {
    const expected = JSON.parse(readFileSync(path, "utf8")) as Expected;
    expect(expected.files.length).toBeGreaterThan(0);
    for (const { file, bytes, events } of expected.files) {
      const whole = join(dirname(path), file);
      const original = readFileSync(whole);
      expect(original.length).toBe(bytes);
      const records: Uint8Array[] = [];
      for await (const record of recordIterator(whole)) records.push(record);
      expect(records.map((data) => data.length)).toEqual(events.map((event) => event.record_bytes));
      if (typeof crc32 === "function")
        expect(records.map((data) => crc32(data))).toEqual(events.map((event) => event.crc32));

      const found: Event[] = [];
      for await (const event of summaryIterator(whole)) found.push(event);
      expect(found.length).toBe(events.length);
      for (const [i, event] of found.entries()) checkEvent(event, events[i]!);

      const fs = memoryFileSystem();
      const writer = new EventsWriter("events", { fs, hostname: "host", now: () => found[0]!.wallTime });
      for (const event of found.slice(1)) await writer.writeEvent(event);
      await writer.close();
      const again = await readFile(fs, await writer.fileName());
      // 2.21 says in the first event who wrote the file; all that follows is the same.
      const rest = (all: Uint8Array, first: number): Uint8Array => all.subarray(first + 16);
      if (events[0]!.record_bytes === 24) expect(Buffer.compare(again, original)).toBe(0);
      else expect(Buffer.compare(rest(again, 24), rest(original, events[0]!.record_bytes))).toBe(0);
    }
  });
});
