// tf.losses: losses of predictions, weighted and summed, in the collection losses. Source: python/ops/losses/losses_impl.py of TensorFlow 1.15.
import { GraphKeys } from "@org/collections";
import type { Tensor } from "@org/graph";
import {
  abs,
  add,
  cast,
  convertToTensor,
  divNoNan,
  equal,
  getItem,
  log,
  maximum,
  minimum,
  multiply,
  negative,
  onesLike,
  operator,
  range,
  rank as rankOf,
  reduceSum,
  relu,
  resolveGraph,
  shape as shapeOf,
  sigmoidCrossEntropyWithLogits,
  size as sizeOf,
  softmaxCrossEntropyWithLogitsV2,
  sparseSoftmaxCrossEntropyWithLogits,
  square,
  squaredDifference,
  stopGradient,
  subtract,
  type TensorLike,
  where,
  withScope,
  zerosLike,
} from "@org/ops";
import { convertToNdArray } from "@org/tensor";
import { matchForLoss, mustFit } from "./squeeze-dimensions.ts";
import { assertBroadcastable, broadcastWeights } from "./weights-broadcast.ts";

export {
  type CollectedOptions,
  getLosses,
  getRegularizationLoss,
  getRegularizationLosses,
  getTotalLoss,
} from "./collected-losses.ts";

/** How weighted losses become one; tf.losses.Reduction. */
export const Reduction = {
  NONE: "none",
  SUM: "weighted_sum",
  SUM_OVER_BATCH_SIZE: "weighted_sum_over_batch_size",
  MEAN: "weighted_mean",
  SUM_BY_NONZERO_WEIGHTS: "weighted_sum_by_nonzero_weights",
  SUM_OVER_NONZERO_WEIGHTS: "weighted_sum_by_nonzero_weights",
} as const;
export type Reduction = (typeof Reduction)[keyof typeof Reduction];

export interface LossOptions {
  /** A scalar, or of the losses' rank with each dimension 1 or theirs; default 1. */
  readonly weights?: TensorLike | undefined;
  /** Name scope. */
  readonly scope?: string | undefined;
  /** The collection that gets the loss; null for none. Default losses. */
  readonly lossCollection?: string | null | undefined;
  /** Default SUM_BY_NONZERO_WEIGHTS: the sum over the number of weights that are not 0. */
  readonly reduction?: Reduction | undefined;
}

const { sub, mul } = operator;

function numPresent(losses: Tensor, weights: Tensor, perBatch = false): Tensor {
  return withScope(losses.graph, undefined, "num_present", (scope) => {
    const w = cast(weights, "float32");
    const present = where(equal(w, 0), zerosLike(w), onesLike(w));
    const all = broadcastWeights(present, losses);
    if (!perBatch) return reduceSum(all, undefined, { name: scope });
    return reduceSum(all, range(1, rankOf(all)), { keepdims: true, name: scope });
  });
}

const safeMean = (losses: Tensor, count: Tensor): Tensor =>
  divNoNan(reduceSum(losses), count, { name: "value" });

/** tf.losses.add_loss: puts a loss into a collection. */
export function addLoss(loss: Tensor, lossCollection: string | null = GraphKeys.LOSSES): void {
  if (lossCollection) loss.graph.addToCollection(lossCollection, loss);
}

/**
 * tf.losses.compute_weighted_loss: losses times weights, reduced. Throws a TypeError for a reduction that is none, TfError
 * INVALID_ARGUMENT where the weights cannot stretch.
 */
export function computeWeightedLoss(losses: TensorLike, options: LossOptions = {}): Tensor {
  const {
    weights = 1,
    reduction = Reduction.SUM_BY_NONZERO_WEIGHTS,
    lossCollection = GraphKeys.LOSSES,
  } = options;
  if (!Object.values(Reduction).includes(reduction))
    throw new TypeError(`Invalid Reduction Key ${reduction}.`);
  const graph = resolveGraph([losses, weights]);
  return withScope(graph, options.scope, "weighted_loss", () =>
    graph.controlDependencies([assertBroadcastable(weights, losses)], () => {
      const given = convertToTensor(losses, { graph });
      const own = cast(given, "float32");
      const w = cast(weights, "float32");
      const weighted = multiply(own, w);
      const loss = cast(reduced(own, w, weighted, reduction), given.dtype);
      addLoss(loss, lossCollection);
      return loss;
    }),
  );
}

