// Loads a MetaGraph of a SavedModel into a session: its graph, the variables' values, then its init op, fed the paths of assets.
// Source: python/saved_model/loader_impl.py (SavedModelLoader); docs/formats/saved-model.md.
import { TfError } from "@org/errors";
import { type Graph, stripNameScope } from "@org/graph";
import { defaultFileSystem, type FileSystem, fileExists, localPath } from "@org/io";
import { type ImportedMetaGraph, type ImportOptions, importMetaGraph } from "@org/metagraph";
import type { MetaGraphDef, SavedModel } from "@org/proto";
import { type Progress, Saver, type SaverSession } from "@org/saver";
import { ndArray } from "@org/tensor";
import { allSaveableObjects, type VariableBase } from "@org/variables";
import { getAssetTensors, getInitOp } from "./named-ops.ts";
import { getAssetsDir, getVariablesPath } from "./paths.ts";
import { parseSavedModel, type ReadSavedModelOptions } from "./read-saved-model.ts";

/** How a graph is imported: as `importMetaGraph`; the graph is the session's. */
export type LoadGraphOptions = Omit<ImportOptions, "graph" | "ops">;

export interface LoadOptions extends LoadGraphOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** How variables are restored and init ops run. */
export interface RunLoadedOptions {
  /** What was put in front of names on import. */
  readonly importScope?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A SavedModel that was read, and its parts' way into a session. */
export class SavedModelLoader {
  readonly exportDir: string;
  /** The message; changing it changes what is loaded. */
  readonly savedModel: SavedModel;

  constructor(exportDir: string, savedModel: SavedModel) {
    this.exportDir = exportDir;
    this.savedModel = savedModel;
  }

  /** Reads the SavedModel in `exportDir`. Throws as `parseSavedModel`. */
  static async open(exportDir: string, options: ReadSavedModelOptions = {}): Promise<SavedModelLoader> {
    return new SavedModelLoader(exportDir, await parseSavedModel(exportDir, options));
  }

  /** The prefix of the checkpoint. */
  get variablesPath(): string {
    return getVariablesPath(this.exportDir);
  }

  /**
   * The MetaGraphDef that has just these tags, in any order.
   * Throws TfError NOT_FOUND "MetaGraphDef associated with tags 'x' could not be found in SavedModel. ...", listing those that are there.
   */
  getMetaGraphDefFromTags(tags: Iterable<string>): MetaGraphDef {
    if (typeof tags === "string") throw new TypeError(`Tags are a list of strings: ["${tags}"]`);
    const wanted = [...tags];
    const set = new Set(wanted);
    const found = this.savedModel.metaGraphs.find((def) => {
      const have = new Set(def.metaInfoDef?.tags ?? []);
      return have.size === set.size && [...have].every((tag) => set.has(tag));
    });
    if (found) return found;
    const quoted = (list: Iterable<string>) => [...list].map((tag) => `'${tag}'`).join(", ");
    const available = this.savedModel.metaGraphs.map(({ metaInfoDef }) =>
      metaInfoDef?.tags.length ? `{${quoted(new Set(metaInfoDef.tags))}}` : "set()",
    );
    throw new TfError(
      "NOT_FOUND",
      `MetaGraphDef associated with tags ${quoted(wanted)} could not be found in SavedModel. To inspect available tag-sets in the SavedModel, please use the SavedModel CLI: \`saved_model_cli\`\navailable_tags: [${available.join(", ")}]`,
      { file: this.exportDir, hint: "All tags of a set have to be given, and no others." },
    );
  }

  /**
   * Imports the graph with these tags. Its Saver is the file's; where that has none, a new one of the variables that came.
   * Throws as `getMetaGraphDefFromTags` and `importMetaGraph`.
   */
  loadGraph(graph: Graph, tags: Iterable<string>, options: LoadGraphOptions = {}): ImportedMetaGraph {
    const imported = importMetaGraph(this.getMetaGraphDefFromTags(tags), { ...options, graph });
    if (imported.saver || imported.variables.size === 0) return imported;
    const { collections } = options;
    const saver = new Saver(byNameInFile(imported), { graph, ...(collections ? { collections } : {}) });
    return { ...imported, saver };
  }

