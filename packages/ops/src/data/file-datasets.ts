// Data sets of what files hold: lines, TFRecords, records of one length. Files are reached only through the session's file system, one after the
// other, piece by piece; after a broken one, the next call goes on with the next file.
// Source: core/kernels/data/{text_line,tf_record,fixed_length_record}_dataset_op.cc.
import { TfError } from "@org/errors";
import {
  type ByteSource,
  type FileSystem,
  inflateChunks,
  localPath,
  type RecordCompression,
  readRecords,
} from "@org/io";
import { Shape } from "@org/tensor";
import { stringArray } from "../host/text.ts";
import type { DataIterator, Dataset } from "./dataset.ts";
import type { Iteration } from "./iteration.ts";

/** Reads one file: what it holds, string by string. Throws at once where it cannot be one of its kind. */
export type FileReader = (source: ByteSource, name: string) => AsyncGenerator<Uint8Array, void, undefined>;

/** What `reader` reads from `files`. `fs` gives the session's file system when the first file is opened. */
export function filesDataset(
  type: string,
  files: readonly string[],
  fs: () => FileSystem,
  reader: FileReader,
): Dataset {
  return {
    type,
    dtypes: ["string"],
    shapes: [Shape.scalar],
    iterate: (iteration) => new FilesIterator(files, fs, reader, iteration),
  };
}

class FilesIterator implements DataIterator {
  readonly #files: readonly string[];
  readonly #fs: () => FileSystem;
  readonly #reader: FileReader;
  readonly #iteration: Iteration;
  #at = 0;
  #open:
    | { readonly source: ByteSource; readonly records: AsyncGenerator<Uint8Array, void, undefined> }
    | undefined;

  constructor(files: readonly string[], fs: () => FileSystem, reader: FileReader, iteration: Iteration) {
    this.#files = files;
    this.#fs = fs;
    this.#reader = reader;
    this.#iteration = iteration;
  }

  async next() {
    await this.#iteration.turn();
    for (;;) {
      if (!this.#open) {
        if (this.#at >= this.#files.length) return undefined;
        const name = this.#files[this.#at]!;
        // A file that cannot be opened is asked for again by the next call, as TensorFlow does.
        const source = await this.#fs().open(localPath(name));
        try {
          this.#open = { source, records: this.#reader(source, name) };
        } catch (error) {
          await source.close();
          throw error;
        }
      }
      try {
        const { done, value } = await this.#open.records.next();
        if (!done) return [stringArray([], [value])];
      } catch (error) {
        this.#at++;
        await this.close();
        throw error;
      }
      this.#at++;
      await this.close();
    }
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.records.return();
    await open?.source.close();
  }
}

const pieceBytes = 262144;

async function* rawPieces(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < source.size; at += pieceBytes)
    yield await source.read(at, Math.min(source.size, at + pieceBytes));
}

const piecesOf = (source: ByteSource, compression: RecordCompression): AsyncIterable<Uint8Array> =>
  compression === "" ? rawPieces(source) : inflateChunks(rawPieces(source), compression);

/** Lines without their ends; carriage returns are dropped wherever they are. */
export const lines = (compression: RecordCompression): FileReader =>
  async function* (source) {
    let begun: number[] = [];
    for await (const piece of piecesOf(source, compression))
      for (const byte of piece) {
        if (byte === 0x0a) {
          yield Uint8Array.from(begun);
          begun = [];
        } else if (byte !== 0x0d) begun.push(byte);
      }
    if (begun.length > 0) yield Uint8Array.from(begun);
  };

/** TFRecords. */
export const records = (compression: RecordCompression): FileReader =>
  async function* (source, name) {
    for await (const { data } of readRecords(source, { compression, file: name })) yield data.slice();
  };

export interface FixedLengthSettings {
  readonly headerBytes: number;
  readonly recordBytes: number;
  readonly footerBytes: number;
  readonly compression: RecordCompression;
}

/** Records of one length between a header and a footer. */
export const fixedLength =
  (settings: FixedLengthSettings): FileReader =>
  (source, name) => {
    const { headerBytes, recordBytes, footerBytes, compression } = settings;
    const body = source.size - headerBytes - footerBytes;
    if (compression === "" && (body < 0 || body % recordBytes !== 0))
      throw uneven("INVALID_ARGUMENT", body, name, settings);
    return fixedRecords(source, name, settings);
  };

function uneven(
  code: "INVALID_ARGUMENT" | "DATA_LOSS",
  body: number,
  name: string,
  { headerBytes, recordBytes, footerBytes }: FixedLengthSettings,
): TfError {
  const sentence = `Excluding the header (${headerBytes} bytes) and footer (${footerBytes} bytes), input file "${name}" has body length ${body} bytes, which is not an exact multiple of the record length (${recordBytes} bytes).`;
  return new TfError(code, sentence, { file: name });
}

async function* fixedRecords(
  source: ByteSource,
  name: string,
  settings: FixedLengthSettings,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { headerBytes, recordBytes, footerBytes, compression } = settings;
  const wanted = recordBytes + footerBytes;
  // Pieces are joined when a record is whole: one may be as long as the file.
  let parts: Uint8Array[] = [];
  let [toSkip, total, held] = [headerBytes, 0, 0];
  for await (const piece of piecesOf(source, compression)) {
    total += piece.length;
    const skipped = Math.min(toSkip, piece.length);
    toSkip -= skipped;
    parts.push(piece.subarray(skipped));
    held += piece.length - skipped;
    if (held < wanted) continue;
    const bytes = joined(parts, held);
    let at = 0;
    for (; held - at >= wanted; at += recordBytes) yield bytes.slice(at, at + recordBytes);
    parts = [bytes.slice(at)];
    held -= at;
  }
  if (held !== footerBytes) throw uneven("DATA_LOSS", total - headerBytes - footerBytes, name, settings);
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
