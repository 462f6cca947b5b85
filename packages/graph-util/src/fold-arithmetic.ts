// The numbers of a folded batch normalization. TensorFlow's precision: variance plus epsilon in the constants' own type, the rest in double.
// Source: python/tools/optimize_for_inference_lib.py (fold_batch_norms).
import { type DType, decodeNarrow, encodeNarrow, isNarrowFloat, type NdArray, ndArray } from "@org/tensor";

/** What normalizes, one number a channel each. */
export interface NormConstants {
  readonly mean: NdArray;
  readonly variance: NdArray;
  readonly beta: NdArray;
  readonly gamma: NdArray;
}

/** Types that weights and statistics may have. */
export const isFoldable = (dtype: DType): boolean =>
  dtype === "float32" || dtype === "float64" || dtype === "float16" || dtype === "bfloat16";

/** The numbers of a float array. */
function numbersOf({ dtype, data }: NdArray): Float32Array | Float64Array {
  return isNarrowFloat(dtype)
    ? decodeNarrow(dtype, data as Uint16Array)
    : (data as Float32Array | Float64Array);
}

/** `values` as an array of that type, rounded to it. */
function arrayOf(dtype: DType, shape: readonly number[], values: Float64Array): NdArray {
  if (dtype === "float64") return ndArray(dtype, shape, values);
  if (dtype === "float32") return ndArray(dtype, shape, Float32Array.from(values));
  return ndArray(
    dtype as "float16" | "bfloat16",
    shape,
    encodeNarrow(dtype as "float16" | "bfloat16", values),
  );
}

/** Rounds a number to a type. */
function rounder(dtype: DType): (value: number) => number {
  if (dtype === "float64") return (value) => value;
  if (!isNarrowFloat(dtype)) return Math.fround;
  return (value) => decodeNarrow(dtype, encodeNarrow(dtype, [value]))[0]!;
}

/** gamma / sqrt(variance + epsilon), one number a channel; without gamma where `scales` is false. */
export function scaleOf({ variance, gamma }: NormConstants, epsilon: number, scales: boolean): Float64Array {
  const round = rounder(variance.dtype);
  const gammas = numbersOf(gamma);
  return Float64Array.from(numbersOf(variance), (value, i) => {
    const scale = 1 / Math.sqrt(round(value + epsilon));
    return scales ? scale * gammas[i]! : scale;
  });
}

/** beta - mean * scale, in the type of the mean. */
export function foldedOffset({ mean, beta }: NormConstants, scale: Float64Array): NdArray {
  const betas = numbersOf(beta);
  const offsets = Float64Array.from(numbersOf(mean), (value, i) => -value * scale[i]! + betas[i]!);
  return arrayOf(mean.dtype, mean.shape, offsets);
}

/** Weights times scale. Channels are the last dimension of Conv2D's [h, w, in, out] and the last two of a depthwise [h, w, in, multiplier]. */
export function scaledWeights(convOp: string, weights: NdArray, scale: Float64Array): NdArray {
  const values = numbersOf(weights);
  const out = weights.shape[3]!;
  const channels = convOp === "Conv2D" ? out : weights.shape[2]! * out;
  return arrayOf(
    weights.dtype,
    weights.shape,
    Float64Array.from(values, (value, i) => value * scale[i % channels]!),
  );
}
