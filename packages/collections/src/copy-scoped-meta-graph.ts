// A scope of one graph into a scope of another. Source: python/framework/meta_graph.py (copy_scoped_meta_graph).
import { TfError } from "@org/errors";
import type { Graph } from "@org/graph";
import type { CollectionRegistry } from "./collection-type.ts";
import { exportScopedMetaGraph } from "./export-scoped-meta-graph.ts";
import { importScopedMetaGraph, type ScopedImport } from "./import-scoped-meta-graph.ts";

export interface CopyScopedOptions {
  readonly fromScope: string;
  readonly toScope: string;
  readonly fromGraph: Graph;
  readonly toGraph: Graph;
  readonly collections?: CollectionRegistry;
}

/** Copies what lies below `fromScope`. Throws TfError INVALID_ARGUMENT where both ends are the same place. */
export function copyScopedMetaGraph(options: CopyScopedOptions): ScopedImport {
  const { fromScope, toScope, fromGraph, toGraph } = options;
  if (fromGraph === toGraph && fromScope === toScope)
    throw new TfError(
      "INVALID_ARGUMENT",
      "'from_scope' and 'to_scope' need to be different when performing copy in the same graph.",
    );
  const collections = options.collections ? { collections: options.collections } : {};
  const { metaGraphDef } = exportScopedMetaGraph(fromGraph, { exportScope: fromScope, ...collections });
  return importScopedMetaGraph(metaGraphDef, { graph: toGraph, importScope: toScope, ...collections });
}
