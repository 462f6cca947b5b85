// The door for reading: finds out which version a prefix is of, and what was meant where it is none.
import { TfError } from "@org/errors";
import { basename, defaultFileSystem, dirname, type FileSystem, localPath } from "@org/io";
import { openBundle } from "./bundle-reader.ts";
import type { CheckpointReader } from "./checkpoint-reader.ts";
import { putBackPrevious } from "./overwrite.ts";
import { nearestNames } from "./reader-base.ts";
import { openV1 } from "./v1-reader.ts";

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
  if (await fs.stat(`${path}.index`))
    return openBundle(fs, path, options.signal ? { signal: options.signal } : {});
  try {
    return await openV1(fs, path);
  } catch (error) {
    // A file system that refuses to say what lies there only takes the hint away.
    throw error instanceof TfError ? await withPrefixHint(fs, path, error).catch(() => error) : error;
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
  if (error.code !== "NOT_FOUND" || stat) return error;
  return error.at({ file: path }, await nearPrefixes(fs, path));
}

/** What lies where nothing was found, as a hint. */
async function nearPrefixes(fs: FileSystem, path: string): Promise<string> {
  const directory = dirname(path) || ".";
  if (!(await fs.stat(directory))?.isDirectory) return `There is no directory "${directory}".`;
  const prefixes = (await fs.list(directory)).flatMap((name) => /^(.+)\.index$/.exec(name)?.[1] ?? []);
  if (prefixes.length === 0) return `There is no checkpoint in "${directory}".`;
  const near = nearestNames(basename(path), prefixes);
  const shown = near.length > 0 ? near : prefixes.slice(-3);
  return `In "${directory}" there is ${shown.map((name) => JSON.stringify(name)).join(", ")}.`;
}
