// Predictions between 0 and 1 taken for yes above thresholds: counts at each, precision, recall, the area under a curve.
// Source: python/ops/metrics_impl.py of TensorFlow 1.15.
import type { Graph, Tensor } from "@org/graph";
import {
  assertGreaterEqual,
  assertLessEqual,
  assignAdd,
  cast,
  constant,
  convertToTensor,
  div,
  divNoNan,
  expandDims,
  getItem,
  greater,
  identity,
  log,
  logicalAnd,
  logicalNot,
  maximum,
  minimum,
  multiply,
  onesLike,
  operator,
  reduceSum,
  reshape,
  shape as shapeOf,
  stack,
  type TensorLike,
  tile,
  transpose,
  where,
} from "@org/ops";
import { matchForMetric } from "../squeeze-dimensions.ts";
import { broadcastWeights } from "../weights-broadcast.ts";
import { type Metric, type MetricOptions, metric, metricScope, metricVariable } from "./metric.ts";

const { add, sub, mul, truediv, gt } = operator;

type Key = "tp" | "fn" | "tn" | "fp";
type Counts = Readonly<Record<Key, Tensor>>;

const names: Readonly<Record<Key, string>> = {
  tp: "true_positives",
  fn: "false_negatives",
  tn: "true_negatives",
  fp: "false_positives",
};

const ints = (...numbers: number[]): TensorLike => Int32Array.from(numbers);

/** Counts at each threshold: the variables, and what they are after a batch. */
function confusion(
  graph: Graph,
  labels: TensorLike,
  predictions: TensorLike,
  thresholds: readonly number[],
  weights: TensorLike | undefined,
  wanted: readonly Key[],
): { readonly values: Counts; readonly updates: Counts } {
  const given = convertToTensor(predictions, { graph });
  const message = "predictions must be in [0, 1]";
  const checks = [
    assertGreaterEqual(given, cast(0, given.dtype), { message }),
    assertLessEqual(given, cast(1, given.dtype), { message }),
  ];
  const matched = graph.controlDependencies(checks, () =>
    matchForMetric(cast(given, "float32"), cast(labels, "bool"), weights),
  );
  const count = thresholds.length;
  const column = reshape(matched.predictions, ints(-1, 1));
  const row = reshape(cast(matched.labels!, "bool"), ints(1, -1));
  const known = column.shape.dims?.[0] ?? null;
  const number = known ?? getItem(shapeOf(column), 0);
  const limit = expandDims(constant([...thresholds]), ints(1));
  const times =
    typeof number === "number"
      ? convertToTensor(ints(1, number), { name: "stack", graph })
      : stack([1, number] as TensorLike[]);
  const limits = tile(limit, times);
  const yes = greater(tile(transpose(column), ints(count, 1)), limits);
  const no = wanted.includes("fn") || wanted.includes("tn") ? logicalNot(yes) : undefined;
  const isYes = tile(row, ints(count, 1));
  const isNo = wanted.includes("fp") || wanted.includes("tn") ? logicalNot(isYes) : undefined;
  const by =
    matched.weights === undefined
      ? undefined
      : tile(
          reshape(broadcastWeights(cast(matched.weights, "float32"), matched.predictions), ints(1, -1)),
          ints(count, 1),
        );
  const both: Record<Key, () => Tensor> = {
    tp: () => logicalAnd(isYes, yes),
    fn: () => logicalAnd(isYes, no!),
    tn: () => logicalAnd(isNo!, no!),
    fp: () => logicalAnd(isNo!, yes),
  };
  const values: Partial<Record<Key, Tensor>> = {};
  const updates: Partial<Record<Key, Tensor>> = {};
  for (const key of Object.keys(names) as Key[]) {
    if (!wanted.includes(key)) continue;
    const variable = metricVariable(graph, [count], "float32", names[key]);
    let holds = cast(both[key](), "float32");
    if (by) holds = mul(holds, by);
    updates[key] = assignAdd(variable, reduceSum(holds, 1));
    values[key] = convertToTensor(variable);
  }
  return { values: values as Counts, updates: updates as Counts };
}

/** A metric at each of several thresholds, as vectors. */
export type ThresholdMetric = (
  labels: TensorLike,
  predictions: TensorLike,
  thresholds: readonly number[],
  options?: MetricOptions,
) => Metric;

const countAt =
  (key: Key): ThresholdMetric =>
  (labels, predictions, thresholds, options = {}) =>
    metricScope([predictions, labels, options.weights], options, names[key], (graph) => {
      const { values, updates } = confusion(graph, labels, predictions, thresholds, options.weights, [key]);
      return metric(
        () => identity(values[key]),
        () => updates[key],
        options,
      );
    });

/** tf.metrics.true_positives_at_thresholds and its kin. */
export const truePositivesAtThresholds: ThresholdMetric = /* @__PURE__ */ countAt("tp");
export const falseNegativesAtThresholds: ThresholdMetric = /* @__PURE__ */ countAt("fn");
export const trueNegativesAtThresholds: ThresholdMetric = /* @__PURE__ */ countAt("tn");
export const falsePositivesAtThresholds: ThresholdMetric = /* @__PURE__ */ countAt("fp");

