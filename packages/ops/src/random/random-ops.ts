// Random ops as host kernels: TensorFlow's bits for a seed. A node's generator lives as long as its session and moves
// on with each run. Not the arithmetic: see distributions.ts. Source: tensorflow/core/kernels/random_op.cc,
// random_shuffle_op.cc, multinomial_op.cc, core/util/guarded_philox_random.cc.
import {
  allocateData,
  type DType,
  dtypes,
  fromBits,
  isNarrowFloat,
  type NdArray,
  type NumericData,
  ndArray,
  Shape,
  sizeOf,
} from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { numbersOf, scalarDim, shapeFromInput, unchanged, withRank } from "../shape-rules.ts";
import {
  multinomial,
  type RandomFloat,
  randomNormal,
  randomUniform,
  randomUniformInt,
  shuffledOrder,
  truncatedNormal,
} from "./distributions.ts";
import { generator } from "./generator.ts";
import type { Philox } from "./philox.ts";

/** The dims that input 0 tells. Fails with INVALID_ARGUMENT where it is no vector of sizes. */
export function shapeArgument(c: HostContext): number[] {
  const shape = c.input(0);
  if (shape.shape.length !== 1)
    c.fail("INVALID_ARGUMENT", `shape must be a vector of {int32,int64}, got shape [${shape.shape}]`);
  const dims = numbersOf(shape);
  for (const dim of dims) if (dim < 0) c.fail("INVALID_ARGUMENT", `Dimension ${dim} must be >= 0`);
  return dims;
}

const floats = (
  draw: (generator: Philox, dtype: RandomFloat, shape: readonly number[]) => NdArray,
): OpSpec => ({
  shape: (c) => [shapeFromInput(c, 0)],
  hostInputs: [0],
  gradient: null,
  host: (c) => [draw(generator(c), c.outputDType(0) as RandomFloat, shapeArgument(c))],
});

/** Rows of `value` in another order. */
function takeRows(value: NdArray, order: Uint32Array): NdArray {
  const row = (sizeOf(value.shape) / order.length) * dtypes[value.dtype].width;
  const data = allocateData(value.dtype as DType, sizeOf(value.shape)) as unknown[];
  const from = value.data as ArrayLike<unknown>;
  for (let i = 0; i < order.length; i++)
    for (let j = 0; j < row; j++) data[i * row + j] = from[order[i]! * row + j];
  return ndArray(value.dtype, value.shape, data as never);
}

/** Integers between two bounds. The generator is asked for when the bounds are seen to be sound. */
export function drawIntegers(
  c: HostContext,
  dims: readonly number[],
  [low, high]: readonly [NdArray, NdArray],
  generatorOf: () => Philox,
): NdArray {
  for (const [name, bound] of [
    ["minval", low],
    ["maxval", high],
  ] as const)
    if (bound.shape.length > 0) c.fail("INVALID_ARGUMENT", `${name} must be 0-D, got shape [${bound.shape}]`);
  const [from, to] = [low, high].map((bound) => BigInt((bound.data as NumericData)[0]!)) as [bigint, bigint];
  if (sizeOf(dims) > 0 && from >= to)
    c.fail("INVALID_ARGUMENT", `Need minval < maxval, got ${from} >= ${to}`);
  return randomUniformInt(generatorOf(), c.outputDType(0) as "int32" | "int64", dims, from, to);
}

/** Classes of input 0's rows (unnormalised log-probabilities), as many a row as input 1 says. */
export function drawClasses(c: HostContext, generatorOf: () => Philox): NdArray {
  const logits = c.input(0);
  const samples = Number((c.input(1).data as NumericData)[0]);
  if (logits.shape.length !== 2)
    c.fail("INVALID_ARGUMENT", `logits should be a matrix, got shape [${logits.shape}]`);
  if (samples < 0) c.fail("INVALID_ARGUMENT", `num_samples should be nonnegative, got ${samples}`);
  const [batch, classes] = logits.shape as [number, number];
  if (classes <= 0) c.fail("INVALID_ARGUMENT", `num_classes should be positive, got ${classes}`);
  const dtype = c.outputDType(0) as "int32" | "int64";
  const out = ndArray(dtype, [batch, samples]);
  if (batch * samples === 0) return out;
  const values = realNumbers(logits);
  multinomial(generatorOf(), values, [batch, classes], samples).forEach((drawn, i) => {
    (out.data as unknown as (number | bigint)[])[i] = dtype === "int64" ? BigInt(drawn) : drawn;
  });
  return out;
}

/** The elements of a real array. */
export function realNumbers({ dtype, data }: NdArray): number[] {
  return Array.from(data as ArrayLike<number | bigint>, (x) =>
    isNarrowFloat(dtype) ? fromBits(dtype, Number(x)) : Number(x),
  );
}

/** Entries of the random ops. */
export const randomOps: readonly OpEntry[] = defineOps({
  RandomUniform: floats(randomUniform),
  RandomStandardNormal: floats(randomNormal),
  TruncatedNormal: floats(truncatedNormal),
  RandomUniformInt: {
    shape: (c) => {
      withRank(c.input(1), 0);
      withRank(c.input(2), 0);
      return [shapeFromInput(c, 0)];
    },
    hostInputs: [0, 1, 2],
    gradient: null,
    host: (c) => {
      const dims = shapeArgument(c);
      return [drawIntegers(c, dims, [c.input(1), c.input(2)], () => generator(c))];
    },
  },
  RandomShuffle: {
    shape: unchanged,
    gradient: null,
    host: (c) => {
      const value = c.input(0);
      const rows = value.shape[0] ?? 0;
      if (rows <= 1 || sizeOf(value.shape) <= 1) return [value];
      return [takeRows(value, shuffledOrder(generator(c), rows))];
    },
  },
  Multinomial: {
    shape: (c) => [new Shape([withRank(c.input(0), 2).dim(0), scalarDim(c, 1)])],
    hostInputs: [1],
    gradient: null,
    host: (c) => [drawClasses(c, () => generator(c))],
  },
});
