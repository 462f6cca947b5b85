// exportMetaGraph with the built-in collection types: `@org/saver` has the work.
import type { Graph } from "@org/graph";
import type { MetaGraphDef } from "@org/proto";
import { exportMetaGraph as exportWith, type MetaGraphExport, standardCollections } from "@org/saver";

/**
 * The MetaGraphDef of a graph, or of a scope of it; it shares nothing with the graph and may be changed. Pass `saver.asSaverDef()` as
 * `saverDef`, or call `saver.exportMetaGraph()`.
 * Throws TfError INVALID_ARGUMENT where it would reach 2 GiB. A collection that cannot be written is left out, and `onWarning` told.
 */
export function exportMetaGraph(graph: Graph, options: MetaGraphExport = {}): MetaGraphDef {
  return exportWith(graph, { ...options, collections: options.collections ?? standardCollections });
}