function reduced(losses: Tensor, weights: Tensor, weighted: Tensor, reduction: Reduction): Tensor {
  if (reduction === Reduction.NONE) return weighted;
  const sum = reduceSum(weighted);
  if (reduction === Reduction.MEAN) return safeMean(sum, reduceSum(mul(onesLike(losses), weights)));
  if (reduction === Reduction.SUM_BY_NONZERO_WEIGHTS) return safeMean(sum, numPresent(losses, weights));
  if (reduction !== Reduction.SUM_OVER_BATCH_SIZE) return sum;
  const count = withScope(losses.graph, undefined, "num_elements", (scope) =>
    cast(sizeOf(losses, { name: scope }), losses.dtype),
  );
  return safeMean(sum, count);
}

/** Predictions and labels as float32 of one shape, in a loss's scope, and what is made of them. */
function elementwise(
  defaultScope: string,
  labels: TensorLike,
  predictions: TensorLike,
  options: LossOptions,
  make: (predictions: Tensor, labels: Tensor) => Tensor,
): Tensor {
  const graph = resolveGraph([predictions, labels, options.weights ?? 1]);
  return withScope(graph, options.scope, defaultScope, (scope) => {
    const p = cast(predictions, "float32");
    const l = cast(labels, "float32");
    mustFit(p, l);
    return computeWeightedLoss(make(p, l), { ...options, scope });
  });
}

/** A loss of labels and predictions of one shape. Throws TfError INVALID_ARGUMENT where the shapes differ. */
export type Loss = (labels: TensorLike, predictions: TensorLike, options?: LossOptions) => Tensor;

/** tf.losses.absolute_difference: |predictions - labels|. */
export const absoluteDifference: Loss = (labels, predictions, options = {}) =>
  elementwise("absolute_difference", labels, predictions, options, (p, l) => abs(subtract(p, l)));

/** tf.losses.mean_squared_error: (predictions - labels)^2. */
export const meanSquaredError: Loss = (labels, predictions, options = {}) =>
  elementwise("mean_squared_error", labels, predictions, options, squaredDifference);

/** tf.losses.hinge_loss: max(0, 1 - (2 label - 1) logit), for labels of 0 and 1. */
export const hingeLoss: Loss = (labels, logits, options = {}) =>
  elementwise("hinge_loss", labels, logits, options, (x, l) => {
    const ones = onesLike(l);
    const signs = subtract(mul(2, l), ones);
    return relu(subtract(ones, multiply(signs, x)));
  });

/** tf.losses.cosine_distance: 1 - the sum of products along `axis`; both of length 1. */
export function cosineDistance(
  labels: TensorLike,
  predictions: TensorLike,
  options: LossOptions & { readonly axis: number },
): Tensor {
  const { axis, ...rest } = options;
  return elementwise("cosine_distance_loss", labels, predictions, rest, (p, l) =>
    sub(1, reduceSum(multiply(p, l), [axis], { keepdims: true })),
  );
}

/** tf.losses.huber_loss: squared errors up to `delta` (1 unless given), straight lines beyond. */
export function huberLoss(
  labels: TensorLike,
  predictions: TensorLike,
  options: LossOptions & { readonly delta?: TensorLike | undefined } = {},
): Tensor {
  const { delta = 1, ...rest } = options;
  return elementwise("huber_loss", labels, predictions, rest, (p, l) => {
    const size = abs(subtract(p, l));
    const quadratic = minimum(size, delta);
    const linear = subtract(size, quadratic);
    const half = convertToTensor(0.5, { dtype: quadratic.dtype });
    return add(multiply(half, multiply(quadratic, quadratic)), multiply(delta, linear));
  });
}

/** tf.losses.log_loss: -label log(prediction + epsilon) - (1 - label) log(1 - prediction + epsilon); epsilon is 1e-7 unless given. */
export function logLoss(
  labels: TensorLike,
  predictions: TensorLike,
  options: LossOptions & { readonly epsilon?: number | undefined } = {},
): Tensor {
  const { epsilon = 1e-7, ...rest } = options;
  return elementwise("log_loss", labels, predictions, rest, (p, l) => {
    const first = negative(multiply(l, log(operator.add(p, epsilon))));
    const second = multiply(sub(1, l), log(operator.add(sub(1, p), epsilon)));
    return sub(first, second);
  });
}

