// JavaScript values -> NdArray, with the element type that was asked for or the one that the value suggests.
// Not tensors: see convert.ts. Source of the rules: make_tensor_proto in python/framework/tensor_util.py; the one
// difference is stated at `inferDType`.
import { allocateData, type DType, dtypes, type NdArray, ndArray, type NumericData, Shape, sizeOf } from "@org/tensor";
import { isNdArray, type ValueLike } from "./tensor-like.ts";

const encoder = new TextEncoder();

const arrayTypes: readonly (readonly [new (n: number) => NumericData, DType])[] = [
  [Float32Array, "float32"],
  [Float64Array, "float64"],
  [Int8Array, "int8"],
  [Int16Array, "int16"],
  [Int32Array, "int32"],
  [BigInt64Array, "int64"],
  [Uint8Array, "uint8"],
  [Uint8ClampedArray as unknown as new (n: number) => NumericData, "uint8"],
  [Uint16Array, "uint16"],
  [Uint32Array, "uint32"],
  [BigUint64Array, "uint64"],
];

function typedArrayDType(data: NumericData): DType {
  for (const [ArrayOf, dtype] of arrayTypes) if (data instanceof ArrayOf) return dtype;
  throw new TypeError(`Cannot convert a ${Object.prototype.toString.call(data)} to a tensor`);
}

type Leaf = number | bigint | boolean | string | Uint8Array;

function isLeaf(value: unknown): value is Leaf {
  return (
    typeof value === "number" ||
    typeof value === "bigint" ||
    typeof value === "boolean" ||
    typeof value === "string"
  );
}

function notDense(value: unknown): never {
  throw new TypeError(`Argument must be a dense tensor: ${JSON.stringify(value, replacer)}`);
}

function replacer(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value;
}

/** Shape and leaves of nested arrays; throws a TypeError where they are ragged or hold what is no value. */
function flatten(value: unknown, strings: boolean): { shape: number[]; leaves: Leaf[] } {
  const shape: number[] = [];
  for (let level = value; ; level = level[0]) {
    if (Array.isArray(level)) shape.push(level.length);
    else if (ArrayBuffer.isView(level) && !strings) {
      shape.push((level as NumericData).length);
      break;
    } else if (isNdArray(level)) {
      shape.push(...level.shape);
      break;
    } else break;
    if (level.length === 0) break;
  }
  const leaves: Leaf[] = [];
  const visit = (item: unknown, depth: number): void => {
    if (isLeaf(item) || (strings && item instanceof Uint8Array)) {
      if (depth !== shape.length) notDense(value);
      leaves.push(item);
    } else if (Array.isArray(item)) {
      if (item.length !== shape[depth]) notDense(value);
      for (const inner of item) visit(inner, depth + 1);
    } else if (ArrayBuffer.isView(item) && !(item instanceof DataView)) {
      const data = item as NumericData;
      if (data.length !== shape[depth] || depth + 1 !== shape.length) notDense(value);
      for (const inner of data) leaves.push(inner);
    } else if (isNdArray(item)) {
      if (depth + item.shape.length !== shape.length) notDense(value);
      for (const inner of item.data as ArrayLike<Leaf> & Iterable<Leaf>) leaves.push(inner);
    } else if (item === null || item === undefined) {
      throw new TypeError("None values not supported.");
    } else {
      throw new TypeError(`Failed to convert object of type ${typeof item} to Tensor.`);
    }
  };
  visit(value, 0);
  return { shape, leaves };
}

/**
 * The element type that a value suggests: numbers are float32, bigints int64, booleans bool, strings string; typed
 * arrays and NdArrays keep theirs. (Python tells 1 from 1.0 and makes int32 of the former; JavaScript cannot, so an
 * integer tensor is asked for by dtype, by a typed array, or is implied by the op's argument.)
 */
export function inferDType(value: unknown): DType {
  if (isNdArray(value)) return value.dtype;
  if (value instanceof Shape) return "int32";
  if (ArrayBuffer.isView(value)) return typedArrayDType(value as NumericData);
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
      throw new TypeError(
        value === null || value === undefined
          ? "None values not supported."
          : `Failed to convert object of type ${typeof value} to Tensor.`,
      );
  }
}

/** Whether every number in `value` is an integer: what may become an integer tensor. */
export function holdsIntegers(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(holdsIntegers);
  if (typeof value === "number") return Number.isInteger(value);
  if (isNdArray(value)) return dtypes[value.dtype].kind === "int" || dtypes[value.dtype].kind === "uint";
  if (ArrayBuffer.isView(value)) return !(value instanceof Float32Array || value instanceof Float64Array);
  return typeof value === "bigint" || value instanceof Shape;
}

const ranges: Partial<Record<DType, readonly [number, number]>> = {
  int8: [-128, 127],
  int16: [-32768, 32767],
  int32: [-2147483648, 2147483647],
  uint8: [0, 255],
  uint16: [0, 65535],
  uint32: [0, 4294967295],
};

const halfScratch = new DataView(new ArrayBuffer(8));

/** Bits of the bfloat16 nearest to `x` (ties to even). */
export function toBfloat16Bits(x: number): number {
  halfScratch.setFloat32(0, x);
  const bits = halfScratch.getUint32(0);
  if (Number.isNaN(x)) return 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** Bits of the half-precision number nearest to `x` (ties to even). */
export function toFloat16Bits(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(x);
  if (magnitude >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude || 2 ** -30)));
  // Math.log2 may be one off next to a power of two.
  const scale = 2 ** (exponent - 10);
  const scaled = magnitude / scale;
  let units = Math.floor(scaled);
  const rest = scaled - units;
  if (rest > 0.5 || (rest === 0.5 && units % 2 === 1)) units += 1;
  const bits = units < 1024 ? units : units - 1024 + ((exponent + 15) << 10);
  return sign | bits;
}

