// The bytes of an Example (features by name), of a SequenceExample and of a Feature (a list of bytes, floats or int64s), read without making messages:
// straight into the arrays that tensors are made of. Tolerant exactly where TensorFlow's fast parser is: of Examples that were put one
// after another, of lists packed or not, of unknown fields beside the features.
// Source: core/util/example_proto_fast_parsing.cc; core/example/{example,feature}.proto.
import type { NdArray } from "@org/tensor";

/** What features hold. */
export type FeatureDType = "string" | "float32" | "int64";

/** Elements as tensors have them. */
export type FeatureData = Uint8Array[] | Float32Array | BigInt64Array;

/** A named feature of an Example: the bytes of its Feature message. */
export interface NamedFeature {
  readonly name: Uint8Array;
  readonly feature: Uint8Array;
}

/** The bytes are not what they should be; never leaves this file. */
class Malformed extends Error {}

const varint = 0;
const fixed64 = 1;
const delimited = 2;
const fixed32 = 5;
const tag = (field: number, type: number): number => (field << 3) | type;
const largestLength = 2 ** 32;

/** A place in bytes. Ends that a message claims to have beyond what there is are taken as the end of what there is. */
class Cursor {
  readonly bytes: Uint8Array;
  at: number;
  end: number;

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get atEnd(): boolean {
    return this.at >= this.end;
  }

  peek(): number {
    if (this.at >= this.end) throw new Malformed();
    return this.bytes[this.at]!;
  }

  /** A varint's low 32 bits. */
  varint32(): number {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.peek();
      this.at++;
      if (i < 5) value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return value % largestLength;
    }
    throw new Malformed();
  }

  /** Passes over `expected`, a tag of one byte. */
  expect(expected: number): void {
    if (this.peek() !== expected) throw new Malformed();
    this.at++;
  }

  /** The message whose length comes next; this cursor goes behind it. */
  message(): Cursor {
    const length = this.varint32();
    const inner = new Cursor(this.bytes, this.at, Math.min(this.end, this.at + length));
    this.at = inner.end;
    return inner;
  }

  /** The bytes whose length comes next: a view. */
  view(): Uint8Array {
    const length = this.varint32();
    if (length > this.end - this.at) throw new Malformed();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  skipField(): void {
    const type = this.varint32() & 7;
    const skip = (count: number): void => {
      if (count > this.end - this.at) throw new Malformed();
      this.at += count;
    };
    if (type === varint) this.varint32();
    else if (type === fixed64) skip(8);
    else if (type === fixed32) skip(4);
    else if (type === delimited) this.message();
    else throw new Malformed();
  }
}

function whereWellFormed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** The features of a serialized Example in the order of the bytes, repeats and all; undefined where it is none. */
export function readExample(bytes: Uint8Array): readonly NamedFeature[] | undefined {
  return whereWellFormed(() => {
    const example = new Cursor(bytes);
    const found: NamedFeature[] = [];
    while (!example.atEnd) {
      if (example.peek() === tag(1, delimited)) {
        example.at++;
        const features = example.message();
        while (!features.atEnd) found.push(mapEntry(features));
      } else example.skipField();
    }
    return found;
  });
}

/** The parts of a SequenceExample: the bytes of Features of the whole, and of FeatureLists. */
export interface SequenceParts {
  readonly context: readonly NamedFeature[];
  readonly lists: readonly NamedFeature[];
}

/** The parts of a serialized SequenceExample in the order of the bytes, repeats and all; undefined where it is none. */
export function readSequenceExample(bytes: Uint8Array): SequenceParts | undefined {
  return whereWellFormed(() => {
    const example = new Cursor(bytes);
    const [context, lists]: [NamedFeature[], NamedFeature[]] = [[], []];
    while (!example.atEnd) {
      const found = example.peek();
      if (found !== tag(1, delimited) && found !== tag(2, delimited)) {
        example.skipField();
        continue;
      }
      example.at++;
      const map = example.message();
      while (!map.atEnd) (found === tag(1, delimited) ? context : lists).push(mapEntry(map));
    }
    return { context, lists };
  });
}

/** The Features of a serialized FeatureList: views; undefined where it is none. */
export function readFeatureList(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  return whereWellFormed(() => {
    const list = new Cursor(bytes);
    const features: Uint8Array[] = [];
    while (!list.atEnd) {
      list.expect(tag(1, delimited));
      features.push(list.view());
    }
    return features;
  });
}

