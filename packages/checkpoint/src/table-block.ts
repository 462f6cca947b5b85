// One block of a table (table-format.ts), looked into without decoding it all: binary search over the restarts, then a walk of at most
// sixteen entries. Every length is checked; the order of keys where they are walked.
import { TfError } from "@org/errors";
import { ByteReader, compareBytes } from "./coding.ts";
import type { TableEntry } from "./table-format.ts";

const corrupt = (why: string): TfError => new TfError("DATA_LOSS", `corrupted block: ${why}`);
const noKey = new Uint8Array(0);

/** A block's bytes, without the trailer. */
export class TableBlock {
  readonly #bytes: Uint8Array;
  /** Where the entries end and the restarts begin. */
  readonly #end: number;
  readonly #restarts: number;

  /** Throws TfError DATA_LOSS where the restarts do not fit. */
  constructor(bytes: Uint8Array) {
    if (bytes.length < 4) throw corrupt("no room for the restart count");
    this.#bytes = bytes;
    this.#restarts = new ByteReader(bytes, "block", bytes.length - 4).fixed32();
    this.#end = bytes.length - 4 - this.#restarts * 4;
    if (this.#end < 0) throw corrupt("bad restart count");
  }

  get byteLength(): number {
    return this.#bytes.length;
  }

  /** All entries, keys completed. Throws TfError DATA_LOSS where a length or the order is wrong. */
  *entries(): Generator<TableEntry> {
    yield* this.#walk(0);
  }

  /** The value under exactly `key`. */
  find(key: Uint8Array): Uint8Array | undefined {
    // The last restart whose key is not above `key`.
    let low = 0;
    let high = this.#restarts - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (compareBytes(this.#restartKey(middle), key) <= 0) low = middle;
      else high = middle - 1;
    }
    for (const entry of this.#walk(this.#restarts === 0 ? 0 : this.#restartOffset(low))) {
      const order = compareBytes(entry.key, key);
      if (order === 0) return entry.value;
      if (order > 0) return undefined;
    }
    return undefined;
  }

  *#walk(from: number): Generator<TableEntry> {
    const reader = new ByteReader(this.#bytes, "block", from, this.#end);
    let previous: Uint8Array = noKey;
    let first = true;
    while (!reader.done) {
      const shared = reader.varint();
      const unshared = reader.varint();
      const valueLength = reader.varint();
      if (shared > previous.length) throw corrupt("bad prefix length");
      const rest = reader.take(unshared);
      let key = rest;
      if (shared > 0) {
        key = new Uint8Array(shared + unshared);
        key.set(previous.subarray(0, shared));
        key.set(rest, shared);
      }
      if (!first && compareBytes(previous, key) >= 0) throw corrupt("keys are out of order");
      first = false;
      yield { key, value: reader.take(valueLength) };
      previous = key;
    }
  }

  #restartOffset(index: number): number {
    const offset = new ByteReader(this.#bytes, "block", this.#end + index * 4).fixed32();
    if (offset > this.#end) throw corrupt("a restart points over the end");
    return offset;
  }

  #restartKey(index: number): Uint8Array {
    const reader = new ByteReader(this.#bytes, "block", this.#restartOffset(index), this.#end);
    if (reader.varint() !== 0) throw corrupt("a restart's key is not whole");
    const unshared = reader.varint();
    reader.varint();
    return reader.take(unshared);
  }
}
