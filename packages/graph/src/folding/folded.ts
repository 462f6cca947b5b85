// Values while they are folded: plain arrays of numbers (int64 too, while exact), strings as bytes.
// Not here: which ops fold (kernels.ts) and when (../constant-folding.ts).
import { allocateData, type DType, dtypes, type NdArray, ndArray, sizeOf } from "@org/tensor";

export type Element = number | Uint8Array;

export interface Folded {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly values: readonly Element[];
}

/** Values of more elements than this are not folded: shapes are small. */
export const foldLimit: number = 1 << 16;

/** Thrown within kernels where a value cannot be told; never leaves folding. */
export class NotFoldable extends Error {}

/** Gives up on this value. */
export function give(): never {
  throw new NotFoldable();
}

const exact = new Set(["f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "bytes"]);

/** As plain values. Gives up on types and sizes that folding leaves alone. */
export function toFolded(array: NdArray): Folded {
  const { storage, width } = dtypes[array.dtype];
  if (!exact.has(storage) || width !== 1 || array.data.length > foldLimit) give();
  if (array.dtype === "float16" || array.dtype === "bfloat16" || array.dtype.startsWith("float8")) give();
  const values: Element[] = [];
  for (const value of array.data as Iterable<number | bigint | Uint8Array>) {
    if (typeof value === "bigint") {
      const number = Number(value);
      if (!Number.isSafeInteger(number)) give();
      values.push(number);
    } else values.push(value);
  }
  return { dtype: array.dtype, shape: array.shape, values };
}

/** As an NdArray again. */
export function fromFolded({ dtype, shape, values }: Folded): NdArray {
  const data = allocateData(dtype, values.length) as unknown as { [index: number]: unknown };
  const wide = dtypes[dtype].storage === "i64" || dtypes[dtype].storage === "u64";
  for (const [i, value] of values.entries()) data[i] = wide ? BigInt(value as number) : value;
  return ndArray(dtype, shape, data as never);
}

/** A number as an element of `dtype`: wrapped, truncated, rounded. Gives up where int64 would not be exact. */
export function fit(dtype: DType, value: number): number {
  switch (dtypes[dtype].storage) {
    case "f32":
      return Math.fround(value);
    case "f64":
      return value;
    case "i32":
      return Number.isSafeInteger(Math.trunc(value)) ? Math.trunc(value) | 0 : give();
    case "i64":
      return Number.isSafeInteger(Math.trunc(value)) ? Math.trunc(value) : give();
    case "i16":
      return (Math.trunc(value) << 16) >> 16;
    case "i8":
      return (Math.trunc(value) << 24) >> 24;
    case "u8":
      return dtype === "bool" ? (value ? 1 : 0) : Math.trunc(value) & 255;
    case "u16":
      return Math.trunc(value) & 65535;
    default:
      return give();
  }
}

export function numbers(folded: Folded): readonly number[] {
  if (folded.dtype === "string") give();
  return folded.values as readonly number[];
}

/** The one element of a scalar (or of a vector of one). */
export function scalar(folded: Folded): number {
  return folded.values.length === 1 ? numbers(folded)[0]! : give();
}

export function folded(dtype: DType, shape: readonly number[], values: readonly Element[]): Folded {
  if (sizeOf(shape) !== values.length || values.length > foldLimit) give();
  return { dtype, shape, values };
}

/** Row-major strides. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  for (let i = shape.length - 1, stride = 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i]!;
  }
  return strides;
}

/** Calls `visit` with every index of `shape`, in row-major order. */
export function eachIndex(shape: readonly number[], visit: (index: readonly number[]) => void): void {
  const size = sizeOf(shape);
  if (size > foldLimit) give();
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < size; i++) {
    visit(index);
    for (let d = shape.length - 1; d >= 0 && ++index[d]! === shape[d]; d--) index[d] = 0;
  }
}
