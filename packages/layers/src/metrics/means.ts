// Means over batches: tf.metrics.mean and what is one. Source: python/ops/metrics_impl.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import {
  type AnyVariable,
  abs,
  assignAdd,
  cast,
  convertToTensor,
  div,
  divNoNan,
  equal,
  less,
  maximum,
  multiply,
  onesLike,
  ones as onesOf,
  operator,
  reduceMean,
  reduceSum,
  reshape,
  scatterAdd,
  size as sizeOf,
  sqrt,
  squaredDifference,
  subtract,
  type TensorLike,
  where,
  zerosLike,
} from "@org/ops";
import { matchForMetric, mustFit, removeSqueezableDimensions } from "../squeeze-dimensions.ts";
import { broadcastWeights } from "../weights-broadcast.ts";
import { type Metric, type MetricOptions, metric, metricScope, metricVariable } from "./metric.ts";

/** total / count, 0 where nothing was counted. */
const ratio = (total: AnyVariable | Tensor, count: AnyVariable | Tensor, name: string): Tensor =>
  divNoNan(total, maximum(count, 0), { name });

/** tf.metrics.mean: of all elements so far, weighted. */
export function mean(values: TensorLike, options: MetricOptions = {}): Metric {
  return metricScope([values, options.weights], options, "mean", (graph) => {
    let own = cast(values, "float32");
    const total = metricVariable(graph, [], "float32", "total");
    const count = metricVariable(graph, [], "float32", "count");
    let number: Tensor;
    if (options.weights === undefined) number = cast(sizeOf(own), "float32");
    else {
      const matched = matchForMetric(own, undefined, options.weights);
      const weights = broadcastWeights(cast(matched.weights!, "float32"), matched.predictions);
      own = multiply(matched.predictions, weights);
      number = reduceSum(weights);
    }
    const moreTotal = assignAdd(total, reduceSum(own));
    const moreCount = graph.controlDependencies([own], () => assignAdd(count, number));
    return metric(
      () => ratio(total, count, "value"),
      () => ratio(moreTotal, moreCount, "update_op"),
      options,
    );
  });
}

/** tf.metrics.mean_tensor: of each element. */
export function meanTensor(values: TensorLike, options: MetricOptions = {}): Metric {
  return metricScope([values, options.weights], options, "mean", (graph) => {
    let own = cast(values, "float32");
    const total = metricVariable(graph, own.shape, "float32", "total_tensor");
    const count = metricVariable(graph, own.shape, "float32", "count_tensor");
    let number = onesLike(own);
    if (options.weights !== undefined) {
      const matched = matchForMetric(own, undefined, options.weights);
      const weights = broadcastWeights(cast(matched.weights!, "float32"), matched.predictions);
      own = multiply(matched.predictions, weights);
      number = multiply(number, weights);
    }
    const moreTotal = assignAdd(total, own);
    const moreCount = graph.controlDependencies([own], () => assignAdd(count, number));
    return metric(
      () => ratio(total, count, "value"),
      () => ratio(moreTotal, moreCount, "update_op"),
      options,
    );
  });
}

/** Labels and predictions of one shape, and what is averaged of them. */
function meanOf(
  defaultName: string,
  labels: TensorLike,
  predictions: TensorLike,
  options: MetricOptions,
  make: (predictions: Tensor, labels: Tensor) => Tensor,
): Metric {
  const { predictions: p, labels: l, weights } = matchForMetric(predictions, labels, options.weights);
  const name = options.name ?? defaultName;
  return p.graph.asDefault(() => mean(make(p, l!), { ...options, weights, name }));
}

/** A metric of labels and predictions of one shape. Throws TfError INVALID_ARGUMENT where they differ. */
export type ErrorMetric = (labels: TensorLike, predictions: TensorLike, options?: MetricOptions) => Metric;

/** tf.metrics.accuracy: how often predictions are the labels. */
export const accuracy: ErrorMetric = (labels, predictions, options = {}) =>
  meanOf("accuracy", labels, predictions, options, (p, l) => cast(equal(cast(p, l.dtype), l), "float32"));

