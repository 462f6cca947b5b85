// TFRecord framing: what record files and event files are made of. Files of records by path: record-file.ts. Not here: what a record means.
// Source: core/lib/io/record_writer.h, record_reader.cc. docs/formats/tfrecord.md has a worked example.
//
//   +----------------+------------------------+---------------+----------------------+
//   | length  u64 LE | masked crc of length 4 | data [length] | masked crc of data 4 |
//   +----------------+------------------------+---------------+----------------------+
//
// A compressed file is this, whole, as one gzip or zlib stream.
import { TfError } from "@org/errors";
import { crc32c, maskCrc32c } from "./crc32c.ts";
import type { ByteSource } from "./file-system.ts";
import { inflateChunks, largestExpansion, type RecordCompression } from "./zlib-stream.ts";

const headerSize = 12;
const footerSize = 4;
const chunkSize = 1 << 18;

/** How long a record may be unless the caller says more: where the file's size says little, 256 MiB; else what one array holds. */
const largestInflatedRecord = 2 ** 28;
const largestRecord = 2 ** 32;

/** A record's bytes with their frame. */
export function frameRecord(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(headerSize + data.length + footerSize);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length >>> 0, true);
  view.setUint32(4, Math.floor(data.length / 2 ** 32), true);
  view.setUint32(8, maskCrc32c(crc32c(out.subarray(0, 8))), true);
  out.set(data, headerSize);
  view.setUint32(headerSize + data.length, maskCrc32c(crc32c(data)), true);
  return out;
}

export interface ReadRecordsOptions {
  /** Where the first record begins, in uncompressed bytes: `end` of one read before. */
  readonly start?: number;
  /** Name of the file for error texts. */
  readonly file?: string;
  readonly signal?: AbortSignal;
  /** Default "": none. */
  readonly compression?: RecordCompression;
  /** "stop": a last record that is cut off, as in a file that is still being written, ends the records without an error. Default "error". */
  readonly tornTail?: "error" | "stop";
  /**
   * Told of a record whose data are damaged and whose length holds, which is then passed over. Without it, such a record is an error. Damage to a
   * length always is: what follows cannot be found.
   */
  readonly onCorrupted?: (place: { readonly offset: number; readonly end: number }) => void;
  /** The longest record that is read, in bytes. Default: 256 MiB in compressed files, 4 GiB in others. */
  readonly maxRecordBytes?: number;
  /** Called as the file is read; bytes of the file itself, of all. */
  readonly onProgress?: (progress: { readonly loaded: number; readonly total: number }) => void;
}

/** A record and where it lies, in uncompressed bytes; `end` is where the next one begins. */
export interface RecordAt {
  readonly data: Uint8Array;
  readonly offset: number;
  readonly end: number;
}

/**
 * Reads records one by one. Throws TfError DATA_LOSS, "corrupted record at N" where a checksum does not hold, "truncated
 * record at N" where the file ends within one, "inflate() failed ..." where it is not compressed so; RESOURCE_EXHAUSTED for a record
 * longer than `maxRecordBytes`; CANCELLED. Nothing is allocated beyond what the file's size allows.
 */
