// Local response normalization: LRN, LRNGrad. Source: core/ops/nn_ops.cc, core/kernels/lrn_op.cc, python/ops/nn_grad.py.
import type { Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { applyOne } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import { single } from "../gradient.ts";
import { filled } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { mergeShapes, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { sameAttrs } from "./convolution-ops.ts";

export interface LocalResponseNormalizationOptions extends NameOption {
  /** Channels to either side whose squares count: 5 unless given. */
  readonly depthRadius?: number | undefined;
  /** 1 unless given. */
  readonly bias?: number | undefined;
  /** 1 unless given. */
  readonly alpha?: number | undefined;
  /** 0.5 unless given. */
  readonly beta?: number | undefined;
}

/**
 * tf.nn.local_response_normalization: x / (bias + alpha sum(x^2))^beta, the sum over `depthRadius` channels to either side.
 * `input` is [batch, height, width, channels], float32 or float16. Throws TfError INVALID_ARGUMENT where the rank is not 4.
 * @tfExport nn.localResponseNormalization
 */
export function localResponseNormalization(
  input: TensorLike,
  options: LocalResponseNormalizationOptions = {},
): Tensor {
  const { depthRadius, bias, alpha, beta, name } = options;
  return applyOne("LRN", [input], { name, attrs: { depth_radius: depthRadius, bias, alpha, beta } });
}

/** tf.nn.lrn: as `localResponseNormalization`. @tfExport nn.lrn */
export const lrn: typeof localResponseNormalization = localResponseNormalization;

/** Sums over the channels within the radius. */
function overRadius(c: LoweringContext, x: HloInstruction): HloInstruction {
  const radius = c.attrs.int("depth_radius");
  const last = x.dims.length - 1;
  const ones = x.dims.map(() => 1);
  return c.builder.reduceWindow(x, "add", {
    size: x.dims.map((_, d) => (d === last ? 2 * radius + 1 : 1)),
    strides: ones,
    dilation: ones,
    baseDilation: ones,
    padding: x.dims.map((_, d) => (d === last ? [radius, radius] : [0, 0]) as [number, number]),
  });
}

/** bias + alpha sum(x^2). */
function scaleOf(c: LoweringContext, x: HloInstruction): HloInstruction {
  const b = c.builder;
  const sum = overRadius(c, b.binary("multiply", x, x));
  const scaled = b.binary("multiply", sum, filled(c, x, c.attrs.float("alpha")));
  return b.binary("add", scaled, filled(c, x, c.attrs.float("bias")));
}

/** x^-beta, for x > 0. */
function toMinusBeta(c: LoweringContext, x: HloInstruction): HloInstruction {
  const b = c.builder;
  const beta = c.attrs.float("beta");
  if (beta === 1) return b.binary("divide", filled(c, x, 1), x);
  if (beta === 0.5) return b.unary("rsqrt", x);
  return b.unary("exp", b.binary("multiply", b.unary("log", x), filled(c, x, -beta)));
}

function checkRank(c: LoweringContext, ...values: readonly HloInstruction[]): void {
  if (values.some(({ dims }) => dims.length !== 4)) c.fail("INVALID_ARGUMENT", "in must be 4-dimensional");
  const [first, ...rest] = values;
  if (rest.some(({ dims }) => `${dims}` !== `${first!.dims}`)) {
    c.fail("INVALID_ARGUMENT", "input_grads, input_image, and out_image should have the same shape");
  }
}

/** LRN, LRNGrad. */
export const lrnOps: readonly OpEntry[] = defineOps({
  LRN: {
    shape: (c) => [withRank(c.input(0), 4)],
    lower: (c) => {
      const x = c.input(0);
      checkRank(c, x);
      return c.builder.binary("multiply", x, toMinusBeta(c, scaleOf(c, x)));
    },
    gradient: single((op, grad) => [
      applyOne("LRNGrad", [grad as Tensor, op.inputs[0]!, op.outputs[0]!], {
        attrs: sameAttrs(op, ["depth_radius", "bias", "alpha", "beta"]),
      }),
    ]),
  },
  // dx = dy scale^-beta - 2 alpha beta x sum(dy y / scale): windows lie about an element as it lies in them.
  LRNGrad: {
    shape: (c) => [mergeShapes(mergeShapes(withRank(c.input(0), 4), c.input(1)), c.input(2))],
    lower: (c) => {
      const b = c.builder;
      const [dy, x, y] = [c.input(0), c.input(1), c.input(2)];
      checkRank(c, dy, x, y);
      const scale = scaleOf(c, x);
      const direct = b.binary("multiply", dy, toMinusBeta(c, scale));
      const sum = overRadius(c, b.binary("divide", b.binary("multiply", dy, y), scale));
      const factor = filled(c, x, 2 * c.attrs.float("alpha") * c.attrs.float("beta"));
      return b.binary("subtract", direct, b.binary("multiply", b.binary("multiply", factor, x), sum));
    },
  },
});
