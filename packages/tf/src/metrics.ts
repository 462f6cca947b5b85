// tf.metrics, in the default graph where no graph is given: see @org/layers for what they do.
import { metrics } from "@org/layers";
import { lift } from "./default-graph.ts";

export const accuracy: typeof metrics.accuracy = /* @__PURE__ */ lift(metrics.accuracy);
export const auc: typeof metrics.auc = /* @__PURE__ */ lift(metrics.auc);
export const falseNegatives: typeof metrics.falseNegatives = /* @__PURE__ */ lift(metrics.falseNegatives);
export const falseNegativesAtThresholds: typeof metrics.falseNegativesAtThresholds = /* @__PURE__ */ lift(
  metrics.falseNegativesAtThresholds,
);
export const falsePositives: typeof metrics.falsePositives = /* @__PURE__ */ lift(metrics.falsePositives);
export const falsePositivesAtThresholds: typeof metrics.falsePositivesAtThresholds = /* @__PURE__ */ lift(
  metrics.falsePositivesAtThresholds,
);
export const mean: typeof metrics.mean = /* @__PURE__ */ lift(metrics.mean);
export const meanAbsoluteError: typeof metrics.meanAbsoluteError = /* @__PURE__ */ lift(
  metrics.meanAbsoluteError,
);
export const meanCosineDistance: typeof metrics.meanCosineDistance = /* @__PURE__ */ lift(
  metrics.meanCosineDistance,
);
export const meanIou: typeof metrics.meanIou = /* @__PURE__ */ lift(metrics.meanIou);
export const meanPerClassAccuracy: typeof metrics.meanPerClassAccuracy = /* @__PURE__ */ lift(
  metrics.meanPerClassAccuracy,
);
export const meanRelativeError: typeof metrics.meanRelativeError = /* @__PURE__ */ lift(
  metrics.meanRelativeError,
);
export const meanSquaredError: typeof metrics.meanSquaredError = /* @__PURE__ */ lift(
  metrics.meanSquaredError,
);
export const meanTensor: typeof metrics.meanTensor = /* @__PURE__ */ lift(metrics.meanTensor);
export const percentageBelow: typeof metrics.percentageBelow = /* @__PURE__ */ lift(metrics.percentageBelow);
export const precision: typeof metrics.precision = /* @__PURE__ */ lift(metrics.precision);
export const precisionAtThresholds: typeof metrics.precisionAtThresholds = /* @__PURE__ */ lift(
  metrics.precisionAtThresholds,
);
export const recall: typeof metrics.recall = /* @__PURE__ */ lift(metrics.recall);
export const recallAtThresholds: typeof metrics.recallAtThresholds = /* @__PURE__ */ lift(
  metrics.recallAtThresholds,
);
export const rootMeanSquaredError: typeof metrics.rootMeanSquaredError = /* @__PURE__ */ lift(
  metrics.rootMeanSquaredError,
);
export const trueNegatives: typeof metrics.trueNegatives = /* @__PURE__ */ lift(metrics.trueNegatives);
export const trueNegativesAtThresholds: typeof metrics.trueNegativesAtThresholds = /* @__PURE__ */ lift(
  metrics.trueNegativesAtThresholds,
);
export const truePositives: typeof metrics.truePositives = /* @__PURE__ */ lift(metrics.truePositives);
export const truePositivesAtThresholds: typeof metrics.truePositivesAtThresholds = /* @__PURE__ */ lift(
  metrics.truePositivesAtThresholds,
);
