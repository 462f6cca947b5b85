// Random ops without state: the same seed (two integers) gives the same numbers in each run. Entries and what builds them.
// Source: core/ops/stateless_random_ops.cc, core/kernels/stateless_random_ops.cc, python/ops/stateless_random_ops.py.
import type { InferenceContext, Tensor } from "@org/graph";
import { type DType, dtypes, type NdArray, type NumericData, ndArray, Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { add } from "../math/binary.ts";
import { operator } from "../math/operator.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { scalarDim, shapeFromInput, withRank, withValue } from "../shape-rules.ts";
import type { TensorLike } from "../tensor-like.ts";
import { type RandomFloat, randomNormal, randomUniform, truncatedNormal } from "./distributions.ts";
import { Philox } from "./philox.ts";
import { type NormalOptions, shapeTensor, type UniformOptions } from "./random.ts";
import { drawClasses, drawIntegers, shapeArgument } from "./random-ops.ts";

type Seeded<O> = Omit<O, "seed">;

/**
 * tf.random.stateless_uniform: numbers in [minval, maxval), floats or, for an integer `dtype`, integers, told by `seed` (two integers).
 * Throws a TypeError for other types, and where integers have no maxval. @tfExport statelessRandomUniform
 */
export function statelessRandomUniform(
  dims: TensorLike,
  seed: TensorLike,
  options: Seeded<UniformOptions> = {},
): Tensor {
  const { minval = 0, maxval, dtype = "float32", name } = options;
  const isInteger = dtype === "int32" || dtype === "int64";
  if (!isInteger && dtypes[dtype].kind !== "float") throw new TypeError(`Invalid dtype ${dtype}`);
  if (isInteger && maxval === undefined)
    throw new TypeError(`Must specify maxval for integer dtype ${dtype}`);
  const graph = resolveGraph([dims, seed, minval, maxval], options.graph);
  return withScope(graph, name, "stateless_random_uniform", (scope) => {
    const shape = shapeTensor(dims, graph);
    const low = convertToTensor(minval, { dtype, name: "min", graph });
    const high = convertToTensor(maxval ?? 1, { dtype, name: "max", graph });
    if (isInteger) return applyOne("StatelessRandomUniformInt", [shape, seed, low, high], { name: scope });
    const drawn = applyOne("StatelessRandomUniform", [shape, seed], { attrs: { dtype } });
    const width = operator.sub(high, low);
    return add(operator.mul(drawn, width), low, { name: scope });
  });
}

function scaled(
  type: string,
  defaultName: string,
  dims: TensorLike,
  seed: TensorLike,
  options: Seeded<NormalOptions>,
): Tensor {
  const { mean = 0, stddev = 1, dtype = "float32", name } = options;
  const graph = resolveGraph([dims, seed, mean, stddev], options.graph);
  return withScope(graph, name, defaultName, (scope) => {
    const shape = shapeTensor(dims, graph);
    const center = convertToTensor(mean, { dtype, name: "mean", graph });
    const width = convertToTensor(stddev, { dtype, name: "stddev", graph });
    const drawn = applyOne(type, [shape, seed], { attrs: { dtype } });
    return add(operator.mul(drawn, width), center, { name: scope });
  });
}

/** tf.random.stateless_normal: normal numbers, told by `seed` (two integers). @tfExport statelessRandomNormal */
export function statelessRandomNormal(
  dims: TensorLike,
  seed: TensorLike,
  options: Seeded<NormalOptions> = {},
): Tensor {
  return scaled("StatelessRandomNormal", "stateless_random_normal", dims, seed, options);
}

/** tf.random.stateless_truncated_normal: normal numbers within two deviations of the mean, told by `seed` (two integers). @tfExport statelessTruncatedNormal */
export function statelessTruncatedNormal(
  dims: TensorLike,
  seed: TensorLike,
  options: Seeded<NormalOptions> = {},
): Tensor {
  return scaled("StatelessTruncatedNormal", "stateless_truncated_normal", dims, seed, options);
}

export interface StatelessClassOptions {
  readonly name?: string | undefined;
  /** int64 unless given. */
  readonly dtype?: "int32" | "int64" | undefined;
}

/** tf.random.stateless_multinomial: classes of each row of unnormalised log-probabilities, told by `seed` (two integers). @tfExport statelessMultinomial */
export function statelessMultinomial(
  logits: TensorLike,
  samples: TensorLike,
  seed: TensorLike,
  options: StatelessClassOptions = {},
): Tensor {
  const graph = resolveGraph([logits, samples, seed]);
  return withScope(graph, options.name, "stateless_multinomial", () =>
    applyOne("StatelessMultinomial", [convertToTensor(logits, { name: "logits", graph }), samples, seed], {
      attrs: { output_dtype: options.dtype },
    }),
  );
}

/** The generator that the seed at input `index` gives. */
function seeded(c: HostContext, index: number): Philox {
  const seed = c.input(index);
  if (seed.shape.length !== 1 || seed.shape[0] !== 2)
    c.fail("INVALID_ARGUMENT", `seed must have shape [2], not ${new Shape([...seed.shape])}`);
  const [a, b] = Array.from(seed.data as NumericData, BigInt) as [bigint, bigint];
  return Philox.stateless(a, b);
}

function seedShape(c: InferenceContext, index: number): void {
  withValue(withRank(c.input(index), 1).dim(0), 2);
}

const floats = (
  draw: (generator: Philox, dtype: RandomFloat, shape: readonly number[]) => NdArray,
): OpSpec => ({
  shape: (c) => {
    seedShape(c, 1);
    return [shapeFromInput(c, 0)];
  },
  hostInputs: [0],
  gradient: null,
  host: (c) => {
    const dims = shapeArgument(c);
    const generator = seeded(c, 1);
    return [draw(generator, c.outputDType(0) as RandomFloat, dims)];
  },
});

/** Entries of the random ops without state. */
export const statelessOps: readonly OpEntry[] = defineOps({
  StatelessRandomUniform: floats(randomUniform),
  StatelessRandomNormal: floats(randomNormal),
  StatelessTruncatedNormal: floats(truncatedNormal),
  StatelessRandomUniformInt: {
    shape: (c) => {
      withRank(c.input(2), 0);
      withRank(c.input(3), 0);
      seedShape(c, 1);
      return [shapeFromInput(c, 0)];
    },
    hostInputs: [0],
    gradient: null,
    host: (c) => {
      const dims = shapeArgument(c);
      const generator = seeded(c, 1);
      if (sizeOf(dims) === 0) return [ndArray(c.outputDType(0) as DType, dims)];
      return [drawIntegers(c, dims, [c.input(2), c.input(3)], () => generator)];
    },
  },
  StatelessMultinomial: {
    shape: (c) => {
      seedShape(c, 2);
      const logits = withRank(c.input(0), 2);
      withRank(c.input(1), 0);
      return [new Shape([logits.dim(0), scalarDim(c, 1)])];
    },
    hostInputs: [1],
    gradient: null,
    host: (c) => [drawClasses(c, () => seeded(c, 2))],
  },
});
