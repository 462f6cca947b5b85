// Batch normalization: FusedBatchNorm and its later versions, BatchNormWithGlobalNormalization, and their gradient ops.
// Source: core/ops/nn_ops.cc, core/framework/common_shape_fns.cc (FusedBatchNormShape), core/kernels/fused_batch_norm_op.cc,
// batch_norm_op.h.
import type { InferenceContext } from "@org/graph";
import type { HloDType, HloInstruction } from "@org/hlo";
import { Shape, sizeOf } from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import { filled, filledOf } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { mergeDims, mergeShapes, replaceDim, withRank } from "../shape-rules.ts";
import {
  fusedBatchNormGradGradient,
  fusedBatchNormGradient,
  globalNormGradient,
} from "./batch-norm-gradients.ts";
import { isChannelsFirst } from "./window.ts";

/** Dimensions of a batch: TensorFlow 2 normalizes volumes, too. */
function rankOf(c: { readonly attrs: InferenceContext["attrs"] }): number {
  return c.attrs.has("data_format") && c.attrs.string("data_format").includes("D") ? 5 : 4;
}

function channelsAt(c: { readonly attrs: InferenceContext["attrs"] }): number {
  return isChannelsFirst(c.attrs) ? 1 : rankOf(c) - 1;
}

/** Merges the channels of vectors [first, last) into `channels`. */
function mergeVectors(
  c: InferenceContext,
  channels: number | null,
  first: number,
  last: number,
): number | null {
  let merged = channels;
  for (let i = first; i < last; i++) merged = mergeDims(merged, withRank(c.input(i), 1).dim(0));
  return merged;
}

function normShape(outputs: number) {
  return (c: InferenceContext): readonly Shape[] => {
    const x = withRank(c.input(0), rankOf(c));
    const at = channelsAt(c);
    const channels = mergeVectors(c, x.dim(at), 1, c.attrs.bool("is_training") ? 3 : 5);
    const vector = new Shape([channels]);
    const known = [replaceDim(x, at, channels), vector, vector, vector, vector];
    return outputs === 6 ? [...known, Shape.unknown] : known;
  };
}

function normGradShape(c: InferenceContext): readonly Shape[] {
  const dy = withRank(c.input(0), rankOf(c));
  const x = withRank(c.input(1), rankOf(c));
  const at = channelsAt(c);
  const channels = mergeVectors(c, mergeDims(dy.dim(at), x.dim(at)), 2, 5);
  const vector = new Shape([channels]);
  const rest = c.attrs.bool("is_training") ? new Shape([0]) : vector;
  return [replaceDim(dy, at, channels), vector, vector, rest, rest];
}

/** Sums and stretching over all dimensions but the channels'. */
class Channels {
  readonly c: LoweringContext;
  readonly dims: readonly number[];
  readonly at: number;

  constructor(c: LoweringContext, x: HloInstruction) {
    const rank = rankOf(c);
    if (x.dims.length !== rank) {
      c.fail("INVALID_ARGUMENT", `input must be ${rank}-dimensional[${x.dims}]`);
    }
    this.c = c;
    this.dims = x.dims;
    this.at = channelsAt(c);
  }

  /** Elements of a channel. */
  get count(): number {
    return sizeOf(this.dims.filter((_, d) => d !== this.at));
  }

  /** A number that depends on the batch, as a vector. */
  number(dtype: HloDType, value: number): HloInstruction {
    const { builder } = this.c;
    return builder.broadcastTo(builder.extent(dtype, value), [this.dims[this.at]!]);
  }

  sum(x: HloInstruction): HloInstruction {
    const others = this.dims.flatMap((_, d) => (d === this.at ? [] : [d]));
    return this.c.builder.reduce(x, "add", others);
  }

  mean(x: HloInstruction): HloInstruction {
    return this.c.builder.binary("divide", this.sum(x), this.number(x.dtype, this.count));
  }

  /** A vector over the channels, stretched. */
  over(vector: HloInstruction): HloInstruction {
    return this.c.builder.broadcast(vector, this.dims, [this.at]);
  }

