// Folds batch normalization into the convolution before it: scaled weights, and a bias. Source: python/tools/optimize_for_inference_lib.py
// (fold_batch_norms, with FusedBatchNormV2 and V3 as in 2.x). Unlike TensorFlow: nothing is folded that somebody else reads, that trains, or
// whose statistics are read; weights that others share are scaled in a copy.
import type { IAttrValue, IGraphDef, INodeDef } from "@org/proto";
import { type BatchNorm, batchNormOf } from "./batch-norm.ts";
import { constNode } from "./const-node.ts";
import { foldedOffset, scaledWeights, scaleOf } from "./fold-arithmetic.ts";
import { changedNode, type NodeGraph, nameList, nodesByName, nodesOf, withNodes } from "./graph-nodes.ts";
import { isControlInput, nodeNameFromInput, outputIndexOf } from "./node-names.ts";

export interface FoldOptions {
  /** Nodes that somebody will fetch: a convolution among them keeps its value. */
  readonly outputNodeNames?: Iterable<string>;
  /** Told why a batch normalization was left. */
  readonly onWarning?: (message: string) => void;
}

/**
 * The graph with each BatchNormWithGlobalNormalization and FusedBatchNorm (V2, V3) of constants after a Conv2D or DepthwiseConv2dNative of
 * constant weights in the convolution: weights times scale, then a BiasAdd under the normalization's name. As fold_batch_norms.
 * Throws a TypeError where `graphDef` is no GraphDef; TfError INVALID_ARGUMENT for two nodes of one name and for a constant that cannot be.
 */
export function foldBatchNorms(graphDef: IGraphDef, options: FoldOptions = {}): NodeGraph {
  const nodes = nodesOf(graphDef);
  const byName = nodesByName(nodes);
  const uses = countUses(nodes, options.outputNodeNames ?? []);
  const replaced = new Map<string, readonly INodeDef[]>();
  for (const node of nodes) {
    const found = batchNormOf(node, byName, uses.readsFurtherOutputs);
    if (found === undefined) continue;
    if (typeof found === "string") {
      options.onWarning?.(found);
      continue;
    }
    if (uses.of(found.conv.name ?? "") > 1) {
      options.onWarning?.(
        `'${found.conv.name}' is read by others than '${node.name}', which is not folded into it.`,
      );
      continue;
    }
    fold(found, byName, uses, replaced);
  }
  if (replaced.size === 0) return withNodes(graphDef, nodes);
  return withNodes(
    graphDef,
    nodes.flatMap((node) => replaced.get(node.name ?? "") ?? [node]),
  );
}

/** How often each node is read, and whether more than its first output is. */
class Uses {
  private readonly counts = new Map<string, number>();
  readonly readsFurtherOutputs: Set<string> = new Set();

  add(input: string): void {
    const name = nodeNameFromInput(input);
    this.counts.set(name, this.of(name) + 1);
    if (outputIndexOf(input) > 0) this.readsFurtherOutputs.add(name);
  }

  release(name: string): number {
    const left = this.of(name) - 1;
    this.counts.set(name, left);
    return left;
  }

  of(name: string): number {
    return this.counts.get(name) ?? 0;
  }
}

function countUses(nodes: readonly INodeDef[], outputs: Iterable<string>): Uses {
  const uses = new Uses();
  for (const node of nodes) for (const input of node.input ?? []) uses.add(input);
  for (const name of nameList(outputs, "output_node_names")) uses.add(name);
  return uses;
}

/** Writes into `replaced` what takes the place of the normalization, its convolution and the constants that nothing else reads. */
function fold(
  { node, conv, weightsNode, weights, constants, epsilon, scales }: BatchNorm,
  byName: ReadonlyMap<string, INodeDef>,
  uses: Uses,
  replaced: Map<string, readonly INodeDef[]>,
): void {
  const scale = scaleOf(constants, epsilon, scales);
  const convName = conv.name ?? "";
  const isShared = uses.of(weightsNode.name ?? "") > 1;
  const weightsName = isShared ? unused(`${convName}_weights`, byName) : weightsNode.name!;
  const newWeights = constNode(weightsName, scaledWeights(conv.op ?? "", weights, scale), weightsNode);
  if (isShared) uses.release(weightsNode.name!);
  else replaced.set(weightsNode.name!, [newWeights]);

  const offset = constNode(unused(`${convName}_bn_offset`, byName), foldedOffset(constants, scale), {
    device: node.device,
  });
  const newConv = isShared
    ? changedNode(conv, { input: [conv.input![0]!, weightsName, ...conv.input!.slice(2)] })
    : conv;
  const attr: { [key: string]: IAttrValue } = {};
  for (const key of ["T", "data_format"]) if (conv.attr?.[key]) attr[key] = conv.attr[key];
  const biasAdd: INodeDef = {
    name: node.name,
    op: "BiasAdd",
    input: [convName, offset.name!, ...node.input!.filter(isControlInput)],
    ...(node.device ? { device: node.device } : {}),
    attr,
  };
  replaced.set(convName, isShared ? [newWeights, newConv] : [newConv]);
  replaced.set(node.name!, [offset, biasAdd]);
  for (const input of node.input!.slice(1, 5)) {
    const name = nodeNameFromInput(input);
    if (uses.release(name) === 0) replaced.set(name, []);
  }
}

function unused(name: string, byName: ReadonlyMap<string, INodeDef>): string {
  let fresh = name;
  for (let i = 1; byName.has(fresh); i++) fresh = `${name}_${i}`;
  return fresh;
}
