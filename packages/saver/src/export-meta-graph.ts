// A graph and its Saver as one message. What a MetaGraphDef holds besides the SaverDef is `@org/collections`' work.
// Source: python/training/saver.py (export_meta_graph).
import { type CollectionRegistry, type ExportScopedOptions, exportScopedMetaGraph } from "@org/collections";
import type { Graph } from "@org/graph";
import { CollectionDef, create, type ICollectionDef, type IMetaGraphDef, MetaGraphDef } from "@org/proto";
import { detachedNodes } from "@org/proto/nodes";

/** Arguments of export_meta_graph. */
export interface MetaGraphExport extends ExportScopedOptions {
  /** How collections become messages. */
  readonly collections?: CollectionRegistry | undefined;
}

/**
 * The MetaGraphDef of a graph, or of a scope of it; it shares nothing with the graph and may be changed.
 * Throws TfError INVALID_ARGUMENT where it would reach 2 GiB. A collection that cannot be written is left out, and `onWarning` told.
 */
export function exportMetaGraph(
  graph: Graph,
  options: MetaGraphExport & { readonly collections: CollectionRegistry },
): MetaGraphDef {
  const shared = sharedMetaGraph(graph, options);
  // Nodes are left as bytes: many are those of the file that the graph came from, and few are ever read.
  const def = create(MetaGraphDef, {
    ...shared,
    graphDef: { ...shared.graphDef, node: [] },
    collectionDef: {},
  });
  def.graphDef!.node = detachedNodes(shared.graphDef?.node ?? []);
  for (const [key, collection] of Object.entries(shared.collectionDef ?? {}))
    def.collectionDef[key] = ownCollection(collection);
  return def;
}

/** A copy; large collections are lists of encoded messages, which are copied without a look into them. */
function ownCollection(collection: ICollectionDef): CollectionDef {
  const items = collection.bytesList?.value;
  if (!items) return create(CollectionDef, collection);
  const value = items.map((bytes) => bytes.slice());
  return new CollectionDef({ bytesList: new CollectionDef.BytesList({ value }) });
}

/** The same, to be written at once: its attribute values are the graph's own. */
export function sharedMetaGraph(graph: Graph, options: MetaGraphExport): IMetaGraphDef {
  return exportScopedMetaGraph(graph, options).metaGraphDef;
}
