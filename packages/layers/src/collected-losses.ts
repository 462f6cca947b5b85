// The losses of a graph's collections, and their sum. Source: python/ops/losses/util.py of TensorFlow 1.15.
import { GraphKeys } from "@org/collections";
import { currentGraph, type Graph, type Tensor } from "@org/graph";
import { addN, constant } from "@org/ops";

function graphFor(graph: Graph | undefined): Graph {
  const found = graph ?? currentGraph();
  if (!found) throw new TypeError("No graph: pass { graph }, or call inside graph.asDefault(() => ...)");
  return found;
}

export interface CollectedOptions {
  /** Those whose name matches. */
  readonly scope?: string | undefined;
  readonly graph?: Graph | undefined;
}

/** tf.losses.get_losses: the collection. */
export function getLosses(options: CollectedOptions & { readonly lossCollection?: string } = {}): Tensor[] {
  const { scope, lossCollection = GraphKeys.LOSSES } = options;
  return graphFor(options.graph).getCollection(lossCollection, scope) as Tensor[];
}

/** tf.losses.get_regularization_losses: what regularizers made. */
export function getRegularizationLosses(options: CollectedOptions = {}): Tensor[] {
  return graphFor(options.graph).getCollection(GraphKeys.REGULARIZATION_LOSSES, options.scope) as Tensor[];
}

/** tf.losses.get_regularization_loss: their sum, 0 where there are none. */
export function getRegularizationLoss(
  options: CollectedOptions & { readonly name?: string | undefined } = {},
): Tensor {
  const losses = getRegularizationLosses(options);
  if (losses.length === 0) return constant(0, { graph: graphFor(options.graph) });
  return addN(losses, { name: options.name ?? "total_regularization_loss" });
}

/** tf.losses.get_total_loss: the sum of all losses, with those of regularizers unless told otherwise. Throws as addN where there are none. */
export function getTotalLoss(
  options: CollectedOptions & {
    readonly addRegularizationLosses?: boolean | undefined;
    readonly name?: string | undefined;
  } = {},
): Tensor {
  const losses = getLosses(options);
  if (options.addRegularizationLosses ?? true) losses.push(...getRegularizationLosses(options));
  return addN(losses, { name: options.name ?? "total_loss" });
}
