// tf.confusion_matrix: how often one class was taken for another. Source: python/ops/confusion_matrix.py.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import {
  assertLess,
  assertNonNegative,
  cast,
  convertToTensor,
  int32,
  maximum,
  type NameOption,
  onesLike,
  operator,
  reduceMax,
  resolveGraph,
  sparseAdd,
  sparseTensor,
  stack,
  type TensorLike,
  withDependencies,
  withScope,
  zeros,
} from "@org/ops";
import type { DType } from "@org/tensor";
import { removeSqueezableDimensions } from "./squeeze-dimensions.ts";

export interface ConfusionMatrixOptions extends NameOption {
  /** How many classes there are: one more than the largest label or prediction unless given. */
  readonly numClasses?: TensorLike | undefined;
  /** int32 unless given. */
  readonly dtype?: DType | undefined;
  /** What each prediction counts for: 1 unless given. */
  readonly weights?: TensorLike | undefined;
}

/**
 * tf.confusion_matrix: [n, n], in row i and column j how often `predictions` said j where `labels` (two integer vectors of one length)
 * said i. A negative number, or one beyond `numClasses`, fails the run. Throws TfError INVALID_ARGUMENT for weights of another shape.
 */
export function confusionMatrix(
  labels: TensorLike,
  predictions: TensorLike,
  options: ConfusionMatrixOptions = {},
): Tensor {
  const { dtype = "int32" } = options;
  const numClasses = typeof options.numClasses === "number" ? int32(options.numClasses) : options.numClasses;
  const graph = resolveGraph([predictions, labels, numClasses, options.weights]);
  return withScope(graph, options.name, "confusion_matrix", () => {
    const given = [
      convertToTensor(labels, { name: "labels", preferredDType: "int32", graph }),
      convertToTensor(predictions, { name: "predictions", preferredDType: "int32", graph }),
    ] as const;
    let [l, p] = removeSqueezableDimensions(...given);
    p = cast(p, "int64");
    l = cast(l, "int64");
    const checked = (x: Tensor, what: string): Tensor =>
      withDependencies([assertNonNegative(x, { message: `\`${what}\` contains negative values` })], x);
    l = checked(l, "labels");
    p = checked(p, "predictions");
    let count: TensorLike;
    if (numClasses === undefined) {
      count = operator.add(maximum(reduceMax(p), reduceMax(l)), 1);
    } else {
      count = numClasses;
      const limit = cast(numClasses, "int64");
      const below = (x: Tensor, what: string): Tensor =>
        withDependencies([assertLess(x, limit, { message: `\`${what}\` out of bound` })], x);
      l = below(l, "labels");
      p = below(p, "predictions");
    }
    let weights: Tensor | undefined;
    if (options.weights !== undefined) {
      const own = convertToTensor(options.weights, { name: "weights", graph });
      if (!p.shape.isCompatibleWith(own.shape))
        throw new TfError(
          "INVALID_ARGUMENT",
          `Shapes ${p.shape.toTuple()} and ${own.shape.toTuple()} are incompatible`,
          { node: own.op.name, hint: "Give a weight for each prediction, or none." },
        );
      weights = cast(own, dtype);
    }
    const dims = stack([count, count]);
    const places = stack([l, p], { axis: 1 });
    const values = weights ?? onesLike(p, { dtype });
    const counted = sparseTensor(places, values, cast(dims, "int64"));
    return sparseAdd(zeros(cast(dims, "int32"), dtype), counted);
  });
}
