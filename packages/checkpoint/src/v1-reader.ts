// Reads V1 checkpoints: tables of slices, one file a shard.
// Source: tensorflow/core/util/tensor_slice_reader.cc, saved_tensor_slice.proto.
//
//   ""                                -> SavedTensorSlices.meta: name, shape, type and slices of each tensor; versions
//   encodeTensorNameSlice(name, slice) -> SavedTensorSlices.data: the slice's values as typed lists of a TensorProto
import { type ErrorCode, TfError } from "@org/errors";
import { type FileSystem, getMatchingPaths } from "@org/io";
import { decode, SavedTensorSlices } from "@org/proto";
import { dtypeFromProto, dtypeToProto, type NdArray, shapeFromProto, tensorFromProto } from "@org/tensor";
import { assembleSlices } from "./assemble.ts";
import type { CheckpointEntry, CheckpointReader, GetOptions } from "./checkpoint-reader.ts";
import { compareBytes } from "./coding.ts";
import { keyOfName } from "./names.ts";
import { encodeTensorNameSlice } from "./ordered-code.ts";
import { DirectoryReader, type StoredTensor } from "./reader-base.ts";
import { TableReader } from "./table-reader.ts";
import { isFullSlice, sliceFromProto, sliceShape, sliceToString, type TensorSlice } from "./tensor-slice.ts";
import { checkVersions } from "./version-check.ts";

interface V1Entry extends CheckpointEntry {
  readonly parts: { readonly slice: TensorSlice; readonly table: TableReader; readonly file: string }[];
}

/** Opens V1 files that match `pattern`; see openCheckpoint. */
export async function openV1(fs: FileSystem, pattern: string): Promise<CheckpointReader> {
  const files = await getMatchingPaths(fs, pattern);
  if (files.length === 0) {
    throw new TfError(
      "NOT_FOUND",
      `Unsuccessful TensorSliceReader constructor: Failed to find any matching files for ${pattern}`,
      { file: pattern },
    );
  }
  const tables: TableReader[] = [];
  const entries = new Map<string, V1Entry>();
  try {
    for (const file of files) {
      const table = await openTable(fs, file);
      tables.push(table);
      await addMeta(entries, table, file);
    }
  } catch (error) {
    for (const table of tables) await table.close();
    throw error;
  }
  const sorted = [...entries].sort(([a], [b]) => compareBytes(keyOfName(a), keyOfName(b)));
  return new V1Reader(pattern, new Map(sorted), tables);
}

async function openTable(fs: FileSystem, file: string): Promise<TableReader> {
  try {
    return await TableReader.open(await fs.open(file), file);
  } catch (error) {
    if (!(error instanceof TfError) || error.code !== "DATA_LOSS") throw error;
    throw new TfError(
      "DATA_LOSS",
      `Unable to open table file ${file}: Data loss: ${error.sentence}: perhaps your file is in a different file format and you need to use a different restore operator?`,
      { file, cause: error },
    );
  }
}

async function addMeta(entries: Map<string, V1Entry>, table: TableReader, file: string): Promise<void> {
  const noMeta = (cause?: unknown, code: ErrorCode = "INTERNAL"): TfError =>
    new TfError(
      code,
      `Failed to find the saved tensor slices at the beginning of the checkpoint file: ${file}`,
      { file, cause },
    );
  let value: Uint8Array | undefined;
  try {
    value = await table.get(new Uint8Array(0));
  } catch (cause) {
    throw noMeta(cause);
  }
  if (!value) throw noMeta();
  const { meta } = decode(SavedTensorSlices, value);
  // The index of a V2 checkpoint: TensorFlow opens it and finds no name in it.
  if (!meta) throw noMeta(undefined, "NOT_FOUND");
  checkVersions(meta.versions, file);
  for (const { name, shape: shapeProto, type, slice: slices } of meta.tensor) {
    const element = dtypeFromProto(type);
    const shape = shapeFromProto(shapeProto ?? {});
    if (!element || element.isRef || !shape.isFullyDefined()) {
      throw new TfError(
        "DATA_LOSS",
        `Invalid entry in ${file}: ${name} has type ${type} and shape ${shape}`,
        { file, key: name },
      );
    }
    const dims = shape.toNumbers();
    const there = entries.get(name);
    if (there && (there.dtype !== element.dtype || there.shape.join() !== dims.join())) {
      throw new TfError(
        "INTERNAL",
        `Incompatible tensor ${name} in the shards: ${there.dtype} [${there.shape}] and ${element.dtype} [${dims}]`,
        { file, key: name },
      );
    }
    const entry = there ?? { name, dtype: element.dtype, shape: dims, parts: [] };
    for (const proto of slices) {
      const slice = sliceFromProto(proto);
      sliceShape(slice, dims, "DATA_LOSS");
      entry.parts.push({ slice, table, file });
    }
    entries.set(name, entry);
  }
}

class V1Reader extends DirectoryReader<V1Entry> {
  readonly version = "V1";
  readonly #entries: ReadonlyMap<string, V1Entry>;
  readonly #tables: readonly TableReader[];

  constructor(prefix: string, entries: ReadonlyMap<string, V1Entry>, tables: readonly TableReader[]) {
    super(prefix);
    this.#entries = entries;
    this.#tables = tables;
  }

  names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  protected find(name: string): V1Entry | undefined {
    return this.#entries.get(name);
  }

  protected stored(entry: V1Entry): readonly StoredTensor[] {
    const { name, dtype, shape } = entry;
    return entry.parts.map(({ slice, table, file }) => ({
      name,
      dtype,
      shape,
      slice: isFullSlice(slice, shape) ? undefined : slice,
      byteLength: undefined,
      read: ({ onBytes }) => readSlice(entry, slice, table, file, onBytes),
    }));
  }

  protected missing(name: string): string {
    return `${name} not found in checkpoint file`;
  }

  protected read(entry: V1Entry, options: GetOptions): Promise<NdArray> {
    const stored = entry.parts.map(({ slice, table, file }) => ({
      slice,
      read: () => readSlice(entry, slice, table, file, options.onBytes),
    }));
    return assembleSlices(entry.name, entry.dtype, entry.shape, stored, options.slice);
  }

  protected async closeFiles(): Promise<void> {
    for (const table of this.#tables) await table.close();
  }
}

async function readSlice(
  entry: V1Entry,
  slice: TensorSlice,
  table: TableReader,
  file: string,
  onBytes: ((count: number) => void) | undefined,
): Promise<NdArray> {
  const lost = (why: string): TfError =>
    new TfError("DATA_LOSS", `The slice ${sliceToString(slice)} of ${entry.name} ${why} in ${file}`, {
      key: entry.name,
      file,
    });
  const value = await table.get(encodeTensorNameSlice(keyOfName(entry.name), slice));
  if (!value) throw lost("is missing");
  onBytes?.(value.length);
  const { data } = decode(SavedTensorSlices, value);
  if (!data?.data) throw lost("has no data");
  const shape = sliceShape(slice, entry.shape);
  // The TensorProto of a slice leaves shape, and in old files dtype, to the directory.
  return tensorFromProto({
    ...data.data,
    dtype: data.data.dtype || dtypeToProto(entry.dtype),
    tensorShape: { dim: shape.map((size) => ({ size: BigInt(size) })) },
  });
}
