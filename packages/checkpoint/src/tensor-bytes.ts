// An element type's bytes in a V2 data file. Source: tensorflow/core/util/tensor_bundle/tensor_bundle.cc.
//
//   numbers  = little-endian, row-major, no padding (big-endian where the bundle's header says so)
//   strings  = varint length, one a string; masked crc32c of the lengths [u32]; the strings' bytes
//              (the checksums see each length as u32 little-endian, u64 where it is larger)
//   variants = for each: varint length, VariantTensorDataProto, masked crc32c [u32] of all so far
//
// The entry's checksum covers numbers as they lie; for strings: lengths as numbers, their checksum, the bytes.
import { TfError } from "@org/errors";
import { crc32c, maskCrc32c, unmaskCrc32c } from "@org/io";
import { type DType, dtypes, type NdArray, ndArray, sizeOf } from "@org/tensor";
import { ByteReader, ByteWriter } from "./coding.ts";

/** Strings or variants as bytes, and the checksum that its entry carries (not masked). */
export interface EncodedTensor {
  readonly parts: readonly Uint8Array[];
  readonly size: number;
  readonly crc: number;
}

function lengthBytes(length: number): Uint8Array {
  const wide = length > 0xffffffff;
  const bytes = new Uint8Array(wide ? 8 : 4);
  const view = new DataView(bytes.buffer);
  if (wide) view.setBigUint64(0, BigInt(length), true);
  else view.setUint32(0, length, true);
  return bytes;
}

function fixed32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** The bytes of strings or variants. Throws TfError INVALID_ARGUMENT for resource handles, which no checkpoint holds. */
export function encodeObjects(array: NdArray): EncodedTensor {
  const { storage, kind } = dtypes[array.dtype];
  if (storage === "bytes") return encodeStrings(array.data as Uint8Array[]);
  if (kind === "variant") return encodeVariants(array.data as Uint8Array[]);
  throw new TfError("INVALID_ARGUMENT", `A checkpoint cannot hold a tensor of type ${array.dtype}`);
}

function encodeStrings(strings: readonly Uint8Array[]): EncodedTensor {
  const lengths = new ByteWriter();
  let crc = 0;
  for (const string of strings) {
    lengths.varint(string.length);
    crc = crc32c(lengthBytes(string.length), crc);
  }
  const checksum = fixed32(maskCrc32c(crc));
  crc = crc32c(checksum, crc);
  for (const string of strings) crc = crc32c(string, crc);
  const parts = [lengths.finish(), checksum, ...strings];
  return { parts, size: parts.reduce((sum, part) => sum + part.length, 0), crc };
}

function encodeVariants(variants: readonly Uint8Array[]): EncodedTensor {
  const out = new ByteWriter();
  let crc = 0;
  for (const bytes of variants) {
    out.varint(bytes.length);
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(bytes.length), true);
    crc = crc32c(bytes, crc32c(length, crc));
    out.append(bytes);
    const checksum = maskCrc32c(crc);
    out.fixed32(checksum);
    crc = crc32c(fixed32(checksum), crc);
  }
  const encoded = out.finish();
  return { parts: [encoded], size: encoded.length, crc };
}

/** What the entry says of the bytes. */
export interface TensorBytes {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Masked. */
  readonly crc: number;
  readonly bigEndian: boolean;
}

/** The inverse of encodeObjects. DATA_LOSS with TensorFlow's sentences where a checksum or length is wrong. */
export function decodeObjects(bytes: Uint8Array, { dtype, shape, crc, bigEndian }: TensorBytes): NdArray {
  const { storage, kind } = dtypes[dtype];
  if (storage === "bytes")
    return ndArray(dtype, shape, decodeStrings(bytes, sizeOf(shape), crc, bigEndian) as never);
  if (kind === "variant") return ndArray(dtype, shape, decodeVariants(bytes, sizeOf(shape), crc) as never);
  throw new TfError("DATA_LOSS", `A checkpoint cannot hold a tensor of type ${dtype}`, {
    hint: "The index is damaged: nothing writes such an entry.",
  });
}

/** Turns the bytes of each number of `dtype` around, in place. */
export function swapBytes(dtype: DType, bytes: Uint8Array): void {
  const width = dtypes[dtype].bytes / dtypes[dtype].width;
  if (width < 2) return;
  for (let i = 0; i < bytes.length; i += width)
    for (let low = i, high = i + width - 1; low < high; low++, high--) {
      const byte = bytes[low]!;
      bytes[low] = bytes[high]!;
      bytes[high] = byte;
    }
}

/** Throws TfError DATA_LOSS where `actual` is not what `stored` (masked) says. */
export function checkCrc(stored: number, actual: number): void {
  if (unmaskCrc32c(stored) !== actual) {
    throw new TfError(
      "DATA_LOSS",
      `Checksum does not match: stored ${unmaskCrc32c(stored)} vs. calculated on the restored bytes ${actual}`,
    );
  }
}

function decodeStrings(bytes: Uint8Array, count: number, crc: number, bigEndian: boolean): Uint8Array[] {
  const reader = new ByteReader(bytes, "string tensor");
  if (count > bytes.length)
    throw new TfError("DATA_LOSS", `corrupted string tensor: ${count} strings in ${bytes.length} bytes`);
  const lengths: number[] = [];
  let actual = 0;
  for (let i = 0; i < count; i++) {
    lengths.push(reader.varint());
    actual = crc32c(lengthBytes(lengths[i]!), actual);
  }
  const checksum = reader.take(4);
  const stored = new DataView(checksum.buffer, checksum.byteOffset).getUint32(0, !bigEndian);
  if (unmaskCrc32c(stored) !== actual) {
    throw new TfError(
      "DATA_LOSS",
      `The length checksum does not match: expected ${unmaskCrc32c(stored)} but actual is ${actual}`,
    );
  }
  actual = crc32c(checksum, actual);
  const strings = lengths.map((length) => {
    const string = reader.take(length).slice();
    actual = crc32c(string, actual);
    return string;
  });
  if (!reader.done) throw new TfError("DATA_LOSS", "corrupted string tensor: bytes are left over");
  checkCrc(crc, actual);
  return strings;
}

function decodeVariants(bytes: Uint8Array, count: number, crc: number): Uint8Array[] {
  const reader = new ByteReader(bytes, "variant tensor");
  if (count > bytes.length)
    throw new TfError("DATA_LOSS", `corrupted variant tensor: ${count} variants in ${bytes.length} bytes`);
  let actual = 0;
  const variants: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const length = reader.varint();
    const wide = new Uint8Array(8);
    new DataView(wide.buffer).setBigUint64(0, BigInt(length), true);
    const variant = reader.take(length).slice();
    actual = crc32c(variant, crc32c(wide, actual));
    const checksum = reader.fixed32();
    if (unmaskCrc32c(checksum) !== actual)
      throw new TfError("DATA_LOSS", `The checksum after Variant ${i} does not match.`);
    actual = crc32c(fixed32(checksum), actual);
    variants.push(variant);
  }
  if (!reader.done) throw new TfError("DATA_LOSS", "corrupted variant tensor: bytes are left over");
  checkCrc(crc, actual);
  return variants;
}
