// Saver: builds the ops that save and restore, runs them, rotates checkpoints and writes the .meta beside them.
// Not here: the ops' meaning (a session's kernels), file formats (@org/checkpoint). Source: python/training/saver.py (Saver).
import {
  checkpointExists,
  getCheckpointMtimes,
  metaGraphFilename,
  removeCheckpoint,
  updateCheckpointState,
} from "@org/checkpoint";
import {
  builtInTypes,
  type CollectionRegistry,
  type CollectionType,
  createCollectionRegistry,
  GraphKeys,
} from "@org/collections";
import { isTfError, TfError } from "@org/errors";
import { currentGraph, type Graph, prependNameScope, stripNameScope } from "@org/graph";
import { basename, defaultFileSystem, dirname, type FileSystem } from "@org/io";
import { create, type ISaverDef, type MetaGraphDef, SaverDef } from "@org/proto";
import { isNdArray, toStrings } from "@org/tensor";
import { allSaveableObjects, variableCollectionTypes } from "@org/variables";
import { buildSaver } from "./build-saver.ts";
import { CheckpointRotation, type TimedCheckpoint } from "./checkpoint-rotation.ts";
import { exportMetaGraph, type MetaGraphExport, sharedMetaGraph } from "./export-meta-graph.ts";
import { objectGraphKeys, underObjectKeys } from "./object-based.ts";
import {
  type PartialRestoreOptions,
  type RenameKeys,
  type RestoreReport,
  restoreParts,
} from "./partial-restore.ts";
import { explainRestoreError, noCheckpointError } from "./restore-errors.ts";
import { passedOn, stepNumber, stringScalar, withParentCheck } from "./save-run.ts";
import { toSaveables, type VarList } from "./saveable.ts";
import { BulkSaverBuilder } from "./saver-builder.ts";
import type { SaveOptions, SaverOptions } from "./saver-options.ts";
import { isSaverSession, type Progress, type SaverSession } from "./saver-session.ts";
import { debugInfoOf, writeDebugInfo } from "./write-debug-info.ts";
import { writeMetaGraph } from "./write-meta-graph.ts";

/** What a Saver of nothing does. */
const nothingRestored: RestoreReport = { restored: new Map(), missing: [], different: [], unused: [] };

/** What `Saver.exportMetaGraph` takes. */
export type SaverExport = Omit<MetaGraphExport, "saverDef"> & { readonly graph?: Graph };

/** Saves and restores variables. `new Saver()` takes all global variables of the graph. */
export class Saver {
  private readonly options: SaverOptions;
  private readonly clock: () => number;
  private varList: VarList | undefined;
  private def: SaverDef | undefined;
  private ownGraph: Graph | undefined;
  private built = false;
  private empty = false;
  private rotation: CheckpointRotation | undefined;
  /** Reads object-based checkpoints. */
  private objectSaver: Saver | undefined;

  /**
   * Builds the ops unless `deferBuild` or `saverDef` is given.
   * Throws TfError INVALID_ARGUMENT "No variables to save", and as `toSaveables`; FAILED_PRECONDITION in a finalized graph.
   */
  constructor(varList?: VarList | null, options: SaverOptions = {}) {
    if (varList !== undefined && varList !== null && options.deferBuild)
      throw new TfError(
        "INVALID_ARGUMENT",
        "If `var_list` is provided then build cannot be deferred. Either set defer_build=False or var_list=None.",
      );
    if (varList !== undefined && varList !== null && typeof varList !== "object")
      throw new TypeError(`Variables to save should be passed in a dict or a list: ${String(varList)}`);
    if (options.writeVersion !== undefined && !["V1", "V2"].includes(options.writeVersion))
      throw new TypeError(`writeVersion must be "V1" or "V2", not ${String(options.writeVersion)}`);
    this.options = options;
    this.clock = options.clock ?? (() => Date.now() / 1000);
    this.varList = varList ?? undefined;
    this.ownGraph = options.graph;
    this.def = options.saverDef && checkSaverDef(options.saverDef);
    if (!options.deferBuild) this.build();
  }

