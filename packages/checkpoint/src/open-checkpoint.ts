// The door for reading: finds out which version a prefix is of, and what was meant where it is none.
import { TfError } from "@org/errors";
import { basename, dirname, type FileSystem, type Location, localPath, locate } from "@org/io";
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
 * Opens the checkpoint with this prefix, "train/model.ckpt-10", or at this URL of one, or in these Files, which hold one checkpoint: a V2 bundle if `<prefix>.index` is there, else V1 files that
 * match the prefix as a pattern. If a save over the same prefix was killed between its renames, the old checkpoint
 * is put back first. As NewCheckpointReader of TensorFlow.
 *
 * Throws TfError NOT_FOUND "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for <prefix>";
 * DATA_LOSS for a file that is no checkpoint or a damaged one.
 */
export async function openCheckpoint(prefix: Location, options: OpenOptions = {}): Promise<CheckpointReader> {
  const { fs, path: named } = await locate(prefix, options.fs, prefixAmong);
  const path = localPath(named);
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

/** The prefix of the one checkpoint among files; a lone file is a V1 checkpoint. */
function prefixAmong(names: readonly string[]): string {
  const prefixes = names.flatMap((name) => /^(.+)\.index$/.exec(name)?.[1] ?? []);
  if (prefixes.length === 1) return prefixes[0]!;
  if (prefixes.length === 0 && names.length === 1) return names[0]!;
  throw new TfError(
    prefixes.length === 0 ? "NOT_FOUND" : "INVALID_ARGUMENT",
    `There is ${prefixes.length === 0 ? "no" : "more than one"} checkpoint among these files: ${names.slice(0, 10).join(", ")}`,
    { hint: "Pass a prefix, and the files as a file system: { fs: blobFileSystem(files) }." },
  );
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