export async function* readRecords(
  source: ByteSource,
  options: ReadRecordsOptions = {},
): AsyncGenerator<RecordAt, void, undefined> {
  const { compression = "", file, start = 0 } = options;
  const place = (offset: number) => ({ offset, ...(file === undefined ? {} : { file }) });
  const broken = (word: "corrupted" | "truncated", offset: number) =>
    new TfError("DATA_LOSS", `${word} record at ${offset}`, place(offset));
  const maxRecordBytes =
    options.maxRecordBytes ?? (compression === "" ? largestRecord : largestInflatedRecord);
  const feed = new Feed(source, compression, compression === "" ? start : 0, options);
  let offset = start;
  try {
    if (compression !== "" && !(await feed.skip(start))) return;
    for (;;) {
      const header = await feed.take(headerSize);
      if (header.length === 0 && !feed.torn) return;
      if (header.length < headerSize) {
        if (options.tornTail === "stop") return;
        throw broken("truncated", offset);
      }
      const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
      if (maskCrc32c(crc32c(header.subarray(0, 8))) !== view.getUint32(8, true))
        throw broken("corrupted", offset);
      const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
      if (length > maxRecordBytes)
        throw new TfError("RESOURCE_EXHAUSTED", `record at ${offset} has ${length} bytes`, {
          ...place(offset),
          hint: `At most ${maxRecordBytes} are read; maxRecordBytes allows more.`,
        });
      const body = length + footerSize > feed.most ? undefined : await feed.take(length + footerSize);
      if (body === undefined || body.length < length + footerSize) {
        if (options.tornTail === "stop") return;
        throw broken("truncated", offset);
      }
      const data = body.subarray(0, length);
      const crc = new DataView(body.buffer, body.byteOffset + length, footerSize).getUint32(0, true);
      const end = offset + headerSize + length + footerSize;
      if (maskCrc32c(crc32c(data)) === crc) yield { data, offset, end };
      else if (options.onCorrupted) options.onCorrupted({ offset, end });
      else throw broken("corrupted", offset);
      offset = end;
    }
  } catch (error) {
    if (options.signal?.aborted)
      throw new TfError("CANCELLED", "Reading was cancelled.", {
        ...place(offset),
        cause: options.signal.reason,
      });
    throw error instanceof TfError ? error.at(place(offset)) : error;
  } finally {
    await feed.close();
  }
}

/** The file's bytes, uncompressed, in pieces of the length that is asked for. */
class Feed {
  readonly #chunks: AsyncGenerator<Uint8Array, "complete" | "truncated", undefined>;
  readonly #compressed: boolean;
  readonly #size: number;
  #chunk: Uint8Array = new Uint8Array(0);
  #read: number;
  /** Whether the compressed stream ends where it should not. */
  torn = false;

  constructor(
    source: ByteSource,
    compression: RecordCompression,
    start: number,
    options: ReadRecordsOptions,
  ) {
    this.#size = source.size;
    this.#read = Math.min(start, source.size);
    this.#compressed = compression !== "";
    const plain = this.#plain(source, options);
    this.#chunks = compression === "" ? plain : inflateChunks(plain, compression);
  }

  async *#plain(source: ByteSource, options: ReadRecordsOptions) {
    const { signal } = options;
    while (this.#read < source.size) {
      const end = Math.min(source.size, this.#read + chunkSize);
      const chunk = await source.read(this.#read, end, signal ? { signal } : undefined);
      this.#read = end;
      options.onProgress?.({ loaded: end, total: source.size });
      yield chunk;
    }
    return "complete" as const;
  }

  /** How many bytes there can be at most. */
  get most(): number {
    const left = this.#size - this.#read;
    // The chunk that is being inflated is not in `left` any more.
    const packed = left + Math.min(chunkSize, this.#read);
    return this.#chunk.length + (this.#compressed ? packed * largestExpansion : left);
  }

  /** The next `length` bytes, memory of their own; fewer where the file ends. */
  async take(length: number): Promise<Uint8Array> {
    // Of a compressed file nobody knows how much there is: memory is taken as bytes come.
    let out = new Uint8Array(this.#compressed ? Math.min(length, chunkSize) : length);
    let filled = 0;
    while (filled < length) {
      if (this.#chunk.length === 0 && !(await this.#next())) return out.subarray(0, filled);
      if (filled === out.length) {
        const larger = new Uint8Array(Math.min(length, 2 * filled));
        larger.set(out);
        out = larger;
      }
      const part = this.#chunk.subarray(0, out.length - filled);
      out.set(part, filled);
      filled += part.length;
      this.#chunk = this.#chunk.subarray(part.length);
    }
    return out;
  }

  /** Whether there were `length` bytes to pass over. */
  async skip(length: number): Promise<boolean> {
    for (let left = length; left > 0; ) {
      if (this.#chunk.length === 0 && !(await this.#next())) return false;
      const part = Math.min(left, this.#chunk.length);
      this.#chunk = this.#chunk.subarray(part);
      left -= part;
    }
    return true;
  }

  async #next(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (!done) this.#chunk = value;
    else if (value === "truncated") this.torn = true;
    return !done;
  }

  async close(): Promise<void> {
    await this.#chunks.return("complete");
  }
}