  /** A Saver of the ops that `def` names. */
  static fromProto(
    def: ISaverDef,
    options: { readonly graph?: Graph; readonly importScope?: string | undefined } & Omit<
      SaverOptions,
      "saverDef"
    > = {},
  ): Saver {
    return new Saver(null, { ...options, saverDef: def, name: options.importScope });
  }

  /** Builds the ops, once. Needed only with `deferBuild`. */
  build(): void {
    if (this.built) return;
    const { name } = this.options;
    if (this.def) {
      const scoped = (tensor: string) => prependNameScope(tensor, name);
      this.def = create(SaverDef, {
        ...this.def,
        filenameTensorName: scoped(this.def.filenameTensorName),
        saveTensorName: scoped(this.def.saveTensorName),
        restoreOpName: scoped(this.def.restoreOpName),
      });
    } else this.buildOps();
    this.built = true;
    if (!this.def) return;
    this.rotation = new CheckpointRotation({
      maxToKeep: this.def.maxToKeep,
      keepEveryNHours: this.def.keepCheckpointEveryNHours,
      now: this.clock(),
    });
  }

  private buildOps(): void {
    const { options } = this;
    const listed = Object.values(this.varList ?? {}).flat() as { readonly graph?: Graph }[];
    const graph = options.graph ?? listed.find((item) => item?.graph)?.graph ?? currentGraph();
    if (!graph)
      throw new TypeError(
        "A Saver needs a graph: pass { graph }, or build inside graph.asDefault(() => ...)",
      );
    this.ownGraph = graph;
    this.varList ??= allSaveableObjects(graph) as VarList;
    if (Object.keys(this.varList).length === 0) {
      if (!options.allowEmpty)
        throw new TfError("INVALID_ARGUMENT", "No variables to save", {
          hint: "Build the Saver after the variables, or pass { allowEmpty: true }.",
        });
      this.empty = true;
      return;
    }
    const def = buildSaver(this.varList, {
      graph,
      reshape: options.reshape ?? false,
      sharded: options.sharded ?? false,
      maxToKeep: options.maxToKeep === undefined ? 5 : (options.maxToKeep ?? 0),
      keepCheckpointEveryNHours: options.keepCheckpointEveryNHours ?? 10000,
      name: options.name,
      filename: options.filename,
      restoreSequentially: options.restoreSequentially ?? false,
      builder: options.builder ?? new BulkSaverBuilder({ writeVersion: options.writeVersion }),
    });
    this.def = create(SaverDef, def);
  }

  /** The SaverDef; undefined for an empty Saver, or one not yet built. */
  get saverDef(): SaverDef | undefined {
    return this.def;
  }

  /** The SaverDef, as `saverDef`. */
  asSaverDef(): SaverDef | undefined {
    return this.def;
  }

  /** The SaverDef without `exportScope`; undefined where its ops lie outside it. */
  toProto(exportScope?: string): SaverDef | undefined {
    const { def } = this;
    if (!def || !exportScope) return def;
    const names = [def.filenameTensorName, def.saveTensorName, def.restoreOpName];
    if (!names.every((name) => name.startsWith(exportScope))) return undefined;
    const [filenameTensorName, saveTensorName, restoreOpName] = names.map((name) =>
      stripNameScope(name, exportScope),
    );
    return create(SaverDef, { ...def, filenameTensorName, saveTensorName, restoreOpName });
  }

  /** Prefixes of the checkpoints not yet removed, oldest first. */
  get lastCheckpoints(): string[] {
    return this.rotation?.paths ?? [];
  }

  /** Replaces that list; none of these is ever removed as too old (their time is infinite). @deprecated setLastCheckpointsWithTime */
  setLastCheckpoints(paths: readonly string[]): void {
    this.setLastCheckpointsWithTime(paths.map((path) => [path, Number.POSITIVE_INFINITY] as const));
  }

