// Arrays by rows: a part of one, several joined, two added up.
import { allocateData, type DType } from "./dtype.ts";
import { decodeNarrow, encodeNarrow, isNarrowFloat } from "./half.ts";
import { type NdArray, sizeOf } from "./nd-array.ts";

type Numbers = Float32Array | BigInt64Array;

/** Rows `start` to `start + count` of `array`, copied. */
export function sliceRows(array: NdArray, start: number, count: number): NdArray {
  const shape = [count, ...array.shape.slice(1)];
  const width = sizeOf(array.shape) === 0 ? 0 : array.data.length / array.shape[0]!;
  const data = array.data.slice(start * width, (start + count) * width);
  return { dtype: array.dtype, shape, data } as NdArray;
}

/** Arrays of one type that agree in all but their first dim, after one another. */
export function concatenateRows(arrays: readonly NdArray[]): NdArray {
  const { dtype, shape } = arrays[0]!;
  const rows = arrays.reduce((sum, array) => sum + array.shape[0]!, 0);
  const joined = [rows, ...shape.slice(1)];
  const data = allocateData(dtype as DType, sizeOf(joined));
  let at = 0;
  for (const array of arrays) {
    if (Array.isArray(data)) for (const [i, item] of (array.data as unknown[]).entries()) data[at + i] = item;
    else (data as unknown as Float32Array).set(array.data as Float32Array, at);
    at += array.data.length;
  }
  return { dtype, shape: joined, data } as NdArray;
}

/** The sum of two arrays of one type and shape. */
export function addArrays(a: NdArray, b: NdArray): NdArray {
  if (isNarrowFloat(a.dtype)) {
    const [x, y] = [decodeNarrow(a.dtype, a.data as never), decodeNarrow(a.dtype, b.data as never)];
    for (let i = 0; i < x.length; i++) x[i]! += y[i]!;
    return { ...a, data: encodeNarrow(a.dtype, x) } as NdArray;
  }
  const data = (a.data as Numbers).slice() as Float32Array;
  const other = b.data as Float32Array;
  for (let i = 0; i < data.length; i++) data[i]! += other[i]!;
  return { ...a, data } as NdArray;
}
