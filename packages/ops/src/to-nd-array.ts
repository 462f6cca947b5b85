// JavaScript values -> NdArray, with the element type that was asked for or the one that a graph argument suggests.
// Not tensors: see convert.ts; not the reading of values itself: convertToNdArray of @org/tensor.
import {
  allocateData,
  convertToNdArray,
  type DType,
  dtypes,
  isNdArray,
  type NdArray,
  ndArray,
  Shape,
  sizeOf,
} from "@org/tensor";
import type { ValueLike } from "./tensor-like.ts";

/**
 * The element type that a value suggests: numbers are float32, bigints int64, booleans bool, strings string; typed
 * arrays and NdArrays keep theirs. (Python tells 1 from 1.0 and makes int32 of the former; JavaScript cannot, and a
 * type that hangs on whether a number happens to be whole would be worse. So an integer tensor is asked for by dtype or
 * a typed array, or is implied by the op's argument.)
 */
export function inferDType(value: unknown): DType {
  if (isNdArray(value)) return value.dtype;
  if (value instanceof Shape) return "int32";
  if (Array.isArray(value)) return value.length === 0 ? "float32" : inferDType(value[0]);
  switch (typeof value) {
    case "number":
      return "float32";
    case "bigint":
      return "int64";
    case "boolean":
      return "bool";
    case "string":
      return "string";
    default:
      if (ArrayBuffer.isView(value)) return convertToNdArray(value as Float32Array).dtype;
      throw new TypeError(
        value === null || value === undefined
          ? "None values not supported."
          : `Failed to convert object of type ${typeof value} to Tensor.`,
      );
  }
}

/** An int32 scalar: what Python's literal `1` is where nothing else says a type. */
export function int32(value: number): NdArray<"int32"> {
  return ndArray("int32", [], Int32Array.of(value));
}

/** Whether every number in `value` is an integer: what may become an integer tensor. */
export function holdsIntegers(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(holdsIntegers);
  if (typeof value === "number") return Number.isInteger(value);
  if (isNdArray(value)) return dtypes[value.dtype].kind === "int" || dtypes[value.dtype].kind === "uint";
  if (ArrayBuffer.isView(value)) return !(value instanceof Float32Array || value instanceof Float64Array);
  return typeof value === "bigint" || value instanceof Shape;
}

/**
 * An NdArray of a value. `shape` repeats the last element to fill it, as tf.constant does. Throws a TypeError where
 * the value is none or does not fit `dtype`, TfError INVALID_ARGUMENT where it is ragged, a RangeError where it has
 * more elements than `shape`.
 */
export function toNdArray(value: ValueLike, dtype?: DType, shape?: readonly number[]): NdArray {
  const array = read(value, dtype);
  if (shape === undefined) return array;
  const size = sizeOf(shape);
  const have = sizeOf(array.shape);
  // One element fills any shape, that of no elements too.
  if (have > Math.max(size, 1)) {
    throw new RangeError(`Too many elements provided. Needed at most ${size}, but received ${have}`);
  }
  if (have === size) return ndArray(array.dtype, shape, array.data);
  if (have === 0) throw new RangeError(`Cannot fill shape [${shape}] from no elements`);
  const { width } = dtypes[array.dtype];
  const data = allocateData(array.dtype, size) as unknown[];
  const last = (have - 1) * width;
  for (let i = 0; i < size * width; i++) {
    data[i] = (array.data as ArrayLike<unknown>)[i < have * width ? i : last + (i % width)];
  }
  return ndArray(array.dtype, shape, data as never);
}

function read(value: ValueLike, dtype: DType | undefined): NdArray {
  if (value instanceof Shape) {
    if (!value.isFullyDefined()) {
      throw new TypeError(`Cannot convert a partially known TensorShape to a Tensor: ${value}`);
    }
    return convertToNdArray(value.toNumbers(), dtype ?? "int32");
  }
  if (value === null || value === undefined) throw new TypeError("None values not supported.");
  const plain = value as Parameters<typeof convertToNdArray>[0];
  const array = convertToNdArray(plain, dtype ?? inferDType(value));
  // A constant must not change when the caller's array does.
  return ArrayBuffer.isView(value) ? ndArray(array.dtype, array.shape, array.data.slice() as never) : array;
}
