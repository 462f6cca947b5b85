// A graph as a GraphDef. Source: python/framework/ops.py (Graph._as_graph_def).
import type { IGraphDef, INodeDef } from "@org/proto";
import { type Shape, shapeToProto } from "@org/tensor";
import type { Graph } from "./graph.ts";
import type { Operation } from "./operation.ts";

export interface GraphDefOptions {
  /** Adds `_output_shapes` to every node that has outputs, as the exporters of MetaGraphs do. */
  readonly addShapes?: boolean;
  /** Only operations with ids above this. */
  readonly fromVersion?: number;
}

/** The node with, or without, the shapes of its outputs. */
function nodeDef(op: Operation, addShapes: boolean): INodeDef {
  const node = op.toNodeDef();
  if (addShapes && op.outputs.length > 0)
    node.attr!._output_shapes = {
      list: { shape: op.outputs.map((_, i) => shapeToProto(exportedShape(op, i))) },
    };
  return node;
}

/** The shape that an export states: what an imported file said of it, as long as nothing more is known since. */
function exportedShape(op: Operation, index: number): Shape {
  const { shape } = op.outputs[index]!;
  const file = op.statedShapes?.[index];
  return file !== undefined && file.known === shape ? file.stated : shape;
}

/** The graph as a message, nodes in the order in which they were made. */
export function asGraphDef(graph: Graph, options: GraphDefOptions = {}): IGraphDef {
  const { addShapes = false, fromVersion = 0 } = options;
  const node: INodeDef[] = [];
  for (const op of graph.getOperations()) if (op.id > fromVersion) node.push(nodeDef(op, addShapes));
  return {
    node,
    versions: graph.exportedVersions,
    ...(graph.library.isEmpty ? {} : { library: graph.library.toProto() }),
  };
}
