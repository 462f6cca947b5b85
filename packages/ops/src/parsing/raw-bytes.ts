// Strings that are the bytes of numbers (DecodeRaw) or of a TensorProto (ParseTensor). Source: core/kernels/{decode_raw_op,
// decode_padded_raw_op,parse_tensor_op}.cc, core/ops/parsing_ops.cc, python/ops/parsing_ops.py.
import type { Tensor } from "@org/graph";
import { decode, encode, TensorProto } from "@org/proto";
import {
  allocateData,
  type DType,
  dtypeString,
  dtypes,
  type NdArray,
  ndArray,
  Shape,
  tensorFromProto,
  tensorToProto,
} from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import { stringArray } from "../host/text.ts";
import type { HostContext, HostKernel, OpEntry } from "../op-entry.ts";
import { invalid, scalarDim, unknownShape } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

export interface DecodeRawOptions extends NameOption {
  /** Order of the bytes of a number: true unless given. */
  readonly littleEndian?: boolean | undefined;
  /** Bytes that every string is cut or filled up (with zeros) to; without, all strings must be of one length. */
  readonly fixedLength?: TensorLike | undefined;
}

/**
 * tf.decode_raw: the bytes of each string as numbers of `outType`: a last dimension more. Running it fails with INVALID_ARGUMENT where
 * strings differ in length, or end within a number.
 * @tfExport decodeRaw
 */
export function decodeRaw(inputBytes: TensorLike, outType: DType, options: DecodeRawOptions = {}): Tensor {
  const { name, littleEndian, fixedLength } = options;
  const attrs = { out_type: outType, little_endian: littleEndian };
  return fixedLength === undefined
    ? applyOne("DecodeRaw", [inputBytes], { name, attrs })
    : applyOne("DecodePaddedRaw", [inputBytes, fixedLength], { name, attrs });
}

/** tf.io.parse_tensor: the value of a scalar string that holds a TensorProto of `outType`; its shape is not known before it runs. @tfExport parseTensor */
export function parseTensor(serialized: TensorLike, outType: DType, options: NameOption = {}): Tensor {
  return applyOne("ParseTensor", [serialized], { name: options.name, attrs: { out_type: outType } });
}

/** tf.io.serialize_tensor: a tensor as the bytes of a TensorProto, a scalar string. @tfExport serializeTensor */
export function serializeTensor(tensor: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("SerializeTensor", [tensor], options);
}

/** Numbers of `rows`, `bytesEach` of each: those that are shorter are followed by zeros. */
function numbersOfRows(
  c: HostContext,
  shape: readonly number[],
  rows: readonly Uint8Array[],
  bytesEach: number,
): NdArray {
  const dtype = c.outputDType(0);
  const count = bytesEach / dtypes[dtype].bytes;
  const data = allocateData(dtype, rows.length * count) as Exclude<NdArray["data"], unknown[]>;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (const [i, row] of rows.entries()) bytes.set(row.subarray(0, bytesEach), i * bytesEach);
  if (!c.attrs.bool("little_endian")) {
    // TensorFlow turns complex numbers around as wholes in DecodeRaw: both halves change places.
    const size = dtypes[dtype].bytes;
    for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  }
  if (dtype === "bool") for (const [i, byte] of bytes.entries()) bytes[i] = byte === 0 ? 0 : 1;
  return ndArray(dtype, [...shape, count], data as never);
}

const decodeRawKernel: HostKernel = (c) => {
  const input = c.input(0);
  const rows = input.data as Uint8Array[];
  const dtype = c.outputDType(0);
  const length = rows[0]?.length ?? 0;
  for (const [i, row] of rows.entries())
    if (row.length !== length)
      c.fail(
        "INVALID_ARGUMENT",
        `DecodeRaw requires input strings to all be the same size, but element ${i} has size ${length} != ${row.length}`,
      );
  const { bytes } = dtypes[dtype];
  if (length % bytes !== 0)
    c.fail(
      "INVALID_ARGUMENT",
      `Input to DecodeRaw has length ${length} that is not a multiple of ${bytes}, the size of ${dtypeString(dtype)}`,
    );
  return [numbersOfRows(c, input.shape, rows, length)];
};

const decodePaddedRaw: HostKernel = (c) => {
  const [input, width] = [c.input(0), c.input(1)];
  const dtype = c.outputDType(0);
  if (width.shape.length !== 0)
    c.fail("INVALID_ARGUMENT", `k must be scalar, got shape ${new Shape(width.shape)}`);
  const fixed = Number(width.data[0]);
  const { bytes } = dtypes[dtype];
  if (fixed % bytes !== 0)
    c.fail(
      "INVALID_ARGUMENT",
      `fixed_length (${fixed}) must be a multiple of the size of out_type (${bytes})`,
    );
  if (fixed <= 0) c.fail("INVALID_ARGUMENT", `fixed_length (${fixed}) must be greater than zero.`);
  return [numbersOfRows(c, input.shape, input.data as Uint8Array[], fixed)];
};

const parseTensorKernel: HostKernel = (c) => {
  const serialized = c.input(0);
  if (serialized.shape.length !== 0)
    c.fail(
      "INVALID_ARGUMENT",
      `Expected \`serialized\` to be a scalar, got shape: ${new Shape(serialized.shape)}`,
    );
  const [bytes] = serialized.data as Uint8Array[];
  let proto: TensorProto;
  try {
    proto = decode(TensorProto, bytes!);
  } catch {
    return c.fail(
      "INVALID_ARGUMENT",
      `Could not parse \`serialized\` as TensorProto: '${new TextDecoder().decode(bytes)}'`,
    );
  }
  const value = tensorFromProto(proto);
  const wanted = c.outputDType(0);
  if (value.dtype !== wanted)
    c.fail(
      "INVALID_ARGUMENT",
      `Type mismatch between parsed tensor (${dtypeString(value.dtype)}) and dtype (${dtypeString(wanted)})`,
    );
  return [value];
};

/** Entries of DecodeRaw, DecodePaddedRaw, ParseTensor, SerializeTensor. */
export const rawBytesOps: readonly OpEntry[] = defineOps({
  DecodeRaw: {
    shape: (c) => [c.input(0).concat(new Shape([null]))],
    host: decodeRawKernel,
    gradient: null,
  },
  DecodePaddedRaw: {
    shape: (c) => {
      const fixed = scalarDim(c, 1);
      const { bytes } = dtypes[c.attrs.type("out_type")];
      if (fixed !== null && fixed % bytes !== 0)
        invalid(`Dimension size must be evenly divisible by ${bytes} but is ${fixed}`);
      return [c.input(0).concat(new Shape([fixed === null ? null : fixed / bytes]))];
    },
    host: decodePaddedRaw,
    gradient: null,
  },
  ParseTensor: {
    shape: unknownShape,
    host: parseTensorKernel,
    gradient: null,
  },
  SerializeTensor: {
    shape: () => [Shape.scalar],
    host: (c) => [stringArray([], [encode(TensorProto, tensorToProto(c.input(0), { encoding: "content" }))])],
    gradient: null,
  },
});
