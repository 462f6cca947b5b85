// NdArray -> plain JavaScript values.
import type { Complex } from "./complex.ts";
import { type DType, dtypes } from "./dtype.ts";
import { decodeNarrow, isNarrowFloat } from "./half.ts";
import { type NdArray, sizeOf } from "./nd-array.ts";

/** One element as JavaScript has it: bigint for 64-bit integers, boolean, string (UTF-8), {re, im}, or number. */
export type Element<D extends DType = DType> = D extends "int64" | "uint64"
  ? bigint
  : D extends "bool"
    ? boolean
    : D extends "string"
      ? string
      : D extends "complex64" | "complex128"
        ? Complex
        : D extends "resource" | "variant"
          ? unknown
          : number;

/** Elements nested as deep as the rank; a scalar is an element itself. */
export type Nested<T> = T | Nested<T>[];

const utf8 = new TextDecoder();

/**
 * The elements as numbers in row-major order: booleans as 0 and 1, 64-bit integers as the nearest number, complex ones as
 * real and imaginary part in turn. Throws a TypeError for strings and handles.
 */
export function toNumbers(array: NdArray): number[] {
  const { dtype, data } = array;
  const { storage } = dtypes[dtype];
  if (storage === "bytes" || storage === "handle") throw new TypeError(`${dtype} has no numbers`);
  if (isNarrowFloat(dtype)) return Array.from(decodeNarrow(dtype, data as ArrayLike<number>));
  return Array.from(data as ArrayLike<number | bigint>, Number);
}

/** The strings of a string array in row-major order, as UTF-8 (bad bytes become U+FFFD). Throws a TypeError for other types. */
export function toStrings(array: NdArray): string[] {
  if (array.dtype !== "string") throw new TypeError(`${array.dtype} has no strings`);
  return (array.data as Uint8Array[]).map((bytes) => utf8.decode(bytes));
}

/** The elements in row-major order as JavaScript values. */
export function toElements<D extends DType>(array: NdArray<D>): Element<D>[] {
  const { dtype, data, shape } = array as NdArray;
  const { kind, storage } = dtypes[dtype];
  let out: unknown[];
  if (kind === "string") out = toStrings(array as NdArray);
  else if (kind === "bool") out = Array.from(data as Uint8Array, (value) => value !== 0);
  else if (kind === "complex") {
    const parts = data as Float32Array | Float64Array;
    out = Array.from({ length: sizeOf(shape) }, (_, i) => ({ re: parts[2 * i]!, im: parts[2 * i + 1]! }));
  } else if (storage === "i64" || storage === "u64" || storage === "handle")
    out = Array.from(data as ArrayLike<unknown>);
  else out = toNumbers(array as NdArray);
  return out as Element<D>[];
}

/** The value as nested arrays, `[[1, 2], [3, 4]]`; a scalar gives its element. */
export function toArray<D extends DType>(array: NdArray<D>): Nested<Element<D>> {
  const elements = toElements(array);
  let at = 0;
  const level = (axis: number): Nested<Element<D>> =>
    axis === array.shape.length
      ? elements[at++]!
      : Array.from({ length: array.shape[axis]! }, () => level(axis + 1));
  return level(0);
}
