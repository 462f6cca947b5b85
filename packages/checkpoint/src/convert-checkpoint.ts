// Copies a checkpoint into another one: other names, a part of the tensors, another version. One tensor is in memory at a time; numbers go
// from V2 to V2 as bytes, so not even one. Partitioned variables stay in their parts.
import { TfError } from "@org/errors";
import { defaultFileSystem, type FileSystem, localPath, type Progress } from "@org/io";
import { type DType, dtypes, sizeOf } from "@org/tensor";
import type { CheckpointReader } from "./checkpoint-reader.ts";
import { BundleWriter } from "./checkpoint-writer.ts";
import { compareBytes } from "./coding.ts";
import { keyOfName } from "./names.ts";
import { openCheckpoint } from "./open-checkpoint.ts";
import { checkNotCancelled } from "./read-pieces.ts";
import { type DirectoryReader, nearestNames, type StoredTensor } from "./reader-base.ts";
import { fullSlice } from "./tensor-slice.ts";
import { type V1Part, writeV1Parts } from "./v1-writer.ts";

export interface ConvertOptions {
  /** Where the source is; default: the machine's files in Node. */
  readonly fs?: FileSystem | undefined;
  /** Where the copy goes; default: `fs`. */
  readonly targetFs?: FileSystem | undefined;
  /** Version of the copy; default: that of the source. */
  readonly version?: "V1" | "V2" | undefined;
  /** New names by old ones, or a function that gives the new name (the old one to keep it). */
  readonly rename?:
    | Readonly<Record<string, string>>
    | ReadonlyMap<string, string>
    | ((name: string) => string)
    | undefined;
  /** Which tensors to take, by their old names; default: all. */
  readonly filter?: ((name: string) => boolean) | undefined;
  /** Bytes of tensors that are written; for V1 those of numbers alone. `total` is left out where strings come out of a V1 file. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A tensor that was copied. */
export interface ConvertedTensor {
  readonly from: string;
  readonly to: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** What was done. */
export interface ConvertReport {
  readonly sourceVersion: "V1" | "V2";
  readonly version: "V1" | "V2";
  /** In the order of the new names. */
  readonly tensors: readonly ConvertedTensor[];
  /** Names that `filter` left out. */
  readonly left: readonly string[];
  /** Bytes of the copied tensors' elements, strings not counted. */
  readonly bytes: number;
}

/**
 * Copies the checkpoint `source` to `target`, which may be the same prefix; an old checkpoint there is replaced as one. The copy has one data
 * file, its tensors in order of names as a Saver writes them, so that a copy of a Saver's own checkpoint is the same bytes.
 *
 * Throws TfError NOT_FOUND (no such checkpoint; a name in `rename` that is not in it, with the nearest ones), INVALID_ARGUMENT (two
 * tensors would have one name), UNIMPLEMENTED (a type that V1 cannot hold), DATA_LOSS (a damaged source), CANCELLED. Nothing is left at `target`
 * then that was not there.
 */
export async function convertCheckpoint(
  source: string,
  target: string,
  options: ConvertOptions = {},
): Promise<ConvertReport> {
  const fs = options.fs ?? (await defaultFileSystem());
  const { signal } = options;
  const reader = await openCheckpoint(source, { fs, ...(signal ? { signal } : {}) });
  try {
    const names = reader.names();
    const taken = names.filter((name) => options.filter?.(name) ?? true);
    const tensors = renamed(reader, taken, options.rename);
    const version = options.version ?? reader.version;
    const bytes = tensors.reduce((sum, { dtype, shape }) => sum + dtypes[dtype].bytes * sizeOf(shape), 0);
    const write = version === "V2" ? writeV2 : writeOne;
    await write(localPath(target), reader, tensors, { ...options, fs: options.targetFs ?? fs, total: bytes });
    const chosen = new Set(taken);
    return {
      sourceVersion: reader.version,
      version,
      tensors,
      left: names.filter((name) => !chosen.has(name)),
      bytes,
    };
  } finally {
    await reader.close();
  }
}

/** Old and new names, in order of the new ones. */
function renamed(
  reader: CheckpointReader,
  names: readonly string[],
  rename: ConvertOptions["rename"],
): ConvertedTensor[] {
  const newName = nameChange(reader, rename);
  const tensors = names.map((from): ConvertedTensor & { readonly key: Uint8Array } => {
    const to = newName(from);
    if (typeof to !== "string") throw new TypeError(`rename gave ${String(to)} for "${from}", not a name`);
    if (to === "") throw new TfError("INVALID_ARGUMENT", `An empty name for ${from}`, { key: from });
    return { from, to, dtype: reader.dtype(from), shape: reader.shape(from), key: keyOfName(to) };
  });
  tensors.sort((a, b) => compareBytes(a.key, b.key));
  for (let i = 1; i < tensors.length; i++) {
    const [a, b] = [tensors[i - 1]!, tensors[i]!];
    if (a.to === b.to)
      throw new TfError("INVALID_ARGUMENT", `Adding duplicate key: ${a.to}`, {
        key: a.to,
        file: reader.prefix,
        hint: `Both "${a.from}" and "${b.from}" would have that name.`,
      });
  }
  return tensors.map(({ key: _, ...tensor }) => tensor);
}

function nameChange(reader: CheckpointReader, rename: ConvertOptions["rename"]): (name: string) => string {
  if (rename === undefined) return (name) => name;
  if (typeof rename === "function") return rename;
  const names = new Map(rename instanceof Map ? rename : Object.entries(rename));
  for (const name of names.keys()) {
    if (reader.has(name)) continue;
    const near = nearestNames(name, reader.names());
    throw new TfError("NOT_FOUND", `Key ${name} not found in checkpoint`, {
      key: name,
      file: reader.prefix,
      ...(near.length > 0
        ? { hint: `The checkpoint has ${near.map((other) => JSON.stringify(other)).join(", ")}.` }
        : {}),
    });
  }
  return (name) => names.get(name) ?? name;
}

type WriteAll = (
  target: string,
  reader: CheckpointReader,
  tensors: readonly ConvertedTensor[],
  options: ConvertOptions & { readonly fs: FileSystem; readonly total: number },
) => Promise<void>;

const partsOf = (reader: CheckpointReader, name: string): readonly StoredTensor[] =>
  (reader as DirectoryReader<never>).storedParts(name);

/** Bytes that a V2 copy will have; undefined where strings come out of a V1 file, which tells them only when they are read. */
function totalBytes(reader: CheckpointReader, tensors: readonly ConvertedTensor[]): number | undefined {
  let total = 0;
  for (const { from, dtype, shape } of tensors) {
    if (dtypes[dtype].bytes > 0) total += dtypes[dtype].bytes * sizeOf(shape);
    else
      for (const { byteLength } of partsOf(reader, from)) {
        if (byteLength === undefined) return undefined;
        total += byteLength;
      }
  }
  return total;
}

const writeV2: WriteAll = async (target, reader, tensors, { fs, signal, onProgress }) => {
  const total = totalBytes(reader, tensors);
  const writer = await BundleWriter.create(fs, target, { fs, signal, onProgress, total });
  try {
    for (const { from, to } of tensors) for (const part of partsOf(reader, from)) await writer.copy(to, part);
    await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
};

const writeOne: WriteAll = async (target, reader, tensors, { fs, signal, onProgress, total }) => {
  let loaded = 0;
  const parts = tensors.flatMap(({ from, to }) =>
    partsOf(reader, from).map(
      (part): V1Part => ({
        name: to,
        dtype: part.dtype,
        fullShape: part.shape,
        slice: part.slice ?? fullSlice(part.shape.length),
        read: async () => {
          checkNotCancelled(signal, "Converting", target);
          const value = await part.read({ signal });
          loaded += dtypes[part.dtype].bytes * sizeOf(value.shape);
          onProgress?.({ loaded, total, name: to });
          return value;
        },
      }),
    ),
  );
  await writeV1Parts(target, parts, { fs, signal });
};
