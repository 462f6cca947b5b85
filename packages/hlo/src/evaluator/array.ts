// Arrays as the evaluator holds them, and the numbers in them: float16 and bfloat16 are stored as bits, computed as float32.
import { allocateData, type DataOf, dtypes, type NumericData, sizeOf } from "@org/tensor";
import type { HloDType } from "../instruction.ts";
import { bfloat16ToNumber, halfToNumber, numberToBfloat16, numberToHalf } from "./half.ts";

/** An array during evaluation: dense, row-major, in its storage type. */
export interface HloArray {
  readonly dtype: HloDType;
  readonly dims: readonly number[];
  readonly data: NumericData;
}

/** Typed arrays of numbers; code that serves bigint arrays as well says so. */
export type Numbers = Exclude<NumericData, BigInt64Array | BigUint64Array>;

/** Whether elements are bigints. */
export function isWide(dtype: HloDType): boolean {
  return dtype === "int64" || dtype === "uint64";
}

/** Zeros in the storage type. */
export function allocate(dtype: HloDType, count: number): NumericData {
  return allocateData(dtype, count) as DataOf<HloDType>;
}

/** Zeros to compute in: float32 for half and bfloat16, the storage type for others. */
export function allocateNumbers(dtype: HloDType, count: number): NumericData {
  return dtype === "float16" || dtype === "bfloat16" ? new Float32Array(count) : allocate(dtype, count);
}

/** An array's elements as numbers (bigints for 64-bit integers). */
export function numbersOf(array: HloArray): NumericData {
  if (array.dtype !== "float16" && array.dtype !== "bfloat16") return array.data;
  const decode = array.dtype === "float16" ? halfToNumber : bfloat16ToNumber;
  return Float32Array.from(array.data as Uint16Array, decode);
}

/** An array of computed numbers: rounds (or wraps) them to `dtype` where they are not stored so yet. */
export function fromNumbers(dtype: HloDType, dims: readonly number[], numbers: NumericData): HloArray {
  if (dtype === "float16" || dtype === "bfloat16") {
    const encode = dtype === "float16" ? numberToHalf : numberToBfloat16;
    return { dtype, dims, data: Uint16Array.from(numbers as Float32Array, encode) };
  }
  const data = allocate(dtype, 0);
  if (data.constructor === numbers.constructor) return { dtype, dims, data: numbers };
  const stored = allocate(dtype, numbers.length) as Float32Array;
  stored.set(numbers as Float32Array);
  return { dtype, dims, data: stored };
}

/** Bits of an integer type. */
export function bitsOf(dtype: HloDType): number {
  return dtypes[dtype].bytes * 8;
}

/** Row-major strides in elements. */
export function denseStrides(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let stride = 1;
  for (let d = dims.length - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= dims[d]!;
  }
  return strides;
}

/** Calls `visit` with offset + sum(index * strides) for every index of dims, in row-major order. */
export function forEachOffset(
  dims: readonly number[],
  strides: readonly number[],
  offset: number,
  visit: (offset: number) => void,
): void {
  if (sizeOf(dims) === 0) return;
  const last = dims.length - 1;
  if (last < 0) {
    visit(offset);
    return;
  }
  const index = new Array<number>(last).fill(0);
  const inner = dims[last]!;
  const step = strides[last]!;
  for (let base = offset; ; ) {
    for (let i = 0, at = base; i < inner; i++, at += step) visit(at);
    let d = last - 1;
    for (; d >= 0; d--) {
      base += strides[d]!;
      if (++index[d]! < dims[d]!) break;
      base -= strides[d]! * dims[d]!;
      index[d] = 0;
    }
    if (d < 0) return;
  }
}

/** A dense copy of strided elements, bit for bit. */
export function copyStrided(
  array: HloArray,
  dims: readonly number[],
  strides: readonly number[],
  offset: number,
): HloArray {
  const from = array.data as Float32Array;
  const to = allocate(array.dtype, sizeOf(dims)) as Float32Array;
  let i = 0;
  forEachOffset(dims, strides, offset, (at) => {
    to[i++] = from[at]!;
  });
  return { dtype: array.dtype, dims, data: to };
}
