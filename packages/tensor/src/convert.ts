// What a caller writes -> NdArray: numbers, bigints, booleans, strings, nested arrays of them, typed arrays, NdArrays.
// Source of the inference rules and sentences: python/framework/tensor_util.py and tensor_util_test.py (1.15).
import { TfError } from "@org/errors";
import { allocateData, type DType, dtypes } from "./dtype.ts";
import { decodeNarrow, fromBits, isNarrowFloat, toBits } from "./half.ts";
import { type NdArray, ndArray, sizeOf } from "./nd-array.ts";

type Scalar = number | bigint | boolean | string | Complex;

/** A complex number as a caller may write it. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

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

const textEncoder = new TextEncoder();

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
  if (isNdArray(value)) return dtype === undefined || value.dtype === dtype ? value : cast(value, dtype);
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

/** An element of an array inside a nested list: it knows its type. */
class Element {
  readonly array: NdArray;
  readonly at: number;
  constructor(array: NdArray, at: number) {
    this.array = array;
    this.at = at;
  }
}

function ragged(shape: readonly number[]): TfError {
  return new TfError(
    "INVALID_ARGUMENT",
    `Argument must be a dense tensor: the first elements have shape [${shape.join(", ")}], others differ.`,
    { hint: "Every row must have the same length; pad the shorter ones." },
  );
}

function kindOf(leaf: unknown): string {
  if (leaf instanceof Element) return leaf.array.dtype;
  if (typeof leaf === "object" && leaf !== null) {
    if (leaf instanceof Uint8Array) return "string";
    return "re" in leaf && "im" in leaf ? "complex64" : "object";
  }
  return typeof leaf;
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

function mismatch(dtype: DType, leaf: unknown): TypeError {
  const shown =
    typeof leaf === "string" ? `'${leaf}'` : leaf instanceof Element ? "an element" : String(leaf);
  return new TypeError(`Expected ${dtype}, got ${shown} of type '${kindOf(leaf)}' instead.`);
}

const ranges: Partial<Record<DType, readonly [bigint, bigint]>> = {};
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
  ranges[dtype] = signed
    ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]
    : [0n, 2n ** BigInt(bits) - 1n];
}

/** Stores one leaf as an element of `dtype`. Throws a TypeError where it is not one. */
function store(dtype: DType, data: unknown[], i: number, leaf: unknown): void {
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
    const whole = typeof leaf === "bigint" || (typeof leaf === "number" && Number.isInteger(leaf));
    if (!whole) throw mismatch(dtype, leaf);
    const wide = BigInt(leaf as number | bigint);
    const [low, high] = ranges[dtype]!;
    if (wide < low || wide > high) throw new TypeError(`${wide} is out of range for ${dtype}`);
    data[i] = storage === "i64" || storage === "u64" ? wide : Number(wide);
  }
}

/** Whole arrays between numeric types, where no element changes its meaning. */
function cast(array: NdArray, dtype: DType): NdArray {
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
