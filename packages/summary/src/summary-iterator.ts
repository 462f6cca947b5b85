// Reads event files, event by event. Not here: folders of them, what TensorBoard makes of them.
// Source: python/summary/summary_iterator.py. docs/formats/events.md has the format.
import { isTfError } from "@org/errors";
import { defaultFileSystem, type FileSystem, localPath, type ReadRecordsOptions, readRecords } from "@org/io";
import { decode, Event } from "@org/proto";

export interface SummaryIteratorOptions
  extends Pick<
    ReadRecordsOptions,
    "start" | "signal" | "tornTail" | "onCorrupted" | "maxRecordBytes" | "onProgress"
  > {
  /** Default: the machine's files in Node; none in browsers. */
  readonly fs?: FileSystem;
}

/** An event and where its record lies in the file; `end` is where the next one begins. */
export interface EventAt {
  readonly event: Event;
  readonly offset: number;
  readonly end: number;
}

/**
 * The events of a file, one by one, with their places. Steps are bigint; times seconds since the epoch.
 * Throws TfError NOT_FOUND where there is no such file; DATA_LOSS with the offset: "corrupted record at N", "truncated record at N"
 * (not with `tornTail: "stop"`, which ends before a last record that is cut off, as TensorBoard does), "Unable to parse tensorflow.Event ...".
 */
export async function* readEvents(
  path: string,
  options: SummaryIteratorOptions = {},
): AsyncGenerator<EventAt, void, undefined> {
  const fs = options.fs ?? (await defaultFileSystem());
  const source = await fs.open(localPath(path));
  try {
    for await (const { data, offset, end } of readRecords(source, { ...options, file: path })) {
      let event: Event;
      try {
        event = decode(Event, data);
      } catch (error) {
        throw isTfError(error)
          ? error.at({ file: path }, `It is the record at byte ${offset} of ${path}; is this an event file?`)
          : error;
      }
      yield { event, offset, end };
    }
  } finally {
    await source.close();
  }
}

/** The events of a file, one by one, as tf.train.summary_iterator. Throws what `readEvents` throws. */
export async function* summaryIterator(
  path: string,
  options: SummaryIteratorOptions = {},
): AsyncGenerator<Event, void, undefined> {
  for await (const { event } of readEvents(path, options)) yield event;
}
