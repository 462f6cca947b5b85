// Positions of a file's nodes by name, straight from the bytes: no string is made to find what an input reads.
import { hashBytes, type NodeTable } from "@org/proto/nodes";

const utf8 = new TextEncoder();

export class NameIndex {
  private readonly table: NodeTable;
  private readonly buckets: Int32Array;

  constructor(table: NodeTable) {
    this.table = table;
    let size = 16;
    while (size < table.count * 2) size *= 2;
    this.buckets = new Int32Array(size).fill(-1);
  }

  private slot(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const { buckets, table } = this;
    const mask = buckets.length - 1;
    let at = hash & mask;
    for (let i = buckets[at]!; i >= 0; i = buckets[at]!) {
      if (table.nameHash[i] === hash && table.nameEnd[i]! - table.nameStart[i]! === end - start) {
        let p = start;
        let q = table.nameStart[i]!;
        while (p < end && bytes[p] === table.bytes[q]) {
          p++;
          q++;
        }
        if (p === end) return at;
      }
      at = (at + 1) & mask;
    }
    return at;
  }

  /** Adds node `i`; false where another has its name. */
  add(i: number): boolean {
    const { table } = this;
    const at = this.slot(table.bytes, table.nameStart[i]!, table.nameEnd[i]!, table.nameHash[i]!);
    if (this.buckets[at]! >= 0) return false;
    this.buckets[at] = i;
    return true;
  }

  /** The node called as bytes [start, end) say; -1 for none. `hash`: `hashBytes` of them. */
  at(bytes: Uint8Array, start: number, end: number, hash: number): number {
    return this.buckets[this.slot(bytes, start, end, hash)]!;
  }

  /** The node of that name, or -1. */
  find(name: string): number {
    const bytes = utf8.encode(name);
    return this.at(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length));
  }
}