  /** Throws where an argument is no vector over the channels. */
  check(name: string, vector: HloInstruction): void {
    if (vector.dims.length !== 1) {
      this.c.fail("INVALID_ARGUMENT", `${name} must be 1-dimensional[${vector.dims}]`);
    }
    if (vector.dims[0] !== this.dims[this.at]) {
      this.c.fail(
        "INVALID_ARGUMENT",
        `${name} must have the same number of elements as the channels of x, got ${vector.dims[0]} and ${this.dims[this.at]}`,
      );
    }
  }
}

/** 1 / sqrt(variance + epsilon). */
function inverseDeviation(c: LoweringContext, variance: HloInstruction, epsilon: number): HloInstruction {
  const b = c.builder;
  return b.unary("rsqrt", b.binary("add", variance, filled(c, variance, epsilon)));
}

/** Training: normalized by the batch's own mean and variance, which are outputs, the variance once as an unbiased estimate. */
function lowerNorm(outputs: number) {
  return (c: LoweringContext): readonly HloInstruction[] => {
    const b = c.builder;
    const input = c.input(0);
    const [scale, offset] = [c.input(1), c.input(2)];
    const channels = new Channels(c, input);
    channels.check("scale", scale);
    channels.check("offset", offset);
    const x = b.convert(input, scale.dtype);
    let [mean, variance] = [c.input(3), c.input(4)];
    const training = c.attrs.bool("is_training");
    if (training) {
      for (const [name, given] of [
        ["estimated_mean", mean],
        ["estimated_variance", variance],
      ] as const) {
        if (sizeOf(given.dims) > 0) {
          c.fail("INVALID_ARGUMENT", `${name} must be empty for training[${given.dims}]`);
        }
      }
      mean = channels.mean(x);
    } else {
      channels.check("estimated_mean", mean);
      channels.check("estimated_variance", variance);
    }
    const centered = b.binary("subtract", x, channels.over(mean));
    let unbiased = variance;
    if (training) {
      const { count } = channels;
      variance = channels.mean(b.binary("multiply", centered, centered));
      const correction = channels.number(x.dtype, count / Math.max(1, count - 1));
      unbiased = b.binary("multiply", variance, correction);
    }
    const factor = b.binary("multiply", inverseDeviation(c, variance, c.attrs.float("epsilon")), scale);
    const scaled = b.binary("multiply", centered, channels.over(factor));
    const y = b.convert(b.binary("add", scaled, channels.over(offset)), input.dtype);
    const known = [y, mean, unbiased, mean, variance];
    return outputs === 6 ? [...known, b.scalar(scale.dtype, 0)] : known;
  };
}

type Five = readonly [HloInstruction, HloInstruction, HloInstruction, HloInstruction, HloInstruction];
const fiveInputs = (c: LoweringContext): Five => [0, 1, 2, 3, 4].map((i) => c.input(i)) as unknown as Five;

/** The gradients to x, scale and offset; the two others are nothing. */
function lowerNormGrad(c: LoweringContext): readonly HloInstruction[] {
  const b = c.builder;
  const [gradients, input, scale, mean, variance] = fiveInputs(c);
  const channels = new Channels(c, input);
  if (`${gradients.dims}` !== `${input.dims}`) {
    c.fail(
      "INVALID_ARGUMENT",
      `x and y_backprop must have same shape, got [${input.dims}] and [${gradients.dims}]`,
    );
  }
  channels.check("scale", scale);
  channels.check("saved mean", mean);
  channels.check("saved variance", variance);
  const [dy, x] = [b.convert(gradients, scale.dtype), b.convert(input, scale.dtype)];
  const inverse = inverseDeviation(c, variance, c.attrs.float("epsilon"));
  const centered = b.binary("subtract", x, channels.over(mean));
  const offsetGradient = channels.sum(dy);
  const weighted = channels.sum(b.binary("multiply", dy, centered));
  const scaleGradient = b.binary("multiply", weighted, inverse);
  const factor = channels.over(b.binary("multiply", scale, inverse));
  let dx: HloInstruction;
  if (c.attrs.bool("is_training")) {
    // scale / deviation (dy - mean(dy) - (x - mean) mean(dy (x - mean)) / variance)
    const count = channels.number(dy.dtype, channels.count);
    const dyMean = channels.over(b.binary("divide", offsetGradient, count));
    const perVariance = b.binary(
      "multiply",
      b.binary("multiply", inverse, inverse),
      b.binary("divide", weighted, count),
    );
    const along = b.binary("multiply", centered, channels.over(perVariance));
    const rest = b.binary("subtract", b.binary("subtract", dy, dyMean), along);
    dx = b.binary("multiply", factor, rest);
  } else dx = b.binary("multiply", factor, dy);
  const nothing = filledOf(c, scale.dtype, [], 0);
  return [b.convert(dx, input.dtype), scaleGradient, offsetGradient, nothing, nothing];
}

