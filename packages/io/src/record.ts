// TFRecord framing, plain: what event files and record files are made of. Not here: what a record means; gzip.
// Source: core/lib/io/record_writer.h.
//
//   +----------------+------------------------+---------------+----------------------+
//   | length  u64 LE | masked crc of length 4 | data [length] | masked crc of data 4 |
//   +----------------+------------------------+---------------+----------------------+
import { TfError } from "@org/errors";
import { crc32c, maskCrc32c } from "./crc32c.ts";
import type { ByteSource } from "./file-system.ts";

const headerSize = 12;
const footerSize = 4;

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
  /** Byte offset of the first record. */
  readonly start?: number;
  /** Name of the file for error texts. */
  readonly file?: string;
  readonly signal?: AbortSignal;
}

/** A record and where it lies; `end` is where the next one begins. */
export interface RecordAt {
  readonly data: Uint8Array;
  readonly offset: number;
  readonly end: number;
}

/**
 * Reads records one by one. Throws TfError DATA_LOSS, "corrupted record at N" where a checksum does not hold, "truncated
 * record at N" where the file ends within one. Nothing is allocated beyond the file's size.
 */
export async function* readRecords(
  source: ByteSource,
  options: ReadRecordsOptions = {},
): AsyncGenerator<RecordAt, void, undefined> {
  const signal = options.signal === undefined ? undefined : { signal: options.signal };
  const broken = (word: "corrupted" | "truncated", offset: number) =>
    new TfError("DATA_LOSS", `${word} record at ${offset}`, {
      offset,
      ...(options.file === undefined ? {} : { file: options.file }),
    });
  let offset = options.start ?? 0;
  while (offset < source.size) {
    if (source.size - offset < headerSize) throw broken("truncated", offset);
    const header = await source.read(offset, offset + headerSize, signal);
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    if (maskCrc32c(crc32c(header.subarray(0, 8))) !== view.getUint32(8, true))
      throw broken("corrupted", offset);
    const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
    const end = offset + headerSize + length + footerSize;
    if (end > source.size) throw broken("truncated", offset);
    const body = await source.read(offset + headerSize, end, signal);
    const data = body.subarray(0, length);
    const crc = new DataView(body.buffer, body.byteOffset + length, footerSize).getUint32(0, true);
    if (maskCrc32c(crc32c(data)) !== crc) throw broken("corrupted", offset);
    yield { data, offset, end };
    offset = end;
  }
}
