// What a reader takes for a record: a whole file, a line, a number of bytes, a TFRecord, or the name itself. Files are reached only through
// the session's file system, and read piece by piece.
// Source: core/kernels/{whole_file_read_ops,text_line_reader_op,fixed_length_record_reader_op,tf_record_reader_op,identity_reader_op}.cc.
import {
  type ByteSource,
  type FileSystem,
  inflateChunks,
  localPath,
  type RecordCompression,
  readFile,
  readRecords,
} from "@org/io";
import { linesOf } from "../host/lines.ts";
import type { HostContext } from "../op-entry.ts";

export interface ReaderRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/** The records of one piece of work. */
export interface RecordStream {
  /** undefined at the end. */
  next(): Promise<ReaderRecord | undefined>;
  close(): Promise<void>;
}

export interface RecordFormat {
  /** "TextLineReader", for messages. */
  readonly type: string;
  /** All of the work is one record. */
  readonly isWhole: boolean;
  open(work: string, c: HostContext): Promise<RecordStream>;
}

/** A stream over a generator; what it failed with it fails with again. */
function streamOf(records: AsyncGenerator<ReaderRecord, void, undefined>): RecordStream {
  let broken: { readonly error: unknown } | undefined;
  return {
    next: async () => {
      if (broken) throw broken.error;
      try {
        const { value } = await records.next();
        return value ?? undefined;
      } catch (error) {
        broken = { error };
        throw error;
      }
    },
    close: async () => {
      await records.return();
    },
  };
}

const nothingToClose = async (): Promise<void> => {};

export const wholeFiles: RecordFormat = {
  type: "WholeFileReader",
  isWhole: true,
  open: async (work, { fs }) => ({
    next: async () => ({ key: work, value: await readFile(fs, localPath(work)) }),
    close: nothingToClose,
  }),
};

export const identity: RecordFormat = {
  type: "IdentityReader",
  isWhole: true,
  open: async (work) => ({
    next: async () => ({ key: work, value: new TextEncoder().encode(work) }),
    close: nothingToClose,
  }),
};

/** Throws what `open` throws, before a record is asked for. */
async function checkFile(fs: FileSystem, path: string): Promise<void> {
  await (await fs.open(path)).close();
}

/** Lines but the first `skipped` of each file; keys are "file:number", from 1 on. */
export function textLines(skipped: number): RecordFormat {
  async function* records(work: string, fs: FileSystem): AsyncGenerator<ReaderRecord, void, undefined> {
    let number = 0;
    for await (const { line } of linesOf(fs, localPath(work)))
      if (++number > skipped) yield { key: `${work}:${number}`, value: line };
  }
  return {
    type: "TextLineReader",
    isWhole: false,
    open: async (work, { fs }) => {
      await checkFile(fs, localPath(work));
      return streamOf(records(work, fs));
    },
  };
}

/** TFRecords; keys are "file:offset". */
export function tfRecords(compression: RecordCompression): RecordFormat {
  async function* records(work: string, source: ByteSource): AsyncGenerator<ReaderRecord, void, undefined> {
    try {
      for await (const { data, offset } of readRecords(source, { compression, file: work }))
        yield { key: `${work}:${offset}`, value: data };
    } finally {
      await source.close();
    }
  }
  return {
    type: "TFRecordReader",
    isWhole: false,
    open: async (work, { fs }) => streamOf(records(work, await fs.open(localPath(work)))),
  };
}

export interface FixedLength {
  readonly headerBytes: number;
  readonly recordBytes: number;
  readonly footerBytes: number;
  /** From the start of a record to that of the next. */
  readonly hopBytes: number;
  readonly encoding: RecordCompression;
}

/** Records of one length; keys are "file:number", from 0 on. */
export function fixedLengthRecords(options: FixedLength): RecordFormat {
  return {
    type: "FixedLengthRecordReader",
    isWhole: false,
    open: async (work, c) => {
      const source = await c.fs.open(localPath(work));
      const bytes = new ByteWindow(source, options.encoding);
      if (!(await bytes.skip(options.headerBytes))) {
        await bytes.close();
        c.fail("OUT_OF_RANGE", "reached end of file");
      }
      return streamOf(fixedRecords(work, bytes, options));
    },
  };
}

async function* fixedRecords(
  work: string,
  bytes: ByteWindow,
  { recordBytes, footerBytes, hopBytes }: FixedLength,
): AsyncGenerator<ReaderRecord, void, undefined> {
  try {
    for (let number = 0; ; number++) {
      if (number > 0 && !(await bytes.skip(hopBytes))) return;
      const record = await bytes.peek(recordBytes + footerBytes);
      if (!record) return;
      yield { key: `${work}:${number}`, value: record.slice(0, recordBytes) };
    }
  } finally {
    await bytes.close();
  }
}

const pieceBytes = 262144;

async function* piecesOf(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < source.size; at += pieceBytes)
    yield await source.read(at, Math.min(source.size, at + pieceBytes));
}

/** The part of a (possibly compressed) file that is looked at: it only moves on. */
class ByteWindow {
  readonly #source: ByteSource;
  readonly #pieces: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);
  #ended = false;

  constructor(source: ByteSource, encoding: RecordCompression) {
    const pieces = piecesOf(source);
    this.#source = source;
    this.#pieces = encoding === "" ? pieces : inflateChunks(pieces, encoding);
  }

  /** The next `count` bytes, which stay; undefined where there are not as many. */
  async peek(count: number): Promise<Uint8Array | undefined> {
    if (this.#held.length < count) {
      const parts = [this.#held];
      let length = this.#held.length;
      while (length < count && !this.#ended) {
        const piece = await this.#next();
        parts.push(piece);
        length += piece.length;
      }
      this.#held = joined(parts, length);
    }
    return this.#held.length < count ? undefined : this.#held.subarray(0, count);
  }

  /** Goes on by `count` bytes; false where the file ends before. */
  async skip(count: number): Promise<boolean> {
    let left = count;
    while (left > this.#held.length && !this.#ended) {
      left -= this.#held.length;
      this.#held = await this.#next();
    }
    if (left > this.#held.length) return false;
    this.#held = this.#held.subarray(left);
    return true;
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
    await this.#source.close();
  }

  async #next(): Promise<Uint8Array> {
    const { done, value } = await this.#pieces.next();
    if (!done) return value;
    this.#ended = true;
    return new Uint8Array(0);
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
