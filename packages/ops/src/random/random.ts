// Functions that build random tensors: tf.random_uniform and its relatives, node for node as TensorFlow 1.15's Python.
// Source: python/ops/random_ops.py.
import type { Graph, Tensor } from "@org/graph";
import { type DType, dtypes, Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { slice } from "../array/slice.ts";
import { Assert } from "../control/assert.ts";
import { withDependencies } from "../control/group.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { add } from "../math/binary.ts";
import { greaterEqual } from "../math/comparison.ts";
import { operator } from "../math/operator.ts";
import { reduceAll } from "../math/reductions.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { getSeed } from "./seed.ts";

export interface RandomOptions extends NameOption {
  /** A float type. Default float32. */
  readonly dtype?: DType | undefined;
  /** The op's own seed; with it, and no seed of the graph, the numbers are the same in each session. */
  readonly seed?: number | undefined;
  readonly graph?: Graph | undefined;
}

export interface NormalOptions extends RandomOptions {
  readonly mean?: TensorLike | undefined;
  readonly stddev?: TensorLike | undefined;
}

export interface UniformOptions extends RandomOptions {
  /** Default 0. */
  readonly minval?: TensorLike | undefined;
  /** Not included. Default 1; must be given for integers. */
  readonly maxval?: TensorLike | undefined;
}

/** The attributes seed and seed2 of a random op; none where neither graph nor op has a seed. */
export function seedAttrs(seed: number | undefined, graph: Graph): { seed?: number; seed2?: number } {
  const seeds = getSeed(seed, graph);
  return seeds ? { seed: seeds[0], seed2: seeds[1] } : {};
}

/** A shape argument as an int32 or int64 vector named "shape". Source: tensor_util.shape_tensor. */
export function shapeTensor(shape: TensorLike, graph: Graph): Tensor {
  const listed = Array.isArray(shape) || shape instanceof Shape;
  return convertToTensor(shape, {
    name: "shape",
    graph,
    ...(listed ? { dtype: "int32" } : { preferredDType: "int32" }),
  });
}

function scaledNormal(
  type: "RandomStandardNormal" | "TruncatedNormal",
  defaultName: string,
  dims: TensorLike,
  options: NormalOptions,
): Tensor {
  const { mean = 0, stddev = 1, dtype = "float32", seed, name } = options;
  const graph = resolveGraph([dims, mean, stddev], options.graph);
  return withScope(graph, name, defaultName, (scope) => {
    const shape = shapeTensor(dims, graph);
    const center = convertToTensor(mean, { dtype, name: "mean", graph });
    const width = convertToTensor(stddev, { dtype, name: "stddev", graph });
    const drawn = applyOne(type, [shape], { attrs: { dtype, ...seedAttrs(seed, graph) } });
    return add(operator.mul(drawn, width), center, { name: scope });
  });
}

/** tf.random_normal: normal numbers of that shape, mean and deviation. @tfExport randomNormal */
export function randomNormal(shape: TensorLike, options: NormalOptions = {}): Tensor {
  return scaledNormal("RandomStandardNormal", "random_normal", shape, options);
}

/** tf.truncated_normal: normal numbers that lie within two deviations of the mean. @tfExport truncatedNormal */
export function truncatedNormal(shape: TensorLike, options: NormalOptions = {}): Tensor {
  return scaledNormal("TruncatedNormal", "truncated_normal", shape, options);
}

/**
 * tf.random_uniform: numbers in [minval, maxval), floats or, for an integer `dtype`, integers.
 * Throws a TypeError for other types, and where integers have no maxval.
 * @tfExport randomUniform
 */
export function randomUniform(dims: TensorLike, options: UniformOptions = {}): Tensor {
  const { minval = 0, dtype = "float32", seed, name } = options;
  const { kind } = dtypes[dtype];
  const integer = dtype === "int32" || dtype === "int64";
  if (!integer && kind !== "float") throw new TypeError(`Invalid dtype ${dtype}`);
  if (integer && options.maxval === undefined)
    throw new TypeError(`Must specify maxval for integer dtype ${dtype}`);
  const { maxval = 1 } = options;
  const graph = resolveGraph([dims, minval, maxval], options.graph);
  return withScope(graph, name, "random_uniform", (scope) => {
    const shape = shapeTensor(dims, graph);
    const low = convertToTensor(minval, { dtype, name: "min", graph });
    const high = convertToTensor(maxval, { dtype, name: "max", graph });
    const seeds = seedAttrs(seed, graph);
    if (integer) return applyOne("RandomUniformInt", [shape, low, high], { name: scope, attrs: seeds });
    const drawn = applyOne("RandomUniform", [shape], { attrs: { dtype, ...seeds } });
    const range = operator.sub(high, low);
    return add(operator.mul(drawn, range), low, { name: scope });
  });
}

/** tf.random_shuffle: the rows in another order. @tfExport randomShuffle */
export function randomShuffle(value: TensorLike, options: Omit<RandomOptions, "dtype"> = {}): Tensor {
  const { seed, name } = options;
  const graph = resolveGraph([value], options.graph);
  return applyOne("RandomShuffle", [value], { name, graph, attrs: seedAttrs(seed, graph) });
}

function classes(
  defaultName: string,
  logits: TensorLike,
  samples: TensorLike,
  { seed, name, dtype, graph: given }: RandomOptions,
): Tensor {
  const graph = resolveGraph([logits, samples], given);
  return withScope(graph, name, defaultName, () => {
    const tensor = convertToTensor(logits, { name: "logits", graph });
    return applyOne("Multinomial", [tensor, samples], {
      attrs: { output_dtype: dtype, ...seedAttrs(seed, graph) },
    });
  });
}

/** tf.multinomial: `samples` classes for each row of unnormalised log-probabilities, int64 unless `dtype` is int32. @tfExport multinomial */
export function multinomial(logits: TensorLike, samples: TensorLike, options: RandomOptions = {}): Tensor {
  return classes("multinomial", logits, samples, options);
}

/** tf.random.categorical: the same as multinomial under its newer name. @tfExport categorical */
export function categorical(logits: TensorLike, samples: TensorLike, options: RandomOptions = {}): Tensor {
  return classes("categorical", logits, samples, options);
}

/** tf.random_crop: a part of `size` at a random place; a size beyond the value's fails the run with INVALID_ARGUMENT. @tfExport randomCrop */
export function randomCrop(
  value: TensorLike,
  size: TensorLike,
  options: Omit<RandomOptions, "dtype"> = {},
): Tensor {
  const { seed, name } = options;
  const graph = resolveGraph([value, size], options.graph);
  return withScope(graph, name, "random_crop", (scope) => {
    const whole = convertToTensor(value, { name: "value", graph });
    const extent = convertToTensor(size, { dtype: "int32", name: "size", graph });
    const dims = shapeOf(whole);
    const fits = reduceAll(greaterEqual(dims, extent));
    const check = Assert(fits, ["Need value.shape >= size, got ", dims, extent], { summarize: 1000 });
    const checked = withDependencies([check], dims);
    const limit = operator.add(operator.sub(checked, extent), 1);
    const drawn = randomUniform(shapeOf(checked), { dtype: "int32", maxval: 2147483647, seed, graph });
    return slice(whole, operator.mod(drawn, limit), extent, { name: scope });
  });
}