/** tf.losses.mean_pairwise_squared_error: squared differences of the errors of pairs of elements of a row. */
export function meanPairwiseSquaredError(
  labels: TensorLike,
  predictions: TensorLike,
  options: Omit<LossOptions, "reduction"> = {},
): Tensor {
  const { weights = 1, lossCollection = GraphKeys.LOSSES } = options;
  const graph = resolveGraph([predictions, labels, weights]);
  return withScope(graph, options.scope, "mean_pairwise_squared_error", () => {
    const w = cast(weights, "float32");
    const l = cast(labels, "float32");
    return graph.controlDependencies([assertBroadcastable(w, l)], () => {
      const p = cast(predictions, "float32");
      mustFit(p, l);
      const diffs = subtract(p, l);
      const axis = range(1, rankOf(diffs));
      const squares = reduceSum(square(diffs), axis, { keepdims: true });
      const present = numPresent(diffs, w, true);
      const value = { name: "value" };
      const term1 = mul(2, divNoNan(squares, maximum(sub(present, 1), 0), value));
      const sum = reduceSum(diffs, axis, { keepdims: true });
      const squared = square(sum);
      const pairs = maximum(multiply(present, sub(present, 1)), 0);
      const term2 = mul(2, divNoNan(squared, pairs, value));
      const loss = reduceSum(multiply(sub(term1, term2), w));
      const mean = where(operator.gt(reduceSum(present), 0), loss, zerosLike(loss), value);
      addLoss(mean, lossCollection);
      return mean;
    });
  });
}

export interface CrossEntropyLossOptions extends LossOptions {
  /** How far labels move towards equal ones; default 0. */
  readonly labelSmoothing?: number | undefined;
}

/** tf.losses.sigmoid_cross_entropy: each class on its own. */
export function sigmoidCrossEntropy(
  multiClassLabels: TensorLike,
  logits: TensorLike,
  options: CrossEntropyLossOptions = {},
): Tensor {
  const { labelSmoothing = 0, ...rest } = options;
  const graph = resolveGraph([logits, multiClassLabels, options.weights ?? 1]);
  return withScope(graph, options.scope, "sigmoid_cross_entropy_loss", (scope) => {
    const x = convertToTensor(logits, { graph });
    let labels = cast(multiClassLabels, x.dtype);
    mustFit(x, labels);
    if (labelSmoothing > 0) labels = operator.add(mul(labels, 1 - labelSmoothing), 0.5 * labelSmoothing);
    const losses = sigmoidCrossEntropyWithLogits({ labels, logits: x, name: "xentropy" });
    return computeWeightedLoss(losses, { ...rest, scope });
  });
}

/** tf.losses.softmax_cross_entropy: of labels that are distributions. */
export function softmaxCrossEntropy(
  onehotLabels: TensorLike,
  logits: TensorLike,
  options: CrossEntropyLossOptions = {},
): Tensor {
  const { labelSmoothing = 0, ...rest } = options;
  const graph = resolveGraph([logits, onehotLabels, options.weights ?? 1]);
  return withScope(graph, options.scope, "softmax_cross_entropy_loss", (scope) => {
    const x = convertToTensor(logits, { graph });
    let labels = cast(onehotLabels, x.dtype);
    mustFit(x, labels);
    if (labelSmoothing > 0) {
      const classes = cast(getItem(shapeOf(labels), -1), x.dtype);
      const negatives = operator.truediv(labelSmoothing, classes);
      labels = operator.add(mul(labels, 1 - labelSmoothing), negatives);
    }
    labels = stopGradient(labels, { name: "labels_stop_gradient" });
    const losses = softmaxCrossEntropyWithLogitsV2({ labels, logits: x, name: "xentropy" });
    return computeWeightedLoss(losses, { ...rest, scope });
  });
}

/** tf.losses.sparse_softmax_cross_entropy: of labels that are classes. */
export function sparseSoftmaxCrossEntropy(
  labels: TensorLike,
  logits: TensorLike,
  options: LossOptions = {},
): Tensor {
  const { weights = 1 } = options;
  const graph = resolveGraph([logits, labels, weights]);
  return withScope(graph, options.scope, "sparse_softmax_cross_entropy_loss", (scope) => {
    const given = Array.isArray(labels) ? convertToNdArray(labels as never, "int32") : labels;
    const [classes, x, w] = matchForLoss(given, logits, weights, 1);
    const losses = sparseSoftmaxCrossEntropyWithLogits({ labels: classes, logits: x, name: "xentropy" });
    return computeWeightedLoss(losses, { ...options, weights: w, scope });
  });
}
