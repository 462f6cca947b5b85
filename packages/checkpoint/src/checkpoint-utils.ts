// Looks into a checkpoint by directory or prefix: what is in it, one value of it. Not the reader itself: open-checkpoint.ts.
// Source: python/training/checkpoint_utils.py.
import { TfError } from "@org/errors";
import { defaultFileSystem, joinPath, type Location, localPath } from "@org/io";
import type { NdArray } from "@org/tensor";
import { latestCheckpoint } from "./checkpoint-management.ts";
import type { CheckpointEntry, CheckpointReader, GetOptions } from "./checkpoint-reader.ts";
import { type OpenOptions, openCheckpoint } from "./open-checkpoint.ts";

/** How a directory or prefix is looked up. */
export interface LoadOptions extends OpenOptions {
  /** Told of a state file that cannot be read, or whose checkpoint is gone. */
  readonly onWarning?: (message: string) => void;
}

/**
 * The prefix that a directory or prefix stands for: a directory's newest checkpoint, undefined where it has none; a prefix itself,
 * whether there is a checkpoint or not. As _get_checkpoint_filename.
 */
export async function checkpointPrefix(
  directoryOrPrefix: string,
  options: LoadOptions = {},
): Promise<string | undefined> {
  if (typeof directoryOrPrefix !== "string")
    throw new TypeError(
      `A checkpoint's directory or prefix must be a string, got ${String(directoryOrPrefix)}`,
    );
  const fs = options.fs ?? (await defaultFileSystem());
  if (!(await fs.stat(localPath(directoryOrPrefix)))?.isDirectory) return directoryOrPrefix;
  return latestCheckpoint(directoryOrPrefix, { ...options, fs });
}

/**
 * Opens the checkpoint at a prefix, or the newest one of a directory; or, as `openCheckpoint`, that of a URL or of Files. As tf.train.load_checkpoint.
 * Throws TfError INVALID_ARGUMENT "Couldn't find 'checkpoint' file or checkpoints in given directory <directory>"; else as `openCheckpoint`.
 */
export async function loadCheckpoint(
  directoryOrPrefix: Location,
  options: LoadOptions = {},
): Promise<CheckpointReader> {
  // A web server cannot say whether a URL is a directory, nor what lies in it.
  if (typeof directoryOrPrefix !== "string" || (!options.fs && /^https?:/i.test(directoryOrPrefix)))
    return openCheckpoint(directoryOrPrefix, options);
  const fs = options.fs ?? (await defaultFileSystem());
  const prefix = await checkpointPrefix(directoryOrPrefix, { ...options, fs });
  if (prefix !== undefined) return openCheckpoint(prefix, { ...options, fs });
  const indexes = (await fs.list(localPath(directoryOrPrefix))).filter((name) => name.endsWith(".index"));
  const prefixes = indexes
    .slice(-3)
    .map((name) => joinPath(directoryOrPrefix, name.slice(0, -".index".length)));
  throw new TfError(
    "INVALID_ARGUMENT",
    `Couldn't find 'checkpoint' file or checkpoints in given directory ${directoryOrPrefix}`,
    {
      file: directoryOrPrefix,
      hint:
        prefixes.length > 0
          ? `No state file names one of them, but here are checkpoints; pass a prefix: ${prefixes.map((name) => JSON.stringify(name)).join(", ")}.`
          : "Pass the directory that a Saver saved into, or the prefix of a checkpoint.",
    },
  );
}

/**
 * The value of one tensor of a checkpoint; "w:0" means "w". With `slice`, that part of it. As tf.train.load_variable.
 * Throws as `loadCheckpoint` and `CheckpointReader.get` do.
 */
export async function loadVariable(
  directoryOrPrefix: Location,
  name: string,
  options: LoadOptions & GetOptions = {},
): Promise<NdArray> {
  const reader = await loadCheckpoint(directoryOrPrefix, options);
  try {
    return await reader.get(name.endsWith(":0") ? name.slice(0, -":0".length) : name, options);
  } finally {
    await reader.close();
  }
}

/**
 * What is in a checkpoint: names, types and shapes, sorted by name; a partitioned variable is one entry. As tf.train.list_variables,
 * which yields pairs of name and shape. Throws as `loadCheckpoint` does.
 */
export async function listVariables(
  directoryOrPrefix: Location,
  options: LoadOptions = {},
): Promise<CheckpointEntry[]> {
  const reader = await loadCheckpoint(directoryOrPrefix, options);
  try {
    return reader.names().map((name) => ({ name, dtype: reader.dtype(name), shape: reader.shape(name) }));
  } finally {
    await reader.close();
  }
}