const shareAt =
  (name: "precision" | "recall", missing: Key): ThresholdMetric =>
  (labels, predictions, thresholds, options = {}) =>
    metricScope([predictions, labels, options.weights], options, `${name}_at_thresholds`, (graph) => {
      const { values, updates } = confusion(graph, labels, predictions, thresholds, options.weights, [
        "tp",
        missing,
      ]);
      const epsilon = 1e-7;
      const of = (counts: Counts, which: string): Tensor => {
        const all = add(add(epsilon, counts.tp), counts[missing]);
        return div(counts.tp, all, { name: `${name}_${which}` });
      };
      return metric(
        () => of(values, "value"),
        () => of(updates, "update_op"),
        options,
      );
    });

/** tf.metrics.precision_at_thresholds. */
export const precisionAtThresholds: ThresholdMetric = /* @__PURE__ */ shareAt("precision", "fp");
/** tf.metrics.recall_at_thresholds. */
export const recallAtThresholds: ThresholdMetric = /* @__PURE__ */ shareAt("recall", "fn");

export interface AucOptions extends MetricOptions {
  /** Default 200. */
  readonly numThresholds?: number | undefined;
  /** Thresholds of one's own instead. */
  readonly thresholds?: readonly number[] | undefined;
  /** "ROC" (default), or "PR": precision by recall. */
  readonly curve?: "ROC" | "PR" | undefined;
  /** Default "trapezoidal". */
  readonly summationMethod?: "trapezoidal" | "careful_interpolation" | "minoring" | "majoring" | undefined;
}

/** tf.metrics.auc: the area under a curve of predictions between 0 and 1. Throws a TypeError for curves and methods that are none. */
export function auc(labels: TensorLike, predictions: TensorLike, options: AucOptions = {}): Metric {
  const { curve = "ROC", summationMethod = "trapezoidal" } = options;
  if (curve !== "ROC" && curve !== "PR")
    throw new TypeError(`curve must be either ROC or PR, ${curve} unknown`);
  return metricScope([labels, predictions, options.weights], options, "auc", (graph) => {
    const wanted = options.numThresholds ?? 200;
    const inner = options.thresholds
      ? [...options.thresholds].sort((a, b) => a - b)
      : Array.from({ length: wanted - 2 }, (_, i) => (i + 1) / (wanted - 1));
    const thresholds = [-1e-7, ...inner, 1 + 1e-7];
    const all: readonly Key[] = ["tp", "fn", "tn", "fp"];
    const { values, updates } = confusion(graph, labels, predictions, thresholds, options.weights, all);
    const area = (counts: Counts, name: string): Tensor =>
      curve === "PR" && summationMethod === "careful_interpolation"
        ? interpolated(counts, thresholds.length)
        : summed(counts, thresholds.length, curve, summationMethod, name);
    return metric(
      () => area(values, "value"),
      () => area(updates, "update_op"),
      options,
    );
  });
}

const head = (x: Tensor, count: number): Tensor => getItem(x, [{ stop: count - 1 }]);
const tail = (x: Tensor): Tensor => getItem(x, [{ start: 1 }]);

function summed(
  { tp, fn, tn, fp }: Counts,
  count: number,
  curve: "ROC" | "PR",
  method: NonNullable<AucOptions["summationMethod"]>,
  name: string,
): Tensor {
  const epsilon = 1e-6;
  const recall = div(add(tp, epsilon), add(add(tp, fn), epsilon));
  const [x, y] =
    curve === "ROC"
      ? [div(fp, add(add(fp, tn), epsilon)), recall]
      : [recall, div(add(tp, epsilon), add(add(tp, fp), epsilon))];
  const width = sub(head(x, count), tail(x));
  const height = {
    trapezoidal: () => truediv(add(head(y, count), tail(y)), 2),
    careful_interpolation: () => truediv(add(head(y, count), tail(y)), 2),
    minoring: () => minimum(head(y, count), tail(y)),
    majoring: () => maximum(head(y, count), tail(y)),
  }[method];
  if (!height) throw new TypeError(`Invalid summation_method: ${method}`);
  return reduceSum(multiply(width, height()), undefined, { name });
}

/** The area under precision by recall, true and false positives interpolated. */
function interpolated({ tp, fp, fn }: Counts, count: number): Tensor {
  const hits = sub(head(tp, count), tail(tp));
  const all = add(tp, fp);
  const slope = divNoNan(hits, maximum(sub(head(all, count), tail(all)), 0), { name: "prec_slope" });
  const intercept = sub(tail(tp), multiply(slope, tail(all)));
  const safe = where(
    logicalAnd(gt(head(all, count), 0), gt(tail(all), 0)),
    divNoNan(head(all, count), maximum(tail(all), 0), { name: "recall_relative_ratio" }),
    onesLike(tail(all)),
  );
  const area = mul(slope, add(hits, mul(intercept, log(safe))));
  const increment = divNoNan(area, maximum(add(tail(tp), tail(fn)), 0), { name: "pr_auc_increment" });
  return reduceSum(increment, undefined, { name: "interpolate_pr_auc" });
}