/** tf.metrics.mean_absolute_error. */
export const meanAbsoluteError: ErrorMetric = (labels, predictions, options = {}) =>
  meanOf("mean_absolute_error", labels, predictions, options, (p, l) => abs(operator.sub(p, l)));

/** tf.metrics.mean_squared_error. */
export const meanSquaredError: ErrorMetric = (labels, predictions, options = {}) =>
  meanOf("mean_squared_error", labels, predictions, options, (p, l) => squaredDifference(l, p));

/** tf.metrics.root_mean_squared_error. */
export const rootMeanSquaredError: ErrorMetric = (labels, predictions, options = {}) => {
  const { predictions: p, labels: l, weights } = matchForMetric(predictions, labels, options.weights);
  const name = options.name ?? "root_mean_squared_error";
  return p.graph.asDefault(() => {
    const [value, update] = meanSquaredError(l!, p, { weights, name });
    return metric(
      () => sqrt(value),
      () => sqrt(update),
      options,
    );
  });
};

/** tf.metrics.mean_relative_error: |labels - predictions| / normalizer, 0 where that is 0. */
export function meanRelativeError(
  labels: TensorLike,
  predictions: TensorLike,
  normalizer: TensorLike,
  options: MetricOptions = {},
): Metric {
  return meanOf("mean_relative_error", labels, predictions, options, (given, l) => {
    const [p, n] = removeSqueezableDimensions(given, normalizer);
    mustFit(p, n);
    return where(equal(n, 0), zerosLike(l), div(abs(operator.sub(l, p)), n));
  });
}

/** tf.metrics.mean_cosine_distance: 1 - the mean of sums of products along `dim`. */
export function meanCosineDistance(
  labels: TensorLike,
  predictions: TensorLike,
  dim: number,
  options: MetricOptions = {},
): Metric {
  const { predictions: p, labels: l, weights } = matchForMetric(predictions, labels, options.weights);
  const name = options.name ?? "mean_cosine_distance";
  return p.graph.asDefault(() => {
    const products = reduceSum(multiply(p, l!), [dim], { keepdims: true });
    const [value, update] = mean(products, { weights, name });
    return metric(
      () => subtract(1, value),
      () => subtract(1, update),
      options,
    );
  });
}

/** tf.metrics.percentage_below: how many values are below the threshold. */
export function percentageBelow(
  values: TensorLike,
  threshold: TensorLike,
  options: MetricOptions = {},
): Metric {
  const below = cast(less(values, threshold), "float32");
  return mean(below, { ...options, name: options.name ?? "percentage_below_threshold" });
}

const flat = (x: Tensor): Tensor => (x.shape.rank === 1 ? x : reshape(x, Int32Array.of(-1)));

/** tf.metrics.mean_per_class_accuracy: the mean of each class's accuracy. */
export function meanPerClassAccuracy(
  labels: TensorLike,
  predictions: TensorLike,
  numClasses: number,
  options: MetricOptions = {},
): Metric {
  return metricScope([predictions, labels, options.weights], options, "mean_accuracy", (graph) => {
    const l = flat(cast(labels, "int64"));
    const p = flat(convertToTensor(predictions, { graph }));
    mustFit(p, l);
    const total = metricVariable(graph, [numClasses], "float32", "total");
    const count = metricVariable(graph, [numClasses], "float32", "count");
    let ones = onesOf([sizeOf(l)] as TensorLike, "float32");
    let right = cast(equal(cast(p, l.dtype), l), "float32");
    if (options.weights !== undefined) {
      const weights = cast(flat(convertToTensor(options.weights, { graph })), "float32");
      right = operator.mul(right, weights);
      ones = operator.mul(ones, weights);
    }
    const moreTotal = scatterAdd(total, l, ones);
    const moreCount = scatterAdd(count, l, right);
    return metric(
      () => reduceMean(divNoNan(count, maximum(total, 0)), undefined, { name: "mean_accuracy" }),
      () => ratio(moreCount as Tensor, moreTotal as Tensor, "update_op"),
      options,
    );
  });
}
