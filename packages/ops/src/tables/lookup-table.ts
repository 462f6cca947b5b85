// The tables behind lookup ops: what a session keeps of a HashTable or MutableHashTable. Keys are int32, int64 or strings; values
// scalars or vectors of any plain type. No ops (table-ops.ts), no files (text-file-lines.ts).
// Sources: tensorflow/core/framework/lookup_interface.cc, core/kernels/{lookup_table_op,initializable_lookup_table}.{h,cc}.
import { allocateData, type DType, dtypeString, dtypes, type NdArray, ndArray, sizeOf } from "@org/tensor";
import { bytesKey } from "../host/text.ts";
import type { HostContext, Resource } from "../op-entry.ts";

/** One element of a tensor. */
export type Element = number | bigint | Uint8Array;
/** A key as a Map knows it: strings by their bytes. */
export type Key = number | bigint | string;

/** Dimensions as TensorFlow prints them. */
export const shown = (dims: readonly number[]): string => `[${dims.join(",")}]`;

/** The elements of an array, flattened. */
export const elementsOf = (value: NdArray): ArrayLike<Element> => value.data as unknown as ArrayLike<Element>;

/** An array of these elements. */
export function arrayOf(dtype: DType, shape: readonly number[], elements: Iterable<Element>): NdArray {
  const data = allocateData(dtype, sizeOf(shape)) as unknown as Element[];
  let at = 0;
  for (const element of elements) data[at++] = element;
  return ndArray(dtype, shape, data as never);
}

/** An element as a key. */
export const keyOf = (element: Element): Key => (typeof element === "object" ? bytesKey(element) : element);

const elementOf = (key: Key): Element =>
  typeof key === "string" ? Uint8Array.from(key, (char) => char.charCodeAt(0)) : key;

const same = (a: Element, b: Element): boolean =>
  typeof a === "object" ? typeof b === "object" && bytesKey(a) === bytesKey(b) : a === b;

const text = (element: Element): string =>
  typeof element === "object" ? new TextDecoder().decode(element) : String(element);

/** What a table is made with. */
export interface TableOptions {
  readonly name: string;
  readonly keyDType: DType;
  readonly valueDType: DType;
  /** Of one value: [] or [n]. */
  readonly valueShape?: readonly number[];
}

const keyTypes: ReadonlySet<DType> = new Set<DType>(["int32", "int64", "string"]);

/** A table of one session. */
export abstract class LookupTable implements Resource {
  readonly kind = "table";
  readonly name: string;
  readonly keyDType: DType;
  readonly valueDType: DType;
  readonly valueShape: readonly number[];
  protected readonly width: number;

  /** Throws TfError INVALID_ARGUMENT for types that no table has. */
  constructor(c: HostContext, options: TableOptions) {
    this.name = options.name;
    this.keyDType = options.keyDType;
    this.valueDType = options.valueDType;
    this.valueShape = options.valueShape ?? [];
    this.width = sizeOf(this.valueShape);
    const { kind, width } = dtypes[this.valueDType];
    if (!keyTypes.has(this.keyDType) || width !== 1 || kind === "resource")
      c.fail(
        "INVALID_ARGUMENT",
        `No OpKernel was registered to support Op '${c.op}' with these attrs: key_dtype=${dtypeString(this.keyDType)}, value_dtype=${dtypeString(this.valueDType)}`,
        "Keys are int32, int64 or strings; values are numbers, bools or strings.",
      );
  }

  /** Number of keys. */
  abstract get size(): number;
  /** Values of `keys`, `defaultValue` where there is none: shape [...keys.shape, ...valueShape]. */
  abstract find(c: HostContext, keys: NdArray, defaultValue: NdArray): NdArray;
  /** Adds keys or gives them new values. */
  abstract insert(c: HostContext, keys: NdArray, values: NdArray): void;
  /** Removes keys; those that are not there do not matter. */
  abstract remove(c: HostContext, keys: NdArray): void;
  /** Replaces everything. */
  abstract importValues(c: HostContext, keys: NdArray, values: NdArray): void;
  /** All keys, and their values in the same order. */
  abstract exportValues(c: HostContext): readonly [keys: NdArray, values: NdArray];

  /** Throws TfError INVALID_ARGUMENT where `defaultValue` is not of a value's shape. */
  protected checkDefault(c: HostContext, defaultValue: NdArray): void {
    if (shown(defaultValue.shape) !== shown(this.valueShape))
      c.fail(
        "INVALID_ARGUMENT",
        `Expected shape ${shown(this.valueShape)} for default value, got ${shown(defaultValue.shape)}`,
      );
  }

  /** Throws TfError INVALID_ARGUMENT where `values` are not of shape `expected`. */
  protected checkValues(c: HostContext, values: NdArray, expected: readonly number[]): void {
    if (shown(values.shape) !== shown(expected))
      c.fail("INVALID_ARGUMENT", `Expected shape ${shown(expected)} for value, got ${shown(values.shape)}`);
  }
}

