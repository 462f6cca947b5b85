// NdArray <-> TensorProto.
// Source: core/framework/tensor.proto, tensor.cc (FromProto), python/framework/tensor_util.py (make_tensor_proto).
import { TfError } from "@org/errors";
import type { ITensorProto } from "@org/proto";
import { allocateData, type DType, dtypeFromProto, dtypes, dtypeToProto, viewData } from "./dtype.ts";
import { type NdArray, ndArray, sizeOf } from "./nd-array.ts";
import { Shape } from "./shape.ts";
import { shapeFromProto, shapeToProto } from "./shape-proto.ts";
import { decodeStringList } from "./string-list.ts";

export interface FromProtoOptions {
  /**
   * Most bytes that a proto may grow to beyond what it carries (a short list repeats its last value, an empty one
   * means zeros). Default 256 MiB; a proto that carries its elements is never limited.
   */
  readonly maxExpansion?: number;
}

type Field =
  | "floatVal"
  | "doubleVal"
  | "intVal"
  | "stringVal"
  | "scomplexVal"
  | "int64Val"
  | "boolVal"
  | "dcomplexVal"
  | "halfVal"
  | "resourceHandleVal"
  | "variantVal"
  | "uint32Val"
  | "uint64Val"
  | "float8Val";

const others: Partial<Record<DType, Field>> = {
  float32: "floatVal",
  float64: "doubleVal",
  string: "stringVal",
  complex64: "scomplexVal",
  complex128: "dcomplexVal",
  int64: "int64Val",
  bool: "boolVal",
  float16: "halfVal",
  bfloat16: "halfVal",
  resource: "resourceHandleVal",
  variant: "variantVal",
  uint32: "uint32Val",
  uint64: "uint64Val",
};

/** The list field that holds elements of `dtype`; small integers share int_val. */
function valueField(dtype: DType): Field {
  return others[dtype] ?? (dtype.startsWith("float8") ? "float8Val" : "intVal");
}

/**
 * The value of a TensorProto. A list shorter than the shape repeats its last value; one that is longer is cut, as in TensorFlow.
 * Nothing is allocated before dims and lengths are checked.
 * Throws TfError INVALID_ARGUMENT for a type that is not known, a shape that is not fully defined or too large, or content of the wrong size.
 */
export function tensorFromProto(proto: ITensorProto, options: FromProtoOptions = {}): NdArray {
  const type = dtypeFromProto(proto.dtype ?? 0);
  if (type === undefined || type.isRef) {
    throw new TfError("INVALID_ARGUMENT", `Cannot parse tensor from proto: data type ${proto.dtype ?? 0}`, {
      hint: "DT_INVALID, a ref type, or a type newer than this library.",
    });
  }
  const { dtype } = type;
  const shape = shapeFromProto(proto.tensorShape ?? {});
  if (!shape.isFullyDefined()) {
    throw new TfError("INVALID_ARGUMENT", `Shape ${shape} is not fully defined`);
  }
  const dims = shape.toNumbers();
  const size = sizeOf(dims);
  const content = proto.tensorContent;
  if (content && content.length > 0) return fromContent(dtype, dims, size, content);

  const list = (proto[valueField(dtype)] ?? []) as ArrayLike<unknown>;
  const row = dtypes[dtype];
  const perElement = row.width;
  const given = Math.min(Math.floor(list.length / perElement), size);
  const grown = (size - given) * Math.max(row.bytes, 8);
  const limit = options.maxExpansion ?? 2 ** 28;
  if (grown > limit) {
    throw new TfError(
      "INVALID_ARGUMENT",
      `TensorProto of ${given} values with shape ${shape} would expand by ${grown} bytes`,
      { hint: `More than maxExpansion (${limit}) allows; raise it if the file is trusted.` },
    );
  }
  const data = allocateData(dtype, size) as unknown as { [i: number]: unknown; length: number };
  const count = given * perElement;
  if (row.storage === "u64" || row.storage === "i64") {
    for (let i = 0; i < count; i++) data[i] = BigInt(list[i] as bigint);
  } else if (row.kind === "bool") {
    for (let i = 0; i < count; i++) data[i] = list[i] ? 1 : 0;
  } else {
    for (let i = 0; i < count; i++) data[i] = list[i];
  }
  // Variants do not repeat: what is missing is empty.
  if (given > 0 && given < size && dtype !== "variant") {
    for (let i = count; i < data.length; i++) data[i] = data[i - perElement];
  }
  return ndArray(dtype, dims, data as never);
}

