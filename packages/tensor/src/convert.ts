// What a caller writes -> NdArray: numbers, bigints, booleans, strings, nested arrays of them, typed arrays, NdArrays.
// Source of the inference rules and sentences: python/framework/tensor_util.py and tensor_util_test.py (1.15).
import { TfError } from "@org/errors";
import type { Complex } from "./complex.ts";
import { allocateData, type DType, dtypes } from "./dtype.ts";
import { cast, Element, kindOf, store } from "./element-store.ts";
import { checkNdArray, type NdArray, ndArray, sizeOf } from "./nd-array.ts";

type Scalar = number | bigint | boolean | string | Complex;

export type NumberArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** Anything that has a tensor's value. A Uint8Array is a vector of uint8, or one string where `dtype` is "string". */
export type TensorLike = Scalar | NumberArray | NdArray | readonly TensorLike[];

const typedArrays: readonly (readonly [new (length: number) => NumberArray, DType])[] = [
  [Float32Array, "float32"],
  [Int32Array, "int32"],
  [Float64Array, "float64"],
  [BigInt64Array, "int64"],
  [Uint8Array, "uint8"],
  [Uint8ClampedArray, "uint8"],
  [Int8Array, "int8"],
  [Int16Array, "int16"],
  [Uint16Array, "uint16"],
  [Uint32Array, "uint32"],
  [BigUint64Array, "uint64"],
];

/** Whether `value` is an NdArray. */
export function isNdArray(value: unknown): value is NdArray {
  return (
    typeof value === "object" &&
    value !== null &&
    "dtype" in value &&
    "shape" in value &&
    "data" in value &&
    Object.hasOwn(dtypes, (value as NdArray).dtype)
  );
}

function typedArrayType(value: object): DType | undefined {
  return typedArrays.find(([ArrayOf]) => value instanceof ArrayOf)?.[1];
}

/**
 * The NdArray of a value. Without `dtype`: whole numbers are int32 (int64 where one does not fit), other numbers float32, bigints
 * int64, booleans bool, strings UTF-8 strings; typed arrays and NdArrays keep their type. With `dtype` the value
 * is checked against it: numbers are taken for int64, whole numbers for float types; never the other way round.
 * A typed array or NdArray of the right type is not copied.
 * Throws a TypeError where a value is not of the type, TfError INVALID_ARGUMENT where arrays are ragged.
 */
export function convertToNdArray<D extends DType>(value: TensorLike, dtype: D): NdArray<D>;
export function convertToNdArray(value: TensorLike, dtype?: DType): NdArray;
export function convertToNdArray(value: TensorLike, dtype?: DType): NdArray {
  if (isNdArray(value)) {
    checkNdArray(value);
    return dtype === undefined || value.dtype === dtype ? value : cast(value, dtype);
  }
  if (typeof value === "object" && value !== null && !(dtype === "string" && value instanceof Uint8Array)) {
    const own = typedArrayType(value);
    if (own !== undefined) {
      const array = value as NumberArray;
      const data = array instanceof Uint8ClampedArray ? new Uint8Array(array) : array;
      const vector = ndArray(own, [array.length], data as never);
      return dtype === undefined || dtype === own ? vector : cast(vector, dtype);
    }
  }
  const shape: number[] = [];
  measure(value, dtype, shape);
  const numbers = flatNumbers(value, shape);
  if (numbers !== undefined) {
    const type = dtype ?? (numbers.length > 0 ? inferNumbers(numbers) : "float32");
    if (type === "float64") return ndArray(type, shape, numbers);
    if (type === "float32") return ndArray(type, shape, new Float32Array(numbers));
    if (type === "int32" && numbers.every((number) => (number | 0) === number))
      return ndArray(type, shape, new Int32Array(numbers));
  }
  const leaves: unknown[] = [];
  collect(value, dtype, shape, 0, leaves);
  const type = dtype ?? infer(leaves);
  const data = allocateData(type, leaves.length);
  leaves.forEach((leaf, i) => {
    store(type, data as unknown[], i, leaf);
  });
  return ndArray(type, shape, data as never);
}

/** A list whose elements are further dimensions; `undefined` for a leaf. */
function asList(value: unknown, dtype: DType | undefined): ArrayLike<unknown> | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value !== "object" || value === null) return undefined;
  if (dtype === "string" && value instanceof Uint8Array) return undefined;
  return typedArrayType(value) === undefined ? undefined : (value as NumberArray);
}

