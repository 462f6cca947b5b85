// tf.metrics.mean_iou: how much of what is one class, or was taken for it, is both. Source: python/ops/metrics_impl.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import {
  assignAdd,
  cast,
  convertToTensor,
  diagPart,
  greater,
  notEqual,
  onesLike,
  operator,
  reduceSum,
  reshape,
  type TensorLike,
  where,
} from "@org/ops";
import { confusionMatrix } from "../confusion-matrix.ts";
import { mustFit } from "../squeeze-dimensions.ts";
import { type Metric, type MetricOptions, metric, metricScope, metricVariable } from "./metric.ts";

const flat = (x: Tensor): Tensor => ((x.shape.rank ?? 0) > 1 ? reshape(x, Int32Array.of(-1)) : x);

/** The mean over the classes that come of true positives / (true positives + false positives + false negatives), of a confusion matrix. */
function meanOf(matrix: TensorLike): Tensor {
  const rows = cast(reduceSum(matrix, 0), "float32");
  const columns = cast(reduceSum(matrix, 1), "float32");
  const both = cast(diagPart(matrix), "float32");
  let either = operator.sub(operator.add(rows, columns), both);
  const count = reduceSum(cast(notEqual(either, 0), "float32"));
  either = where(greater(either, 0), either, onesLike(either));
  const each = operator.div(both, either);
  const isSome = greater(count, 0);
  return where(isSome, operator.truediv(reduceSum(each, undefined, { name: "mean_iou" }), count), 0);
}

/**
 * tf.metrics.mean_iou: the mean intersection over union of the classes [0, numClasses) that labels or predictions have; 0 where there is
 * none. The update gives the confusion matrix (float64). Throws TfError INVALID_ARGUMENT where labels and predictions differ in shape.
 */
export function meanIou(
  labels: TensorLike,
  predictions: TensorLike,
  numClasses: number,
  options: MetricOptions = {},
): Metric {
  return metricScope([predictions, labels, options.weights], options, "mean_iou", (graph) => {
    const given = convertToTensor(predictions, { preferredDType: "int64", graph });
    const wanted = convertToTensor(labels, { preferredDType: "int64", graph });
    mustFit(given, wanted);
    const total = metricVariable(graph, [numClasses, numClasses], "float64", "total_confusion_matrix");
    const p = cast(given, "int64");
    const l = cast(wanted, "int64");
    const count = cast(convertToTensor(numClasses, { dtype: "int32", name: "Cast/x", graph }), "int64");
    const [predicted, labelled] = [flat(p), flat(l)];
    const weights = options.weights && flat(convertToTensor(options.weights, { graph }));
    const current = confusionMatrix(labelled, predicted, { numClasses: count, weights, dtype: "float64" });
    const update = assignAdd(total, current);
    return metric(
      () => meanOf(total),
      () => update,
      options,
    );
  });
}
