// Records as rows: where they lie, how long they are, and the features of those that are Examples.
import { isTfError } from "@org/errors";
import { defaultFileSystem, type ReadRecordsOptions, readRecords } from "@org/io";
import { decode, Example } from "@org/proto";
import type { Identified } from "../files/identify.ts";
import type { Terminal } from "../terminal.ts";

export interface RecordRow {
  readonly index: number;
  /** In uncompressed bytes. */
  readonly offset: number;
  readonly length: number;
  /** Of a serialized tf.train.Example. */
  readonly features?: readonly FeatureRow[];
}

export interface FeatureRow {
  readonly key: string;
  readonly kind: "bytes" | "float" | "int64" | "nothing";
  readonly count: number;
}

/** A record with its row. Throws TfError as `readRecords`. */
export async function* recordRows(
  found: Identified,
  terminal: Terminal,
  reading: Pick<ReadRecordsOptions, "onProgress" | "onCorrupted"> = {},
): AsyncGenerator<RecordRow & { readonly data: Uint8Array }, void, undefined> {
  const source = await (await defaultFileSystem()).open(found.path);
  try {
    let index = 0;
    for await (const { data, offset } of readRecords(source, {
      file: found.path,
      compression: found.compression ?? "",
      ...(terminal.signal ? { signal: terminal.signal } : {}),
      ...reading,
    })) {
      const features = featuresOf(data);
      yield { index: index++, offset, length: data.length, ...(features ? { features } : {}), data };
    }
  } finally {
    await source.close();
  }
}

/** The features of an Example; undefined for what is none. */
function featuresOf(data: Uint8Array): FeatureRow[] | undefined {
  const example = exampleOf(data);
  if (!example?.features) return undefined;
  return Object.entries(example.features.feature).map(([key, feature]) => {
    const list = feature.bytesList ?? feature.floatList ?? feature.int64List;
    const kind = feature.bytesList
      ? "bytes"
      : feature.floatList
        ? "float"
        : feature.int64List
          ? "int64"
          : "nothing";
    return { key, kind, count: list?.value.length ?? 0 };
  });
}

/** The Example that a record is; undefined where it is none: any message of that shape is taken for one. */
export function exampleOf(data: Uint8Array): Example | undefined {
  try {
    const example = decode(Example, data);
    return example.features && Object.keys(example.features.feature).length > 0 && !example.$unknowns
      ? example
      : undefined;
  } catch (error) {
    if (isTfError(error)) return undefined;
    throw error;
  }
}

/** A row of the table: index, offset, length, features. */
export const recordCells = ({ index, offset, length, features }: RecordRow): (string | number)[] => [
  index,
  offset,
  length,
  features?.map(({ key, kind, count }) => `${key}: ${kind}[${count}]`).join(", ") ?? "",
];
