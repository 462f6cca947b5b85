// Varints and fixed-width numbers as LevelDB and the tensor bundle use them, read with every length checked.
// Source: leveldb/util/coding.h (little-endian, base-128 varints with the low group first).
import { TfError } from "@org/errors";

/** Reads numbers off bytes in order; running over the end is DATA_LOSS with `what`. */
export class ByteReader {
  readonly bytes: Uint8Array;
  position: number;
  readonly #end: number;
  readonly #what: string;

  constructor(bytes: Uint8Array, what: string, position = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.#end = end;
    this.#what = what;
  }

  get done(): boolean {
    return this.position >= this.#end;
  }

  /** A varint of up to 64 bits, as a number. DATA_LOSS above 2^53, which no length or offset reaches. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.position >= this.#end) throw this.#corrupt("a number is cut off");
      const byte = this.bytes[this.position++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) throw this.#corrupt("a number is absurdly large");
        // Writers never do this; a flipped bit before a zero byte does.
        if (byte === 0 && i > 0) throw this.#corrupt("a number is longer than need be");
        return value;
      }
      scale *= 128;
    }
    throw this.#corrupt("a number is too long");
  }

  fixed32(): number {
    const start = this.position;
    this.take(4);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + start, 4).getUint32(0, true);
  }

  /** The next `length` bytes, not copied. */
  take(length: number): Uint8Array {
    if (length > this.#end - this.position) throw this.#corrupt("a length reaches over the end");
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  #corrupt(why: string): TfError {
    return new TfError("DATA_LOSS", `corrupted ${this.#what}: ${why}`, { offset: this.position });
  }
}

/** Collects bytes; `finish` joins them. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  length = 0;

  #room(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + more));
    larger.set(this.#bytes.subarray(0, this.length));
    this.#bytes = larger;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.length++] = value;
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  fixed32(value: number): void {
    this.#room(4);
    new DataView(this.#bytes.buffer).setUint32(this.length, value, true);
    this.length += 4;
  }

  append(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** A copy of what was written so far. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.length);
  }
}

/** Order of bytes, as std::map<string> and the tables have it. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

/** Bytes as a string, one character each: a Map's key that is equal where they are. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