/** An entry of a map from names to Features or FeatureLists. */
function mapEntry(map: Cursor): NamedFeature {
  map.expect(tag(1, delimited));
  const entry = map.message();
  entry.expect(tag(1, delimited));
  const name = entry.view();
  entry.expect(tag(2, delimited));
  const feature = entry.view();
  if (!entry.atEnd) throw new Malformed();
  return { name, feature };
}

const kinds: Readonly<Record<number, FeatureDType>> = {
  [tag(1, delimited)]: "string",
  [tag(2, delimited)]: "float32",
  [tag(3, delimited)]: "int64",
};

/** The type of a Feature; "none" where nothing is set, undefined where it is none that there is. */
export function featureType(feature: Uint8Array): FeatureDType | "none" | undefined {
  return feature.length === 0 ? "none" : kinds[feature[0]!];
}

/** The values of a Feature of type `dtype`; undefined where the bytes are broken. Strings are copied. */
export function featureValues(feature: Uint8Array, dtype: FeatureDType): FeatureData | undefined {
  return whereWellFormed(() => readers[dtype](new Cursor(feature, 1).message()));
}

const readers: Readonly<Record<FeatureDType, (list: Cursor) => FeatureData>> = {
  string: (list) => {
    const values: Uint8Array[] = [];
    while (!list.atEnd) {
      list.expect(tag(1, delimited));
      values.push(list.view().slice());
    }
    return values;
  },
  float32: (list) => {
    if (list.atEnd) return new Float32Array(0);
    if (list.peek() === tag(1, delimited)) {
      list.at++;
      const count = Math.floor(list.varint32() / 4);
      if (count * 4 > list.end - list.at) throw new Malformed();
      return floatsAt(list, count, 4, 0);
    }
    const count = Math.floor((list.end - list.at) / 5);
    for (let i = 0; i < count; i++)
      if (list.bytes[list.at + 5 * i] !== tag(1, fixed32)) throw new Malformed();
    if (count * 5 !== list.end - list.at) throw new Malformed();
    return floatsAt(list, count, 5, 1);
  },
  int64: (list) => {
    if (list.atEnd) return new BigInt64Array(0);
    if (list.peek() === tag(1, delimited)) {
      list.at++;
      return varints(list.message(), false);
    }
    return varints(list, true);
  },
};

function floatsAt(list: Cursor, count: number, stride: number, offset: number): Float32Array {
  const { bytes, at } = list;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: count }, (_, i) => view.getFloat32(at + i * stride + offset, true));
}

/** 64-bit varints up to the end, each after its tag where `tagged`. */
function varints(list: Cursor, tagged: boolean): BigInt64Array {
  const { bytes } = list;
  let count = 0;
  for (let i = list.at; i < list.end; i++) if (bytes[i]! < 128) count++;
  if (tagged) count = Math.floor(count / 2);
  const values = new BigInt64Array(count);
  let n = 0;
  for (; !list.atEnd; n++) {
    if (tagged) list.expect(tag(1, varint));
    let [low, high] = [0, 0];
    for (let shift = 0; ; shift += 7) {
      const byte = list.peek();
      list.at++;
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 64) high |= bits << (shift - 32);
      else throw new Malformed();
      if (byte < 128) break;
    }
    if (n >= count) throw new Malformed();
    values[n] = (BigInt(high | 0) << 32n) | BigInt(low >>> 0);
  }
  return n === count ? values : values.slice(0, n);
}

/** Data of `count` elements of a feature's type: zeros, or empty strings. */
export function emptyData(dtype: FeatureDType, count: number): FeatureData {
  if (dtype === "float32") return new Float32Array(count);
  if (dtype === "int64") return new BigInt64Array(count);
  return Array.from({ length: count }, () => new Uint8Array(0));
}

/** Puts `values` into `target` from position `at` on. */
export function putData(target: FeatureData, values: FeatureData | NdArray["data"], at: number): void {
  if (Array.isArray(target)) {
    const strings = values as readonly Uint8Array[];
    for (const [i, value] of strings.entries()) target[at + i] = value;
  } else (target as Float32Array).set(values as Float32Array, at);
}
