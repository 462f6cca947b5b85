// A MetaGraphDef into a graph, with its Saver. Source: python/training/saver.py (import_meta_graph).
import { type CollectionRegistry, type CollectionWarning, importScopedMetaGraph } from "@org/collections";
import {
  createOpRegistry,
  Graph,
  type ImportResult,
  type ImportWarning,
  type InputMap,
  type OpRegistry,
} from "@org/graph";
import { coreOps } from "@org/graph/core-ops";
import { checkMessage, type IMetaGraphDef } from "@org/proto";
import { Saver, standardCollections } from "@org/saver";
import type { VariableBase } from "@org/variables";

export interface ImportOptions {
  /** The graph to add to; default: a new one. */
  readonly graph?: Graph | undefined;
  /** Scope that goes in front of all names; made unique ("s_1"). */
  readonly importScope?: string | undefined;
  /** Drops the devices that nodes were placed on. */
  readonly clearDevices?: boolean | undefined;
  /** Tensors of the graph in place of tensors of the file, by their names there. */
  readonly inputMap?: InputMap | undefined;
  /** Names, in the file, of operations and tensors to return. */
  readonly returnElements?: readonly string[] | undefined;
  /** Which collections to restore; default: all. */
  readonly restoreCollectionsPredicate?: ((key: string) => boolean) | undefined;
  /** Collection types; default: `standardCollections`. Make one with your own by `createCollectionRegistry(standardCollections, ...)`. */
  readonly collections?: CollectionRegistry | undefined;
  /** What the new graph knows of ops; default: `coreOps`, and the file's own list of ops. */
  readonly ops?: OpRegistry | undefined;
  /** What the file's producer knew of ops, where the file has no list of its own: tells default attributes apart. */
  readonly producerOps?: OpRegistry | undefined;
  /** As TensorFlow: an op or attribute that is not known stops the import. */
  readonly strict?: boolean | undefined;
  /** Told what was left out or is not understood. */
  readonly onWarning?: ((warning: ImportWarning | CollectionWarning) => void) | undefined;
}

export interface ImportedMetaGraph {
  readonly graph: Graph;
  /** What was put in front of names, without a slash; "" for nothing. */
  readonly scope: string;
  /** The file's Saver; undefined where it has none. */
  readonly saver: Saver | undefined;
  /** The variables of the file, by their names in it ("w:0"). */
  readonly variables: ReadonlyMap<string, VariableBase>;
  /** Op types that neither the graph's registry nor the file describes: their nodes are there, and cannot be run. */
  readonly unknownOps: ImportResult["unknownOps"];
  /** What `returnElements` asked for, in its order. */
  readonly returned: ImportResult["returned"];
}

/**
 * Adds a MetaGraphDef to a graph: nodes, functions, collections; and makes its Saver, if it has one. Collections are appended to.
 * Ops that are not known are no error before they are run.
 * Throws TypeError where it is no message; TfError INVALID_ARGUMENT with TensorFlow's sentence for a graph that is not whole (unknown inputs, duplicate names, an unused
 * key of inputMap, inputs that stay unbound, versions), NOT_FOUND for collections that name missing nodes, DATA_LOSS for broken items.
 */
export function importMetaGraph(def: IMetaGraphDef, options: ImportOptions = {}): ImportedMetaGraph {
  checkMessage(def, "importMetaGraph", "MetaGraphDef", "read one with readMetaGraph");
  const { ops, onWarning } = options;
  const graph = options.graph ?? new Graph({ ops: withFileOps(ops ?? coreOps, def) });
  const collections = options.collections ?? standardCollections;
  const imported = importScopedMetaGraph(def, { ...options, graph, collections });
  const scope = imported.importScope;
  const saver = def.saverDef
    ? new Saver(null, {
        saverDef: def.saverDef,
        graph,
        name: scope || undefined,
        collections,
        ...(onWarning ? { onWarning: (message) => onWarning({ key: "savers", message }) } : {}),
      })
    : undefined;
  return {
    graph,
    scope,
    saver,
    variables: imported.variables as ReadonlyMap<string, VariableBase>,
    unknownOps: imported.unknownOps,
    returned: imported.returned,
  };
}

/** `ops`, and after them what the file says of ops: more nodes of its op types can then be made. */
function withFileOps(ops: OpRegistry, def: IMetaGraphDef): OpRegistry {
  const fallback = def.metaInfoDef?.strippedOpList;
  return fallback?.op?.length ? createOpRegistry(ops, { fallback }) : ops;
}
