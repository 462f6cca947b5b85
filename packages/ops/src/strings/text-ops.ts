// Ops that take strings apart and change their letters: splitting, stripping, cases, lengths, base64.
// Source: core/ops/string_ops.cc, core/kernels/{string_split_op,string_strip_op,string_lower_op,string_upper_op,string_length_op,base64_ops}.cc,
// core/lib/strings/base64.cc.
import { type NdArray, ndArray, Shape } from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import { stringArray } from "../host/text.ts";
import type { HostContext, HostKernel, OpEntry } from "../op-entry.ts";
import { unchanged, withRank } from "../shape-rules.ts";

const isSpace = (byte: number | undefined): boolean =>
  byte !== undefined && (byte === 0x20 || (byte >= 9 && byte <= 13));

/** Pieces between single bytes of `delimiters`; without any, every byte by itself. */
function splitAtBytes(text: Uint8Array, delimiters: Uint8Array, keepEmpty: boolean): Uint8Array[] {
  if (text.length === 0) return [];
  if (delimiters.length === 0) return Array.from(text, (byte) => Uint8Array.of(byte));
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && !delimiters.includes(text[i]!)) continue;
    if (keepEmpty || i > start) parts.push(text.slice(start, i));
    start = i + 1;
  }
  return parts;
}

function find(text: Uint8Array, wanted: Uint8Array, from: number): number {
  for (let i = from; i + wanted.length <= text.length; i++)
    if (wanted.every((byte, j) => text[i + j] === byte)) return i;
  return -1;
}

/** Pieces between whole separators, or between spaces where there is none; after `most` splits, what is left is the last piece. */
function splitAtText(text: Uint8Array, separator: Uint8Array, most: number): Uint8Array[] {
  if (most === 0) return [text];
  const parts: Uint8Array[] = [];
  let at = 0;
  if (separator.length === 0) {
    const skip = (spaces: boolean): void => {
      while (at < text.length && isSpace(text[at]) === spaces) at++;
    };
    for (skip(true); at < text.length; skip(true)) {
      if (most > 0 && parts.length === most) return [...parts, text.slice(at)];
      const start = at;
      skip(false);
      parts.push(text.slice(start, at));
    }
    // Where the last split is the end of the text, an empty piece is left.
    return most > 0 && parts.length === most ? [...parts, new Uint8Array(0)] : parts;
  }
  for (let next = find(text, separator, 0); next >= 0; next = find(text, separator, at)) {
    parts.push(text.slice(at, next));
    at = next + separator.length;
    if (most > 0 && parts.length === most) break;
  }
  return [...parts, text.slice(at)];
}

/** Pieces of each string as a sparse tensor. */
function splitting(
  what: string,
  split: (c: HostContext) => (text: Uint8Array, by: Uint8Array) => Uint8Array[],
): HostKernel {
  return (c) => {
    const [input, by] = [c.input(0), c.input(1)];
    if (input.shape.length !== 1)
      c.fail("INVALID_ARGUMENT", `input must be a vector, got shape: ${new Shape(input.shape)}`);
    if (by.shape.length !== 0)
      c.fail("INVALID_ARGUMENT", `${what} must be a scalar, got shape: ${new Shape(by.shape)}`);
    const apart = split(c);
    const [separator] = by.data as Uint8Array[];
    const rows = (input.data as Uint8Array[]).map((text) => apart(text, separator!));
    const values = rows.flat();
    const indices = rows.flatMap((row, i) => row.flatMap((_, j) => [BigInt(i), BigInt(j)]));
    const widest = rows.reduce((most, row) => Math.max(most, row.length), 0);
    return [
      ndArray("int64", [values.length, 2], BigInt64Array.from(indices)),
      stringArray([values.length], values),
      ndArray("int64", [2], BigInt64Array.of(BigInt(rows.length), BigInt(widest))),
    ];
  };
}

const split = (host: HostKernel): OpSpec => ({
  shape: (c) => {
    withRank(c.input(0), 1);
    withRank(c.input(1), 0);
    return [new Shape([null, 2]), new Shape([null]), new Shape([2])];
  },
  host,
  gradient: null,
});

