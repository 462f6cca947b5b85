// The door for reading: one interface over V1 files and V2 bundles.
import { TfError } from "@org/errors";
import { defaultFileSystem, type FileSystem, localPath } from "@org/io";
import type { DType, NdArray } from "@org/tensor";
import { openBundle } from "./bundle-reader.ts";
import { putBackPrevious } from "./overwrite.ts";
import type { TensorSlice } from "./tensor-slice.ts";
import { openV1 } from "./v1-reader.ts";

/** What is known of a tensor without reading it. */
export interface CheckpointEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface GetOptions {
  /** The part to read; the result has its shape. */
  readonly slice?: TensorSlice;
  readonly signal?: AbortSignal;
}

/** An open checkpoint. Iterates over its entries, sorted by name (bytewise); slices of partitioned variables show as one. */
export interface CheckpointReader extends AsyncIterable<CheckpointEntry> {
  readonly prefix: string;
  readonly version: "V1" | "V2";
  /** Names, sorted bytewise. */
  names(): readonly string[];
  has(name: string): boolean;
  /** Throws TfError NOT_FOUND "Key <name> not found in checkpoint", with the nearest names as a hint. */
  dtype(name: string): DType;
  /** Throws as `dtype` does. */
  shape(name: string): readonly number[];
  /**
   * Reads a tensor, or the part `slice` of it; partitioned variables are put together.
   * Throws TfError NOT_FOUND (no such key, or a data file is missing), DATA_LOSS (checksum), OUT_OF_RANGE (file too
   * short), INVALID_ARGUMENT (slice out of bounds, or not covered by the slices saved), CANCELLED.
   */
  get(name: string, options?: GetOptions): Promise<NdArray>;
  /** "name (DT_FLOAT) [2,3]", a line each, as inspect_checkpoint prints. */
  debugString(): string;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface OpenOptions {
  /** Default: the machine's files in Node; none in browsers. */
  readonly fs?: FileSystem;
  readonly signal?: AbortSignal;
}

/**
 * Opens the checkpoint with this prefix, "train/model.ckpt-10": a V2 bundle if `<prefix>.index` is there, else V1 files that
 * match the prefix as a pattern. If a save over the same prefix was killed between its renames, the old checkpoint
 * is put back first. As NewCheckpointReader of TensorFlow.
 *
 * Throws TfError NOT_FOUND "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for <prefix>";
 * DATA_LOSS for a file that is no checkpoint or a damaged one.
 */
export async function openCheckpoint(prefix: string, options: OpenOptions = {}): Promise<CheckpointReader> {
  if (typeof prefix !== "string") throw new TypeError(`A checkpoint prefix must be a string, got ${prefix}`);
  const fs = options.fs ?? (await defaultFileSystem());
  const path = localPath(prefix);
  await putBackPrevious(fs, path);
  if (await fs.stat(`${path}.index`)) return openBundle(fs, path);
  try {
    return await openV1(fs, path);
  } catch (error) {
    throw error instanceof TfError ? await withPrefixHint(fs, path, error) : error;
  }
}

/** Says which prefix was meant, where a part of a checkpoint was given for it. */
async function withPrefixHint(fs: FileSystem, path: string, error: TfError): Promise<TfError> {
  const stem = path.replace(/\.(index|meta|data-\d{5}-of-\d{5})$/, "");
  if (stem !== path && (await fs.stat(`${stem}.index`))) {
    return error.at({ file: path }, `Pass the prefix "${stem}", not one of its files.`);
  }
  const stat = await fs.stat(path);
  if (stat?.isDirectory)
    return error.at(
      { file: path },
      "This is a directory: latestCheckpoint(directory) gives the prefix of its newest checkpoint.",
    );
  return error;
}
