// MutableDenseHashTable's table. TensorFlow keeps it as buckets with open addressing, and what it exports (and a checkpoint holds) are those
// buckets: rows of keys and of values, where free rows hold the empty key. Here rows are kept in a Map; an export lays them out in
// buckets as TensorFlow would look for them, so that it can take them over as they are.
//
//   bucket = hash(key) & (buckets - 1), then + 1, + 2, + 3 ... until the key or a free bucket is found
//
// Sources: tensorflow/core/kernels/lookup_table_op.cc (MutableDenseHashTable), core/lib/hash/hash.cc (Hash64: MurmurHash64A's kin).
import { type NdArray, sizeOf } from "@org/tensor";
import type { HostContext } from "../op-entry.ts";
import {
  arrayOf,
  type Element,
  elementsOf,
  type Key,
  keyOf,
  LookupTable,
  shown,
  type TableOptions,
} from "./lookup-table.ts";

const mask = 0xffffffffffffffffn;
const m = 0xc6a4a7935bd1e995n;

function hashBytes(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - (bytes.length % 8);
  let h = 0xdecafcaffen ^ ((BigInt(bytes.length) * m) & mask);
  for (let at = 0; at < whole; at += 8) {
    let k = (view.getBigUint64(at, true) * m) & mask;
    k = ((k ^ (k >> 47n)) * m) & mask;
    h = ((h ^ k) * m) & mask;
  }
  if (whole < bytes.length) {
    for (let i = whole; i < bytes.length; i++) h ^= BigInt(bytes[i]!) << BigInt(8 * (i - whole));
    h = (h * m) & mask;
  }
  h = ((h ^ (h >> 47n)) * m) & mask;
  return h ^ (h >> 47n);
}

const hashElement = (element: Element): bigint =>
  typeof element === "object" ? hashBytes(element) : BigInt.asUintN(64, BigInt(element));

/** Hash of a key: a scalar's own, a vector's combined from its elements'. */
function hashKey(key: readonly Element[]): bigint {
  if (key.length === 1) return hashElement(key[0]!);
  let a = 0n;
  for (const element of key)
    a ^= (hashElement(element) + 0x9e3779b97f4a7800n + ((a << 10n) & mask) + (a >> 4n)) & mask;
  return a;
}

interface Row {
  readonly key: readonly Element[];
  readonly value: readonly Element[];
}

export interface DenseTableOptions extends TableOptions {
  /** A scalar or vector: what free buckets hold. */
  readonly emptyKey: NdArray;
  /** What removed keys' buckets hold; absent in TensorFlow 1.0. */
  readonly deletedKey: NdArray | undefined;
  readonly buckets: number;
  readonly maxLoadFactor: number;
}

/** A table that ops may change, with scalars or vectors as keys. */
export class DenseHashTable extends LookupTable {
  readonly #keyShape: readonly number[];
  readonly #keyWidth: number;
  readonly #emptyKey: readonly Element[];
  readonly #reserved: ReadonlyMap<Key, string>;
  readonly #maxLoadFactor: number;
  #buckets: number;
  #rows: Map<Key, Row> = new Map();

