// Small numbers for byte strings that repeat. The hash is seeded, so that no file can choose what collides.
// Not here: numbers for strings that are all different (a graph's node names have an index of their own).

/** What every hash of this process begins with and is multiplied by. */
export const hashSeed: number = (Math.random() * 2 ** 32) | 0;
export const hashFactor: number = (Math.random() * 2 ** 31) | 0x40000001 | 0;

/** Spreads a hash over all bits. */
export function finishHash(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

/** The hash of bytes [start, end). */
export function hashBytes(bytes: Uint8Array, start: number, end: number, seed: number = hashSeed): number {
  let h = seed;
  for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i]!, hashFactor);
  return finishHash(h);
}

function sameBytes(a: Uint8Array, b: Uint8Array, start: number): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[start + i]) return false;
  return true;
}

/** Numbers for pairs of a number and a byte string, in the order in which they come. */
export class ByteInterner {
  readonly values: Uint8Array[] = [];
  /** The number of each pair. */
  readonly owners: number[] = [];
  private hashes: number[] = [];
  private buckets = new Int32Array(64).fill(-1);

  /** The number of (`owner`, bytes [start, end)); a new one where there is none yet. `hash` must depend on both. */
  idOf(owner: number, bytes: Uint8Array, start: number, end: number, hash: number): number {
    const { values, owners, hashes } = this;
    let { buckets } = this;
    let at = hash & (buckets.length - 1);
    for (let id = buckets[at]!; id >= 0; id = buckets[at]!) {
      if (hashes[id] === hash && owners[id] === owner) {
        const value = values[id]!;
        if (value.length === end - start && sameBytes(value, bytes, start)) return id;
      }
      at = (at + 1) & (buckets.length - 1);
    }
    const id = values.length;
    values.push(bytes.slice(start, end));
    owners.push(owner);
    hashes.push(hash);
    buckets[at] = id;
    if (id * 2 >= buckets.length) {
      buckets = this.buckets = new Int32Array(buckets.length * 4).fill(-1);
      for (let other = 0; other <= id; other++) {
        let slot = hashes[other]! & (buckets.length - 1);
        while (buckets[slot]! >= 0) slot = (slot + 1) & (buckets.length - 1);
        buckets[slot] = other;
      }
    }
    return id;
  }
}
