// SavedModelBuilder: one checkpoint, its assets, and several MetaGraphs that share them, as TensorFlow 1 exports models. The message is
// written last: a directory that holds one is whole. Source: python/saved_model/builder_impl.py; docs/formats/saved-model.md.
import type { CollectionRegistry } from "@org/collections";
import { TfError } from "@org/errors";
import { currentGraph, type Graph, type Operation, type Tensor } from "@org/graph";
import { defaultFileSystem, type FileSystem, localPath } from "@org/io";
import type { IMetaGraphDef, ISignatureDef } from "@org/proto";
import { type Progress, Saver, type SaverSession, standardCollections, type VarList } from "@org/saver";
import { allSaveableObjects } from "@org/variables";
import { copyAssets, planAssets } from "./asset-files.ts";
import { SAVED_MODEL_SCHEMA_VERSION } from "./constants.ts";
import { addToCollections, assetFileDef, checkOps, signaturesOf } from "./named-in-meta-graph.ts";
import { getVariablesDir, getVariablesPath } from "./paths.ts";
import { checkSignatureDefMap } from "./validate-signature-map.ts";
import { writeSavedModel } from "./write-saved-model.ts";

export interface SavedModelBuilderOptions {
  /** Default: that of the session whose variables are saved, else the machine's files in Node. */
  readonly fs?: FileSystem | undefined;
  /** How collections become messages. Default: `standardCollections`. */
  readonly collections?: CollectionRegistry | undefined;
  /** Told of collections that cannot be written and are left out. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Arguments of `addMetaGraph`, of TensorFlow 1's public builder and its internal one. */
export interface AddMetaGraphOptions {
  /** Default: the session's graph, else that which is current. */
  readonly graph?: Graph | undefined;
  readonly signatureDefMap?: Readonly<Record<string, ISignatureDef>> | undefined;
  /** Constants that hold paths of files: copied, and named in the collection `saved_model_assets`. */
  readonly assetsCollection?: readonly Tensor[] | undefined;
  /** The same, named in the MetaGraph's `asset_file_def`, as TensorFlow 2 does. */
  readonly assetsList?: readonly Tensor[] | undefined;
  /** Runs after a load, with asset tensors fed the paths of the copies. In the collection `saved_model_main_op`. */
  readonly mainOp?: Operation | undefined;
  /** The same as `mainOp`. @deprecated */
  readonly legacyInitOp?: Operation | undefined;
  /** The same, named in the signature `__saved_model_init_op`, as TensorFlow 2 does. */
  readonly initOp?: Operation | Tensor | undefined;
  /** Does not run; `getTrainOp` finds it. In the signature `__saved_model_train_op`. */
  readonly trainOp?: Operation | Tensor | undefined;
  readonly clearDevices?: boolean | undefined;
  /** Leaves attributes out that equal their default: an older TensorFlow that lacks them can load the graph. */
  readonly stripDefaultAttrs?: boolean | undefined;
  /** Default: a new sharded one of all variables. */
  readonly saver?: Saver | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface AddVariablesOptions extends AddMetaGraphOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Builds a SavedModel: the first MetaGraph with its variables, then others that share them, then `save`. */
export class SavedModelBuilder {
  readonly exportDir: string;
  private readonly options: SavedModelBuilderOptions;
  private readonly metaGraphs: IMetaGraphDef[] = [];
  private files: FileSystem | undefined;
  private directoryChecked = false;
  private hasSavedVariables = false;
  /** Whether text, or binary, was written: a reader must not find one of them stale. */
  private readonly written: Set<boolean> = new Set();
  private last: Promise<unknown> = Promise.resolve();

  /** Nothing is read or written yet; the first call that writes looks at the directory. */
  constructor(exportDir: string, options: SavedModelBuilderOptions = {}) {
    if (typeof exportDir !== "string")
      throw new TypeError(`An export directory is a string, not ${String(exportDir)}`);
    this.exportDir = exportDir;
    this.options = options;
    this.files = options.fs;
  }

  /**
   * Saves the variables of `session`, copies assets, and adds the session's graph under `tags`. Once, before any `addMetaGraph`.
   * After a failure the graph's collections are as before, and the call can be made again.
   * Throws TfError ALREADY_EXISTS "Export directory already exists, and isn't empty. ..."; FAILED_PRECONDITION where it was done before;
   * INVALID_ARGUMENT for signatures that are not whole or use a reserved key, and where the graph has a main op already; NOT_FOUND for a
   * missing asset; as Saver.save; a TypeError for what is no operation or asset tensor.
   */
  async addMetaGraphAndVariables(
    session: SaverSession,
    tags: Iterable<string>,
    options: AddVariablesOptions = {},
  ): Promise<void> {
    const graph = options.graph ?? session.graph;
    const tagList = checkTags(tags);
    return this.inTurn(() => this.addWithVariables(session, graph, tagList, options));
  }

  private async addWithVariables(
    session: SaverSession,
    graph: Graph,
    tags: readonly string[],
    options: AddVariablesOptions,
  ): Promise<void> {
    if (this.hasSavedVariables)
      throw new TfError(
        "FAILED_PRECONDITION",
        "Graph state including variables and assets has already been saved. Please invoke `add_meta_graph()` instead.",
      );
    await checkSignatureDefMap(options.signatureDefMap ?? {});
    const fs = await this.fileSystem(session.fs);
    await this.checkDirectory(fs);
    await this.add(graph, tags, options, fs, async (saver) => {
      const { signal, onProgress } = options;
      const variables = localPath(getVariablesDir(this.exportDir));
      if (!(await fs.stat(variables))) await fs.makeDirectory(variables);
      await saver.save(session, getVariablesPath(this.exportDir), {
        writeMetaGraph: false,
        writeState: false,
        signal,
        onProgress,
      });
    });
    this.hasSavedVariables = true;
  }

