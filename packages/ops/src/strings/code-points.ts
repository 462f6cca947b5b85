// Encoded strings as code points with the bytes where they begin, and back. What is no text comes as U+FFFD, marked: as ICU's converters
// give it, with one mark for each longest piece that could have begun a character.

/** A code point of a string. */
export interface CodePoint {
  readonly value: number;
  /** Its first byte. */
  readonly start: number;
  /** The bytes are no character: `value` is U+FFFD. */
  readonly wrong: boolean;
}

/** The encodings that ops write. */
export type OutputEncoding = "UTF-8" | "UTF-16-BE" | "UTF-32-BE";

type Decode = (bytes: Uint8Array) => readonly CodePoint[];

const replacement = 0xfffd;
const isSurrogate = (value: number): boolean => value >= 0xd800 && value <= 0xdfff;

/** The range of the second byte behind `lead`, and how many bytes follow: Table 3-7 of the Unicode standard. */
function utf8Lead(lead: number): readonly [count: number, low: number, high: number] | undefined {
  if (lead >= 0xc2 && lead <= 0xdf) return [1, 0x80, 0xbf];
  if (lead === 0xe0) return [2, 0xa0, 0xbf];
  if (lead === 0xed) return [2, 0x80, 0x9f];
  if (lead >= 0xe1 && lead <= 0xef) return [2, 0x80, 0xbf];
  if (lead === 0xf0) return [3, 0x90, 0xbf];
  if (lead >= 0xf1 && lead <= 0xf3) return [3, 0x80, 0xbf];
  if (lead === 0xf4) return [3, 0x80, 0x8f];
  return undefined;
}

const decodeUtf8: Decode = (bytes) => {
  const points: CodePoint[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at;
    const lead = bytes[at++]!;
    if (lead < 0x80) {
      points.push({ value: lead, start, wrong: false });
      continue;
    }
    const kind = utf8Lead(lead);
    let value = kind ? lead & (0x3f >> kind[0]) : 0;
    let missing = kind ? kind[0] : 1;
    let [low, high] = kind ? [kind[1], kind[2]] : [1, 0];
    for (; missing > 0 && at < bytes.length; missing--) {
      const byte = bytes[at]!;
      if (byte < low || byte > high) break;
      value = (value << 6) | (byte & 0x3f);
      at++;
      [low, high] = [0x80, 0xbf];
    }
    const wrong = missing > 0;
    points.push({ value: wrong ? replacement : value, start, wrong });
  }
  return points;
};

function decodeUtf16(littleEndian: boolean): Decode {
  return (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const points: CodePoint[] = [];
    for (let at = 0; at < bytes.length; ) {
      const start = at;
      if (at + 2 > bytes.length) {
        points.push({ value: replacement, start, wrong: true });
        break;
      }
      let value = view.getUint16(at, littleEndian);
      at += 2;
      let wrong = isSurrogate(value);
      if (value >= 0xd800 && value <= 0xdbff && at + 2 <= bytes.length) {
        const low = view.getUint16(at, littleEndian);
        if (low >= 0xdc00 && low <= 0xdfff) {
          value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
          wrong = false;
          at += 2;
        }
      } else if (value >= 0xd800 && value <= 0xdbff) at = bytes.length;
      points.push({ value: wrong ? replacement : value, start, wrong });
    }
    return points;
  };
}

function decodeUtf32(littleEndian: boolean): Decode {
  return (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const points: CodePoint[] = [];
    for (let at = 0; at < bytes.length; at += 4) {
      const value = at + 4 <= bytes.length ? view.getUint32(at, littleEndian) : 0xffffffff;
      const wrong = value > 0x10ffff || isSurrogate(value);
      points.push({ value: wrong ? replacement : value, start: at, wrong });
    }
    return points;
  };
}

/** One byte, one character, up to `last`. */
function decodeBytes(last: number): Decode {
  return (bytes) =>
    Array.from(bytes, (byte, start) => ({
      value: byte > last ? replacement : byte,
      start,
      wrong: byte > last,
    }));
}

const decoders: Readonly<Record<string, Decode>> = {
  utf8: decodeUtf8,
  utf16be: decodeUtf16(false),
  utf16le: decodeUtf16(true),
  utf32be: decodeUtf32(false),
  utf32le: decodeUtf32(true),
  usascii: decodeBytes(0x7f),
  ascii: decodeBytes(0x7f),
  iso88591: decodeBytes(0xff),
  latin1: decodeBytes(0xff),
};

/** The decoder of an encoding, under any spelling of its name ("UTF-8", "utf_8"); undefined for one that is not here. */
export function decoderOf(encoding: string): Decode | undefined {
  const key = encoding.toLowerCase().replace(/[^a-z0-9]/g, "");
  return Object.hasOwn(decoders, key) ? decoders[key] : undefined;
}

/** Code points as bytes of an encoding. Lone surrogates become U+FFFD in UTF-8, as ICU has it, and stay in the others. */
export function encodePoints(points: readonly number[], encoding: OutputEncoding): Uint8Array {
  if (encoding === "UTF-32-BE") {
    const view = new DataView(new ArrayBuffer(4 * points.length));
    for (const [i, point] of points.entries()) view.setUint32(4 * i, point);
    return new Uint8Array(view.buffer);
  }
  const text = points.map((point) => String.fromCodePoint(point)).join("");
  if (encoding === "UTF-8") return new TextEncoder().encode(text);
  const view = new DataView(new ArrayBuffer(2 * text.length));
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i));
  return new Uint8Array(view.buffer);
}
