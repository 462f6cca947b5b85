// Random ops with parameters, as host kernels: RandomGamma, RandomPoisson, RandomPoissonV2, and what builds them. Not the arithmetic: see
// gamma-poisson.ts. Source: core/ops/random_ops.cc, core/kernels/{random_op,random_poisson_op}.cc, python/ops/{random_ops,random_grad}.py.
import type { InferenceContext, Tensor } from "@org/graph";
import {
  allocateData,
  type DType,
  isNarrowFloat,
  type NarrowFloat,
  type NdArray,
  ndArray,
  type Shape,
  sizeOf,
  toBits,
} from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { ones, zerosLike } from "../array/fill.ts";
import { reshape } from "../array/reshape.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { after, dense, single } from "../gradient.ts";
import { maximum } from "../math/binary.ts";
import { operator } from "../math/operator.ts";
import { range } from "../math/range.ts";
import { reduceSum } from "../math/reductions.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { shapeFromInput } from "../shape-rules.ts";
import type { TensorLike } from "../tensor-like.ts";
import { gammaSamples, poissonSamples } from "./gamma-poisson.ts";
import { generator } from "./generator.ts";
import { type RandomOptions, seedAttrs } from "./random.ts";
import { realNumbers, shapeArgument } from "./random-ops.ts";

/** The smallest normal number of a type: samples are not below. */
const tiny: Partial<Record<DType, number>> = {
  float16: 2 ** -14,
  float32: 2 ** -126,
  float64: 2.2250738585072014e-308,
};

/** The shape of samples, where the graph tells it: python/ops/random_ops.py, _maybe_set_static_shape_helper. */
const dimsTensor = (dims: TensorLike, graph: Tensor["graph"]): Tensor =>
  convertToTensor(dims, { name: "shape", dtype: "int32", graph });

export interface GammaOptions extends RandomOptions {
  /** Inverse scale, which broadcasts with `alpha`: 1 unless given. */
  readonly beta?: TensorLike | undefined;
}

/**
 * tf.random_gamma: for each element of `alpha` (the shape of the distribution, positive), `shape` samples: [...shape, ...alpha's shape].
 * Gradients go to `alpha` and `beta`. @tfExport randomGamma
 */
export function randomGamma(shape: TensorLike, alpha: TensorLike, options: GammaOptions = {}): Tensor {
  const { beta = 1, dtype = "float32", seed, name } = options;
  const graph = resolveGraph([shape, alpha, options.beta], options.graph);
  return withScope(graph, name, "random_gamma", () => {
    const dims = dimsTensor(shape, graph);
    const a = convertToTensor(alpha, { name: "alpha", dtype, graph });
    const b = convertToTensor(beta, { name: "beta", dtype, graph });
    const spread = operator.add(a, zerosLike(b));
    const drawn = applyOne("RandomGamma", [dims, spread], { attrs: seedAttrs(seed, graph) });
    return maximum(tiny[dtype] ?? 0, operator.truediv(drawn, b));
  });
}

/**
 * tf.random_poisson: for each element of `lam` (rates), `shape` samples: [...shape, ...lam's shape]. A rate that is infinite or NaN fails the
 * run with INVALID_ARGUMENT. @tfExport randomPoisson
 */
export function randomPoisson(lam: TensorLike, shape: TensorLike, options: RandomOptions = {}): Tensor {
  const { dtype = "float32", seed, name } = options;
  const graph = resolveGraph([lam, shape], options.graph);
  return withScope(graph, name, "random_poisson", () => {
    const dims = dimsTensor(shape, graph);
    return applyOne("RandomPoissonV2", [dims, lam], { attrs: { dtype, ...seedAttrs(seed, graph) } });
  });
}

/** Numbers as an array of a real type. */
function realArray(dtype: DType, shape: readonly number[], values: Float64Array): NdArray {
  const data = allocateData(dtype, values.length) as unknown as (number | bigint)[];
  values.forEach((value, i) => {
    data[i] = isNarrowFloat(dtype)
      ? toBits(dtype as NarrowFloat, value)
      : dtype === "int64"
        ? BigInt(value)
        : value;
  });
  return ndArray(dtype, shape, data as never);
}

const samplesShape = (c: InferenceContext): Shape[] => [shapeFromInput(c, 0).concat(c.input(1))];

/** The largest number of a type that counts are drawn in. */
const highest: Partial<Record<DType, number>> = {
  float16: 65504,
  float32: 3.4028234663852886e38,
  int32: 2147483647,
  int64: 2 ** 63 - 1024,
};

function poisson(c: HostContext): NdArray {
  const dims = shapeArgument(c);
  const rates = c.input(1);
  const dtype = c.outputDType(0);
  const whole = [...dims, ...rates.shape];
  if (sizeOf(whole) === 0) return ndArray(dtype, whole);
  const values = poissonSamples(
    generator(c),
    realNumbers(rates),
    sizeOf(dims),
    highest[dtype] ?? Number.MAX_VALUE,
    (rate) => c.fail("INVALID_ARGUMENT", `Cannot draw ${dtype} numbers with a rate of ${rate}`),
  );
  return realArray(dtype, whole, values);
}

const poissonSpec: OpSpec = {
  shape: samplesShape,
  hostInputs: [0],
  gradient: null,
  host: (c) => [poisson(c)],
};

/** Entries of the random ops with parameters. */
export const distributionOps: readonly OpEntry[] = defineOps({
  RandomGamma: {
    shape: samplesShape,
    hostInputs: [0],
    host: (c) => {
      const dims = shapeArgument(c);
      const alpha = c.input(1);
      const dtype = c.outputDType(0);
      const whole = [...dims, ...alpha.shape];
      if (sizeOf(whole) === 0) return [ndArray(dtype, whole)];
      const values = gammaSamples(generator(c), realNumbers(alpha), sizeOf(dims));
      // TensorFlow's threads flush what float32 holds with less than its whole precision.
      const lowest = dtype === "float32" ? tiny.float32! : 0;
      return [
        realArray(
          dtype,
          whole,
          values.map((value) => (value < lowest ? 0 : value)),
        ),
      ];
    },
    gradient: single((op, grad) =>
      after(grad, () => {
        const [dims, alpha] = op.inputs as [Tensor, Tensor];
        const count = getItem(shapeOf(dims), 0);
        const lead = concat([ones([count], "int32"), shapeOf(alpha)], 0);
        const slopes = applyOne("RandomGammaGrad", [reshape(alpha, lead), op.outputs[0]!]);
        return [undefined, reduceSum(operator.mul(dense(grad), slopes), { axis: range(count) })];
      }),
    ),
  },
  RandomPoisson: poissonSpec,
  RandomPoissonV2: poissonSpec,
});
