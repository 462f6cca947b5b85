// Builders of batch normalization: tf.nn.fused_batch_norm, batch_normalization. Source: python/ops/nn_impl.py.
import type { Tensor } from "@org/graph";
import { applyOp } from "../apply-op.ts";
import { constant } from "../array/constant.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { cast } from "../math/cast.ts";
import { operator } from "../math/operator.ts";
import { rsqrt } from "../math/unary.ts";
import { invalid } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

const { add, sub, mul, neg } = operator;

/** cuDNN takes none below it. */
const smallestEpsilon = 1.001e-5;

export interface FusedBatchNormOptions extends NameOption {
  /** Where `isTraining` is false: mean and variance of the population, one a channel. */
  readonly mean?: TensorLike | undefined;
  readonly variance?: TensorLike | undefined;
  /** Added to the variance: 0.001 unless given, at least 1.001e-5. */
  readonly epsilon?: number | undefined;
  /** NHWC unless given. */
  readonly dataFormat?: "NHWC" | "NCHW" | undefined;
  /** Whether the batch's own mean and variance are used: true unless given. */
  readonly isTraining?: boolean | undefined;
}

/**
 * tf.nn.fused_batch_norm: each channel of `x` (rank 4) made of mean `offset` and deviation `scale`, vectors over the channels. Gives the result and
 * the batch's mean and (unbiased) variance. Throws TfError INVALID_ARGUMENT where a mean or variance is given for training.
 * @tfExport nn.fusedBatchNorm
 */
export function fusedBatchNorm(
  x: TensorLike,
  scale: TensorLike,
  offset: TensorLike,
  options: FusedBatchNormOptions = {},
): { y: Tensor; batchMean: Tensor; batchVariance: Tensor } {
  const { mean, variance, epsilon = 0.001, dataFormat = "NHWC", isTraining = true, name } = options;
  const graph = resolveGraph([x, scale, offset, mean, variance]);
  return graph.asDefault(() => {
    const input = convertToTensor(x, { name: "input", graph });
    const factor = convertToTensor(scale, { name: "scale", graph });
    const shift = convertToTensor(offset, { name: "offset", graph });
    if (isTraining && (mean !== undefined || variance !== undefined)) {
      invalid("Both 'mean' and 'variance' must be None if is_training is True.");
    }
    const none = (): Tensor => constant(new Float32Array(0), { graph });
    const inputs = [input, factor, shift, mean ?? none(), variance ?? none()];
    const [y, batchMean, batchVariance] = applyOp("FusedBatchNormV3", inputs, {
      name,
      attrs: {
        epsilon: Math.max(epsilon, smallestEpsilon),
        data_format: dataFormat,
        is_training: isTraining,
      },
    }).outputs as [Tensor, Tensor, Tensor];
    return { y, batchMean, batchVariance };
  });
}

/**
 * tf.nn.batch_normalization: scale (x - mean) / sqrt(variance + varianceEpsilon) + offset, of plain ops; the arguments stretch to x.
 * `offset` and `scale` may be null.
 * @tfExport nn.batchNormalization
 */
export function batchNormalization(
  x: TensorLike,
  mean: TensorLike,
  variance: TensorLike,
  offset: TensorLike | null,
  scale: TensorLike | null,
  varianceEpsilon: number | Tensor,
  options: NameOption = {},
): Tensor {
  const graph = resolveGraph([x, mean, variance, scale, offset]);
  return withScope(graph, options.name, "batchnorm", () => {
    const input = convertToTensor(x, { graph });
    let inverse = rsqrt(add(variance, varianceEpsilon));
    if (scale !== null) inverse = mul(inverse, scale);
    const scaled = mul(input, cast(inverse, input.dtype));
    const shift = offset === null ? mul(neg(mean), inverse) : sub(offset, mul(mean, inverse));
    return add(scaled, cast(shift, input.dtype));
  });
}