  /**
   * Adds a graph under `tags`, without variables: a load gives it those that were saved.
   * Throws TfError FAILED_PRECONDITION "Graph state including variables and assets has not been saved yet. ..."; else as above.
   */
  async addMetaGraph(tags: Iterable<string>, options: AddMetaGraphOptions = {}): Promise<void> {
    const graph = options.graph ?? currentGraph();
    const tagList = checkTags(tags);
    return this.inTurn(async () => {
      if (!this.hasSavedVariables)
        throw new TfError(
          "FAILED_PRECONDITION",
          "Graph state including variables and assets has not been saved yet. Please invoke `add_meta_graph_and_variables()` first.",
        );
      if (!graph)
        throw new TypeError(
          "addMetaGraph needs a graph: pass { graph }, or call inside graph.asDefault(() => ...)",
        );
      await checkSignatureDefMap(options.signatureDefMap ?? {});
      await this.add(graph, tagList, options, await this.fileSystem());
    });
  }

  /**
   * Writes saved_model.pb, or saved_model.pbtxt; yields its path. May be called again after more was added; the other form, if this builder
   * has written it, is then written again, too.
   * Throws what `writeSavedModel` throws, and ALREADY_EXISTS as above where nothing was added before.
   */
  save(options: { readonly asText?: boolean | undefined } = {}): Promise<string> {
    const asText = options.asText ?? false;
    return this.inTurn(async () => {
      const fs = await this.fileSystem();
      await this.checkDirectory(fs);
      const model = { savedModelSchemaVersion: SAVED_MODEL_SCHEMA_VERSION, metaGraphs: this.metaGraphs };
      if (this.written.has(!asText)) await writeSavedModel(this.exportDir, model, { fs, asText: !asText });
      const path = await writeSavedModel(this.exportDir, model, { fs, asText });
      this.written.add(asText);
      return path;
    });
  }

  /** Runs calls one after another, also those that were not awaited. */
  private inTurn<T>(call: () => Promise<T>): Promise<T> {
    const result = this.last.then(call);
    this.last = result.catch(() => {});
    return result;
  }

  private async fileSystem(ofSession?: FileSystem): Promise<FileSystem> {
    this.files ??= ofSession ?? (await defaultFileSystem());
    return this.files;
  }

  private async checkDirectory(fs: FileSystem): Promise<void> {
    if (this.directoryChecked) return;
    const directory = localPath(this.exportDir);
    if (await fs.stat(directory)) {
      const names = await fs.list(directory);
      if (names.length > 0)
        throw new TfError(
          "ALREADY_EXISTS",
          `Export directory already exists, and isn't empty. Please choose a different export directory, or delete all the contents of the specified directory: ${this.exportDir}`,
          {
            file: this.exportDir,
            ...(names.some((name) => /^saved_model\.pb(txt)?$/.test(name))
              ? {}
              : {
                  hint: "It holds no SavedModel; perhaps what a builder left that was stopped before save().",
                }),
          },
        );
    } else await fs.makeDirectory(directory);
    this.directoryChecked = true;
  }

  private async add(
    graph: Graph,
    tags: readonly string[],
    options: AddMetaGraphOptions,
    fs: FileSystem,
    save?: (saver: Saver) => Promise<void>,
  ): Promise<void> {
    const { assetsCollection = [], assetsList = [], signal } = options;
    const mainOp = options.mainOp ?? options.legacyInitOp ?? undefined;
    checkOps(graph, mainOp, options);
    const { assets, sources } = await planAssets(
      this.exportDir,
      [...assetsCollection, ...assetsList],
      fs,
      signal,
    );
    const undo = addToCollections(graph, assets.slice(0, assetsCollection.length), mainOp);
    try {
      const saver = options.saver ?? this.newSaver(graph);
      await save?.(saver);
      const { clearDevices, stripDefaultAttrs } = options;
      const def = saver.exportMetaGraph({
        graph,
        clearDevices,
        stripDefaultAttrs,
        collections: this.options.collections ?? standardCollections,
        onWarning: ({ message }) => this.options.onWarning?.(message),
      });
      await copyAssets(this.exportDir, sources, fs, signal);
      this.metaGraphs.push({
        ...def,
        metaInfoDef: { ...def.metaInfoDef, tags: [...(def.metaInfoDef?.tags ?? []), ...tags] },
        signatureDef: signaturesOf(options),
        assetFileDef: assets.slice(assetsCollection.length).map(assetFileDef),
      });
    } catch (error) {
      undo();
      throw error;
    }
  }

  private newSaver(graph: Graph): Saver {
    return new Saver(allSaveableObjects(graph) as unknown as VarList, {
      graph,
      sharded: true,
      allowEmpty: true,
      writeVersion: "V2",
    });
  }
}

/** Throws a TypeError for what is no list of tags: a string is one, letter by letter, and never meant. */
function checkTags(tags: Iterable<string>): string[] {
  const list = typeof tags === "string" ? undefined : [...tags];
  if (!list?.every((tag) => typeof tag === "string"))
    throw new TypeError(`Tags are a list of strings, not ${String(tags)}`);
  return list;
}