  /** Replaces that list; times are in seconds since the epoch. */
  setLastCheckpointsWithTime(checkpoints: readonly TimedCheckpoint[]): void {
    if (!Array.isArray(checkpoints)) throw new TypeError("last_checkpoints must be a list");
    this.rotation?.set(checkpoints);
  }

  /** Puts that list together again after a restart: those of `paths` that are there, with the times of their files. */
  async recoverLastCheckpoints(
    paths: readonly string[],
    options: { readonly fs?: FileSystem } = {},
  ): Promise<void> {
    const found: TimedCheckpoint[] = [];
    for (const path of paths) {
      const [mtime] = await getCheckpointMtimes([path], options);
      if (mtime !== undefined) found.push([path, mtime]);
    }
    this.setLastCheckpointsWithTime(found);
  }

  /**
   * Saves all variables under `path` ("path-5" with `globalStep: 5`): runs the save op, notes the checkpoint in the state file, removes
   * what is too old, writes the .meta. The prefix to pass to `restore`; undefined for an empty Saver.
   * Throws TfError INVALID_ARGUMENT ("'latest_filename' collides with 'save_path' ..."), FAILED_PRECONDITION (not built; a variable
   * without value; `saveDebugInfo` of a graph that records no traces), NOT_FOUND ("Parent directory of <path> doesn't exist, can't save."),
   * CANCELLED; a TypeError where `session` is none.
   */
  async save(session: SaverSession, path: string, options: SaveOptions = {}): Promise<string | undefined> {
    const { latestFilename = "checkpoint", signal } = options;
    if (!this.built)
      throw new TfError("FAILED_PRECONDITION", "`build()` should be called before save if defer_build==True");
    if (dirname(latestFilename) !== "")
      throw new TfError("INVALID_ARGUMENT", "'latest_filename' must not contain path components");
    if (!isSaverSession(session)) throw new TypeError(`'sess' must be a Session; ${String(session)}`);
    if (typeof path !== "string") throw new TypeError(`save_path must be a string, not ${String(path)}`);
    if (this.writesV1())
      this.options.onWarning?.(
        'TensorFlow\'s V1 checkpoint format has been deprecated. Consider writeVersion: "V2".',
      );
    const fs = session.fs ?? (await defaultFileSystem());
    const debugInfo = options.saveDebugInfo ? debugInfoOf(session.graph) : undefined;
    const prefix = await this.prefixFor(session, path, latestFilename, options);
    let saved: string | undefined;
    if (!this.empty) {
      try {
        saved = await this.runSave(session, prefix, options);
        if (options.writeState !== false)
          await this.noteSaved(saved, dirname(path), latestFilename, options, fs);
      } catch (error) {
        throw await withParentCheck(error, path, fs);
      }
    }
    if (options.writeMetaGraph !== false) {
      if (signal?.aborted)
        throw new TfError("CANCELLED", "Saving was cancelled.", { file: prefix, cause: signal.reason });
      const { stripDefaultAttrs } = options;
      const collections = this.options.collections ?? standardCollections;
      const meta = sharedMetaGraph(session.graph, this.withWarnings({ collections, stripDefaultAttrs }));
      const metaGraphPath = metaGraphFilename(prefix, options.metaGraphSuffix);
      await writeMetaGraph(metaGraphPath, meta, { fs });
      if (debugInfo) await writeDebugInfo(metaGraphPath, debugInfo, { fs });
    }
    return saved;
  }

  private writesV1(): boolean {
    return this.def !== undefined && this.def.version !== SaverDef.CheckpointFormatVersion.V2;
  }

