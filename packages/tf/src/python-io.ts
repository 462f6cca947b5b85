// tf.python_io: record files under TensorFlow's names. The format is @org/io's.
// Source: python/lib/io/tf_record.py.
import { TfError } from "@org/errors";
import {
  openRecordWriter,
  type RecordCompression,
  type RecordIteratorOptions,
  type RecordWriter,
  recordIterator,
  type ZlibOptions,
} from "@org/io";

/** How a record file is compressed. */
export const TFRecordCompressionType: { readonly NONE: 0; readonly ZLIB: 1; readonly GZIP: 2 } = {
  NONE: 0,
  ZLIB: 1,
  GZIP: 2,
};

/** A compression by number or word. */
export type CompressionType = 0 | 1 | 2 | RecordCompression;

const byNumber: readonly RecordCompression[] = ["", "ZLIB", "GZIP"];

function compressionOf(options: CompressionType | TFRecordOptions | null | undefined): RecordCompression {
  if (options instanceof TFRecordOptions) return compressionOf(options.compressionType);
  if (!options) return "";
  const word = typeof options === "number" ? byNumber[options] : options;
  if (word !== undefined && byNumber.includes(word)) return word;
  throw new TfError("INVALID_ARGUMENT", `Not a valid compression_type: "${options}"`, {
    hint: 'It is "GZIP", "ZLIB" or "" (none), or one of TFRecordCompressionType.',
  });
}

/** How a record file is to be compressed; sizes of buffers and flush modes are not asked for here. As tf.python_io.TFRecordOptions. */
export class TFRecordOptions {
  readonly compressionType: CompressionType | undefined;
  readonly zlib: ZlibOptions;

  /** Throws TfError INVALID_ARGUMENT `Not a valid compression_type: "..."`. */
  constructor(compressionType?: CompressionType, zlib: ZlibOptions = {}) {
    this.compressionType = compressionType;
    this.zlib = zlib;
    compressionOf(compressionType);
  }

  /** The word for what says how to compress. Throws as the constructor does. */
  static getCompressionTypeString(options?: CompressionType | TFRecordOptions | null): RecordCompression {
    return compressionOf(options);
  }
}

/**
 * The records of a file, one by one: `for await (const record of tf.pythonIo.tfRecordIterator(path, "GZIP"))`.
 * Throws TfError NOT_FOUND, DATA_LOSS "corrupted record at N", "truncated record at N" with file and offset; INVALID_ARGUMENT as TFRecordOptions does.
 */
export function tfRecordIterator(
  path: string,
  options?: CompressionType | TFRecordOptions | null,
  reading: Omit<RecordIteratorOptions, "compression"> = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  return recordIterator(path, { ...reading, compression: compressionOf(options) });
}

/**
 * Writes a record file, which replaces one of that name when it is closed: `await using writer = new tf.pythonIo.TFRecordWriter(path)`.
 * The file is opened with the first call; that is what throws TfError NOT_FOUND where its directory is missing.
 */
export class TFRecordWriter implements RecordWriter {
  readonly #open: () => Promise<RecordWriter>;
  #writer: Promise<RecordWriter> | undefined;

  /** Throws TfError INVALID_ARGUMENT as TFRecordOptions does. */
  constructor(
    path: string,
    options?: CompressionType | TFRecordOptions | null,
    where: Pick<RecordIteratorOptions, "fs"> = {},
  ) {
    const zlib = options instanceof TFRecordOptions ? options.zlib : {};
    const compression = compressionOf(options);
    this.#open = () => openRecordWriter(path, { ...zlib, ...where, compression });
  }

  async write(record: Uint8Array): Promise<void> {
    await (await this.#opened()).write(record);
  }

  async flush(): Promise<void> {
    await (await this.#opened()).flush();
  }

  async close(): Promise<void> {
    await (await this.#opened()).close();
  }

  async abort(): Promise<void> {
    await (await this.#opened()).abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #opened(): Promise<RecordWriter> {
    this.#writer ??= this.#open();
    return this.#writer;
  }
}
