// A graph, or what lies below one of its scopes, as a MetaGraphDef, collections included. Not here: the Saver and files.
// Source: python/framework/meta_graph.py (export_scoped_meta_graph, create_meta_graph_def).
import { TfError } from "@org/errors";
import { type Graph, stripNameScope } from "@org/graph";
import {
  encode,
  type ICollectionDef,
  type IGraphDef,
  type IMetaGraphDef,
  type INodeDef,
  type ISaverDef,
  type MetaGraphDef,
  SaverDef,
} from "@org/proto";
import { nodeSizes } from "@org/proto/nodes";
import { builtInTypes } from "./built-in-types.ts";
import { type CollectionRegistry, createCollectionRegistry } from "./collection-type.ts";
import { GraphKeys, unboundInputs } from "./graph-keys.ts";
import { type FindOpDef, strippedOpList, withoutDefaultAttrs } from "./op-list.ts";
import { extraneousSaverNodes, scopedGraphDef } from "./scoped-nodes.ts";
import { shouldInclude, toCollectionDef } from "./to-collection-def.ts";
import type { OnCollectionWarning } from "./warnings.ts";

/** Versions that our exports state: the TensorFlow whose behaviour we follow, and who wrote the file. */
export const statedVersions: { readonly tensorflowVersion: string; readonly tensorflowGitVersion: string } = {
  tensorflowVersion: "1.15.5",
  tensorflowGitVersion: "metagraph-js",
};

export interface ExportScopedOptions {
  /** Export this instead of the graph's nodes. */
  readonly graphDef?: IGraphDef | undefined;
  /** Nodes whose name starts so, the scope taken off their names. */
  readonly exportScope?: string | undefined;
  /** Where inputs from outside the scope are listed; default "unbound_inputs", null for nowhere. */
  readonly unboundInputsColName?: string | null | undefined;
  readonly clearDevices?: boolean | undefined;
  readonly saverDef?: ISaverDef | undefined;
  /** Leaves out the nodes and SaverDefs of other Savers than `saverDef`'s. */
  readonly clearExtraneousSavers?: boolean | undefined;
  readonly stripDefaultAttrs?: boolean | undefined;
  /** Its versions are overwritten; a strippedOpList that is not empty is kept. */
  readonly metaInfoDef?: MetaGraphDef.IMetaInfoDef | undefined;
  /** Default: all collections. */
  readonly collectionList?: readonly string[] | undefined;
  /** Default: queue runners and control-flow contexts. */
  readonly collections?: CollectionRegistry | undefined;
  readonly onWarning?: OnCollectionWarning | undefined;
}

export interface ScopedExport {
  readonly metaGraphDef: IMetaGraphDef;
  /** Items of the collection `variables` that were exported, by name within the scope. */
  readonly variables: ReadonlyMap<string, unknown>;
}

const twoGiB = 2 ** 31;

/** Bytes of a node's large parts. */
function weight(node: INodeDef): number {
  let size = 200;
  for (const value of Object.values(node.attr ?? {})) {
    const { tensor } = value;
    if (!tensor) continue;
    size += tensor.tensorContent?.length ?? 0;
    for (const bytes of tensor.stringVal ?? []) size += bytes.length + 2;
    size +=
      4 * ((tensor.floatVal?.length ?? 0) + (tensor.intVal?.length ?? 0)) +
      8 * (tensor.doubleVal?.length ?? 0);
  }
  return size;
}

/** Throws TfError INVALID_ARGUMENT, naming the largest nodes, where a GraphDef would not fit into a message. */
function checkSize(def: IGraphDef): void {
  const nodes = def.node ?? [];
  const sizes = nodeSizes(nodes, weight);
  if (sizes.reduce((sum, size) => sum + size, 0) < twoGiB) return;
  const largest = [...sizes.keys()].sort((a, b) => sizes[b]! - sizes[a]!).slice(0, 3);
  throw new TfError("INVALID_ARGUMENT", "GraphDef cannot be larger than 2GB.", {
    hint: `The largest nodes: ${largest.map((i) => `${nodes[i]!.name} (${(sizes[i]! / 2 ** 20).toFixed(0)} MiB)`).join(", ")}. Keep weights in variables, not constants.`,
  });
}

