// tf.import_graph_def: a GraphDef into the default graph. What it does is @org/graph's importGraphDef.
import {
  importGraphDef as base,
  graphDefVersion,
  type ImportGraphDefOptions,
  type ImportResult,
  type OpRegistry,
} from "@org/graph";
import { opDefs } from "@org/graph/op-defs";
import type { IGraphDef } from "@org/proto";
import { getDefaultGraph } from "./default-graph.ts";

/** What TensorFlow 2 knows of ops, for a GraphDef that it wrote: tells which attributes only say what goes without saying. */
export function opsOfProducer(def: IGraphDef | null | undefined): OpRegistry | undefined {
  return (def?.versions?.producer ?? 0) > graphDefVersion ? opDefs("2.21") : undefined;
}

/**
 * Adds the nodes of a GraphDef to the default graph, or to `graph`. Attributes that TensorFlow 2 added to ops of 1.15 are dropped where they
 * have their default value, else kept, with a warning; `producerOps` says otherwise. As tf.import_graph_def; throws as `importGraphDef` of @org/graph.
 */
export function importGraphDef(def: IGraphDef, options: Partial<ImportGraphDefOptions> = {}): ImportResult {
  return base(def, {
    producerOps: opsOfProducer(def) ?? null,
    ...options,
    graph: options.graph ?? getDefaultGraph(),
  });
}
