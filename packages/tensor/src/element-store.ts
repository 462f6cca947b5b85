// Values into elements of a dtype, one by one and whole arrays: which ones a dtype takes, and the error for the others.
// Not here: how nested values become a shape (convert.ts).
import type { Complex } from "./complex.ts";
import { allocateData, type DType, dtypes } from "./dtype.ts";
import { decodeNarrow, fromBits, isNarrowFloat, toBits } from "./half.ts";
import { type NdArray, ndArray, sizeOf } from "./nd-array.ts";

const textEncoder = new TextEncoder();

/** An element of an array inside a nested list: it knows its type. */
export class Element {
  readonly array: NdArray;
  readonly at: number;
  constructor(array: NdArray, at: number) {
    this.array = array;
    this.at = at;
  }
}

/** What a leaf is, for inference and error texts: a dtype, or a JavaScript type. */
export function kindOf(leaf: unknown): string {
  if (leaf instanceof Element) return leaf.array.dtype;
  if (typeof leaf === "object" && leaf !== null) {
    if (leaf instanceof Uint8Array) return "string";
    return "re" in leaf && "im" in leaf ? "complex64" : "object";
  }
  return typeof leaf;
}

function mismatch(dtype: DType, leaf: unknown): TypeError {
  const shown =
    typeof leaf === "string" ? `'${leaf}'` : leaf instanceof Element ? "an element" : String(leaf);
  return new TypeError(`Expected ${dtype}, got ${shown} of type '${kindOf(leaf)}' instead.`);
}

/** Least and greatest value; numbers and bigints compare with each other, so small types have numbers. */
const ranges: Partial<Record<DType, readonly [number | bigint, number | bigint]>> = {};
for (const [dtype, bits, signed] of [
  ["int8", 8, true],
  ["qint8", 8, true],
  ["uint8", 8, false],
  ["quint8", 8, false],
  ["int16", 16, true],
  ["qint16", 16, true],
  ["uint16", 16, false],
  ["quint16", 16, false],
  ["int32", 32, true],
  ["qint32", 32, true],
  ["uint32", 32, false],
  ["int64", 64, true],
  ["uint64", 64, false],
  ["int4", 4, true],
  ["uint4", 4, false],
  ["int2", 2, true],
  ["uint2", 2, false],
] as const) {
  const low = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  const high = 2n ** BigInt(signed ? bits - 1 : bits) - 1n;
  ranges[dtype] = bits === 64 ? [low, high] : [Number(low), Number(high)];
}

/** Stores one leaf as an element of `dtype`. Throws a TypeError where it is not one. */
export function store(dtype: DType, data: unknown[], i: number, leaf: unknown): void {
  const { kind, storage, width } = dtypes[dtype];
  if (leaf instanceof Element) {
    const from = leaf.array.data as unknown as ArrayLike<unknown>;
    if (leaf.array.dtype === dtype) {
      for (let k = 0; k < width; k++) data[i * width + k] = from[leaf.at + k];
      return;
    }
    const own = dtypes[leaf.array.dtype].kind;
    if (own !== "int" && own !== "uint" && own !== "float") throw mismatch(dtype, leaf);
    const bits = from[leaf.at];
    store(
      dtype,
      data,
      i,
      isNarrowFloat(leaf.array.dtype) ? fromBits(leaf.array.dtype, bits as number) : bits,
    );
    return;
  }
  if (kind === "resource" || kind === "variant") {
    data[i] = leaf;
  } else if (kind === "string") {
    if (typeof leaf === "string") data[i] = textEncoder.encode(leaf);
    else if (leaf instanceof Uint8Array) data[i] = leaf;
    else throw mismatch(dtype, leaf);
  } else if (kind === "bool") {
    if (typeof leaf !== "boolean") throw mismatch(dtype, leaf);
    data[i] = leaf ? 1 : 0;
  } else if (kind === "complex") {
    if (typeof leaf === "number") data[2 * i] = leaf;
    else if (kindOf(leaf) === "complex64") {
      data[2 * i] = (leaf as Complex).re;
      data[2 * i + 1] = (leaf as Complex).im;
    } else throw mismatch(dtype, leaf);
  } else if (kind === "float") {
    if (typeof leaf !== "number" && typeof leaf !== "bigint") throw mismatch(dtype, leaf);
    data[i] = isNarrowFloat(dtype) ? toBits(dtype, Number(leaf)) : Number(leaf);
  } else {
    const wide = storage === "i64" || storage === "u64";
    if (typeof leaf !== "bigint" && !Number.isInteger(leaf)) throw mismatch(dtype, leaf);
    const value = leaf as number | bigint;
    const [low, high] = ranges[dtype]!;
    if (value < low || value > high) throw new TypeError(`${value} is out of range for ${dtype}`);
    if (wide) data[i] = typeof value === "bigint" ? value : BigInt(value);
    else data[i] = typeof value === "number" ? value : Number(value);
  }
}

/** Whole arrays between numeric types, where no element changes its meaning. */
export function cast(array: NdArray, dtype: DType): NdArray {
  const from = dtypes[array.dtype].kind;
  const to = dtypes[dtype].kind;
  const number = (kind: string) => kind === "int" || kind === "uint" || kind === "float";
  const allowed =
    (number(from) && to === "float") ||
    ((from === "int" || from === "uint") && (to === "int" || to === "uint" || to === "quantized")) ||
    (number(from) && to === "complex") ||
    (from === "complex" && to === "complex") ||
    (array.dtype === "uint8" && to === "bool");
  if (!allowed) {
    throw new TypeError(`Expected ${dtype}, got an array of type '${array.dtype}' instead.`);
  }
  const data = allocateData(dtype, sizeOf(array.shape)) as unknown as { [i: number]: unknown };
  const source = (
    isNarrowFloat(array.dtype) ? decodeNarrow(array.dtype, array.data as ArrayLike<number>) : array.data
  ) as ArrayLike<number | bigint>;
  if (to === "float" && !isNarrowFloat(dtype)) {
    for (let i = 0; i < source.length; i++) data[i] = Number(source[i]);
  } else if (to === "complex") {
    const step = from === "complex" ? 1 : 2;
    for (let i = 0; i < source.length; i++) data[i * step] = Number(source[i]);
  } else if (to === "bool") {
    for (let i = 0; i < source.length; i++) data[i] = source[i] ? 1 : 0;
  } else {
    for (let i = 0; i < source.length; i++) store(dtype, data as unknown[], i, source[i]);
  }
  return ndArray(dtype, array.shape, data as never);
}
