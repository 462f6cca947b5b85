// Strings in tensor_content: the lengths of all as varints, then all bytes.
// Source: core/platform/tensor_coding.cc, EncodeStringList.
//
//   +-----------+-----+-----------+---------+-----+---------+
//   | len_0 var | ... | len_n var | bytes_0 | ... | bytes_n |
//   +-----------+-----+-----------+---------+-----+---------+
import { TfError } from "@org/errors";

/** `count` strings from a string list. Throws TfError DATA_LOSS where lengths and bytes do not add up. */
export function decodeStringList(bytes: Uint8Array, count: number): Uint8Array[] {
  const broken = (offset: number) =>
    new TfError("DATA_LOSS", `Cannot parse ${count} strings from ${bytes.length} bytes of tensor_content`, {
      offset,
    });
  if (count > bytes.length) throw broken(0);
  const lengths: number[] = [];
  let at = 0;
  let total = 0;
  for (let i = 0; i < count; i++) {
    let length = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 28) throw broken(at);
      length += (byte & 127) * scale;
      if (byte < 128) break;
    }
    total += length;
    if (total > bytes.length) throw broken(at);
    lengths.push(length);
  }
  if (at + total !== bytes.length) throw broken(at);
  return lengths.map((length) => {
    at += length;
    return bytes.slice(at - length, at);
  });
}
