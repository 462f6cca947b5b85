// Pieces of memory that fields of messages are written to, one behind another; a piece that is full is followed by a new one.
// Not here: what the fields mean (node-writer.ts).

const pieceSize = 1 << 20;

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Bytes of a field of `length` bytes with its tag (of one byte) and its length. */
export const fieldSize = (length: number): number => 1 + varintSize(length) + length;

export class WireChunks {
  /** The piece that is written to; grows by `reserve` alone. */
  chunk: Uint8Array = new Uint8Array(0);
  at = 0;

  /** Makes room for `size` bytes in one piece. */
  reserve(size: number): void {
    if (this.at + size <= this.chunk.length) return;
    this.chunk = new Uint8Array(Math.max(pieceSize, size));
    this.at = 0;
  }

  /** Tag and length of a field. */
  header(tag: number, length: number): void {
    const { chunk } = this;
    chunk[this.at++] = tag;
    let rest = length;
    for (; rest >= 128; rest = Math.floor(rest / 128)) chunk[this.at++] = (rest % 128) | 128;
    chunk[this.at++] = rest;
  }

  /** A field of ASCII characters. */
  ascii(tag: number, string: string): void {
    this.header(tag, string.length);
    this.characters(string);
  }

  characters(string: string): void {
    const { chunk } = this;
    let { at } = this;
    for (let k = 0; k < string.length; k++) chunk[at++] = string.charCodeAt(k);
    this.at = at;
  }

  field(tag: number, bytes: Uint8Array): void {
    this.header(tag, bytes.length);
    this.copy(bytes, 0, bytes.length);
  }

  copy(from: Uint8Array, start: number, end: number): void {
    const { chunk } = this;
    let { at } = this;
    // A loop is faster than a view and a call for short ones.
    if (end - start > 256) {
      chunk.set(from.subarray(start, end), at);
      at += end - start;
    } else for (let p = start; p < end; p++) chunk[at++] = from[p]!;
    this.at = at;
  }
}
