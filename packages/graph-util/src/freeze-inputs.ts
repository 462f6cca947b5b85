// What a graph is frozen from: the three kinds of input that freeze_graph takes, read and brought to one form.
// Source: python/tools/freeze_graph.py (freeze_graph, _parse_input_graph_proto and its kin).
import { TfError } from "@org/errors";
import {
  GraphDef,
  type IGraphDef,
  type IMetaGraphDef,
  type ISaverDef,
  MetaGraphDef,
  SaverDef,
} from "@org/proto";
import { SavedModelLoader } from "@org/saved-model";
import type { FreezeGraphOptions } from "./freeze-graph.ts";
import { changedNode, nodesOf, withNodes } from "./graph-nodes.ts";
import { readProtoFile } from "./read-proto-file.ts";

export interface FreezeInputs {
  readonly graphDef: IGraphDef;
  /** How variables are restored; undefined where only a GraphDef was given. */
  readonly saverDef: ISaverDef | undefined;
  /** The checkpoint; of a SavedModel, its own. */
  readonly checkpoint: string | undefined;
  readonly kind: "graph" | "meta graph" | "SavedModel";
  /** Names in the collection of table initializers. */
  readonly tableInitializers: readonly string[];
}

/** A list that may be one string with commas, as on a command line. */
export function commaSeparated(names: string | Iterable<string> | null | undefined): string[] {
  if (names === null || names === undefined) return [];
  const list = typeof names === "string" ? names.replaceAll(" ", "").split(",") : [...names];
  return list.filter((name) => name !== "");
}

/** Reads what `options` name. Throws TfError INVALID_ARGUMENT where they name nothing; as the readers do. */
export async function freezeInputs(options: FreezeGraphOptions): Promise<FreezeInputs> {
  const { inputBinary: binary, fs, signal } = options;
  const io = { binary, fs, signal };
  const saverDef = options.inputSaver
    ? typeof options.inputSaver === "string"
      ? await readProtoFile(SaverDef, options.inputSaver, { ...io, what: "saver" })
      : options.inputSaver
    : undefined;
  const checkpoint = options.inputCheckpoint || undefined;
  if (options.inputSavedModelDir) {
    const loader = await SavedModelLoader.open(options.inputSavedModelDir, { fs, signal });
    const def = loader.getMetaGraphDefFromTags(commaSeparated(options.savedModelTags ?? "serve"));
    return { ...ofMetaGraph(def, saverDef), checkpoint: loader.variablesPath, kind: "SavedModel" };
  }
  if (options.inputMetaGraph) {
    const def =
      typeof options.inputMetaGraph === "string"
        ? await readProtoFile(MetaGraphDef, options.inputMetaGraph, { ...io, what: "meta graph" })
        : options.inputMetaGraph;
    return { ...ofMetaGraph(def, saverDef), checkpoint, kind: "meta graph" };
  }
  if (!options.inputGraph)
    throw new TfError("INVALID_ARGUMENT", "There is no graph to freeze", {
      hint: "Pass one of inputGraph, inputMetaGraph and inputSavedModelDir.",
    });
  const graphDef =
    typeof options.inputGraph === "string"
      ? await readProtoFile(GraphDef, options.inputGraph, { ...io, what: "graph" })
      : options.inputGraph;
  return { graphDef, saverDef, checkpoint, kind: "graph", tableInitializers: [] };
}

function ofMetaGraph(def: IMetaGraphDef, saverDef: ISaverDef | undefined) {
  if (!def.graphDef) throw new TfError("INVALID_ARGUMENT", "The MetaGraphDef has no graph_def");
  return {
    graphDef: def.graphDef,
    saverDef: saverDef ?? def.saverDef ?? undefined,
    tableInitializers: def.collectionDef?.table_initializer?.nodeList?.value ?? [],
  };
}

/** The graph without devices; nodes that had none are shared. */
export function withoutDevices(graphDef: IGraphDef): IGraphDef {
  return withNodes(
    graphDef,
    nodesOf(graphDef).map((node) => (node.device ? changedNode(node, { device: "" }) : node)),
  );
}