  private async prefixFor(
    session: SaverSession,
    path: string,
    latestFilename: string,
    options: SaveOptions,
  ): Promise<string> {
    const { globalStep } = options;
    if (globalStep === undefined || globalStep === null) {
      if (basename(path) === latestFilename && !this.def?.sharded)
        throw new TfError(
          "INVALID_ARGUMENT",
          `'latest_filename' collides with 'save_path': '${latestFilename}' and '${path}'`,
          { file: path },
        );
      return path;
    }
    const step = await stepNumber(session, globalStep, options.signal);
    return `${path}-${this.options.padStepNumber ? step.padStart(8, "0") : step}`;
  }

  private async runSave(session: SaverSession, prefix: string, options: SaveOptions): Promise<string> {
    const { def } = this;
    session.allowFiles?.(prefix);
    const result = await session.run(def!.saveTensorName, {
      feeds: { [def!.filenameTensorName]: stringScalar(prefix) },
      ...passedOn(options),
    });
    if (isNdArray(result) && result.dtype === "string") return toStrings(result)[0]!;
    throw new TypeError(`The save tensor ${def!.saveTensorName} gave no string`);
  }

  private async noteSaved(
    saved: string,
    directory: string,
    latestFilename: string,
    options: SaveOptions,
    fs: FileSystem,
  ): Promise<void> {
    this.rotation!.record(saved, this.clock());
    await updateCheckpointState(directory, saved, {
      fs,
      latestFilename,
      allModelCheckpointPaths: this.lastCheckpoints,
      saveRelativePaths: this.options.saveRelativePaths ?? false,
    });
    const old = this.rotation!.takeSurplus();
    if (old === undefined) return;
    try {
      await removeCheckpoint(old, {
        fs,
        checkpointFormatVersion: this.writesV1() ? "V1" : "V2",
        metaGraphSuffix: options.metaGraphSuffix ?? "meta",
      });
    } catch (error) {
      this.options.onWarning?.(`Ignoring: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /**
   * Restores all variables from the checkpoint `path`, V1 or V2; they need not be initialised before. An object-based checkpoint
   * (tf.train.Checkpoint) is read by the variable names in it, with ops that are added to the graph.
   * With `partial` or `rename`: what is there, under other names if need be, and a report of it; nothing is added to the graph.
   * Throws TfError NOT_FOUND ("The passed save_path is not a valid checkpoint: <path>", "Key w not found in checkpoint"),
   * INVALID_ARGUMENT (shape or type differ), DATA_LOSS (damaged files); the hint lists missing, left-over and similar keys.
   */
  restore(
    session: SaverSession,
    path: string | null | undefined,
    options: PartialRestoreOptions & ({ readonly partial: true } | { readonly rename: RenameKeys }),
  ): Promise<RestoreReport>;
  restore(
    session: SaverSession,
    path: string | null | undefined,
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (progress: Progress) => void },
  ): Promise<void>;
  async restore(
    session: SaverSession,
    path: string | null | undefined,
    options: PartialRestoreOptions = {},
  ): Promise<unknown> {
    const inParts = options.partial || options.rename !== undefined;
    if (this.empty) return inParts ? nothingRestored : undefined;
    if (path === null || path === undefined)
      throw new TfError("INVALID_ARGUMENT", "Can't load save_path when it is None.", {
        hint: "latestCheckpoint() found no checkpoint in that directory.",
      });
    if (!isSaverSession(session)) throw new TypeError(`'sess' must be a Session; ${String(session)}`);
    const { def } = this;
    if (!def)
      throw new TfError(
        "FAILED_PRECONDITION",
        "`build()` should be called before restore if defer_build==True",
      );
    const fs = session.fs ?? (await defaultFileSystem());
    if (!(path !== "" && (await checkpointExists(path, { fs })))) throw await noCheckpointError(path, fs);
    session.allowFiles?.(path);
    if (inParts) return restoreParts({ session, def, path, fs }, options);
    try {
      await session.run([], {
        feeds: { [def.filenameTensorName]: stringScalar(path) },
        targets: [def.restoreOpName],
        ...passedOn(options),
      });
    } catch (error) {
      const missing = isTfError(error) && error.code === "NOT_FOUND";
      const keys = missing ? await objectGraphKeys(path, fs).catch(() => undefined) : undefined;
      if (keys) return this.objectBased(session.graph, keys).restore(session, path, options);
      throw await explainRestoreError(error, { graph: session.graph, saverDef: def, path, fs });
    }
  }

  /** A Saver of the same variables under the keys of an object-based checkpoint; its ops are built once. */
  private objectBased(graph: Graph, keys: ReadonlyMap<string, string>): Saver {
    const saveables = toSaveables(this.varList ?? (allSaveableObjects(graph) as VarList));
    const renamed = underObjectKeys(saveables, keys);
    this.objectSaver ??= new Saver(renamed, { graph });
    return this.objectSaver;
  }

  /**
   * The MetaGraphDef of the Saver's graph, with this Saver's SaverDef. With `filename` it is written there, and comes as a promise.
   * Throws as exportMetaGraph and writeMetaGraph do; a TypeError where there is no graph. As Saver.export_meta_graph.
   */
  exportMetaGraph(options?: SaverExport): MetaGraphDef;
  exportMetaGraph(
    filename: string,
    options?: SaverExport & Parameters<typeof writeMetaGraph>[2],
  ): Promise<MetaGraphDef>;
  exportMetaGraph(
    filenameOrOptions: string | SaverExport = {},
    writing: SaverExport & Parameters<typeof writeMetaGraph>[2] = {},
  ): MetaGraphDef | Promise<MetaGraphDef> {
    if (typeof filenameOrOptions === "string") {
      const { asText, fs, ...rest } = writing;
      const def = this.exportMetaGraph(rest);
      return writeMetaGraph(filenameOrOptions, def, {
        ...(asText ? { asText } : {}),
        ...(fs ? { fs } : {}),
      }).then(() => def);
    }
    const options = filenameOrOptions;
    const graph = options.graph ?? this.ownGraph ?? currentGraph();
    if (!graph) throw new TypeError("exportMetaGraph needs a graph: pass { graph }");
    const collections = options.collections ?? this.options.collections ?? standardCollections;
    return exportMetaGraph(graph, { ...this.withWarnings(options), collections });
  }

  /** Export options with this Saver's SaverDef, and warnings handed to `onWarning`. */
  private withWarnings(options: Omit<MetaGraphExport, "saverDef">): MetaGraphExport {
    const { onWarning } = this.options;
    return {
      onWarning: ({ message }) => onWarning?.(message),
      ...options,
      saverDef: this.def,
    };
  }
}

/** A copy of a SaverDef that names the ops without one of which a Saver could not run. */
function checkSaverDef(given: ISaverDef): SaverDef {
  if (typeof given !== "object")
    throw new TfError("INVALID_ARGUMENT", `saver_def must be a saver_pb2.SaverDef: ${String(given)}`);
  const def = create(SaverDef, given);
  for (const key of ["saveTensorName", "restoreOpName"] as const)
    if (!def[key])
      throw new TfError(
        "INVALID_ARGUMENT",
        `saver_def must specify the ${key === "saveTensorName" ? "save_tensor_name" : "restore_op_name"}`,
      );
  return def;
}

/** The type of the collection `savers`, to put into `createCollectionRegistry`. */
export const saversCollectionType: CollectionType<Saver, ISaverDef> = {
  key: GraphKeys.SAVERS,
  protoType: SaverDef,
  toProto: (saver, { exportScope }) => {
    if (typeof saver.toProto !== "function") throw new TypeError(`${String(saver)} is not a Saver`);
    return saver.toProto(exportScope);
  },
  fromProto: (def, { graph, importScope }) => Saver.fromProto(def, { graph, importScope }),
  origin: "@org/saver",
};

/** Every built-in collection type: variables, queue runners, control-flow contexts, Savers. */
export const standardCollections: CollectionRegistry = /* @__PURE__ */ createCollectionRegistry(
  builtInTypes,
  variableCollectionTypes,
  saversCollectionType,
);
