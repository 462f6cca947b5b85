// The .npy format, one array a file. Not here: .npz (a zip of these), object arrays, structured types.
// Spec: numpy.lib.format.
//
//   +----------+-------+-------+-------------+----------------------------------------------------------+------+
//   | \x93NUMPY | major | minor | header size | {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } | data |
//   |           |       |       | u16 or u32  | padded with spaces to 64 bytes, newline at the end           |      |
//   +----------+-------+-------+-------------+----------------------------------------------------------+------+
import { TfError } from "@org/errors";
import { allocateData, type DType, dtypes, viewData } from "./dtype.ts";
import { type NdArray, ndArray, sizeOf } from "./nd-array.ts";

/** numpy's names (without byte order) of the types that it has. */
const descriptions: Partial<Record<DType, string>> = {
  float32: "f4",
  float64: "f8",
  float16: "f2",
  int8: "i1",
  int16: "i2",
  int32: "i4",
  int64: "i8",
  uint8: "u1",
  uint16: "u2",
  uint32: "u4",
  uint64: "u8",
  bool: "b1",
  complex64: "c8",
  complex128: "c16",
};
const byDescription = new Map(Object.entries(descriptions).map(([dtype, text]) => [text, dtype as DType]));

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

function broken(reason: string, offset: number): TfError {
  return new TfError("DATA_LOSS", `Not a .npy file: ${reason}`, { offset });
}

/** What a .npy file says of its array, and where the array's data begins. */
export interface NpyHeader {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly dataOffset: number;
}

interface Layout extends NpyHeader {
  /** Bytes an element takes; of a string, with the NULs that fill it up. */
  readonly width: number;
  readonly bigEndian: boolean;
  readonly fortranOrder: boolean;
}

/**
 * The header alone, of the beginning of a file; undefined where more than these bytes are needed.
 * Throws TfError as `readNpy` does.
 */
export function readNpyHeader(beginning: Uint8Array): NpyHeader | undefined {
  const size = headerEnd(beginning);
  if (size === undefined || size > beginning.length) return undefined;
  const { dtype, shape, dataOffset } = layoutOf(beginning);
  return { dtype, shape, dataOffset };
}

/** Where the header ends; undefined where its length is not there yet. */
function headerEnd(bytes: Uint8Array): number | undefined {
  if (magic.some((byte, i) => i < bytes.length && bytes[i] !== byte)) throw broken("no magic number", 0);
  const wide = bytes[6]! >= 2;
  const start = wide ? 12 : 10;
  if (bytes.length < start) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return start + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
}

function layoutOf(bytes: Uint8Array): Layout {
  const end = headerEnd(bytes);
  if (end === undefined || end > bytes.length) throw broken("truncated header", Math.min(bytes.length, 10));
  const start = bytes[6]! >= 2 ? 12 : 10;
  const header = new TextDecoder().decode(bytes.subarray(start, end));
  const descr = /'descr':\s*'([<>|=]?)(\w+)'/.exec(header);
  const fortran = /'fortran_order':\s*(True|False)/.exec(header);
  const dims = /'shape':\s*\(([\d\s,L]*)\)/.exec(header);
  if (descr === null || fortran === null || dims === null) throw broken(`header ${header.trim()}`, start);
  const shape = dims[1]!
    .split(",")
    .filter((text) => text.trim() !== "")
    .map((text) => Number.parseInt(text, 10));
  const [, order, name] = descr as unknown as [string, string, string];
  const text = /^S(\d+)$/.exec(name);
  const dtype = text ? "string" : byDescription.get(name);
  if (dtype === undefined) throw new TfError("UNIMPLEMENTED", `.npy of type ${name} cannot be read`);
  const width = text ? Number(text[1]) : dtypes[dtype].bytes;
  return {
    dtype,
    shape,
    dataOffset: end,
    width,
    bigEndian: order === ">",
    fortranOrder: fortran[1] === "True",
  };
}

/**
 * Reads an array. Byte strings (`|S5`) become strings, without the NULs at their end; big-endian data and Fortran order are
 * turned round. Throws TfError DATA_LOSS for anything that is not a .npy file, UNIMPLEMENTED for types that TensorFlow lacks.
 */
export function readNpy(bytes: Uint8Array): NdArray {
  if (bytes.length < 10) throw broken("no magic number", 0);
  const { dtype, shape, dataOffset, width, bigEndian, fortranOrder } = layoutOf(bytes);
  const size = sizeOf(shape);
  const there = bytes.length - dataOffset;
  if (!Number.isSafeInteger(size * width) || there < size * width)
    throw broken(`${size * width} bytes of data announced, ${there} there`, dataOffset);
  const raw = bytes.slice(dataOffset, dataOffset + size * width);
  if (bigEndian) reverseWords(raw, width / dtypes[dtype].width);
  const data =
    dtype === "string"
      ? Array.from({ length: size }, (_, i) => withoutTrailingNuls(raw.subarray(i * width, (i + 1) * width)))
      : viewData(dtype, raw);
  const array = ndArray(dtype, shape, data as never);
  return fortranOrder ? fromFortran(array) : array;
}

function reverseWords(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

function withoutTrailingNuls(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.slice(0, end);
}

/** Column-major data of a shape -> row-major. */
function fromFortran(array: NdArray): NdArray {
  const { dtype, shape } = array;
  const source = array.data as unknown as ArrayLike<unknown>;
  const size = sizeOf(shape);
  const { width } = dtypes[dtype];
  const out = allocateData(dtype, size) as unknown as { [i: number]: unknown };
  const index = shape.map(() => 0);
  for (let to = 0; to < size; to++) {
    let from = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) from = from * shape[axis]! + index[axis]!;
    for (let k = 0; k < width; k++) out[to * width + k] = source[from * width + k];
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
  return ndArray(dtype, shape, out as never);
}

/**
 * The array as a .npy file that numpy reads. bfloat16, which numpy lacks, goes out as uint16 bits; strings as fixed-width byte
 * strings. Throws TfError UNIMPLEMENTED for other types that numpy lacks.
 */
export function writeNpy(array: NdArray): Uint8Array {
  const { dtype, shape } = array;
  let descr = dtype === "bfloat16" ? "u2" : descriptions[dtype];
  let raw: Uint8Array;
  if (dtype === "string") {
    const strings = array.data as Uint8Array[];
    const width = strings.reduce((most, bytes) => Math.max(most, bytes.length), 1);
    descr = `S${width}`;
    raw = new Uint8Array(strings.length * width);
    strings.forEach((bytes, i) => {
      raw.set(bytes, i * width);
    });
  } else if (descr === undefined) {
    throw new TfError("UNIMPLEMENTED", `${dtype} cannot be written to a .npy file`);
  } else {
    const view = array.data as Float32Array;
    raw = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  }
  const order = dtype === "string" || dtypes[dtype].bytes === 1 ? "|" : "<";
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '${order}${descr}', 'fortran_order': False, 'shape': (${dims}), }`;
  const total = Math.ceil((10 + header.length + 1) / 64) * 64;
  const out = new Uint8Array(total + raw.length);
  out.set([...magic, 1, 0, (total - 10) & 255, (total - 10) >> 8]);
  out.set(new TextEncoder().encode(`${header.padEnd(total - 11)}\n`), 10);
  out.set(raw, total);
  return out;
}
