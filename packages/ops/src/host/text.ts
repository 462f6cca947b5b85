// Strings in tensors are bytes: to and from JavaScript strings (UTF-8), and scalars of them.
import { type NdArray, ndArray } from "@org/tensor";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The strings of a string tensor. */
export function stringsOf(value: NdArray): string[] {
  return (value.data as Uint8Array[]).map((bytes) => decoder.decode(bytes));
}

/** A string tensor. */
export function stringArray(shape: readonly number[], strings: readonly (string | Uint8Array)[]): NdArray {
  return ndArray(
    "string",
    shape,
    strings.map((text) => (typeof text === "string" ? encoder.encode(text) : text)),
  );
}

/** Bytes as a key that is equal where they are. */
export function bytesKey(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

const shortEscapes: Readonly<Record<number, string>> = {
  9: "\\t",
  10: "\\n",
  13: "\\r",
  34: '\\"',
  39: "\\'",
  92: "\\\\",
};

/** Bytes as absl::CEscape writes them: ASCII as it is, the rest with backslashes and octal numbers. */
export function escaped(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => {
    const short = shortEscapes[byte];
    if (short !== undefined) return short;
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`;
  }).join("");
}
