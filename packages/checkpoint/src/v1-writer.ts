// Writes one file of a V1 checkpoint (layout: v1-reader.ts), byte for byte as TensorFlow's TensorSliceWriter.
// Source: tensorflow/core/util/tensor_slice_writer.cc.
import { TfError } from "@org/errors";
import { defaultFileSystem, dirname, type FileSystem, localPath } from "@org/io";
import { encode, type ISavedSliceMeta, SavedTensorSlices } from "@org/proto";
import {
  type DType,
  dtypes,
  dtypeToProto,
  type NdArray,
  shapeToProto,
  sizeOf,
  tensorToProto,
} from "@org/tensor";
import type { PartOf, WriteOptions } from "./checkpoint-writer.ts";
import { compareBytes } from "./coding.ts";
import { keyOfName } from "./names.ts";
import { encodeTensorNameSlice } from "./ordered-code.ts";
import { checkNotCancelled } from "./read-pieces.ts";
import { removeStaleFiles, temporaryName } from "./stale-files.ts";
import { TableWriter } from "./table-writer.ts";
import { fullSlice, sliceShape, sliceToProto, sliceToString, type TensorSlice } from "./tensor-slice.ts";

/** A tensor to write, or a part of one. */
export interface V1Entry {
  readonly name: string;
  readonly value: NdArray;
  readonly part?: PartOf | undefined;
}

/** What one slice may take as a message: protobuf's limit of 2 GiB. */
const maxMessageBytes = 2 ** 31 - 1;

/** Types that V1 has no list for. */
const refused: ReadonlySet<DType> = new Set<DType>([
  "bfloat16",
  "uint32",
  "uint64",
  "quint16",
  "qint16",
  "resource",
  "variant",
]);

/** Upper bound of an element's bytes in its list: MaxBytesPerElement. */
function elementBytes(dtype: DType): number {
  const { storage, width } = dtypes[dtype];
  if (storage === "f32") return 4 * width;
  if (storage === "f64") return 8 * width;
  if (dtype === "bool") return 1;
  if (dtype === "uint8" || dtype === "quint8") return 2;
  if (dtype === "uint16" || dtype === "float16") return 3;
  return 10;
}

/** A tensor or a part of one whose value is made when it is written. */
export interface V1Part {
  readonly name: string;
  readonly dtype: DType;
  readonly fullShape: readonly number[];
  readonly slice: TensorSlice;
  readonly read: () => NdArray | Promise<NdArray>;
}

/**
 * Writes `entries` as the V1 file `path`, atomically. Throws TfError INVALID_ARGUMENT "Tensor slice is too large to
 * serialize (conservative estimate: N bytes)", "Adding duplicate key: <name>"; UNIMPLEMENTED for types that V1 cannot hold; CANCELLED.
 */
export function writeV1(
  path: string,
  entries: readonly V1Entry[],
  options: WriteOptions = {},
): Promise<void> {
  const parts = entries.map(({ name, value, part }): V1Part => {
    const fullShape = part?.fullShape ?? value.shape;
    const slice = part?.slice ?? fullSlice(value.shape.length);
    return { name, dtype: value.dtype, fullShape, slice, read: () => value };
  });
  return writeV1Parts(path, parts, options);
}