/** A table whose keys are scalars. */
abstract class ScalarKeyTable extends LookupTable {
  protected rows: Map<Key, readonly Element[]> = new Map();

  get size(): number {
    return this.rows.size;
  }

  find(c: HostContext, keys: NdArray, defaultValue: NdArray): NdArray {
    this.checkDefault(c, defaultValue);
    const fallback = Array.from(elementsOf(defaultValue));
    const found: Element[] = [];
    const elements = elementsOf(keys);
    for (let i = 0; i < elements.length; i++) found.push(...(this.rows.get(keyOf(elements[i]!)) ?? fallback));
    return arrayOf(this.valueDType, [...keys.shape, ...this.valueShape], found);
  }

  exportValues(_c: HostContext): readonly [keys: NdArray, values: NdArray] {
    const count = this.rows.size;
    const values: Element[] = [];
    for (const row of this.rows.values()) values.push(...row);
    return [
      arrayOf(this.keyDType, [count], Array.from(this.rows.keys(), elementOf)),
      arrayOf(this.valueDType, [count, ...this.valueShape], values),
    ];
  }

  /** Throws TfError INVALID_ARGUMENT where `values` are not one for each key. */
  protected check(c: HostContext, keys: NdArray, values: NdArray): void {
    this.checkValues(c, values, [...keys.shape, ...this.valueShape]);
  }

  /** Pairs of keys and values. */
  protected *pairs(keys: NdArray, values: NdArray): Generator<[Key, readonly Element[]]> {
    const [names, flat] = [elementsOf(keys), elementsOf(values)];
    for (let i = 0; i < names.length; i++) {
      const row: Element[] = [];
      for (let j = 0; j < this.width; j++) row.push(flat[i * this.width + j]!);
      yield [keyOf(names[i]!), row];
    }
  }
}

/** A table that ops may change at any time. Values are scalars, or vectors of one length. */
export class MutableHashTable extends ScalarKeyTable {
  insert(c: HostContext, keys: NdArray, values: NdArray): void {
    this.check(c, keys, values);
    for (const [key, row] of this.pairs(keys, values)) this.rows.set(key, row);
  }

  remove(_c: HostContext, keys: NdArray): void {
    const elements = elementsOf(keys);
    for (let i = 0; i < elements.length; i++) this.rows.delete(keyOf(elements[i]!));
  }

  importValues(c: HostContext, keys: NdArray, values: NdArray): void {
    this.check(c, keys, values);
    this.rows = new Map(this.pairs(keys, values));
  }
}

/** A table that is filled once, and read-only from then on. */
export class HashTable extends ScalarKeyTable {
  #initialized = false;

  get isInitialized(): boolean {
    return this.#initialized;
  }

  /** Throws TfError FAILED_PRECONDITION "Table not initialized."; otherwise as for any table. */
  override find(c: HostContext, keys: NdArray, defaultValue: NdArray): NdArray {
    if (!this.#initialized)
      c.fail(
        "FAILED_PRECONDITION",
        "Table not initialized.",
        "Run tablesInitializer() in this session first; a Saver does not restore tables of this kind.",
      );
    return super.find(c, keys, defaultValue);
  }

  /** Throws TfError ABORTED before it is filled. */
  override exportValues(c: HostContext): readonly [NdArray, NdArray] {
    if (!this.#initialized) c.fail("ABORTED", "HashTable is not initialized.");
    return super.exportValues(c);
  }

  insert(c: HostContext): void {
    c.fail("UNIMPLEMENTED", "Insert not supported by InitializableLookupTable implementations");
  }

  remove(c: HostContext): void {
    c.fail("UNIMPLEMENTED", "Remove not supported by InitializableLookupTable implementations");
  }

  /**
   * Fills the table. Throws TfError INVALID_ARGUMENT for no keys or shapes that differ, FAILED_PRECONDITION for a key with two values,
   * or where the table was filled with another number of keys.
   */
  importValues(c: HostContext, keys: NdArray, values: NdArray): void {
    const [keyShape, valueShape] = [shown(keys.shape), shown(values.shape)];
    if (keyShape !== valueShape)
      c.fail(
        "INVALID_ARGUMENT",
        `keys and values should have the same dimension.${keyShape} vs ${valueShape}`,
      );
    if (sizeOf(keys.shape) === 0) c.fail("INVALID_ARGUMENT", "keys and values cannot be empty tensors.");
    if (this.#initialized) {
      if (sizeOf(keys.shape) !== this.rows.size)
        c.fail("FAILED_PRECONDITION", "Table was already initialized with different data.");
      return;
    }
    const rows = new Map<Key, readonly Element[]>();
    for (const [key, row] of this.pairs(keys, values)) {
      const before = rows.get(key);
      if (before !== undefined && !same(before[0]!, row[0]!))
        c.fail(
          "FAILED_PRECONDITION",
          `HashTable has different value for same key. Key ${text(elementOf(key))} has ${text(before[0]!)} and trying to add value ${text(row[0]!)}`,
        );
      rows.set(key, row);
    }
    this.rows = rows;
    this.#initialized = true;
  }
}