function measure(value: unknown, dtype: DType | undefined, shape: number[]): void {
  if (isNdArray(value)) {
    shape.push(...value.shape);
    return;
  }
  const list = asList(value, dtype);
  if (list === undefined) return;
  shape.push(list.length);
  if (list.length > 0) measure(list[0], dtype, shape);
}

function collect(
  value: unknown,
  dtype: DType | undefined,
  shape: readonly number[],
  depth: number,
  out: unknown[],
): void {
  if (isNdArray(value)) {
    checkNdArray(value);
    const rest = shape.slice(depth);
    if (rest.length !== value.shape.length || rest.some((dim, i) => dim !== value.shape[i]))
      throw ragged(shape);
    const { width } = dtypes[value.dtype];
    for (let i = 0; i < sizeOf(value.shape); i++) out.push(new Element(value, i * width));
    return;
  }
  const list = asList(value, dtype);
  if (list === undefined) {
    if (depth !== shape.length) throw ragged(shape);
    out.push(value);
    return;
  }
  if (depth >= shape.length || list.length !== shape[depth]) throw ragged(shape);
  const own = Array.isArray(list) ? undefined : typedArrayType(list);
  for (let i = 0; i < list.length; i++) {
    if (own === undefined) collect(list[i], dtype, shape, depth + 1, out);
    else if (depth + 1 !== shape.length) throw ragged(shape);
    else out.push(new Element({ dtype: own, shape: [list.length], data: list as never }, i));
  }
}

/** The fast way for what is fed most: arrays of numbers alone, of equal length. undefined where there is anything else. */
function flatNumbers(value: unknown, shape: readonly number[]): Float64Array | undefined {
  const last = shape.length - 1;
  const isDense = (list: unknown, axis: number): boolean =>
    Array.isArray(list) &&
    list.length === shape[axis] &&
    (axis === last || list.every((row) => isDense(row, axis + 1)));
  if (shape.length === 0 || !isDense(value, 0)) return undefined;
  const out = new Float64Array(sizeOf(shape));
  let at = 0;
  const fill = (list: readonly unknown[], axis: number): boolean => {
    if (axis < last) return list.every((row) => fill(row as unknown[], axis + 1));
    for (const item of list) {
      if (typeof item !== "number") return false;
      out[at++] = item;
    }
    return true;
  };
  return fill(value as unknown[], 0) ? out : undefined;
}

function inferNumbers(numbers: Float64Array): DType {
  let result: DType = "int32";
  for (const number of numbers) {
    if (!Number.isSafeInteger(number)) return "float32";
    if ((number | 0) !== number) result = "int64";
  }
  return result;
}

function ragged(shape: readonly number[]): TfError {
  return new TfError(
    "INVALID_ARGUMENT",
    `Argument must be a dense tensor: the first elements have shape [${shape.join(", ")}], others differ.`,
    { hint: "Every row must have the same length; pad the shorter ones." },
  );
}

function infer(leaves: readonly unknown[]): DType {
  let result: DType | undefined;
  for (const leaf of leaves) {
    const kind = kindOf(leaf);
    let type: DType;
    if (kind === "number") {
      const value = leaf as number;
      if (!Number.isInteger(value)) type = "float32";
      else if (value >= -(2 ** 31) && value < 2 ** 31) type = "int32";
      else type = Number.isSafeInteger(value) ? "int64" : "float32";
    } else if (kind === "bigint") type = "int64";
    else if (kind === "boolean") type = "bool";
    else if (kind === "string") type = "string";
    else if (Object.hasOwn(dtypes, kind)) type = kind as DType;
    else
      throw new TypeError(`Failed to convert a value of type ${leaf === null ? "null" : kind} to a tensor`);
    result = result === undefined ? type : wider(result, type);
  }
  return result ?? "float32";
}

/** int32 < int64 < float32 < complex64; anything else does not mix. */
const ladder: readonly DType[] = ["int32", "int64", "float32", "complex64"];

function wider(a: DType, b: DType): DType {
  if (a === b) return a;
  const [i, j] = [ladder.indexOf(a), ladder.indexOf(b)];
  if (i < 0 || j < 0) throw new TypeError(`Expected ${a}, got a value of type ${b} instead.`);
  return ladder[Math.max(i, j)]!;
}
