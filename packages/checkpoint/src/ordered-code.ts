// Keys of tensor slices in both checkpoint versions: an encoding whose byte order is the order of
// (0, name, rank, start and length of each dimension).
// Source: tensorflow/core/lib/strings/ordered_code.cc; EncodeTensorNameSlice in core/util/saved_tensor_slice_util.cc.
//
//   number   = count[1] big-endian bytes[count], count 0 for 0
//   string   = bytes with 00 -> 00 ff and ff -> ff 00, then 00 01
//   signed   = one byte 0x80 ^ x for -64 <= x < 64; else 2 to 10 bytes: as many leading 1 bits (0 for negative numbers) as bytes, then x
import { TfError } from "@org/errors";
import { ByteReader, ByteWriter } from "./coding.ts";
import type { TensorSlice } from "./tensor-slice.ts";

function writeNumber(out: ByteWriter, value: number): void {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  out.byte(bytes.length);
  for (const byte of bytes) out.byte(byte);
}

function writeString(out: ByteWriter, bytes: Uint8Array): void {
  for (const byte of bytes) {
    out.byte(byte);
    if (byte === 0) out.byte(0xff);
    else if (byte === 0xff) out.byte(0);
  }
  out.byte(0);
  out.byte(1);
}

function writeSigned(out: ByteWriter, value: number): void {
  if (value >= -64 && value < 64) {
    out.byte(0x80 ^ (value & 0xff));
    return;
  }
  const big = BigInt(value);
  const magnitude = big < 0n ? ~big : big;
  let length = 2;
  while (magnitude >> BigInt(7 * length - 1)) length++;
  const bits = BigInt.asUintN(80, big);
  // The header: `length` one bits from the top, flipped into the sign-extended number.
  const header = ((1n << BigInt(length)) - 1n) << BigInt(8 * length - length);
  const encoded = BigInt.asUintN(8 * length, bits) ^ header;
  for (let i = length - 1; i >= 0; i--) out.byte(Number((encoded >> BigInt(8 * i)) & 0xffn));
}

/** The table key under which a slice of tensor `name` lies. */
export function encodeTensorNameSlice(name: Uint8Array, slice: TensorSlice): Uint8Array {
  const out = new ByteWriter();
  writeNumber(out, 0);
  writeString(out, name);
  writeNumber(out, slice.lengths.length);
  slice.lengths.forEach((length, i) => {
    writeSigned(out, slice.starts[i]!);
    writeSigned(out, length);
  });
  return out.finish();
}

const what = "tensor slice key";
const corrupt = (why: string): TfError => new TfError("DATA_LOSS", `corrupted ${what}: ${why}`);

function readNumber(reader: ByteReader): number {
  const [count] = reader.take(1);
  let value = 0;
  for (const byte of reader.take(count!)) value = value * 256 + byte;
  if (!Number.isSafeInteger(value)) throw corrupt("a number is absurdly large");
  return value;
}

function readString(reader: ByteReader): Uint8Array {
  const out = new ByteWriter();
  for (;;) {
    const [byte] = reader.take(1) as unknown as [number];
    if (byte !== 0 && byte !== 0xff) {
      out.byte(byte);
      continue;
    }
    const [next] = reader.take(1) as unknown as [number];
    if (byte === 0 && next === 1) return out.finish();
    if (byte === 0 ? next !== 0xff : next !== 0) throw corrupt("a bad escape");
    out.byte(byte);
  }
}

function readSigned(reader: ByteReader): number {
  const [first] = reader.take(1) as unknown as [number];
  const isNegative = first < 0x80;
  const header = isNegative ? ~first & 0xff : first;
  const length = header === 0xff ? 0 : Math.clz32(~(header << 24));
  if (length === 0 || length > 7) throw corrupt("a number is absurdly large");
  let bits = BigInt(first);
  for (const byte of reader.take(length - 1)) bits = (bits << 8n) | BigInt(byte);
  const mask = ((1n << BigInt(length)) - 1n) << BigInt(8 * length - length);
  return Number(BigInt.asIntN(8 * length, bits ^ mask));
}

/**
 * The inverse of encodeTensorNameSlice. Throws TfError DATA_LOSS where `key` is none. As DecodeTensorNameSlice.
 */
export function decodeTensorNameSlice(key: Uint8Array): { name: Uint8Array; slice: TensorSlice } {
  const reader = new ByteReader(key, what);
  if (readNumber(reader) !== 0) throw corrupt("it does not begin with 0");
  const name = readString(reader);
  const rank = readNumber(reader);
  if (rank > key.length) throw corrupt(`rank ${rank}`);
  const starts: number[] = [];
  const lengths: number[] = [];
  for (let i = 0; i < rank; i++) {
    starts.push(readSigned(reader));
    lengths.push(readSigned(reader));
  }
  if (!reader.done) throw corrupt("bytes are left over");
  return { name, slice: { starts, lengths } };
}
