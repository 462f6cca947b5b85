// Element types: TensorFlow's names (tf.float32 is "float32"), DataType numbers, storage.
// Source: tensorflow/core/framework/types.proto and python/framework/dtypes.py.

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

const row = (
  number: number,
  storage: Storage,
  bytes: number,
  kind: DTypeRow["kind"],
  cc: string,
  width: 1 | 2 = 1,
): DTypeRow => ({ number, storage, width, bytes, kind, cc });

/** Every DT_* that a checkpoint or graph may hold. float16 and bfloat16 are stored as their 16 bits. */
export const dtypes = {
  float32: row(1, "f32", 4, "float", "float"),
  float64: row(2, "f64", 8, "float", "double"),
  int32: row(3, "i32", 4, "int", "int32"),
  uint8: row(4, "u8", 1, "uint", "uint8"),
  int16: row(5, "i16", 2, "int", "int16"),
  int8: row(6, "i8", 1, "int", "int8"),
  string: row(7, "bytes", 0, "string", "string"),
  complex64: row(8, "f32", 8, "complex", "complex64", 2),
  int64: row(9, "i64", 8, "int", "int64"),
  bool: row(10, "u8", 1, "bool", "bool"),
  qint8: row(11, "i8", 1, "quantized", "qint8"),
  quint8: row(12, "u8", 1, "quantized", "quint8"),
  qint32: row(13, "i32", 4, "quantized", "qint32"),
  bfloat16: row(14, "u16", 2, "float", "bfloat16"),
  qint16: row(15, "i16", 2, "quantized", "qint16"),
  quint16: row(16, "u16", 2, "quantized", "quint16"),
  uint16: row(17, "u16", 2, "uint", "uint16"),
  complex128: row(18, "f64", 16, "complex", "complex128", 2),
  float16: row(19, "u16", 2, "float", "half"),
  resource: row(20, "handle", 0, "resource", "resource"),
  variant: row(21, "handle", 0, "variant", "variant"),
  uint32: row(22, "u32", 4, "uint", "uint32"),
  uint64: row(23, "u64", 8, "uint", "uint64"),
  float8_e5m2: row(24, "u8", 1, "float", "float8_e5m2"),
  float8_e4m3fn: row(25, "u8", 1, "float", "float8_e4m3fn"),
  float8_e4m3fnuz: row(26, "u8", 1, "float", "float8_e4m3fnuz"),
  float8_e4m3b11fnuz: row(27, "u8", 1, "float", "float8_e4m3b11fnuz"),
  float8_e5m2fnuz: row(28, "u8", 1, "float", "float8_e5m2fnuz"),
  int4: row(29, "i8", 1, "int", "int4"),
  uint4: row(30, "u8", 1, "uint", "uint4"),
  int2: row(31, "i8", 1, "int", "int2"),
  uint2: row(32, "u8", 1, "uint", "uint2"),
} as const satisfies Record<string, DTypeRow>;

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

/** A new array for `count` elements: zeros, or empty strings. */
export function allocateData<D extends DType>(dtype: D, count: number): DataOf<D> {
  const { storage, width } = dtypes[dtype] as DTypeRow;
  if (storage === "bytes") return Array.from({ length: count }, () => new Uint8Array(0)) as DataOf<D>;
  if (storage === "handle") return new Array<unknown>(count).fill(undefined) as DataOf<D>;
  return new constructors[storage](count * width) as DataOf<D>;
}

/** The numbers of `dtype` over existing bytes, without a copy where alignment allows. */
export function viewData(dtype: DType, bytes: Uint8Array): NumericData {
  const { storage } = dtypes[dtype] as DTypeRow;
  if (storage === "bytes" || storage === "handle") throw new TypeError(`${dtype} has no numeric storage`);
  const ArrayOf = constructors[storage];
  const aligned = bytes.byteOffset % ArrayOf.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new ArrayOf(
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    aligned.byteLength / ArrayOf.BYTES_PER_ELEMENT,
  );
}
