// What to tell who restores and cannot: which keys are missing, which are left over, what is named alike, what was
// passed in place of a prefix. The sentence stays the one that was thrown; this makes hints.
// Source of the prefixes: python/training/saver.py (_wrap_restore_error_with_msg).

import { type CheckpointReader, checkpointExists, nearestNames, openCheckpoint } from "@org/checkpoint";
import { isTfError, TfError } from "@org/errors";
import type { Graph } from "@org/graph";
import { basename, dirname, type FileSystem, localPath } from "@org/io";
import type { ISaverDef } from "@org/proto";
import { restoreTargets } from "./restore-targets.ts";

const wrapped = (problem: string) =>
  `Restoring from checkpoint failed. This is most likely due to ${problem} from the checkpoint. Please ensure that you have not altered the graph expected based on the checkpoint.`;

/** The error for a prefix at which no checkpoint is. */
export async function noCheckpointError(path: string, fs: FileSystem): Promise<TfError> {
  const hint = await prefixHint(path, fs);
  return new TfError("NOT_FOUND", `The passed save_path is not a valid checkpoint: ${path}`, {
    file: path,
    ...(hint ? { hint } : {}),
  });
}

async function prefixHint(path: string, fs: FileSystem): Promise<string | undefined> {
  if (path === "") return "Pass the prefix of a checkpoint, as save() and latestCheckpoint() return it.";
  const stem = path.replace(/\.(index|meta|data-\d{5}-of-\d{5})$/, "");
  if (stem !== path && (await checkpointExists(stem, { fs })))
    return `Pass the prefix "${stem}", not one of its files.`;
  const local = localPath(path);
  if ((await fs.stat(local))?.isDirectory)
    return `"${path}" is a directory: latestCheckpoint("${path}") gives the prefix of its newest checkpoint.`;
  const directory = dirname(local) || ".";
  if (!(await fs.stat(directory))) return `There is no directory "${directory}".`;
  const prefixes = (await fs.list(directory)).flatMap((name) =>
    name.endsWith(".index") ? [name.slice(0, -".index".length)] : [],
  );
  if (prefixes.length === 0) return `There is no checkpoint in "${directory}".`;
  const near = nearestNames(basename(local), prefixes);
  return `In "${directory}" there is ${(near.length > 0 ? near : prefixes.slice(0, 3)).map((name) => `"${name}"`).join(", ")}.`;
}

/** `error` of a run of the restore op, with what can be found out about its cause as the hint. */
export async function explainRestoreError(
  error: unknown,
  about: {
    readonly graph: Graph;
    readonly saverDef: ISaverDef;
    readonly path: string;
    readonly fs: FileSystem;
  },
): Promise<unknown> {
  if (!isTfError(error)) return error;
  const { path } = about;
  if (error.code === "DATA_LOSS") {
    const stem = path.replace(/\.(index|meta|data-\d{5}-of-\d{5})$/, "");
    return stem === path ? error : withHint(error, `Pass the prefix "${stem}", not one of its files.`);
  }
  if (error.code !== "NOT_FOUND" && error.code !== "INVALID_ARGUMENT") return error;
  const found = await compareWithCheckpoint(about).catch(() => undefined);
  if (error.code === "NOT_FOUND" && found?.missing.length === 0)
    return withHint(
      error,
      "All keys are in the checkpoint's index, but one of its files is missing. Was the checkpoint copied whole?",
    );
  const problem =
    error.code === "NOT_FOUND"
      ? "a Variable name or other graph key that is missing"
      : "a mismatch between the current graph and the graph";
  return withHint(error, [wrapped(problem), ...(found?.hints ?? [])].join("\n"));
}

/** What a graph wants of a checkpoint and what is there. */
interface Comparison {
  readonly missing: readonly string[];
  readonly hints: readonly string[];
}

function withHint(error: TfError, hint: string): TfError {
  return new TfError(error.code, error.sentence, {
    ...error.place,
    hint: error.hint ? `${error.hint}\n${hint}` : hint,
    cause: error,
  });
}

async function compareWithCheckpoint(about: {
  readonly graph: Graph;
  readonly saverDef: ISaverDef;
  readonly path: string;
  readonly fs: FileSystem;
}): Promise<Comparison> {
  const wanted = restoredTensors(about.graph, about.saverDef);
  const reader = await openCheckpoint(about.path, { fs: about.fs });
  try {
    return differences(wanted, reader);
  } finally {
    await reader.close();
  }
}

function differences(wanted: ReadonlyMap<string, Wanted | undefined>, reader: CheckpointReader): Comparison {
  const have = reader.names();
  const hints: string[] = [];
  const missing = [...wanted.keys()].filter((name) => !reader.has(name));
  const unused = have.filter((name) => !wanted.has(name));
  if (missing.length > 0) {
    hints.push(`Not in the checkpoint: ${listed(missing)}.`);
    const near = missing.slice(0, 3).flatMap((name) => {
      const [closest] = nearestNames(name, unused.length > 0 ? unused : have);
      return closest === undefined ? [] : [`"${closest}" for "${name}"`];
    });
    if (near.length > 0)
      hints.push(
        `Named alike there: ${near.join(", ")}. A dict as varList renames: new Saver({ name: variable }).`,
      );
  }
  if (unused.length > 0) hints.push(`In the checkpoint only: ${listed(unused)}.`);
  const differ = [...wanted].flatMap(([name, variable]) => {
    if (!variable || !reader.has(name)) return [];
    const [dtype, shape] = [reader.dtype(name), reader.shape(name)];
    const same =
      variable.dtype === dtype && (variable.shape === undefined || variable.shape === shape.join());
    return same
      ? []
      : [`${name} is ${dtype} [${shape}], the graph wants ${variable.dtype} [${variable.shape ?? "?"}]`];
  });
  if (differ.length > 0) hints.push(`Different in the checkpoint: ${differ.slice(0, 5).join("; ")}.`);
  return { missing, hints };
}

const listed = (names: readonly string[]) =>
  names.length > 10 ? `${names.slice(0, 10).join(", ")} and ${names.length - 10} more` : names.join(", ");

interface Wanted {
  readonly dtype: string;
  readonly shape: string | undefined;
}

/** Keys that the restore op reads, with what the variable behind each is (undefined for slices). */
function restoredTensors(graph: Graph, saverDef: ISaverDef): Map<string, Wanted | undefined> {
  const wanted = new Map<string, Wanted | undefined>();
  for (const { reads } of restoreTargets(graph, saverDef.restoreOpName ?? ""))
    for (const { key, sliceSpec, dtype, shape } of reads)
      wanted.set(
        key,
        sliceSpec === ""
          ? { dtype, shape: shape?.isFullyDefined() ? shape.toNumbers().join() : undefined }
          : undefined,
      );
  return wanted;
}
