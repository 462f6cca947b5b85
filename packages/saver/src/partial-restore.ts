// Restores what a checkpoint has of what a Saver restores, under other names if need be, and tells what it did. Adds nothing to the
// graph: values are read here and fed to the Saver's own assignments, some at a time.
import { type CheckpointReader, nearestNames, openCheckpoint, parseShapeAndSlice } from "@org/checkpoint";
import { TfError } from "@org/errors";
import type { FileSystem } from "@org/io";
import type { ISaverDef } from "@org/proto";
import type { DType, NdArray } from "@org/tensor";
import { objectGraphKeys } from "./object-based.ts";
import { type RestoredTensor, type RestoreTarget, restoreTargets } from "./restore-targets.ts";
import type { Progress, SaverSession } from "./saver-session.ts";

/** How names of the Saver become keys of the checkpoint: a record of those that differ, or a function (undefined: as it is). */
export type RenameKeys = Readonly<Record<string, string>> | ((name: string) => string | undefined);

export interface PartialRestoreOptions {
  /** Leaves variables as they are that the checkpoint lacks, or has in another type or shape. Otherwise they are an error. */
  readonly partial?: boolean | undefined;
  readonly rename?: RenameKeys | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A tensor's type and shape. */
export interface TensorKind {
  readonly dtype: DType;
  /** null: not known. */
  readonly shape: readonly (number | null)[] | null;
}

/** What a restore in parts did. */
export interface RestoreReport {
  /** Names of the Saver with the keys that they were read from. */
  readonly restored: ReadonlyMap<string, string>;
  /** What the checkpoint lacks, with the keys in it that are named alike. */
  readonly missing: readonly {
    readonly name: string;
    readonly key: string;
    readonly nearest: readonly string[];
  }[];
  /** What the checkpoint has in another type or shape. */
  readonly different: readonly {
    readonly name: string;
    readonly key: string;
    readonly wanted: TensorKind;
    readonly found: TensorKind;
  }[];
  /** Keys of the checkpoint that nothing was read from. */
  readonly unused: readonly string[];
}

/** Bytes that are fed in one run, unless a single tensor has more. */
const batchBytes = 32 * 2 ** 20;

/**
 * Restores as `options` say. Throws TfError NOT_FOUND "Key w not found in checkpoint", with missing, left-over and similar keys as the
 * hint, or INVALID_ARGUMENT where types or shapes differ, both unless `partial`, before anything is assigned; INVALID_ARGUMENT for a `rename` of a name
 * that the Saver lacks; DATA_LOSS, CANCELLED.
 */
export async function restoreParts(
  about: {
    readonly session: SaverSession;
    readonly def: ISaverDef;
    readonly path: string;
    readonly fs: FileSystem;
  },
  options: PartialRestoreOptions,
): Promise<RestoreReport> {
  const { session, def, path, fs } = about;
  const targets = restoreTargets(session.graph, def.restoreOpName ?? "");
  const names = targets.flatMap(({ reads }) => reads.map(({ key }) => key));
  const rename = renaming(options.rename, names);
  const reader = await openCheckpoint(path, { fs, ...(options.signal ? { signal: options.signal } : {}) });
  try {
    const objectKeys = await objectGraphKeys(path, fs).catch(() => undefined);
    const keyOf = (name: string): string => {
      const renamed = rename(name);
      return reader.has(renamed) ? renamed : (objectKeys?.get(renamed) ?? renamed);
    };
    const { chosen, report } = compare(targets, reader, keyOf);
    if (!options.partial) refuse(report, path);
    await assign(session, chosen, reader, keyOf, options);
    return report;
  } finally {
    await reader.close();
  }
}

/** Throws TfError INVALID_ARGUMENT where the record names what the Saver does not restore. */
function renaming(rename: RenameKeys | undefined, names: readonly string[]): (name: string) => string {
  if (typeof rename === "function") return (name) => rename(name) ?? name;
  const known = new Set(names);
  for (const name of Object.keys(rename ?? {}))
    if (!known.has(name)) {
      const near = nearestNames(name, names);
      throw new TfError("INVALID_ARGUMENT", `The Saver restores no ${name}, which is to be renamed`, {
        key: name,
        hint: `rename goes from the Saver's names to the checkpoint's keys.${near.length > 0 ? ` Named alike: ${near.join(", ")}.` : ""}`,
      });
    }
  return (name) => (rename && Object.hasOwn(rename, name) ? rename[name]! : name);
}

interface Comparison {
  readonly chosen: readonly RestoreTarget[];
  readonly report: RestoreReport;
}

/** Which targets the checkpoint has everything for. A target of several tensors (a table) is taken whole or not at all. */
function compare(
  targets: readonly RestoreTarget[],
  reader: CheckpointReader,
  keyOf: (name: string) => string,
): Comparison {
  const restored = new Map<string, string>();
  const missing: { name: string; key: string }[] = [];
  const different: RestoreReport["different"][number][] = [];
  const chosen = targets.filter(({ reads }) => {
    const [lacks, differs] = [missing.length, different.length];
    for (const read of reads) {
      const [name, key] = [read.key, keyOf(read.key)];
      if (!reader.has(key)) missing.push({ name, key });
      else if (!fits(read, reader, key))
        different.push({
          name,
          key,
          wanted: { dtype: read.dtype, shape: wantedDims(read) },
          found: { dtype: reader.dtype(key), shape: reader.shape(key) },
        });
    }
    if (missing.length > lacks || different.length > differs) return false;
    for (const { key } of reads) restored.set(key, keyOf(key));
    return true;
  });
  const used = new Set(restored.values());
  const unused = reader.names().filter((name) => !used.has(name));
  return {
    chosen,
    report: {
      restored,
      missing: missing.map(({ name, key }) => ({ name, key, nearest: nearestNames(key, unused) })),
      different,
      unused,
    },
  };
}

const wantedDims = ({ sliceSpec, shape }: RestoredTensor): readonly (number | null)[] | null =>
  sliceSpec === "" ? (shape?.dims ?? null) : parseShapeAndSlice(sliceSpec).shape;

function fits(read: RestoredTensor, reader: CheckpointReader, key: string): boolean {
  if (reader.dtype(key) !== read.dtype) return false;
  const dims = reader.shape(key);
  const wanted = wantedDims(read);
  return (
    wanted === null ||
    (wanted.length === dims.length && wanted.every((dim, i) => dim === null || dim === dims[i]))
  );
}

/** Throws for what a restore that is not partial may not leave out. */
function refuse({ missing, different, unused }: RestoreReport, path: string): void {
  const shown = ({ dtype, shape }: TensorKind): string =>
    `${dtype} ${shape === null ? "of any shape" : `[${shape.map((dim) => dim ?? "?")}]`}`;
  const hints = [
    ...missing.map(
      ({ name, key, nearest }) =>
        `Missing: "${key}"${key === name ? "" : ` (for "${name}")`}${nearest.length > 0 ? `; named alike: ${nearest.map((near) => `"${near}"`).join(", ")}` : ""}.`,
    ),
    ...different.map(
      ({ name, wanted, found }) =>
        `Different: "${name}" is ${shown(found)} in the checkpoint, the graph wants ${shown(wanted)}.`,
    ),
    ...(unused.length > 0
      ? [
          `Not used: ${unused.slice(0, 10).join(", ")}${unused.length > 10 ? ` and ${unused.length - 10} more` : ""}.`,
        ]
      : []),
    "{ partial: true } leaves such variables as they are.",
  ];
  const hint = hints.join("\n");
  const [lacking] = missing;
  if (lacking)
    throw new TfError("NOT_FOUND", `Key ${lacking.key} not found in checkpoint`, {
      key: lacking.key,
      file: path,
      hint,
    });
  const [other] = different;
  if (other)
    throw new TfError(
      "INVALID_ARGUMENT",
      other.wanted.dtype === other.found.dtype
        ? `Assign requires shapes of both tensors to match. lhs shape= [${other.wanted.shape}] rhs shape= [${other.found.shape}]`
        : `tensor_name = ${other.key}; expected dtype ${other.wanted.dtype} does not equal original dtype ${other.found.dtype}`,
      { key: other.key, file: path, hint },
    );
}

/** Reads and assigns, about `batchBytes` at a time. */
async function assign(
  session: SaverSession,
  targets: readonly RestoreTarget[],
  reader: CheckpointReader,
  keyOf: (name: string) => string,
  { signal, onProgress }: PartialRestoreOptions,
): Promise<void> {
  let feeds: Record<string, NdArray> = {};
  let ops: string[] = [];
  let [bytes, loaded] = [0, 0];
  const flush = async (): Promise<void> => {
    if (ops.length === 0) return;
    await session.run([], { feeds, targets: ops, ...(signal ? { signal } : {}) });
    [feeds, ops, bytes] = [{}, [], 0];
  };
  for (const { op, reads } of targets) {
    for (const { key: name, sliceSpec, tensor } of reads) {
      const slice = sliceSpec === "" ? {} : { slice: parseShapeAndSlice(sliceSpec).slice };
      const value = await reader.get(keyOf(name), { ...slice, ...(signal ? { signal } : {}) });
      feeds[tensor.name] = value;
      bytes += "byteLength" in value.data ? value.data.byteLength : 0;
      onProgress?.({ loaded: ++loaded, name });
    }
    ops.push(op.name);
    if (bytes >= batchBytes) await flush();
  }
  await flush();
}