  /** Throws TfError INVALID_ARGUMENT for keys that are no scalars or vectors, or equal, and for impossible numbers of buckets. */
  constructor(c: HostContext, options: DenseTableOptions) {
    super(c, options);
    const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
    const { emptyKey, deletedKey, buckets, maxLoadFactor } = options;
    if (!(maxLoadFactor > 0 && maxLoadFactor < 1))
      fail(`max_load_factor must be between 0 and 1, got: ${maxLoadFactor}`);
    if (emptyKey.shape.length > 1)
      fail(`Empty key must be a scalar or a vector, got shape ${shown(emptyKey.shape)}`);
    if (deletedKey && shown(deletedKey.shape) !== shown(emptyKey.shape))
      fail(
        `Empty and deleted keys must have same shape, got shapes: ${shown(emptyKey.shape)} and ${shown(deletedKey.shape)}`,
      );
    this.#keyShape = emptyKey.shape;
    this.#keyWidth = sizeOf(emptyKey.shape);
    this.#emptyKey = Array.from(elementsOf(emptyKey));
    const reserved = new Map([[joinKey(this.#emptyKey), "empty_key"]]);
    if (deletedKey) {
      const deleted = joinKey(Array.from(elementsOf(deletedKey)));
      if (reserved.has(deleted)) fail("Empty and deleted keys cannot be equal");
      reserved.set(deleted, "deleted_key");
    }
    this.#reserved = reserved;
    this.#maxLoadFactor = maxLoadFactor;
    this.#buckets = buckets;
    if (buckets < 4 || 2 ** Math.round(Math.log2(buckets)) !== buckets)
      fail(`Number of buckets must be at least 4 and a power of 2, got: ${buckets}`);
  }

  get size(): number {
    return this.#rows.size;
  }

  find(c: HostContext, keys: NdArray, defaultValue: NdArray): NdArray {
    this.checkDefault(c, defaultValue);
    const shape = this.#prefix(c, keys);
    const fallback = Array.from(elementsOf(defaultValue));
    const found: Element[] = [];
    for (const key of this.#keys(keys))
      found.push(...(this.#rows.get(this.#allowed(c, key))?.value ?? fallback));
    return arrayOf(this.valueDType, [...shape, ...this.valueShape], found);
  }

  insert(c: HostContext, keys: NdArray, values: NdArray): void {
    this.checkValues(c, values, [...this.#prefix(c, keys), ...this.valueShape]);
    const pending = this.#rows.size + sizeOf(keys.shape) / this.#keyWidth;
    let buckets = this.#buckets;
    while (pending > buckets * this.#maxLoadFactor) buckets *= 2;
    this.#put(keys, values, (key) => this.#allowed(c, key));
    this.#buckets = buckets;
  }

  remove(c: HostContext, keys: NdArray): void {
    this.#prefix(c, keys);
    for (const key of this.#keys(keys)) this.#rows.delete(this.#allowed(c, key));
  }

  /** Takes buckets over: [buckets, key's size] and [buckets, value's size]. */
  importValues(c: HostContext, keys: NdArray, values: NdArray): void {
    const buckets = keys.shape[0] ?? 0;
    if (sizeOf(keys.shape) !== buckets * this.#keyWidth)
      c.fail(
        "INVALID_ARGUMENT",
        `Input key shape ${shown(keys.shape)} must end with the table's key shape ${shown(this.#keyShape)}`,
      );
    this.checkValues(c, values, [buckets, ...(this.valueShape.length > 0 ? this.valueShape : [1])]);
    this.#rows = new Map();
    this.#put(keys, values, (key) => {
      const joined = joinKey(key);
      return this.#reserved.has(joined) ? undefined : joined;
    });
    this.#buckets = Math.max(4, buckets);
  }

  exportValues(c: HostContext): readonly [keys: NdArray, values: NdArray] {
    const count = this.#buckets;
    const layout: (Row | undefined)[] = new Array(count);
    for (const row of this.#rows.values()) {
      let at = Number(hashKey(row.key) & BigInt(count - 1));
      for (let probes = 0; layout[at] !== undefined; ) {
        if (++probes >= count) c.fail("INTERNAL", "Internal error in MutableDenseHashTable insert");
        at = (at + probes) & (count - 1);
      }
      layout[at] = row;
    }
    const free = arrayOf(this.valueDType, [this.width], []);
    const none = Array.from({ length: this.width }, (_, i) =>
      this.valueDType === "string" ? new Uint8Array() : elementsOf(free)[i]!,
    );
    const [keys, values]: [Element[], Element[]] = [[], []];
    for (let i = 0; i < count; i++) {
      keys.push(...(layout[i]?.key ?? this.#emptyKey));
      values.push(...(layout[i]?.value ?? none));
    }
    return [
      arrayOf(this.keyDType, [count, this.#keyWidth], keys),
      arrayOf(this.valueDType, [count, this.width], values),
    ];
  }

  /** The shape of `keys` without that of one key. */
  #prefix(c: HostContext, keys: NdArray): readonly number[] {
    const rank = keys.shape.length - this.#keyShape.length;
    if (rank < 0 || shown(keys.shape.slice(rank)) !== shown(this.#keyShape))
      c.fail(
        "INVALID_ARGUMENT",
        `Input key shape ${shown(keys.shape)} must end with the table's key shape ${shown(this.#keyShape)}`,
      );
    return keys.shape.slice(0, rank);
  }

  *#keys(keys: NdArray): Generator<readonly Element[]> {
    const elements = elementsOf(keys);
    for (let at = 0; at < elements.length; at += this.#keyWidth)
      yield Array.from({ length: this.#keyWidth }, (_, i) => elements[at + i]!);
  }

  /** Throws TfError INVALID_ARGUMENT for the keys that mark buckets. */
  #allowed(c: HostContext, key: readonly Element[]): Key {
    const joined = joinKey(key);
    const reserved = this.#reserved.get(joined);
    if (reserved !== undefined)
      c.fail("INVALID_ARGUMENT", `Using the ${reserved} as a table key is not allowed`);
    return joined;
  }

  #put(keys: NdArray, values: NdArray, name: (key: readonly Element[]) => Key | undefined): void {
    const flat = elementsOf(values);
    let i = 0;
    for (const key of this.#keys(keys)) {
      const joined = name(key);
      const at = i++ * this.width;
      if (joined === undefined) continue;
      this.#rows.set(joined, { key, value: Array.from({ length: this.width }, (_, j) => flat[at + j]!) });
    }
  }
}

/** A key of several elements as one. */
const joinKey = (key: readonly Element[]): Key =>
  key.length === 1
    ? keyOf(key[0]!)
    : key
        .map((element) => `${keyOf(element)}`)
        .map((part) => `${part.length}:${part}`)
        .join("");
