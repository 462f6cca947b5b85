// Keys of tensor slices in both checkpoint versions: an encoding whose byte order is the order of
// (0, name, rank, start and length of each dimension).
// Source: tensorflow/core/lib/strings/ordered_code.cc; EncodeTensorNameSlice in core/util/saved_tensor_slice_util.cc.
//
//   number   = count[1] big-endian bytes[count], count 0 for 0
//   string   = bytes with 00 -> 00 ff and ff -> ff 00, then 00 01
//   signed   = one byte 0x80 ^ x for -64 <= x < 64; else 2 to 10 bytes: as many leading 1 bits (0 for negative numbers) as bytes, then x
import { ByteWriter } from "./coding.ts";
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
