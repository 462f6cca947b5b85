// Element types: TensorFlow's names (tf.float32 is "float32"), DataType numbers, storage.
// Source: tensorflow/core/framework/types.proto and python/framework/dtypes.py.
import { TfError } from "@org/errors";

/** What stores a type's elements. `bytes` is an array of Uint8Array, one a string. */
export type Storage =
  | "f32"
  | "f64"
  | "i8"
  | "i16"
  | "i32"
  | "i64"
  | "u8"
  | "u16"
  | "u32"
  | "u64"
  | "bytes"
  | "handle";

interface DTypeRow {
  /** DataType enum number; +100 is the ref type. */
  readonly number: number;
  readonly storage: Storage;
  /** Stored numbers for one element: 2 for complex types. */
  readonly width: 1 | 2;
  /** Bytes an element takes in a checkpoint; 0 where it varies. */
  readonly bytes: number;
  readonly kind:
    | "float"
    | "int"
    | "uint"
    | "bool"
    | "complex"
    | "quantized"
    | "string"
    | "resource"
    | "variant";
  /** The name that C++ messages and text use: DataTypeString. */
  readonly cc: string;
}

/** Every DT_* that a checkpoint or graph may hold. Floats narrower than 32 bits are stored as their bits (see half.ts). */
export const dtypes = {
  float32: { number: 1, storage: "f32", width: 1, bytes: 4, kind: "float", cc: "float" },
  float64: { number: 2, storage: "f64", width: 1, bytes: 8, kind: "float", cc: "double" },
  int32: { number: 3, storage: "i32", width: 1, bytes: 4, kind: "int", cc: "int32" },
  uint8: { number: 4, storage: "u8", width: 1, bytes: 1, kind: "uint", cc: "uint8" },
  int16: { number: 5, storage: "i16", width: 1, bytes: 2, kind: "int", cc: "int16" },
  int8: { number: 6, storage: "i8", width: 1, bytes: 1, kind: "int", cc: "int8" },
  string: { number: 7, storage: "bytes", width: 1, bytes: 0, kind: "string", cc: "string" },
  complex64: { number: 8, storage: "f32", width: 2, bytes: 8, kind: "complex", cc: "complex64" },
  int64: { number: 9, storage: "i64", width: 1, bytes: 8, kind: "int", cc: "int64" },
  bool: { number: 10, storage: "u8", width: 1, bytes: 1, kind: "bool", cc: "bool" },
  qint8: { number: 11, storage: "i8", width: 1, bytes: 1, kind: "quantized", cc: "qint8" },
  quint8: { number: 12, storage: "u8", width: 1, bytes: 1, kind: "quantized", cc: "quint8" },
  qint32: { number: 13, storage: "i32", width: 1, bytes: 4, kind: "quantized", cc: "qint32" },
  bfloat16: { number: 14, storage: "u16", width: 1, bytes: 2, kind: "float", cc: "bfloat16" },
  qint16: { number: 15, storage: "i16", width: 1, bytes: 2, kind: "quantized", cc: "qint16" },
  quint16: { number: 16, storage: "u16", width: 1, bytes: 2, kind: "quantized", cc: "quint16" },
  uint16: { number: 17, storage: "u16", width: 1, bytes: 2, kind: "uint", cc: "uint16" },
  complex128: { number: 18, storage: "f64", width: 2, bytes: 16, kind: "complex", cc: "complex128" },
  float16: { number: 19, storage: "u16", width: 1, bytes: 2, kind: "float", cc: "half" },
  resource: { number: 20, storage: "handle", width: 1, bytes: 0, kind: "resource", cc: "resource" },
  variant: { number: 21, storage: "handle", width: 1, bytes: 0, kind: "variant", cc: "variant" },
  uint32: { number: 22, storage: "u32", width: 1, bytes: 4, kind: "uint", cc: "uint32" },
  uint64: { number: 23, storage: "u64", width: 1, bytes: 8, kind: "uint", cc: "uint64" },
  float8_e5m2: { number: 24, storage: "u8", width: 1, bytes: 1, kind: "float", cc: "float8_e5m2" },
  float8_e4m3fn: { number: 25, storage: "u8", width: 1, bytes: 1, kind: "float", cc: "float8_e4m3fn" },
  float8_e4m3fnuz: { number: 26, storage: "u8", width: 1, bytes: 1, kind: "float", cc: "float8_e4m3fnuz" },
  float8_e4m3b11fnuz: {
    number: 27,
    storage: "u8",
    width: 1,
    bytes: 1,
    kind: "float",
    cc: "float8_e4m3b11fnuz",
  },
  float8_e5m2fnuz: { number: 28, storage: "u8", width: 1, bytes: 1, kind: "float", cc: "float8_e5m2fnuz" },
  int4: { number: 29, storage: "i8", width: 1, bytes: 1, kind: "int", cc: "int4" },
  uint4: { number: 30, storage: "u8", width: 1, bytes: 1, kind: "uint", cc: "uint4" },
  int2: { number: 31, storage: "i8", width: 1, bytes: 1, kind: "int", cc: "int2" },
  uint2: { number: 32, storage: "u8", width: 1, bytes: 1, kind: "uint", cc: "uint2" },
  float4_e2m1fn: { number: 33, storage: "u8", width: 1, bytes: 1, kind: "float", cc: "float4_e2m1fn" },
} as const;