/** Each string by itself. */
const eachString = (change: (c: HostContext, bytes: Uint8Array) => Uint8Array | string): OpSpec => ({
  shape: unchanged,
  host: (c) => {
    const input = c.input(0);
    return [
      stringArray(
        input.shape,
        (input.data as Uint8Array[]).map((bytes) => change(c, bytes)),
      ),
    ];
  },
  gradient: null,
});

function strip(bytes: Uint8Array): Uint8Array {
  let [start, end] = [0, bytes.length];
  while (start < end && isSpace(bytes[start])) start++;
  while (end > start && isSpace(bytes[end - 1])) end--;
  return bytes.slice(start, end);
}

/** Changes letters: of ASCII alone, or all where the encoding is UTF-8. */
const letters = (first: number, step: number, all: (text: string) => string): OpSpec =>
  eachString((c, bytes) => {
    const encoding = c.attrs.has("encoding") ? c.attrs.string("encoding") : "";
    if (encoding === "utf-8") return all(new TextDecoder().decode(bytes));
    if (encoding !== "")
      c.fail("INVALID_ARGUMENT", `only utf-8 or '' (no encoding) is supported, received ${encoding}`);
    return bytes.map((byte) => (byte >= first && byte < first + 26 ? byte + step : byte));
  });

/** Bytes, or characters: all bytes but those that go on with one. */
function lengths(c: HostContext): NdArray {
  const input = c.input(0);
  const inCharacters = c.attrs.has("unit") && c.attrs.string("unit") === "UTF8_CHAR";
  const length = (bytes: Uint8Array): number =>
    inCharacters ? bytes.reduce((sum, byte) => sum + ((byte & 0xc0) === 0x80 ? 0 : 1), 0) : bytes.length;
  return ndArray("int32", input.shape, Int32Array.from(input.data as Uint8Array[], length));
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The web-safe alphabet, as TensorFlow's. */
function encodeBase64(bytes: Uint8Array, padded: boolean): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, d] = [bytes[i]!, bytes[i + 1], bytes[i + 2]];
    const group = (a << 16) | ((b ?? 0) << 8) | (d ?? 0);
    const count = b === undefined ? 2 : d === undefined ? 3 : 4;
    for (let j = 0; j < count; j++) text += alphabet[(group >> (18 - 6 * j)) & 63];
    if (padded) text += "=".repeat(4 - count);
  }
  return text;
}

function decodeBase64(bytes: Uint8Array): Uint8Array | string {
  const whole = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const text = whole.length % 4 === 0 ? whole.replace(/={1,2}$/, "") : whole;
  const out = new Uint8Array(Math.floor((text.length * 3) / 4));
  let [bits, held, at] = [0, 0, 0];
  for (const char of text) {
    const value = alphabet.indexOf(char);
    if (value < 0) return "Invalid character found in base64.";
    held = ((held << 6) | value) & 0xffffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out[at++] = (held >> bits) & 255;
  }
  if (text.length % 4 === 1) return "Base64 string length cannot be 1 modulo 4.";
  return out;
}

/** Entries of StringSplit and its kin. */
export const textOps: readonly OpEntry[] = defineOps({
  StringSplit: split(
    splitting("delimiter", (c) => {
      const skipEmpty = c.attrs.has("skip_empty") ? c.attrs.bool("skip_empty") : true;
      return (text, by) => splitAtBytes(text, by, !skipEmpty);
    }),
  ),
  StringSplitV2: split(
    splitting("sep", (c) => {
      const most = c.attrs.int("maxsplit");
      return (text, by) => splitAtText(text, by, most);
    }),
  ),
  StringStrip: eachString((_, bytes) => strip(bytes)),
  StringLower: letters(0x41, 32, (text) => text.toLowerCase()),
  StringUpper: letters(0x61, -32, (text) => text.toUpperCase()),
  StringLength: { shape: unchanged, host: (c) => [lengths(c)], gradient: null },
  EncodeBase64: eachString((c, bytes) => encodeBase64(bytes, c.attrs.bool("pad"))),
  DecodeBase64: eachString((c, bytes) => {
    const decoded = decodeBase64(bytes);
    return typeof decoded === "string" ? c.fail("INVALID_ARGUMENT", decoded) : decoded;
  }),
});
