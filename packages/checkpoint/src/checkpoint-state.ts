// The file `checkpoint` in a directory of checkpoints: which is the newest, which are kept.
// Source: tensorflow/python/training/checkpoint_management.py; checkpoint_state.proto, as text.
import { isTfError, TfError } from "@org/errors";
import {
  atomicWrite,
  defaultFileSystem,
  type FileSystem,
  isAbsolutePath,
  joinPath,
  localPath,
  readFile,
  relativePath,
} from "@org/io";
import { CheckpointState, type ICheckpointState } from "@org/proto";

export interface StateOptions {
  readonly fs?: FileSystem;
  /** Name of the state file. Default "checkpoint". */
  readonly latestFilename?: string;
  /** Told of a state file that is there and cannot be read. */
  readonly onWarning?: (message: string) => void;
}

/** What a state file says, with paths that can be opened. */
export interface CheckpointStateInfo {
  readonly modelCheckpointPath: string;
  /** Oldest first. */
  readonly allModelCheckpointPaths: readonly string[];
  /** Seconds since the epoch, one a path, where CheckpointManager wrote them. */
  readonly allModelCheckpointTimestamps: readonly number[];
  readonly lastPreservedTimestamp: number;
}

/** A directory's path; "" is the current one, as in Python. */
function directoryPath(directory: string): string {
  return directory === "" ? "" : localPath(directory);
}

/** The path of the state file in `directory`. */
export function checkpointStateFilename(directory: string, latestFilename = "checkpoint"): string {
  return joinPath(directory, latestFilename);
}

/**
 * The message that a state file holds: where `directory` is relative, relative paths become relative to it.
 * The newest path is appended to `allPaths` if it is not the last there. As generate_checkpoint_state_proto.
 */
export function generateCheckpointStateProto(
  directory: string,
  modelCheckpointPath: string,
  options: {
    allModelCheckpointPaths?: readonly string[];
    allModelCheckpointTimestamps?: readonly number[];
    lastPreservedTimestamp?: number;
  } = {},
): ICheckpointState {
  const all = [...(options.allModelCheckpointPaths ?? [])];
  if (all.at(-1) !== modelCheckpointPath) all.push(modelCheckpointPath);
  const stamps = options.allModelCheckpointTimestamps ?? [];
  if (stamps.length > 0 && stamps.length !== all.length) {
    throw new TfError(
      "INVALID_ARGUMENT",
      `Checkpoint timestamps, if provided, must match the number of checkpoint paths (got ${all.length} paths and ${stamps.length} timestamps)`,
    );
  }
  const shorten = (path: string): string =>
    isAbsolutePath(directory) || isAbsolutePath(path) ? path : relativePath(path, directory);
  return {
    modelCheckpointPath: shorten(modelCheckpointPath),
    allModelCheckpointPaths: all.map(shorten),
    allModelCheckpointTimestamps: stamps,
    ...(options.lastPreservedTimestamp === undefined
      ? {}
      : { lastPreservedTimestamp: options.lastPreservedTimestamp }),
  };
}

export interface UpdateStateOptions extends StateOptions {
  readonly allModelCheckpointPaths?: readonly string[];
  readonly allModelCheckpointTimestamps?: readonly number[];
  readonly lastPreservedTimestamp?: number;
  /** Write paths relative to `directory` even where they are absolute. */
  readonly saveRelativePaths?: boolean;
}

/**
 * Writes the state file atomically. As update_checkpoint_state.
 * Throws TfError FAILED_PRECONDITION where the state file is itself the save path.
 */
export async function updateCheckpointState(
  directory: string,
  modelCheckpointPath: string,
  options: UpdateStateOptions = {},
): Promise<void> {
  const fs = options.fs ?? (await defaultFileSystem());
  const dir = directoryPath(directory);
  const shorten = (path: string): string =>
    options.saveRelativePaths && isAbsolutePath(path) ? relativePath(path, dir) : path;
  const state = generateCheckpointStateProto(dir, shorten(modelCheckpointPath), {
    ...options,
    allModelCheckpointPaths: (options.allModelCheckpointPaths ?? []).map(shorten),
  });
  const file = checkpointStateFilename(dir, options.latestFilename);
  if (file === state.modelCheckpointPath) {
    throw new TfError(
      "FAILED_PRECONDITION",
      `Save path '${modelCheckpointPath}' conflicts with path used for checkpoint state.  Please use a different save path.`,
      { file },
    );
  }
  const { toText } = await import("@org/proto/text");
  await atomicWrite(fs, file, new TextEncoder().encode(toText(CheckpointState, state)));
}

/**
 * Reads the state file of `directory`; undefined where there is none, or none that can be read (then `onWarning` is told).
 * Relative paths are joined with the directory. As get_checkpoint_state.
 * Throws TfError INVALID_ARGUMENT "Invalid checkpoint state loaded from <directory>" where it names no checkpoint.
 */
export async function getCheckpointState(
  directory: string,
  options: StateOptions = {},
): Promise<CheckpointStateInfo | undefined> {
  const fs = options.fs ?? (await defaultFileSystem());
  const dir = directoryPath(directory);
  const file = checkpointStateFilename(dir, options.latestFilename);
  if (!(await fs.stat(file))) return undefined;
  let state: CheckpointState;
  try {
    const { fromText } = await import("@org/proto/text");
    state = fromText(
      CheckpointState,
      new TextDecoder("utf-8", { fatal: true }).decode(await readFile(fs, file)),
    );
  } catch (error) {
    const why = isTfError(error) ? error.sentence : String(error);
    options.onWarning?.(`${why}\n${file}: Checkpoint ignored`);
    return undefined;
  }
  if (!state.modelCheckpointPath) {
    throw new TfError("INVALID_ARGUMENT", `Invalid checkpoint state loaded from ${directory}`, { file });
  }
  const lengthen = (path: string): string => (isAbsolutePath(path) ? path : joinPath(dir, path));
  return {
    modelCheckpointPath: lengthen(state.modelCheckpointPath),
    allModelCheckpointPaths: state.allModelCheckpointPaths.map(lengthen),
    allModelCheckpointTimestamps: state.allModelCheckpointTimestamps,
    lastPreservedTimestamp: state.lastPreservedTimestamp ?? 0,
  };
}