/** The OpDef of an op as this graph knows it: its registry's, else what an import brought with a node of that type. */
function opDefFinder(graph: Graph): FindOpDef {
  let brought: Map<string, ReturnType<FindOpDef>> | undefined;
  return (type) => {
    const registered = graph.ops.get(type);
    if (registered !== undefined) return registered.opDef;
    if (brought === undefined) {
      brought = new Map();
      for (const op of graph.getOperations()) if (op.opDef) brought.set(op.type, op.opDef);
    }
    return brought.get(type);
  };
}

/**
 * The MetaGraphDef of a graph, or of a scope of it, and the variables in it. The graph is not changed.
 * Throws TfError INVALID_ARGUMENT where the GraphDef would reach 2 GiB, a TypeError for a `graphDef` that is none. A collection that cannot be written is left out, with a warning.
 */
export function exportScopedMetaGraph(graph: Graph, options: ExportScopedOptions = {}): ScopedExport {
  const { exportScope, saverDef, clearExtraneousSavers = false, onWarning } = options;
  if (options.graphDef !== undefined && (typeof options.graphDef !== "object" || options.graphDef === null))
    throw new TypeError(`graph_def must be of type GraphDef, not ${typeof options.graphDef}`);
  const collections = options.collections ?? createCollectionRegistry(builtInTypes);
  const { clearDevices = false } = options;
  const whole = options.graphDef ?? graph.asGraphDef({ addShapes: true, clearDevices });
  const excludeNodes = clearExtraneousSavers ? extraneousSaverNodes(whole, saverDef) : undefined;
  const scoped = scopedGraphDef(whole, {
    exportScope,
    clearDevices: clearDevices && options.graphDef !== undefined,
    excludeNodes,
  });
  checkSize(scoped.graphDef);
  const find = opDefFinder(graph);
  const graphDef = options.stripDefaultAttrs ? withoutDefaultAttrs(scoped.graphDef, find) : scoped.graphDef;
  const collectionDefs = new Map<string, ICollectionDef>();
  const unboundKey =
    options.unboundInputsColName === undefined ? unboundInputs : options.unboundInputsColName;
  const present = new Set(graph.getAllCollectionKeys());
  for (const key of options.collectionList ?? graph.getAllCollectionKeys()) {
    if (exportScope && key === unboundKey) continue;
    if (clearExtraneousSavers && key === GraphKeys.SAVERS) {
      if (saverDef) collectionDefs.set(key, { bytesList: { value: [encode(SaverDef, saverDef)] } });
      continue;
    }
    if (!present.has(key)) continue;
    const def = toCollectionDef(key, graph.getCollectionRef(key), {
      collections,
      exportScope,
      excludeNodes,
      onWarning,
    });
    if (def !== undefined) collectionDefs.set(key, def);
  }
  // Also where `collectionList` does not name it: without it nobody could import the file.
  if (unboundKey !== null && scoped.unbound.length > 0)
    collectionDefs.set(unboundKey, {
      bytesList: { value: scoped.unbound.map((name) => new TextEncoder().encode(name)) },
    });
  const info = options.metaInfoDef ?? {};
  const metaGraphDef: IMetaGraphDef = {
    metaInfoDef: {
      ...info,
      ...statedVersions,
      strippedOpList: info.strippedOpList?.op?.length
        ? info.strippedOpList
        : strippedOpList(scoped.graphDef, find),
      ...(options.stripDefaultAttrs ? { strippedDefaultAttrs: true } : {}),
    },
    graphDef,
    ...(saverDef ? { saverDef } : {}),
    collectionDef: Object.fromEntries(collectionDefs),
  };
  return { metaGraphDef, variables: exportedVariables(graph, exportScope, excludeNodes) };
}

function exportedVariables(
  graph: Graph,
  exportScope: string | undefined,
  excludeNodes: ReadonlySet<string> | undefined,
): Map<string, unknown> {
  const variables = new Map<string, unknown>();
  for (const item of graph.getCollection(GraphKeys.GLOBAL_VARIABLES)) {
    const { name } = item as { name?: unknown };
    if (typeof name !== "string" || !shouldInclude(item, exportScope, excludeNodes)) continue;
    variables.set(stripNameScope(name, exportScope), item);
  }
  return variables;
}
