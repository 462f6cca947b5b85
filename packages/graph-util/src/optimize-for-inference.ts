// All that makes a frozen graph smaller and faster where nothing is trained. Source: python/tools/optimize_for_inference_lib.py.
import type { IGraphDef } from "@org/proto";
import { ensureGraphIsValid } from "./ensure-graph-is-valid.ts";
import { foldBatchNorms } from "./fold-batch-norms.ts";
import { fuseResizeAndConv } from "./fuse-resize-and-conv.ts";
import { type NodeGraph, nameList } from "./graph-nodes.ts";
import { removeTrainingNodes } from "./remove-training-nodes.ts";
import { type PlaceholderTypes, stripUnused } from "./strip-unused.ts";

export interface OptimizeOptions {
  /** Leaves out what TensorFlow Lite's converter of old did not take: fused convolutions. Default false. */
  readonly tocoCompatible?: boolean;
  /** Told what could not be folded, and why. */
  readonly onWarning?: (message: string) => void;
}

/**
 * A frozen graph for inference alone: cut to what lies between inputs and outputs, without training nodes, with batch normalizations folded
 * and resizes and paddings fused into convolutions. `placeholderType` is what the inputs become. As optimize_for_inference.
 * Throws as `ensureGraphIsValid`, `stripUnused`, `removeTrainingNodes` and `foldBatchNorms` do.
 */
export function optimizeForInference(
  graphDef: IGraphDef,
  inputNodeNames: Iterable<string>,
  outputNodeNames: Iterable<string>,
  placeholderType: PlaceholderTypes,
  options: OptimizeOptions = {},
): NodeGraph {
  const outputs = nameList(outputNodeNames, "output_node_names");
  const { tocoCompatible, onWarning } = options;
  ensureGraphIsValid(graphDef);
  let graph = stripUnused(graphDef, inputNodeNames, outputs, placeholderType);
  graph = removeTrainingNodes(graph, outputs);
  graph = foldBatchNorms(graph, { outputNodeNames: outputs, ...(onWarning ? { onWarning } : {}) });
  if (!tocoCompatible) graph = fuseResizeAndConv(graph, outputs);
  ensureGraphIsValid(graph);
  return graph;
}
