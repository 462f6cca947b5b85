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