/** Every row has the shape of a DTypeRow. */
const rows: Readonly<Record<string, DTypeRow>> = dtypes;

/** A TensorFlow element type by its Python name. */
export type DType = keyof typeof dtypes;

/** The array that holds elements of each storage. */
export interface StorageArrays {
  f32: Float32Array;
  f64: Float64Array;
  i8: Int8Array;
  i16: Int16Array;
  i32: Int32Array;
  i64: BigInt64Array;
  u8: Uint8Array;
  u16: Uint16Array;
  u32: Uint32Array;
  u64: BigUint64Array;
  bytes: Uint8Array[];
  /** Resource and variant values: opaque to everything but the ops that make them. */
  handle: unknown[];
}

/** The array type of `D`'s elements, e.g. `DataOf<"int64">` is BigInt64Array. */
export type DataOf<D extends DType = DType> = StorageArrays[(typeof dtypes)[D]["storage"]];

/** Arrays of numbers alone (what a backend can hold). */
export type NumericData = Exclude<StorageArrays[Storage], Uint8Array[] | unknown[]>;

const byNumber = new Map<number, DType>(
  (Object.keys(dtypes) as DType[]).map((name) => [dtypes[name].number, name]),
);

/** The DataType number of `dtype`, or of its ref type. */
export function dtypeToProto(dtype: DType, isRef = false): number {
  return dtypes[dtype].number + (isRef ? 100 : 0);
}

/** DType and ref-ness of a DataType number; undefined for DT_INVALID and numbers that this schema lacks. */
export function dtypeFromProto(number: number): { dtype: DType; isRef: boolean } | undefined {
  const dtype = byNumber.get(number >= 100 ? number - 100 : number);
  return dtype === undefined ? undefined : { dtype, isRef: number >= 100 };
}

/** The name in C++ messages: "float", "half", "float_ref". */
export function dtypeString(dtype: DType, isRef = false): string {
  return dtypes[dtype].cc + (isRef ? "_ref" : "");
}

const constructors = {
  f32: Float32Array,
  f64: Float64Array,
  i8: Int8Array,
  i16: Int16Array,
  i32: Int32Array,
  i64: BigInt64Array,
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  u64: BigUint64Array,
} as const;

/** Most strings or handles of one tensor: each is an object of its own, and the engine ends the process where they do not fit. */
const mostObjects = 2 ** 27;

/**
 * Data for `count` elements: zeros, empty strings, undefined handles.
 * Throws TfError RESOURCE_EXHAUSTED where there is no room for them.
 */
export function allocateData<D extends DType>(dtype: D, count: number): DataOf<D> {
  const { storage, width, bytes } = rows[dtype]!;
  const tooMuch = (cause?: unknown): TfError =>
    new TfError("RESOURCE_EXHAUSTED", `OOM when allocating ${count} elements of type ${dtypeString(dtype)}`, {
      hint: "Is a shape or a size that the graph computes, or that is fed, what it should be?",
      cause,
    });
  if (storage === "bytes" || storage === "handle") {
    if (count > mostObjects) throw tooMuch();
    if (storage === "bytes") return Array.from({ length: count }, () => new Uint8Array(0)) as DataOf<D>;
    return new Array<unknown>(count).fill(undefined) as DataOf<D>;
  }
  if (!Number.isSafeInteger(count * Math.max(bytes, 1))) throw tooMuch();
  try {
    return new constructors[storage](count * width) as DataOf<D>;
  } catch (cause) {
    throw tooMuch(cause);
  }
}

/** Whether `data` is what `dtype` keeps its elements in. */
export function isDataOf(dtype: DType, data: unknown): boolean {
  const { storage } = rows[dtype]!;
  if (storage === "handle") return Array.isArray(data);
  if (storage === "bytes") return Array.isArray(data) && data.every((item) => item instanceof Uint8Array);
  // By its tag: arrays of another realm are arrays, too.
  return (
    ArrayBuffer.isView(data) && (data as Float32Array)[Symbol.toStringTag] === constructors[storage].name
  );
}

/** The numbers of `dtype` over existing bytes, without a copy where alignment allows. */
export function viewData(dtype: DType, bytes: Uint8Array): NumericData {
  const { storage } = rows[dtype]!;
  if (storage === "bytes" || storage === "handle") throw new TypeError(`${dtype} has no numeric storage`);
  const ArrayOf = constructors[storage];
  const aligned = bytes.byteOffset % ArrayOf.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new ArrayOf(
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    aligned.byteLength / ArrayOf.BYTES_PER_ELEMENT,
  );
}
