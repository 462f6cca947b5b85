// Source: python/framework/graph_util_impl.py (tensor_shape_from_node_def_name).
import type { Graph } from "@org/graph";
import type { Shape } from "@org/tensor";

/**
 * The static shape of the tensor that an input string of a NodeDef names: "n" is "n:0". As tensor_shape_from_node_def_name.
 * Throws TfError NOT_FOUND "The name '<name>' refers to a Tensor which does not exist. ...".
 */
export function tensorShapeFromNodeDefName(graph: Graph, inputName: string): Shape {
  return graph.getTensorByName(inputName.includes(":") ? inputName : `${inputName}:0`).shape;
}