function fromContent(dtype: DType, dims: number[], size: number, content: Uint8Array): NdArray {
  const row = dtypes[dtype];
  if (row.storage === "bytes") return ndArray(dtype, dims, decodeStringList(content, size) as never);
  if (row.storage === "handle") {
    throw new TfError("UNIMPLEMENTED", `tensor_content of type ${dtype} cannot be read`);
  }
  if (content.length !== size * row.bytes) {
    throw new TfError(
      "INVALID_ARGUMENT",
      `Input size was ${content.length} and expected ${size * row.bytes}`,
      { hint: `tensor_content must hold ${size} elements of ${dtype}, shape ${new Shape(dims)}.` },
    );
  }
  return ndArray(dtype, dims, viewData(dtype, content.slice()) as never);
}

export interface ToProtoOptions {
  /**
   * "python" (default): what 1.15's `make_tensor_proto` chooses, so that graphs come out byte for byte: tensor_content for two elements
   * or more of most numeric types, otherwise the typed list. "list": always the typed list (what V1 checkpoints hold).
   * "content": tensor_content wherever there is such a thing (what Tensor::AsProtoTensorContent writes).
   */
  readonly encoding?: "python" | "list" | "content";
  /**
   * The proto's shape, where it is not the array's: of as many elements (a reshape) or of more, the last of which all have the
   * last value (`tf.zeros([1000])` is one 0 with a shape). As `make_tensor_proto(values, shape=...)`.
   */
  readonly shape?: readonly number[];
  /** Content is the array's own memory, not a copy: neither it nor the message may be changed afterwards. Default false. */
  readonly shared?: boolean;
}

/** Types that make_tensor_proto puts into tensor_content. Not among them: half, bfloat16, uint16, bool, complex. */
const contentTypes: ReadonlySet<DType> = new Set<DType>([
  "float32",
  "float64",
  "int32",
  "uint8",
  "int16",
  "int8",
  "int64",
  "qint8",
  "quint8",
  "qint16",
  "quint16",
  "qint32",
  "uint32",
  "uint64",
]);

/**
 * The TensorProto of a value. Throws TfError INVALID_ARGUMENT where the content would be 2 GiB or more or `shape` holds fewer elements, UNIMPLEMENTED for
 * handles that carry no proto.
 */
export function tensorToProto(array: NdArray, options: ToProtoOptions = {}): ITensorProto {
  const { dtype, data } = array;
  const row = dtypes[dtype];
  const shape = options.shape ?? array.shape;
  const head = { dtype: dtypeToProto(dtype), tensorShape: shapeToProto(shape) };
  const encoding = options.encoding ?? "python";
  const given = sizeOf(array.shape);
  const size = sizeOf(shape);
  if (given > size) {
    throw new TfError(
      "INVALID_ARGUMENT",
      `Too many elements provided. Needed at most ${size}, but received ${given}`,
    );
  }
  const content =
    given === size &&
    (encoding === "content"
      ? row.bytes > 0 && size > 0
      : encoding === "python" && size > 1 && contentTypes.has(dtype));
  if (content) {
    const view = data as Exclude<typeof data, unknown[]>;
    if (view.byteLength >= 2 ** 31) {
      throw new TfError("INVALID_ARGUMENT", "Cannot create a tensor proto whose content is larger than 2GB.");
    }
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    return { ...head, tensorContent: options.shared ? bytes : bytes.slice() };
  }
  const field = valueField(dtype);
  if (field === "float8Val") return { ...head, float8Val: (data as Uint8Array).slice() };
  if (field === "boolVal")
    return { ...head, boolVal: Array.from(data as Uint8Array, (value) => value !== 0) };
  if (
    row.storage === "handle" &&
    (data as unknown[]).some((value) => typeof value !== "object" || value === null)
  ) {
    throw new TfError("UNIMPLEMENTED", `A ${dtype} without a proto cannot be written to a TensorProto`);
  }
  return { ...head, [field]: Array.from(data as ArrayLike<unknown>) };
}
