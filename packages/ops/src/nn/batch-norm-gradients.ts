// Gradients of batch normalization, and of its gradient op. Source: python/ops/nn_grad.py.
import type { Operation, Tensor } from "@org/graph";
import { applyOp } from "../apply-op.ts";
import { stopGradient } from "../array/constant.ts";
import { reshape, squeeze } from "../array/reshape.ts";
import { size } from "../array/shape-of.ts";
import { transpose } from "../array/transpose.ts";
import { dense, type Grad, several, single } from "../gradient.ts";
import { gradients } from "../gradients.ts";
import { squaredDifference } from "../math/binary.ts";
import { cast } from "../math/cast.ts";
import { operator } from "../math/operator.ts";
import { reduceMean, reduceSum } from "../math/reductions.ts";
import { reciprocal, rsqrt } from "../math/unary.ts";
import type { Gradient } from "../op-entry.ts";
import type { TensorLike } from "../tensor-like.ts";
import { sameAttrs } from "./convolution-ops.ts";

const { add, sub, mul } = operator;

/** The gradient of a FusedBatchNorm by its gradient op, `type`. */
export function fusedBatchNormGradient(type: string): Gradient {
  return several((op, [grad]) => {
    if (grad === undefined) return op.inputs.map(() => undefined);
    let x = op.inputs[0]!;
    let dy = dense(grad);
    const [scale, popMean, popVariance] = [op.inputs[1]!, op.inputs[3]!, op.inputs[4]!];
    const third = type.endsWith("V3") ? [op.outputs[5]!] : [];
    if (op.attrs.bool("is_training")) {
      const inputs = [dy, x, scale, op.outputs[3]!, op.outputs[4]!, ...third];
      return applyOp(type, inputs, { attrs: sameAttrs(op, ["epsilon", "data_format", "is_training"]) })
        .outputs;
    }
    const first = op.attrs.string("data_format") === "NCHW";
    if (first) {
      x = transpose(x, [0, 2, 3, 1]);
      dy = transpose(dy, [0, 2, 3, 1]);
    }
    const made = applyOp(type, [dy, x, scale, popMean, popVariance, ...third], {
      attrs: {
        ...sameAttrs(op, ["epsilon", "is_training"]),
        data_format: first ? "NHWC" : op.attrs.string("data_format"),
      },
    }).outputs;
    const dx = first ? transpose(made[0]!, [0, 3, 1, 2]) : made[0];
    return [dx, made[1], made[2], undefined, undefined];
  });
}

interface Normalized {
  readonly dy: Tensor;
  readonly x: Tensor;
  readonly scale: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly epsilon: number;
  readonly channelsFirst: boolean;
}

/** The gradient op's three results written out, to be differentiated again. */
function writtenOut(one: Normalized, training: boolean): [Tensor, Tensor, Tensor] {
  const { epsilon, channelsFirst } = one;
  const { dtype } = one.x;
  const narrow = dtype === "float16";
  const x = narrow ? cast(one.x, "float32") : one.x;
  const dy = narrow ? cast(one.dy, "float32") : one.dy;
  const axes = channelsFirst ? [0, 2, 3] : [0, 1, 2];
  const keepdims = channelsFirst;
  const stretched = (vector: Tensor): Tensor =>
    channelsFirst ? reshape(vector, [1, size(vector), 1, 1] as TensorLike) : vector;
  if (!training) {
    const [mean, variance, scale] = [stretched(one.mean), stretched(one.variance), stretched(one.scale)];
    const offsetGradient = reduceSum(dy, axes);
    const inverse = rsqrt(add(variance, epsilon));
    const scaleGradient = reduceSum(mul(mul(dy, sub(x, mean)), inverse), axes);
    const dx = mul(mul(dy, scale), inverse);
    return [cast(dx, dtype), scaleGradient, offsetGradient];
  }
  const scale = stretched(one.scale);
  const dyMean = reduceMean(dy, axes, { keepdims });
  const mean = reduceMean(x, axes, { keepdims });
  const variance = reduceMean(squaredDifference(x, stopGradient(mean)), axes, { keepdims });
  const dyCentered = sub(dy, dyMean);
  const centered = sub(x, mean);
  const weighted = reduceMean(mul(dy, centered), axes, { keepdims });
  const dx = mul(
    mul(scale, rsqrt(add(variance, epsilon))),
    sub(dyCentered, mul(mul(reciprocal(add(variance, epsilon)), weighted), centered)),
  );
  let scaleGradient = mul(rsqrt(add(variance, epsilon)), reduceSum(mul(dy, centered), axes, { keepdims }));
  if (channelsFirst) scaleGradient = squeeze(scaleGradient);
  return [cast(dx, dtype), scaleGradient, reduceSum(dy, axes)];
}

/** The gradient of a gradient op: its definition built of plain ops, differentiated. */
export const fusedBatchNormGradGradient: Gradient = several((op, grads) => {
  const given = grads.slice(0, 3).map((grad) => grad && dense(grad));
  if (given.every((grad) => grad === undefined)) return op.inputs.map(() => undefined);
  const [dy, x, scale, mean, variance] = op.inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const made = writtenOut(
    {
      dy,
      x,
      scale,
      mean,
      variance,
      epsilon: op.attrs.float("epsilon"),
      channelsFirst: op.attrs.string("data_format") === "NCHW",
    },
    op.attrs.bool("is_training"),
  );
  const wanted = made.filter((_, i) => given[i] !== undefined);
  // Partial derivatives: dy may depend on x.
  const found = gradients(wanted, [dy, x, scale], {
    stopGradients: [dy, x, scale],
    gradYs: given.filter((grad): grad is Tensor => grad !== undefined),
  }) as (Grad | undefined)[];
  return [...found, ...op.inputs.slice(3).map(() => undefined)];
});

/** t, m, v, beta, gamma: by BatchNormWithGlobalNormalizationGrad. */
export const globalNormGradient: Gradient = single((op: Operation, grad: Grad) => {
  const [x, mean, variance, , gamma] = op.inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  return applyOp("BatchNormWithGlobalNormalizationGrad", [x, mean, variance, gamma, grad as Tensor], {
    attrs: sameAttrs(op, ["variance_epsilon", "scale_after_normalization"]),
  }).outputs;
});