function globalNormShape(vectors: number): OpSpec["shape"] {
  return (c) => {
    const input = withRank(c.input(0), 4);
    return [replaceDim(input, 3, mergeVectors(c, input.dim(3), 1, 1 + vectors))];
  };
}

/** t, m, v, beta, gamma -> (t - m) / sqrt(v + epsilon) [gamma] + beta. */
function lowerGlobalNorm(c: LoweringContext): HloInstruction {
  const b = c.builder;
  const [x, mean, variance, beta, gamma] = fiveInputs(c);
  const channels = new Channels(c, x);
  for (const [name, vector] of Object.entries({ mean, var: variance, beta, gamma }))
    channels.check(name, vector);
  const inverse = inverseDeviation(c, variance, c.attrs.float("variance_epsilon"));
  const factor = c.attrs.bool("scale_after_normalization") ? b.binary("multiply", inverse, gamma) : inverse;
  const scaled = b.binary("multiply", b.binary("subtract", x, channels.over(mean)), channels.over(factor));
  return b.binary("add", scaled, channels.over(beta));
}

/** t, m, v, gamma, backprop -> dx, dm, dv, db, dg. */
function lowerGlobalNormGrad(c: LoweringContext): readonly HloInstruction[] {
  const b = c.builder;
  const [x, mean, variance, gamma, dy] = fiveInputs(c);
  const channels = new Channels(c, x);
  for (const [name, vector] of Object.entries({ mean, var: variance, gamma })) channels.check(name, vector);
  const epsilon = c.attrs.float("variance_epsilon");
  const scaled = c.attrs.bool("scale_after_normalization");
  const inverse = inverseDeviation(c, variance, epsilon);
  const factor = scaled ? b.binary("multiply", inverse, gamma) : inverse;
  const db = channels.sum(dy);
  const weighted = channels.sum(b.binary("multiply", dy, b.binary("subtract", x, channels.over(mean))));
  const dx = b.binary("multiply", dy, channels.over(factor));
  const dm = b.binary("multiply", b.unary("negate", db), factor);
  const dg = scaled ? b.binary("multiply", weighted, inverse) : filled(c, gamma, 0);
  const squared = b.binary("add", variance, filled(c, variance, epsilon));
  const half = b.binary("divide", b.binary("multiply", factor, filled(c, factor, -0.5)), squared);
  return [dx, dm, b.binary("multiply", weighted, half), db, dg];
}

function fusedOps(version: "" | "V2" | "V3"): Record<string, OpSpec> {
  const outputs = version === "V3" ? 6 : 5;
  return {
    [`FusedBatchNorm${version}`]: {
      shape: normShape(outputs),
      lower: lowerNorm(outputs),
      gradient: fusedBatchNormGradient(`FusedBatchNormGrad${version}`),
    },
    [`FusedBatchNormGrad${version}`]: {
      shape: normGradShape,
      lower: lowerNormGrad,
      gradient: fusedBatchNormGradGradient,
    },
  };
}

/** FusedBatchNorm, V2, V3, BatchNormWithGlobalNormalization, with their gradient ops. */
export const batchNormOps: readonly OpEntry[] = defineOps({
  ...fusedOps(""),
  ...fusedOps("V2"),
  ...fusedOps("V3"),
  BatchNormWithGlobalNormalization: {
    shape: globalNormShape(4),
    lower: lowerGlobalNorm,
    gradient: globalNormGradient,
  },
  BatchNormWithGlobalNormalizationGrad: {
    shape: (c) => {
      const input = mergeShapes(withRank(c.input(0), 4), c.input(4));
      const channels = mergeVectors(c, input.dim(3), 1, 4);
      const vector = new Shape([channels]);
      return [replaceDim(input, 3, channels), vector, vector, vector, vector];
    },
    lower: lowerGlobalNormGrad,
  },
});
