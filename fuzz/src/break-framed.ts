// Breaks what lies within frames: records, compressed streams, zip archives, safetensors. The frame is made right again.
import { crc32, deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import { concatBytes, crc32c, frameRecord, maskCrc32c } from "@org/io";
import { type Breaker, breakBytes } from "./break-bytes.ts";
import { breakProto } from "./break-proto.ts";
import { breakText } from "./break-text.ts";
import type { Random } from "./random.ts";

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The data of records, as far as the frames hold. */
function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let at = 0; at + 16 <= bytes.length; ) {
    const length = viewOf(bytes).getUint32(at, true);
    if (at + 16 + length > bytes.length) break;
    records.push(bytes.subarray(at + 12, at + 12 + length));
    at += 16 + length;
  }
  return records;
}

/** A record that says it has another length, with the right checksum over that. */
function misframed(data: Uint8Array, random: Random): Uint8Array {
  const framed = frameRecord(data);
  const view = viewOf(framed);
  view.setUint32(random.pick([0, 4]), random.bits() >>> random.below(32), true);
  view.setUint32(8, maskCrc32c(crc32c(framed.subarray(0, 8))), true);
  return framed;
}

export const breakRecords: Breaker = (bytes, random, donor) => {
  const records = recordsOf(bytes);
  if (records.length === 0 || random.oneIn(3)) return breakBytes(bytes, random, donor);
  const framed = records.map((data) => frameRecord(data));
  const at = random.below(records.length);
  if (random.oneIn(4)) framed[at] = misframed(records[at]!, random);
  else framed[at] = frameRecord(breakProto(records[at]!, random, random.pick(records)));
  return concatBytes(framed);
};

/** Breaks the stream, or what it holds. */
const breakCompressed =
  (unpack: (bytes: Uint8Array) => Uint8Array, pack: (bytes: Uint8Array) => Uint8Array): Breaker =>
  (bytes, random, donor) => {
    if (random.oneIn(2)) return breakBytes(bytes, random, donor);
    try {
      return pack(breakRecords(unpack(bytes), random, donor));
    } catch {
      return breakBytes(bytes, random, donor);
    }
  };

const inflated = { maxOutputLength: 1 << 20 };
export const breakGzip: Breaker = breakCompressed(
  (bytes) => gunzipSync(bytes, inflated),
  (bytes) => gzipSync(bytes),
);
export const breakZlib: Breaker = breakCompressed(
  (bytes) => inflateSync(bytes, inflated),
  (bytes) => deflateSync(bytes),
);

/** Writes the right CRC-32 over each stored entry of a zip archive. In place. */
function repairZip(bytes: Uint8Array): Uint8Array {
  const view = viewOf(bytes);
  const sums = new Map<number, number>();
  for (let at = 0; at + 46 <= bytes.length; at++) {
    const signature = view.getUint32(at, true);
    if (signature === 0x04034b50) {
      const start = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
      const size = view.getUint32(at + 18, true);
      if (view.getUint16(at + 8, true) !== 0 || start + size > bytes.length) continue;
      const sum = crc32(bytes.subarray(start, start + size));
      view.setUint32(at + 14, sum, true);
      sums.set(at, sum);
    } else if (signature === 0x02014b50) {
      const sum = sums.get(view.getUint32(at + 42, true));
      if (sum !== undefined) view.setUint32(at + 16, sum, true);
    }
  }
  return bytes;
}

export const breakZip: Breaker = (bytes, random, donor) => {
  const broken = breakBytes(bytes, random, donor).slice();
  return random.oneIn(4) ? broken : repairZip(broken);
};

export const breakSafetensors: Breaker = (bytes, random, donor) => {
  const size = bytes.length < 8 ? 0 : Number(viewOf(bytes).getBigUint64(0, true));
  if (size === 0 || size > bytes.length - 8 || random.oneIn(3)) return breakBytes(bytes, random, donor);
  const header = breakText(bytes.subarray(8, 8 + size), random, donor.subarray(8));
  const length = new Uint8Array(8);
  viewOf(length).setBigUint64(0, BigInt(header.length), true);
  return concatBytes([length, header, bytes.subarray(8 + size)]);
};
