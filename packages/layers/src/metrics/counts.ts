// How often predictions of yes and no are right: tf.metrics.true_positives and its kin, precision, recall.
// Source: python/ops/metrics_impl.py of TensorFlow 1.15.
import type { Graph, Tensor } from "@org/graph";
import {
  assertRankIn,
  assertType,
  assignAdd,
  cast,
  div,
  equal,
  greater,
  identity,
  logicalAnd,
  multiply,
  operator,
  rank as rankOf,
  reduceSum,
  type TensorLike,
  where,
} from "@org/ops";
import { matchForMetric } from "../squeeze-dimensions.ts";
import type { ErrorMetric } from "./means.ts";
import { type Metric, type MetricOptions, metric, metricScope, metricVariable } from "./metric.ts";

/** How many of `values` hold, weighted. */
function countCondition(
  graph: Graph,
  values: Tensor,
  weights: Tensor | undefined,
  options: MetricOptions,
): Metric {
  assertType(values, "bool");
  const count = metricVariable(graph, [], "float32", "count");
  let numbers = cast(values, "float32");
  if (weights !== undefined) {
    const given = numbers;
    const check = assertRankIn(weights, [0, rankOf(given)]);
    numbers = graph.controlDependencies([check], () => multiply(given, cast(weights, "float32")));
  }
  return metric(
    () => identity(count),
    () => assignAdd(count, reduceSum(numbers)),
    options,
  );
}

interface Matched {
  readonly predictions: Tensor;
  readonly labels: Tensor | undefined;
  readonly weights: Tensor | undefined;
}

function asBooleans(labels: TensorLike, predictions: TensorLike, weights: TensorLike | undefined): Matched {
  return matchForMetric(cast(predictions, "bool"), cast(labels, "bool"), weights);
}

const counting =
  (defaultName: string, label: boolean, prediction: boolean): ErrorMetric =>
  (labels, predictions, options = {}) =>
    metricScope([predictions, labels, options.weights], options, defaultName, (graph) => {
      const { predictions: p, labels: l, weights } = asBooleans(labels, predictions, options.weights);
      const holds = logicalAnd(equal(l!, label), equal(p, prediction));
      return countCondition(graph, holds, weights, options);
    });

/** tf.metrics.true_positives: how often yes was predicted, and right. */
export const truePositives: ErrorMetric = /* @__PURE__ */ counting("true_positives", true, true);
/** tf.metrics.false_positives: how often yes was predicted, and wrong. */
export const falsePositives: ErrorMetric = /* @__PURE__ */ counting("false_positives", false, true);
/** tf.metrics.true_negatives: how often no was predicted, and right. */
export const trueNegatives: ErrorMetric = /* @__PURE__ */ counting("true_negatives", false, false);
/** tf.metrics.false_negatives: how often no was predicted, and wrong. */
export const falseNegatives: ErrorMetric = /* @__PURE__ */ counting("false_negatives", true, false);

/** hits / (hits + misses), 0 where there are none. */
function share(hits: Tensor, misses: Tensor, name: string): Tensor {
  const { add } = operator;
  return where(greater(add(hits, misses), 0), div(hits, add(hits, misses)), 0, { name });
}

const shareOf =
  (defaultName: string, missing: ErrorMetric): ErrorMetric =>
  (labels, predictions, options = {}) =>
    metricScope([predictions, labels, options.weights], options, defaultName, () => {
      const { predictions: p, labels: l, weights } = asBooleans(labels, predictions, options.weights);
      const [hits, moreHits] = truePositives(l!, p, { weights });
      const [misses, moreMisses] = missing(l!, p, { weights });
      return metric(
        () => share(hits, misses, "value"),
        () => share(moreHits, moreMisses, "update_op"),
        options,
      );
    });

/** tf.metrics.precision: how many predictions of yes are right. */
export const precision: ErrorMetric = /* @__PURE__ */ shareOf("precision", falsePositives);
/** tf.metrics.recall: how many labels of yes were predicted. */
export const recall: ErrorMetric = /* @__PURE__ */ shareOf("recall", falseNegatives);
