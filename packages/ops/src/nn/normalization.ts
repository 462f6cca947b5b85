// Composites without ops of their own: moments, l2Normalize, dropout. Source: python/ops/nn_impl.py, nn_ops.py.
import { constantValue, type Tensor } from "@org/graph";
import { dtypes, Shape } from "@org/tensor";
import { stopGradient } from "../array/constant.ts";
import { squeeze } from "../array/reshape.ts";
import { shape } from "../array/shape-of.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { maximum, multiply, squaredDifference } from "../math/binary.ts";
import { cast } from "../math/cast.ts";
import { operator } from "../math/operator.ts";
import { type Axis, reduceMean, reduceSum } from "../math/reductions.ts";
import { rsqrt, square } from "../math/unary.ts";
import { randomUniform } from "../random/random.ts";
import { numbersOf } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

/** tf.nn.moments: mean and variance over axes. @tfExport nn.moments */
export function moments(
  x: TensorLike,
  axes: readonly number[],
  options: NameOption & { keepdims?: boolean } = {},
): { mean: Tensor; variance: Tensor } {
  const graph = resolveGraph([x]);
  return withScope(graph, options.name, "moments", () => {
    const tensor = convertToTensor(x, { graph });
    const narrow = tensor.dtype === "float16";
    const y = narrow ? cast(tensor, "float32") : tensor;
    let mean = reduceMean(y, axes, { keepdims: true, name: "mean" });
    let variance = reduceMean(squaredDifference(y, stopGradient(mean)), axes, {
      keepdims: true,
      name: "variance",
    });
    if (!options.keepdims) {
      mean = squeeze(mean, axes);
      variance = squeeze(variance, axes);
    }
    return narrow ? { mean: cast(mean, "float16"), variance: cast(variance, "float16") } : { mean, variance };
  });
}

/** tf.nn.l2_normalize: x / sqrt(max(sum(x^2), epsilon)) along axes. @tfExport nn.l2Normalize, linalg.l2Normalize */
export function l2Normalize(
  x: TensorLike,
  axis?: Axis,
  options: NameOption & { epsilon?: number } = {},
): Tensor {
  const graph = resolveGraph([x]);
  return withScope(graph, options.name, "l2_normalize", (scope) => {
    const tensor = convertToTensor(x, { name: "x", graph });
    const squares = reduceSum(square(tensor), axis, { keepdims: true });
    const inverse = rsqrt(maximum(squares, options.epsilon ?? 1e-12));
    return multiply(tensor, inverse, { name: scope });
  });
}

export interface DropoutOptions extends NameOption {
  /** The share of elements that is dropped; or give `keepProb`. */
  readonly rate?: number | Tensor | undefined;
  readonly keepProb?: number | Tensor | undefined;
  /** Dims of the mask: 1 where all share it. */
  readonly noiseShape?: TensorLike | readonly (number | null)[] | undefined;
  readonly seed?: number | undefined;
}

function noiseDims(x: Tensor, noise: DropoutOptions["noiseShape"]): TensorLike {
  if (noise === undefined) return shape(x);
  const isDims = Array.isArray(noise) && noise.every((dim) => dim === null || typeof dim === "number");
  if (!isDims) return noise as TensorLike;
  const { dims } = x.shape;
  const wanted = Shape.of(noise as readonly (number | null)[]).dims!;
  if (dims === null || dims.length !== wanted.length) return noise as TensorLike;
  return new Shape(wanted.map((dim, i) => dim ?? dims[i]!));
}

/**
 * tf.nn.dropout: elements zeroed at random, the others scaled so that the mean stays. Throws a TypeError where x is not
 * floating point or the rate is not in [0, 1).
 * @tfExport nn.dropout
 */
export function dropout(
  x: TensorLike,
  keepProb?: number | Tensor | DropoutOptions,
  options: DropoutOptions = {},
): Tensor {
  const given: DropoutOptions =
    typeof keepProb === "object" && keepProb !== null && !("valueIndex" in keepProb)
      ? { ...keepProb, ...options }
      : { ...options, keepProb: (keepProb as number | Tensor | undefined) ?? options.keepProb };
  const { keepProb: keep } = given;
  const rate = given.rate ?? (typeof keep === "number" ? 1 - keep : keep && operator.sub(1, keep));
  if (rate === undefined) throw new TypeError("You must provide a rate to dropout.");
  const graph = resolveGraph([x]);
  return withScope(graph, given.name, "dropout", () => {
    const tensor = convertToTensor(x, { name: "x", graph });
    if (dtypes[tensor.dtype].kind !== "float") {
      throw new TypeError(
        `x has to be a floating point tensor since it's going to be scaled. Got a ${tensor.dtype} tensor instead.`,
      );
    }
    if (typeof rate === "number") {
      if (!(rate >= 0 && rate < 1)) {
        throw new TypeError(`rate must be a scalar tensor or a float in the range [0, 1), got ${rate}`);
      }
      if (rate === 0) return tensor;
    }
    const rateTensor = convertToTensor(rate, { dtype: tensor.dtype, name: "rate", graph });
    const known = constantValue(rateTensor);
    if (known && numbersOf(known)[0] === 0) return tensor;
    const noise = noiseDims(tensor, given.noiseShape);
    const random = randomUniform(noise, {
      dtype: tensor.dtype,
      ...(given.seed === undefined ? {} : { seed: given.seed }),
    } as Parameters<typeof randomUniform>[1]);
    const keeps = operator.sub(1, rateTensor);
    const scale = operator.truediv(1, keeps);
    const mask = operator.ge(random, rateTensor);
    const result = operator.mul(operator.mul(tensor, scale), cast(mask, tensor.dtype));
    result.setShape(tensor.shape);
    return result;
  });
}
