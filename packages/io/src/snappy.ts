// Snappy blocks, decoding alone (nothing we write is compressed). Our own 50 lines, since a block comes from a file that
// may be broken: every length is checked before it is followed, and the output must come out exactly as long as
// claimed. (Of the libraries, snappyjs does neither; its compressor makes the blocks of our tests.)
// Spec: github.com/google/snappy/blob/main/format_description.txt.
//
//   length varint, then elements:  tag & 3 = 0: literal, 1: copy (offset 11 bits), 2: copy (16 bits), 3: copy (32 bits)
import { TfError } from "@org/errors";

/**
 * The bytes of a snappy block. Throws TfError DATA_LOSS where it is broken or claims more than `maxLength` bytes (default:
 * what a block of its size can stand for at most: a copy of 64 bytes takes 3).
 */
export function snappyDecode(block: Uint8Array, maxLength: number = block.length * 22): Uint8Array {
  let length = 0;
  let at = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = block[at++];
    if (byte === undefined || scale > 2 ** 28) throw broken(at, "no length");
    length += (byte & 127) * scale;
    if (byte < 128) break;
  }
  if (length > maxLength) throw broken(0, `${length} bytes claimed, at most ${maxLength} possible`);
  const out = new Uint8Array(length);
  let to = 0;
  while (at < block.length) {
    const tag = block[at++]!;
    const kind = tag & 3;
    let count = (tag >>> 2) + 1;
    if (kind === 0) {
      if (count > 60) {
        const width = count - 60;
        count = littleEndian(block, at, width) + 1;
        at += width;
      }
      if (count > block.length - at || count > length - to) throw broken(at, "literal too long");
      out.set(block.subarray(at, at + count), to);
      at += count;
    } else {
      const width = kind === 3 ? 4 : kind;
      let offset = littleEndian(block, at, width);
      if (kind === 1) {
        count = ((tag >>> 2) & 7) + 4;
        offset += (tag >>> 5) << 8;
      }
      at += width;
      if (offset === 0 || offset > to || count > length - to) throw broken(at, "copy out of range");
      if (offset >= count) out.copyWithin(to, to - offset, to - offset + count);
      else for (let i = 0; i < count; i++) out[to + i] = out[to + i - offset]!;
    }
    to += count;
  }
  if (to !== length) throw broken(at, `${to} bytes instead of ${length}`);
  return out;
}

function littleEndian(bytes: Uint8Array, at: number, width: number): number {
  if (at + width > bytes.length) throw broken(at, "truncated");
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + bytes[at + i]!;
  return value;
}

function broken(offset: number, reason: string): TfError {
  return new TfError("DATA_LOSS", `corrupted compressed block contents: ${reason}`, { offset });
}
