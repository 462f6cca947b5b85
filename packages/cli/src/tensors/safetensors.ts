// The safetensors format: a JSON header with names, types, shapes and places, then the tensors' bytes. Not here: sharded models (index.json).
// Spec: huggingface/safetensors, README "Format". Own code: the npm packages of that name read whole files and check little.
//
//   +---------------------+--------------------------------------------------------------------------------+---------+
//   | header size  u64 LE | {"a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}  spaces | tensors |
//   +---------------------+--------------------------------------------------------------------------------+---------+
//
// Offsets count from the end of the header. Tensors lie without holes and without overlaps, and fill the file.
import { TfError } from "@org/errors";
import type { ByteSink, ByteSource } from "@org/io";
import { type DType, dtypes, type NdArray, ndArray, sizeOf, viewData } from "@org/tensor";
import {
  byteSize,
  missingTensor,
  type ReadOptions,
  rawBytes,
  readInTurn,
  type TensorEntry,
  type TensorSource,
  type TensorToWrite,
  type WriteOptions,
} from "./tensor-file.ts";

/** What the reference implementation reads of a header. */
const maxHeaderSize = 100_000_000;

const names: Partial<Record<DType, string>> = {
  bool: "BOOL",
  uint8: "U8",
  int8: "I8",
  float8_e5m2: "F8_E5M2",
  float8_e4m3fn: "F8_E4M3",
  int16: "I16",
  uint16: "U16",
  float16: "F16",
  bfloat16: "BF16",
  int32: "I32",
  uint32: "U32",
  float32: "F32",
  complex64: "C64",
  float64: "F64",
  int64: "I64",
  uint64: "U64",
};
const byName = new Map(Object.entries(names).map(([dtype, name]) => [name, dtype as DType]));

interface Placed extends TensorEntry {
  readonly start: number;
  readonly end: number;
}

function invalid(path: string, reason: string, place: { offset?: number; key?: string } = {}): TfError {
  return new TfError("DATA_LOSS", `${path} is not a safetensors file: ${reason}`, { file: path, ...place });
}

/**
 * Opens a file; its header is read and checked, tensors are read when they are asked for.
 * Throws TfError DATA_LOSS for what is no such file: sizes beyond the file, holes, overlaps, shapes that do not fit their bytes;
 * UNIMPLEMENTED for element types that TensorFlow lacks.
 */
export async function openSafetensors(path: string, source: ByteSource): Promise<TensorSource> {
  if (source.size < 8) throw invalid(path, "it has no header");
  const sizeBytes = await source.read(0, 8);
  const size = Number(new DataView(sizeBytes.buffer, sizeBytes.byteOffset, 8).getBigUint64(0, true));
  if (size > maxHeaderSize || size > source.size - 8)
    throw invalid(path, `a header of ${size} bytes`, { offset: 0 });
  const placed = parseHeader(await source.read(8, 8 + size), path, source.size - 8 - size);
  const byKey = new Map(placed.map((entry) => [entry.name, entry]));
  const self: TensorSource = {
    format: ".safetensors file",
    path,
    entries: placed,
    async get(name: string, { signal }: ReadOptions = {}): Promise<NdArray> {
      const entry = byKey.get(name);
      if (!entry) throw missingTensor(name, self);
      const at = 8 + size;
      const bytes = await source.read(at + entry.start, at + entry.end, signal ? { signal } : {});
      // A copy lies at a multiple of eight bytes, as typed arrays need it.
      return ndArray(entry.dtype, entry.shape, viewData(entry.dtype, bytes.slice()) as never);
    },
    [Symbol.asyncDispose]: () => source.close(),
  };
  return self;
}

function parseHeader(bytes: Uint8Array, path: string, dataSize: number): Placed[] {
  if (bytes[0] !== 0x7b) throw invalid(path, "the header does not begin with {", { offset: 8 });
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid(path, `the header is not JSON: ${(cause as Error).message}`, { offset: 8 });
  }
  const placed = Object.entries(header as Record<string, unknown>)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => checkEntry(name, value, path));
  placed.sort((a, b) => a.start - b.start || a.end - b.end);
  let end = 0;
  for (const entry of placed) {
    // Also what a name twice in the JSON leads to: the first one's bytes are nobody's.
    if (entry.start !== end)
      throw invalid(
        path,
        `${entry.start < end ? "overlapping" : "missing"} bytes before tensor ${entry.name}`,
        { key: entry.name },
      );
    end = entry.end;
  }
  if (end !== dataSize) throw invalid(path, `${dataSize} bytes of tensors, ${end} in the header`);
  return placed;
}

function checkEntry(name: string, value: unknown, path: string): Placed {
  const { dtype: typeName, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const count = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
  if (
    typeof typeName !== "string" ||
    !(Array.isArray(shape) && shape.length <= 254 && shape.every(count)) ||
    !(Array.isArray(offsets) && offsets.length === 2 && offsets.every(count))
  )
    throw invalid(path, `what it says of tensor ${name}: ${JSON.stringify(value)?.slice(0, 200)}`, {
      key: name,
    });
  const dtype = byName.get(typeName);
  if (!dtype)
    throw new TfError("UNIMPLEMENTED", `Tensor ${name} has type ${typeName}, which TensorFlow lacks`, {
      key: name,
      file: path,
    });
  const [start, end] = offsets as [number, number];
  if (end - start !== sizeOf(shape) * dtypes[dtype].bytes)
    throw invalid(path, `${end - start} bytes for tensor ${name}: ${typeName} [${shape.join(",")}]`, {
      key: name,
    });
  return { name, dtype, shape, start, end };
}

/**
 * Writes tensors into `sink`, without closing it: the widest types first, then by name, as the reference implementation orders them.
 * Throws TfError UNIMPLEMENTED for types that the format lacks (strings, quantized numbers), before anything is written.
 */
export async function writeSafetensors(
  sink: ByteSink,
  tensors: readonly TensorToWrite[],
  options: WriteOptions = {},
): Promise<void> {
  for (const { name, dtype } of tensors)
    if (!names[dtype])
      throw new TfError("UNIMPLEMENTED", `safetensors has no type for ${name}: ${dtype}`, {
        key: name,
        hint: `--exclude '^${name}$' leaves it out.`,
      });
  const width = (tensor: TensorToWrite): number => dtypes[tensor.dtype].bytes;
  const ordered = [...tensors].sort((a, b) => width(b) - width(a) || (a.name < b.name ? -1 : 1));
  let at = 0;
  const fields = ordered.map((tensor) => {
    const { name, dtype, shape } = tensor;
    const end = at + byteSize(tensor);
    const field = `${JSON.stringify(name)}:${JSON.stringify({ dtype: names[dtype], shape, data_offsets: [at, end] })}`;
    at = end;
    return field;
  });
  const json = new TextEncoder().encode(`{${fields.join(",")}}`);
  const header = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  await sink.write(header);
  for await (const [, value] of readInTurn(ordered, options)) await sink.write(rawBytes(value));
}