function wrong(dtype: DType, value: unknown): never {
  const shown = typeof value === "string" ? `'${value}'` : `${value}`;
  throw new TypeError(`Expected ${dtype}, got ${shown} of type '${typeof value}' instead.`);
}

function element(dtype: DType, leaf: Leaf): number | bigint | Uint8Array {
  const row = dtypes[dtype];
  switch (row.kind) {
    case "string":
      if (typeof leaf === "string") return encoder.encode(leaf);
      if (leaf instanceof Uint8Array) return leaf;
      return wrong(dtype, leaf);
    case "bool":
      return typeof leaf === "boolean" ? Number(leaf) : wrong(dtype, leaf);
    case "float": {
      if (typeof leaf !== "number" && typeof leaf !== "bigint") return wrong(dtype, leaf);
      const x = Number(leaf);
      return dtype === "float16" ? toFloat16Bits(x) : dtype === "bfloat16" ? toBfloat16Bits(x) : x;
    }
    case "complex":
      return typeof leaf === "number" ? leaf : wrong(dtype, leaf);
    default: {
      if (typeof leaf === "number" ? !Number.isInteger(leaf) : typeof leaf !== "bigint") return wrong(dtype, leaf);
      if (row.storage === "i64" || row.storage === "u64") return BigInt(leaf);
      const range = ranges[dtype];
      if (range && (leaf < range[0] || leaf > range[1])) {
        throw new TypeError(`Value ${leaf} is out of range for ${dtype}`);
      }
      return Number(leaf);
    }
  }
}

/** The same numbers in another element type, as NumPy's astype; throws a TypeError between strings and numbers. */
export function castNdArray<D extends DType>(value: NdArray, dtype: D): NdArray<D> {
  if (value.dtype === dtype) return value as NdArray<D>;
  const from = dtypes[value.dtype];
  const to = dtypes[dtype];
  if (from.width !== 1 || to.width !== 1 || from.storage === "bytes" || to.storage === "bytes") {
    throw new TypeError(`Expected ${dtype}, got a value of type ${value.dtype} instead.`);
  }
  const count = sizeOf(value.shape);
  const data = allocateData(dtype, count);
  for (let i = 0; i < count; i++) {
    const x = (value.data as NumericData)[i]!;
    const number = from.kind === "float" && from.bytes === 2 ? readHalf(value.dtype, Number(x)) : x;
    let y: number | bigint;
    if (to.kind === "bool") y = number ? 1 : 0;
    else if (to.kind === "float") y = element(dtype, Number(number)) as number;
    else if (to.storage === "i64" || to.storage === "u64") y = BigInt(Math.trunc(Number(number)));
    else y = Math.trunc(Number(number));
    if (typeof number === "bigint" && (to.storage === "i64" || to.storage === "u64")) y = number;
    (data as (number | bigint)[])[i] = y;
  }
  return ndArray(dtype, value.shape, data);
}

/** The number that 16 bits of float16 or bfloat16 stand for. */
export function readHalf(dtype: DType, bits: number): number {
  if (dtype === "bfloat16") {
    halfScratch.setUint32(0, bits << 16);
    return halfScratch.getFloat32(0);
  }
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/**
 * An NdArray of a value. `shape` repeats the last element to fill it, as tf.constant does. Throws a TypeError where
 * the value is ragged, is none, or does not fit `dtype`; a RangeError where it has more elements than `shape`.
 */
export function toNdArray(
  value: ValueLike,
  dtype?: DType | undefined,
  shape?: readonly number[] | undefined,
): NdArray {
  const array = convert(value, dtype);
  if (shape === undefined) return array;
  const size = sizeOf(shape);
  const have = sizeOf(array.shape);
  if (have > size) {
    throw new RangeError(`Too many elements provided. Needed at most ${size}, but received ${have}`);
  }
  if (have === size) return ndArray(array.dtype, shape, array.data);
  if (have === 0) throw new RangeError(`Cannot fill shape [${shape}] from no elements`);
  const { width } = dtypes[array.dtype];
  const data = allocateData(array.dtype, size) as unknown[];
  for (let i = 0; i < size * width; i++) {
    data[i] = (array.data as ArrayLike<unknown>)[i < have * width ? i : (have - 1) * width + (i % width)];
  }
  return ndArray(array.dtype, shape, data as never);
}

function convert(value: ValueLike, dtype: DType | undefined): NdArray {
  if (isNdArray(value)) return dtype === undefined ? value : castNdArray(value, dtype);
  if (value instanceof Shape) {
    if (!value.isFullyDefined()) {
      throw new TypeError(`Cannot convert a partially known TensorShape to a Tensor: ${value}`);
    }
    return convert(value.toNumbers(), dtype ?? "int32");
  }
  if (ArrayBuffer.isView(value)) {
    if (dtype === "string") return ndArray("string", [], [value as Uint8Array]);
    const data = value as NumericData;
    const own = typedArrayDType(data);
    const array = ndArray(own, [data.length], data.slice() as never) as NdArray;
    return dtype === undefined ? array : castNdArray(array, dtype);
  }
  const target = dtype ?? inferDType(value);
  const { shape, leaves } = flatten(value, target === "string");
  const data = allocateData(target, leaves.length);
  const { width } = dtypes[target];
  for (let i = 0; i < leaves.length; i++) {
    (data as unknown[])[i * width] = element(target, leaves[i]!);
  }
  return ndArray(target, shape, data as never);
}
