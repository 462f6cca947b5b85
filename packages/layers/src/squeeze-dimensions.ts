// Labels, predictions and weights of ranks that differ by one: a last dimension of 1 goes, or comes.
// Source: python/ops/confusion_matrix.py, _remove_squeezable_dimensions in python/ops/losses/losses_impl.py and python/ops/metrics_impl.py.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import {
  cond,
  convertToTensor,
  equal,
  expandDims,
  int32,
  operator,
  rank as rankOf,
  resolveGraph,
  squeeze,
  type TensorLike,
  withScope,
} from "@org/ops";

/** Whether the last dimension may be 1. */
const mayEndInOne = (x: Tensor): boolean => {
  const last = x.shape.dims?.at(-1);
  return x.shape.rank === null || last === null || last === 1;
};

const either = (rankDiff: Tensor, wanted: number, yes: () => Tensor, no: () => Tensor): Tensor =>
  cond(equal(int32(wanted), rankDiff), yes, no);

/** confusion_matrix.remove_squeezable_dimensions: the last dimension of the one that has one too many goes. */
export function removeSqueezableDimensions(
  labels: TensorLike,
  predictions: TensorLike,
  expectedRankDiff = 0,
): readonly [labels: Tensor, predictions: Tensor] {
  const graph = resolveGraph([labels, predictions]);
  return withScope(graph, undefined, "remove_squeezable_dimensions", () => {
    let p = convertToTensor(predictions, { graph });
    let l = convertToTensor(labels, { graph });
    const [ranksP, ranksL] = [p.shape.rank, l.shape.rank];
    if (ranksP !== null && ranksL !== null) {
      const difference = ranksP - ranksL;
      if (difference === expectedRankDiff + 1) p = squeeze(p, -1);
      else if (difference === expectedRankDiff - 1) l = squeeze(l, -1);
      return [l, p];
    }
    const difference = operator.sub(rankOf(p), rankOf(l));
    if (mayEndInOne(p)) {
      const given = p;
      p = either(
        difference,
        expectedRankDiff + 1,
        () => squeeze(given, -1),
        () => given,
      );
    }
    if (mayEndInOne(l)) {
      const given = l;
      l = either(
        difference,
        expectedRankDiff - 1,
        () => squeeze(given, -1),
        () => given,
      );
    }
    return [l, p];
  });
}

/** The same for losses, with weights that follow the labels. */
export function matchForLoss(
  labels: TensorLike,
  predictions: TensorLike,
  weights: TensorLike,
  expectedRankDiff: number,
): readonly [labels: Tensor, predictions: Tensor, weights: Tensor] {
  const [l, p] = removeSqueezableDimensions(labels, predictions, expectedRankDiff);
  const w = convertToTensor(weights, { graph: l.graph });
  const [ranksW, ranksL] = [w.shape.rank, l.shape.rank];
  if (ranksW !== null && ranksL !== null) return [l, p, ranksW - ranksL === 1 ? squeeze(w, [-1]) : w];
  const difference = operator.sub(rankOf(w), rankOf(l));
  if (ranksW !== null && !(ranksW > 0 && mayEndInOne(w))) return [l, p, w];
  const squeezed = either(
    difference,
    1,
    () => squeeze(w, [-1]),
    () => w,
  );
  return [l, p, squeezed];
}

/** The same for metrics: weights get a last dimension, or lose it. Throws TfError INVALID_ARGUMENT where labels and predictions differ in shape. */
export function matchForMetric(
  predictions: TensorLike,
  labels: TensorLike | undefined,
  weights: TensorLike | undefined,
): {
  readonly predictions: Tensor;
  readonly labels: Tensor | undefined;
  readonly weights: Tensor | undefined;
} {
  let p = convertToTensor(predictions);
  let l: Tensor | undefined;
  if (labels !== undefined) {
    [l, p] = removeSqueezableDimensions(labels, p);
    mustFit(p, l);
  }
  if (weights === undefined) return { predictions: p, labels: l, weights: undefined };
  const w = convertToTensor(weights, { graph: p.graph });
  return { predictions: p, labels: l, weights: withMatchingRank(w, p) };
}

function withMatchingRank(w: Tensor, p: Tensor): Tensor {
  const [own, wanted] = [w.shape.rank, p.shape.rank];
  if (own === 0) return w;
  if (own !== null && wanted !== null) {
    if (own - wanted === 1) return squeeze(w, [-1]);
    return wanted - own === 1 ? expandDims(w, [-1]) : w;
  }
  const rank = rankOf(w);
  const difference = operator.sub(rank, rankOf(p));
  const squeezed = (): Tensor => (own !== null && !mayEndInOne(w) ? w : squeeze(w, [-1]));
  const expanded = (): Tensor =>
    cond(
      equal(difference, -1),
      () => expandDims(w, [-1]),
      () => w,
    );
  return cond(
    equal(rank, 0),
    () => w,
    () => cond(equal(difference, 1), squeezed, expanded),
  );
}

/** Throws TfError INVALID_ARGUMENT where two shapes cannot be one. */
export function mustFit(a: Tensor, b: Tensor): void {
  if (!a.shape.isCompatibleWith(b.shape))
    throw new TfError(
      "INVALID_ARGUMENT",
      `Shapes ${a.shape.toTuple()} and ${b.shape.toTuple()} are incompatible`,
      { node: a.op.name },
    );
}