  /**
   * Gives the session's variables their saved values; does nothing where there are none and no Saver.
   * Throws TfError INVALID_ARGUMENT "No tf.train.Saver object was passed ..."; as Saver.restore.
   */
  async restoreVariables(
    session: SaverSession,
    saver: Saver | null | undefined,
    options: RunLoadedOptions = {},
  ): Promise<void> {
    const { importScope, signal, onProgress } = options;
    if (saver) {
      await saver.restore(session, this.variablesPath, {
        ...(signal ? { signal } : {}),
        ...(onProgress ? { onProgress } : {}),
      });
      return;
    }
    if (allSaveableObjects(session.graph, importScope || undefined).length > 0)
      throw new TfError(
        "INVALID_ARGUMENT",
        "No tf.train.Saver object was passed to the function SavedModelLoader.restore_variables. Since there are variables in the graph, a saver is required.",
        { hint: "loadGraph gives one." },
      );
  }

  /**
   * Runs the init op of the MetaGraph with these tags, if it has one, with asset tensors fed the paths of the files in the assets directory,
   * which the session's ops may then read.
   * Throws TfError NOT_FOUND for a missing asset and an op that the graph lacks, INVALID_ARGUMENT for an asset outside of its directory.
   */
  async runInitOps(
    session: SaverSession,
    tags: Iterable<string>,
    options: RunLoadedOptions & { readonly fs?: FileSystem | undefined } = {},
  ): Promise<void> {
    const def = this.getMetaGraphDefFromTags(tags);
    const { importScope, signal } = options;
    const initOp = getInitOp(def, session.graph, importScope);
    if (!initOp) return;
    const assets = getAssetTensors(this.exportDir, def, importScope);
    const fs = options.fs ?? session.fs ?? (await defaultFileSystem());
    for (const path of assets.values())
      if (!(await fileExists(fs, localPath(path))))
        throw new TfError("NOT_FOUND", `${path}; No such file or directory`, {
          file: path,
          hint: "An asset of the SavedModel is missing. Was the directory copied whole?",
        });
    if (assets.size > 0) session.allowFiles?.(`${getAssetsDir(this.exportDir)}/`);
    const utf8 = new TextEncoder();
    await session.run([], {
      feeds: Object.fromEntries(
        [...assets].map(([name, path]) => [name, ndArray("string", [], [utf8.encode(path)])]),
      ),
      targets: ["outputs" in initOp ? initOp : initOp.op],
      ...(signal ? { signal } : {}),
    });
  }

  /**
   * The three of them: graph, variables, init op; yields the MetaGraphDef that was loaded. `importScope` is made unique, and that
   * name is used throughout.
   */
  async load(
    session: SaverSession,
    tags: Iterable<string>,
    options: LoadOptions = {},
  ): Promise<MetaGraphDef> {
    const { signal, onProgress, ...importing } = options;
    const tagList = typeof tags === "string" ? tags : [...tags];
    const { saver, scope } = this.loadGraph(session.graph, tagList, importing);
    const running = { importScope: scope || undefined, signal, onProgress };
    await this.restoreVariables(session, saver, running);
    await this.runInitOps(session, tagList, running);
    return this.getMetaGraphDefFromTags(tagList);
  }
}

/** Variables as a Saver takes them, under the names that they have in the file; the slices of one stand together. */
function byNameInFile({
  variables,
  scope,
}: ImportedMetaGraph): Record<string, VariableBase | VariableBase[]> {
  const named: Record<string, VariableBase | VariableBase[]> = {};
  for (const [name, variable] of variables) {
    const { saveSliceInfo } = variable;
    if (!saveSliceInfo) named[name.replace(/:0$/, "")] = variable;
    else {
      const fullName = stripNameScope(saveSliceInfo.fullName, scope);
      named[fullName] = [...((named[fullName] as VariableBase[] | undefined) ?? []), variable];
    }
  }
  return named;
}

/**
 * Loads the MetaGraph with just these tags from `exportDir` into a session: graph, variables, init op; yields its MetaGraphDef.
 * As tf.saved_model.loader.load.
 * Throws TfError as `parseSavedModel`, `importMetaGraph`, `Saver.restore` and the methods of SavedModelLoader.
 */
export async function load(
  session: SaverSession,
  tags: Iterable<string>,
  exportDir: string,
  options: LoadOptions & { readonly fs?: FileSystem | undefined } = {},
): Promise<MetaGraphDef> {
  const { fs = session.fs, ...loading } = options;
  const { signal } = options;
  const loader = await SavedModelLoader.open(exportDir, { fs, signal });
  return loader.load(session, tags, loading);
}