/** writeV1, with one value in memory at a time. */
export async function writeV1Parts(
  path: string,
  parts: readonly V1Part[],
  options: WriteOptions = {},
): Promise<void> {
  const fs: FileSystem = options.fs ?? (await defaultFileSystem());
  const file = localPath(path);
  const meta = directoryOf(parts, file);
  const rows = parts.map((part) => ({ part, key: encodeTensorNameSlice(keyOfName(part.name), part.slice) }));
  rows.sort((a, b) => compareBytes(a.key, b.key));
  for (let i = 1; i < rows.length; i++)
    if (compareBytes(rows[i - 1]!.key, rows[i]!.key) === 0)
      throw new TfError("INVALID_ARGUMENT", `Adding duplicate key: ${rows[i]!.part.name}`, {
        key: rows[i]!.part.name,
        file,
      });

  await removeStaleFiles(fs, file);
  const temporary = temporaryName(file);
  const sink = await fs.create(temporary);
  try {
    const table = new TableWriter(sink);
    await table.add(
      new Uint8Array(0),
      encode(SavedTensorSlices, { meta: { tensor: meta, versions: { producer: 1 } } }),
    );
    let loaded = 0;
    for (const { key, part } of rows) {
      checkNotCancelled(options.signal, "Saving", file);
      const value = encodePart(part, await part.read(), file);
      await table.add(key, value);
      loaded += value.length;
      options.onProgress?.({ loaded, name: part.name });
    }
    await table.finish();
    await sink.close();
  } catch (error) {
    await sink.abort();
    throw error;
  }
  try {
    await fs.rename(temporary, file);
  } catch (error) {
    await fs.remove(temporary).catch(() => {});
    throw error;
  }
  await fs.syncDirectory?.(dirname(file) || ".");
}

/** The directory at the head of the file. */
function directoryOf(parts: readonly V1Part[], file: string): ISavedSliceMeta[] {
  const meta = new Map<string, ISavedSliceMeta & { slice: ReturnType<typeof sliceToProto>[] }>();
  const first = new Map<string, V1Part>();
  for (const part of parts) {
    const { name, dtype, fullShape, slice } = part;
    const fail = (code: "INVALID_ARGUMENT" | "UNIMPLEMENTED", sentence: string, hint?: string): never => {
      throw new TfError(code, sentence, { key: name, file, ...(hint ? { hint } : {}) });
    };
    if (refused.has(dtype))
      fail(
        "UNIMPLEMENTED",
        `Saving data type ${dtypes[dtype].cc} not yet supported`,
        "Write version V2 holds it.",
      );
    checkEstimate(part, sizeOf(sliceShape(slice, fullShape)) * elementBytes(dtype), file);
    const before = first.get(name);
    if (before && before.fullShape.join() !== fullShape.join())
      fail(
        "INVALID_ARGUMENT",
        `Mismatching shapes: existing tensor = [${before.fullShape}], trying to add name ${name}, shape = [${fullShape}]`,
      );
    if (before && before.dtype !== dtype)
      fail(
        "INVALID_ARGUMENT",
        `Mismatching types: existing type = ${dtypes[before.dtype].cc}, trying to add name ${name}, type = ${dtypes[dtype].cc}`,
      );
    const known = meta.get(name);
    if (known) known.slice.push(sliceToProto(slice));
    else {
      first.set(name, part);
      meta.set(name, {
        name,
        shape: shapeToProto([...fullShape]),
        type: dtypeToProto(dtype),
        slice: [sliceToProto(slice)],
      });
    }
  }
  return [...meta.values()];
}

function checkEstimate({ name }: V1Part, bytes: number, file: string): void {
  const estimate = bytes + 1024;
  if (estimate > maxMessageBytes)
    throw new TfError(
      "INVALID_ARGUMENT",
      `Tensor slice is too large to serialize (conservative estimate: ${estimate} bytes)`,
      { key: name, file, hint: "Write version V2 has no such limit." },
    );
}

function encodePart(part: V1Part, value: NdArray, file: string): Uint8Array {
  const { name, fullShape, slice } = part;
  if (sliceShape(slice, fullShape).join() !== value.shape.join())
    throw new TfError(
      "INVALID_ARGUMENT",
      `Slice ${sliceToString(slice)} of [${fullShape}] does not have the shape of ${name}: [${value.shape}]`,
      { key: name, file },
    );
  if (value.dtype === "string") {
    const strings = value.data as readonly Uint8Array[];
    checkEstimate(
      part,
      strings.reduce((sum, { length }) => sum + length + 10, 0),
      file,
    );
  }
  // dtype and shape stand in the directory; here is the list alone.
  const { dtype: _, tensorShape: __, ...list } = tensorToProto(value, { encoding: "list" });
  return encode(SavedTensorSlices, { data: { name, slice: sliceToProto(slice), data: list } });
}
