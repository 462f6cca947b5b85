// tf.metrics: values over many batches, in local variables.
export {
  falseNegatives,
  falsePositives,
  precision,
  recall,
  trueNegatives,
  truePositives,
} from "./counts.ts";
export { meanIou } from "./mean-iou.ts";
export {
  accuracy,
  type ErrorMetric,
  mean,
  meanAbsoluteError,
  meanCosineDistance,
  meanPerClassAccuracy,
  meanRelativeError,
  meanSquaredError,
  meanTensor,
  percentageBelow,
  rootMeanSquaredError,
} from "./means.ts";
export type { Metric, MetricOptions } from "./metric.ts";
export {
  type AucOptions,
  auc,
  falseNegativesAtThresholds,
  falsePositivesAtThresholds,
  precisionAtThresholds,
  recallAtThresholds,
  type ThresholdMetric,
  trueNegativesAtThresholds,
  truePositivesAtThresholds,
} from "./thresholds.ts";
