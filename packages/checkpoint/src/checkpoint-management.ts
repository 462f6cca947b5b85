// Finds, dates and removes checkpoints. Source: tensorflow/python/training/checkpoint_management.py.
import { basename, defaultFileSystem, type FileSystem, getMatchingPaths, joinPath, localPath } from "@org/io";
import { getCheckpointState, type StateOptions } from "./checkpoint-state.ts";
import { putBackPrevious } from "./overwrite.ts";

export interface FileOptions {
  readonly fs?: FileSystem;
}

/**
 * The prefix of the newest checkpoint in `directory`, as its state file says; undefined where there is none.
 * A directory that was moved is understood: if the recorded path is gone and a checkpoint of that name lies beside the
 * state file, that one it is (TensorFlow gives None). As latest_checkpoint.
 */
export async function latestCheckpoint(
  directory: string,
  options: StateOptions = {},
): Promise<string | undefined> {
  const fs = options.fs ?? (await defaultFileSystem());
  const state = await getCheckpointState(directory, { ...options, fs });
  if (!state) return undefined;
  const recorded = state.modelCheckpointPath;
  if (await checkpointExists(recorded, { fs })) return recorded;
  const beside = joinPath(directory === "" ? "" : localPath(directory), basename(recorded));
  if (beside !== recorded && (await checkpointExists(beside, { fs }))) {
    options.onWarning?.(`The checkpoint ${recorded} is gone; using ${beside}, beside the state file.`);
    return beside;
  }
  options.onWarning?.(`Couldn't match files for checkpoint ${recorded}`);
  return undefined;
}

/** Whether a V1 or V2 checkpoint has this prefix (V1: pattern). As checkpoint_exists. */
export async function checkpointExists(prefix: string, options: FileOptions = {}): Promise<boolean> {
  const fs = options.fs ?? (await defaultFileSystem());
  if (prefix === "") return false;
  const path = localPath(prefix);
  if (!/[*?[\]]/.test(path)) await putBackPrevious(fs, path);
  return (
    (await getMatchingPaths(fs, `${path}.index`)).length > 0 || (await getMatchingPaths(fs, path)).length > 0
  );
}

/** Seconds since the epoch of each checkpoint that is there; missing ones are left out, so the list may be shorter. As get_checkpoint_mtimes. */
export async function getCheckpointMtimes(
  prefixes: readonly string[],
  options: FileOptions = {},
): Promise<number[]> {
  const fs = options.fs ?? (await defaultFileSystem());
  const mtimes: number[] = [];
  for (const prefix of prefixes) {
    const path = localPath(prefix);
    const files = (await getMatchingPaths(fs, `${path}.index`)).concat(await getMatchingPaths(fs, path));
    const stat = files[0] === undefined ? undefined : await fs.stat(files[0]);
    if (stat) mtimes.push(stat.mtime);
  }
  return mtimes;
}

/** The .meta beside a checkpoint: "p-5" and "p-5-00000-of-00002" have "p-5.meta". As meta_graph_filename. */
export function metaGraphFilename(checkpointPrefix: string, metaGraphSuffix = "meta"): string {
  return `${checkpointPrefix.replace(/-[\d?]+-of-\d+$/, "")}.${metaGraphSuffix}`;
}

/** Removes a checkpoint's files and its .meta, as far as they are there. As remove_checkpoint. */
export async function removeCheckpoint(
  prefix: string,
  options: FileOptions & { checkpointFormatVersion?: "V1" | "V2"; metaGraphSuffix?: string } = {},
): Promise<void> {
  const fs = options.fs ?? (await defaultFileSystem());
  const path = localPath(prefix);
  const patterns = [metaGraphFilename(path, options.metaGraphSuffix)];
  // The index goes first: what is left of a removal that was killed is not taken for a checkpoint.
  if (options.checkpointFormatVersion === "V1") patterns.push(path);
  else patterns.push(`${path}.index`, `${path}.data-?????-of-?????`);
  for (const pattern of patterns)
    for (const file of await getMatchingPaths(fs, pattern)) await fs.remove(file);
}
