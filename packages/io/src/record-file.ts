// Files of records by path: reading all of one, writing a new one. TensorFlow has these as tf.python_io.tf_record_iterator and
// TFRecordWriter (python/lib/io/tf_record.py). The framing is record.ts's.
import { TfError } from "@org/errors";
import type { FileSystem } from "./file-system.ts";
import { localPath } from "./path.ts";
import { frameRecord, type ReadRecordsOptions, readRecords } from "./record.ts";
import { defaultFileSystem } from "./whole-files.ts";
import { createDeflater, type Deflater, type RecordCompression, type ZlibOptions } from "./zlib-stream.ts";

export interface RecordIteratorOptions extends Omit<ReadRecordsOptions, "file"> {
  /** Default: the machine's files in Node; none in browsers. */
  readonly fs?: FileSystem;
}

/**
 * The records of a file, one by one, as tf.python_io.tf_record_iterator. Throws TfError NOT_FOUND where there is no such file,
 * and what `readRecords` throws, with the file and the offset.
 */
export async function* recordIterator(
  path: string,
  options: RecordIteratorOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const fs = options.fs ?? (await defaultFileSystem());
  const source = await fs.open(localPath(path));
  try {
    for await (const { data } of readRecords(source, { ...options, file: path })) yield data;
  } finally {
    await source.close();
  }
}

/** Where records go: a ByteSink, an AppendSink, or anything that takes bytes. */
export interface RecordSink {
  write(bytes: Uint8Array): Promise<void>;
  flush?(): Promise<void>;
  close(): Promise<void>;
  abort?(): Promise<void>;
}

export interface RecordWriterOptions extends ZlibOptions {
  /** Default "": none. */
  readonly compression?: RecordCompression;
}

/** Writes records one after the other. */
export interface RecordWriter {
  /** Throws TfError FAILED_PRECONDITION "Writer not initialized or previously closed"; what the file system throws. */
  write(record: Uint8Array): Promise<void>;
  /** Hands everything so far, the compressor's part too, to the sink. */
  flush(): Promise<void>;
  /** Ends the stream and closes the sink. */
  close(): Promise<void>;
  /** Gives up: a file that shows nothing before `close` is not left behind. */
  abort(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Records into a sink. Throws TfError INVALID_ARGUMENT for options that zlib does not take. */
export async function createRecordWriter(
  sink: RecordSink,
  options: RecordWriterOptions = {},
): Promise<RecordWriter> {
  const { compression = "" } = options;
  const deflater: Deflater | undefined =
    compression === "" ? undefined : await createDeflater(compression, options);
  let open = true;
  const check = (): void => {
    if (!open)
      throw new TfError("FAILED_PRECONDITION", "Writer not initialized or previously closed", {
        hint: "Open another writer; one cannot add to a record file that was closed.",
      });
  };
  const pass = async (bytes: Uint8Array): Promise<void> => {
    if (bytes.length > 0) await sink.write(bytes);
  };
  // Calls that were not awaited come out in order.
  let last: Promise<void> = Promise.resolve();
  const inOrder = (action: () => Promise<void>): Promise<void> => {
    const next = last.then(action);
    last = next.catch(() => undefined);
    return next;
  };
  const close = (): Promise<void> =>
    inOrder(async () => {
      if (!open) return;
      open = false;
      try {
        if (deflater) await pass(deflater.finish());
        await sink.close();
      } catch (error) {
        await sink.abort?.();
        throw error;
      }
    });
  return {
    write: (record) => {
      if (!(record instanceof Uint8Array)) throw new TypeError("A record is a Uint8Array");
      return inOrder(async () => {
        check();
        const framed = frameRecord(record);
        await pass(deflater ? deflater.write(framed) : framed);
      });
    },
    flush: () =>
      inOrder(async () => {
        check();
        if (deflater) await pass(deflater.flush());
        await sink.flush?.();
      }),
    close,
    abort: () =>
      inOrder(async () => {
        if (!open) return;
        open = false;
        await sink.abort?.();
      }),
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Opens a new record file, as tf.python_io.TFRecordWriter; a file of that name is replaced. Nothing is seen under the path before
 * `close`. Throws TfError as `create` of the file system and `createRecordWriter` do.
 */
export async function openRecordWriter(
  path: string,
  options: RecordWriterOptions & { readonly fs?: FileSystem } = {},
): Promise<RecordWriter> {
  const fs = options.fs ?? (await defaultFileSystem());
  const sink = await fs.create(localPath(path));
  try {
    return await createRecordWriter(sink, options);
  } catch (error) {
    await sink.abort();
    throw error;
  }
}
