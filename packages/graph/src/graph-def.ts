// A graph as a GraphDef. Source: python/framework/ops.py (Graph._as_graph_def).
import type { IGraphDef } from "@org/proto";
import type { Graph } from "./graph.ts";
import { NodeWriter } from "./node-writer.ts";

export interface GraphDefOptions {
  /** Adds `_output_shapes` to every node that has outputs, as the exporters of MetaGraphs do. */
  readonly addShapes?: boolean;
  /** Leaves out where nodes are placed. */
  readonly clearDevices?: boolean;
  /** Only operations with ids above this. */
  readonly fromVersion?: number;
}

/** The graph as a message, nodes in the order in which they were made. */
export function asGraphDef(graph: Graph, options: GraphDefOptions = {}): IGraphDef {
  const { addShapes = false, clearDevices = false, fromVersion = 0 } = options;
  const ops = graph.getOperations();
  const writer = new NodeWriter({ addShapes, clearDevices }, ops.length);
  for (let i = fromVersion; i < ops.length; i++) writer.add(ops[i]!);
  return {
    node: writer.finish(),
    versions: graph.exportedVersions,
    ...(graph.library.isEmpty ? {} : { library: graph.library.toProto() }),
  };
}
