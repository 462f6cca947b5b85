// Cross entropies of softmax and sigmoid. Source: core/ops/nn_ops.cc, core/kernels/xent_op.h, sparse_xent_op.h,
// python/ops/nn_ops.py, nn_impl.py, nn_grad.py.
import { constantValue, type Operation, type Tensor } from "@org/graph";
import { Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { preventGradient, stopGradient } from "../array/constant.ts";
import { zerosLike } from "../array/fill.ts";
import { expandDims, reshape, squeeze } from "../array/reshape.ts";
import { rank, shape } from "../array/shape-of.ts";
import { slice } from "../array/slice.ts";
import { getItem } from "../array/strided-slice.ts";
import { transpose } from "../array/transpose.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { dense, type Grad, several } from "../gradient.ts";
import { broadcastDims, filledOf, isBroadcastable } from "../lowering.ts";
import { subtract } from "../math/binary.ts";
import { cast } from "../math/cast.ts";
import { matmul } from "../math/matmul.ts";
import { operator } from "../math/operator.ts";
import { range } from "../math/range.ts";
import { where } from "../math/select.ts";
import { abs, exp, log1p } from "../math/unary.ts";
import type { OpEntry } from "../op-entry.ts";
import { broadcastShapes, invalid, mergeDims, replaceDim, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { relu } from "./relu.ts";
import { logSoftmax, overLast, shiftedLogits, softmax } from "./softmax.ts";

export interface CrossEntropyOptions extends NameOption {
  readonly labels: TensorLike;
  readonly logits: TensorLike;
  /** The class dimension: the last (-1) unless given. */
  readonly axis?: number | undefined;
}

/** All but the last dimension made one. */
function flattenOuter(logits: Tensor): Tensor {
  const dims = rank(logits);
  const last = slice(shape(logits), [subtract(dims, 1)] as TensorLike, [1]);
  const output = reshape(logits, concat([[-1], last] as TensorLike[], 0));
  const known = logits.shape.dims;
  if (known !== null) {
    const outer = new Shape(known.slice(0, -1)).numElements();
    if (outer !== null) output.setShape([outer, known.at(-1)!]);
  }
  return output;
}

/** Dimension `dim` moved to the end. */
function toEnd(x: Tensor, dim: number, dims: Tensor): Tensor {
  const order = concat([range(dim), range(dim + 1, dims), [dim]] as TensorLike[], 0);
  return transpose(x, order);
}

/** tf.nn.softmax_cross_entropy_with_logits_v2: gradients flow to logits and labels. @tfExport nn.softmaxCrossEntropyWithLogitsV2 */
export function softmaxCrossEntropyWithLogitsV2(options: CrossEntropyOptions): Tensor {
  const { axis = -1, name } = options;
  const graph = resolveGraph([options.logits, options.labels]);
  return withScope(graph, name, "softmax_cross_entropy_with_logits", (scope) => {
    const logits = convertToTensor(options.logits, { name: "logits", graph });
    let labels = convertToTensor(options.labels, { name: "labels", graph });
    const narrow = logits.dtype === "float16" || logits.dtype === "bfloat16";
    let precise = narrow ? cast(logits, "float32") : logits;
    labels = cast(labels, precise.dtype);
    const dims = rank(precise);
    if (axis !== -1) {
      precise = toEnd(precise, axis, dims);
      labels = toEnd(labels, axis, dims);
    }
    const inputShape = shape(precise);
    precise = flattenOuter(precise);
    labels = flattenOuter(labels);
    const loss = applyOp("SoftmaxCrossEntropyWithLogits", [precise, labels], { name: scope }).outputs[0]!;
    const outer = slice(inputShape, [0], [subtract(dims, 1)] as TensorLike);
    const cost = reshape(loss, outer);
    const known = logits.shape.dims;
    if (known !== null) cost.setShape(known.filter((_, i) => i !== (axis < 0 ? axis + known.length : axis)));
    return narrow ? cast(cost, logits.dtype) : cost;
  });
}

/** tf.nn.softmax_cross_entropy_with_logits: as V2, with no gradient to the labels. @tfExport nn.softmaxCrossEntropyWithLogits */
export function softmaxCrossEntropyWithLogits(options: CrossEntropyOptions): Tensor {
  const graph = resolveGraph([options.logits, options.labels]);
  return withScope(graph, options.name, "softmax_cross_entropy_with_logits_sg", (scope) => {
    const labels = stopGradient(options.labels, { name: "labels_stop_gradient" });
    return softmaxCrossEntropyWithLogitsV2({ ...options, labels, name: scope });
  });
}

/** tf.nn.sparse_softmax_cross_entropy_with_logits: labels are class numbers. @tfExport nn.sparseSoftmaxCrossEntropyWithLogits */
export function sparseSoftmaxCrossEntropyWithLogits(options: Omit<CrossEntropyOptions, "axis">): Tensor {
  const { name } = options;
  const graph = resolveGraph([options.labels, options.logits]);
  return withScope(graph, name, "SparseSoftmaxCrossEntropyWithLogits", () => {
    const labels = convertToTensor(options.labels, { graph, preferredDType: "int32" });
    const logits = convertToTensor(options.logits, { graph });
    const precise = logits.dtype === "float16" ? cast(logits, "float32") : logits;
    const labelsShape = shape(labels);
    checkSparseShapes(labels.shape, logits.shape);
    const type = "SparseSoftmaxCrossEntropyWithLogits";
    const finish = (cost: Tensor): Tensor => (logits.dtype === "float16" ? cast(cost, "float16") : cost);
    if (logits.shape.rank === 2) return finish(applyOp(type, [precise, labels], { name }).outputs[0]!);
    if (!labels.shape.isFullyDefined() || logits.shape.dims?.slice(0, -1).includes(null) !== false) {
      throw new TypeError(
        "sparse_softmax_cross_entropy_with_logits on other than matrices needs known shapes (reshape first)",
      );
    }
    const classes = getItem(shape(logits), operator.sub(rank(logits), 1));
    const flat = reshape(precise, [-1, classes] as TensorLike);
    const flatLabels = reshape(labels, [-1]);
    const cost = reshape(applyOp(type, [flat, flatLabels], { name }).outputs[0]!, labelsShape);
    cost.setShape(labels.shape);
    return finish(cost);
  });
}

function checkSparseShapes(labels: Shape, logits: Shape): void {
  if (logits.rank === 0) throw new TypeError(`Logits cannot be scalars - received shape ${logits}.`);
  if (logits.rank !== null && labels.rank !== null && labels.rank !== logits.rank - 1) {
    throw new TypeError(
      `Rank mismatch: Rank of labels (received ${labels.rank}) should equal rank of logits minus 1 (received ${logits.rank}).`,
    );
  }
  if (logits.dims === null || labels.dims === null) return;
  const outer = new Shape(logits.dims.slice(0, -1));
  if (outer.isFullyDefined() && labels.isFullyDefined() && !outer.equals(labels)) {
    throw new TypeError(
      `Shape mismatch: The shape of labels (received ${labels}) should equal the shape of logits except for the last dimension (received ${logits}).`,
    );
  }
}

/** tf.nn.sigmoid_cross_entropy_with_logits: max(x, 0) - x z + log(1 + e^-|x|). @tfExport nn.sigmoidCrossEntropyWithLogits */
export function sigmoidCrossEntropyWithLogits(options: Omit<CrossEntropyOptions, "axis">): Tensor {
  const graph = resolveGraph([options.logits, options.labels]);
  return withScope(graph, options.name, "logistic_loss", (scope) => {
    const logits = convertToTensor(options.logits, { name: "logits", graph });
    const labels = convertToTensor(options.labels, { name: "labels", graph });
    if (!labels.shape.isCompatibleWith(logits.shape)) {
      throw new TypeError(`logits and labels must have the same shape (${logits.shape} vs ${labels.shape})`);
    }
    const zeros = zerosLike(logits, { dtype: logits.dtype });
    const positive = operator.ge(logits, zeros);
    const relu = where(positive, logits, zeros);
    const minusAbs = where(positive, operator.neg(logits), logits);
    const linear = operator.sub(relu, operator.mul(logits, labels));
    return applyOne("Add", [linear, log1p(exp(minusAbs))], { name: scope });
  });
}

export interface WeightedCrossEntropyOptions extends Omit<CrossEntropyOptions, "axis"> {
  /** What positive labels count by. */
  readonly posWeight: number | Tensor;
}

/** tf.nn.weighted_cross_entropy_with_logits: (1 - z) x + (1 + (q - 1) z) (log(1 + e^-|x|) + max(-x, 0)). Throws a TypeError where shapes differ. @tfExport nn.weightedCrossEntropyWithLogits */
export function weightedCrossEntropyWithLogits(options: WeightedCrossEntropyOptions): Tensor {
  const { posWeight } = options;
  const { add, sub, mul, neg } = operator;
  const graph = resolveGraph([options.logits, options.labels]);
  return withScope(graph, options.name, "logistic_loss", (scope) => {
    const logits = convertToTensor(options.logits, { name: "logits", graph });
    const labels = convertToTensor(options.labels, { name: "labels", graph });
    if (!labels.shape.isCompatibleWith(logits.shape))
      throw new TypeError(`logits and labels must have the same shape (${logits.shape} vs ${labels.shape})`);
    const extra = typeof posWeight === "number" ? posWeight - 1 : sub(posWeight, 1);
    const weight = add(1, mul(extra, labels));
    const linear = mul(sub(1, labels), logits);
    const soft = add(log1p(exp(neg(abs(logits)))), relu(neg(logits)));
    return applyOne("Add", [linear, mul(weight, soft)], { name: scope });
  });
}

function broadcastMul(vector: Tensor, matrix: Tensor): Tensor {
  return operator.mul(expandDims(vector, -1), matrix);
}

/** Whether a gradient is known to be zero. */
function isZero(grad: Tensor): boolean {
  if (grad.op.type === "ZerosLike" || grad.op.type === "Zeros") return true;
  const value = constantValue(grad);
  return value !== undefined && Array.from(value.data as ArrayLike<number>).every((x) => Number(x) === 0);
}

function softmaxEntropyGrad(
  op: Operation,
  grads: readonly (Grad | undefined)[],
): readonly (Tensor | undefined)[] {
  if (grads[0] === undefined) return [undefined, undefined];
  const gradLoss = dense(grads[0]);
  let grad = broadcastMul(gradLoss, op.outputs[1]!);
  const logits = op.inputs[0]!;
  if (grads[1] !== undefined && !isZero(dense(grads[1]))) {
    const second = dense(grads[1]);
    const y = softmax(logits);
    const inner = squeeze(matmul(expandDims(second, 1), expandDims(y, 2)), 1);
    grad = operator.add(grad, operator.mul(operator.sub(second, inner), y));
  }
  return [grad, broadcastMul(gradLoss, operator.neg(logSoftmax(logits)))];
}

/** Cross entropies of softmax. */
export const crossEntropyOps: readonly OpEntry[] = defineOps({
  SoftmaxCrossEntropyWithLogits: {
    shape: (c) => {
      const out = broadcastShapes(c.input(0), c.input(1));
      const [features, labels] = [c.input(0), c.input(1)];
      if ((features.rank ?? 2) === 2 && (labels.rank ?? 2) === 2) {
        const merged = withRank(features, 2).mergeWith(labels);
        if (merged) return [new Shape([merged.dim(0)]), merged];
      }
      if (out.rank === null) invalid("Shape must be broadcasted with rank 2, but is rank is unknown.");
      if (out.rank !== 2) invalid(`Shape must be broadcasted with rank 2, but is rank ${out.rank}`);
      return [new Shape([out.dim(0)]), out];
    },
    lower: (c) => {
      const b = c.builder;
      const [features, given] = [c.input(0).dims, c.input(1).dims];
      if (!isBroadcastable(features, given))
        c.fail(
          "INVALID_ARGUMENT",
          `logits and labels must be broadcastable: logits_size=[${features}] labels_size=[${given}]`,
        );
      const dims = broadcastDims(c, features, given);
      if (dims.length !== 2) {
        c.fail(
          "INVALID_ARGUMENT",
          "logits and labels must be either 2-dimensional, or broadcasted to be 2-dimensional",
        );
      }
      const logits = b.broadcastTo(c.input(0), dims);
      const labels = b.broadcastTo(c.input(1), dims);
      const shifted = shiftedLogits(c, logits);
      const e = b.unary("exp", shifted);
      const sum = overLast(c, e, "add");
      const terms = b.binary("multiply", labels, b.binary("subtract", b.unary("log", sum), shifted));
      const backprop = b.binary("subtract", b.binary("divide", e, sum), labels);
      return [b.reduce(terms, "add", [1]), backprop];
    },
    gradient: several(softmaxEntropyGrad),
  },
  SparseSoftmaxCrossEntropyWithLogits: {
    shape: (c) => {
      const features = withRank(c.input(0), 2);
      const batch = mergeDims(features.dim(0), withRank(c.input(1), 1).dim(0));
      return [new Shape([batch]), replaceDim(features, 0, batch)];
    },
    lower: (c) => {
      const b = c.builder;
      const logits = c.input(0);
      const labels = c.input(1);
      if (logits.dims.length !== 2)
        c.fail("INVALID_ARGUMENT", `logits must be 2-D, but got shape [${logits.dims}]`);
      if (labels.dims.length !== 1)
        c.fail("INVALID_ARGUMENT", `labels must be 1-D, but got shape [${labels.dims}]`);
      const [rows, classes] = logits.dims as [number, number];
      if (labels.dims[0] !== rows) {
        c.fail(
          "INVALID_ARGUMENT",
          `logits and labels must have the same first dimension, got logits shape [${logits.dims}] and labels shape [${labels.dims}]`,
        );
      }
      if (classes === 0)
        c.fail("INVALID_ARGUMENT", `Must have at least one class, but got logits shape [${logits.dims}]`);
      const shifted = shiftedLogits(c, logits);
      const e = b.unary("exp", shifted);
      const sums = b.reduce(e, "add", [1]);
      // A label that is no class picks outside of all rows: a fault, whose index tells the label (the session reads it back).
      const { dtype } = labels;
      const scalar = (value: number) => b.broadcastTo(b.extent(dtype, value), [rows]);
      const inside = b.binary(
        "and",
        b.compare("GE", labels, scalar(0)),
        b.compare("LT", labels, scalar(classes)),
      );
      const linear = b.binary("add", b.binary("multiply", b.iota(dtype, [rows], 0), scalar(classes)), labels);
      const outside = b.select(
        b.compare("LT", labels, scalar(0)),
        b.binary("subtract", scalar(rows * classes - 1), labels),
        b.unary("negate", labels),
      );
      const picked = b.gather(b.reshape(shifted, [rows * classes]), b.select(inside, linear, outside), 0);
      const loss = b.binary("subtract", b.unary("log", sums), picked);
      const hit = b.compare("EQ", b.broadcast(labels, logits.dims, [0]), b.iota(dtype, logits.dims, 1));
      const one = b.select(
        hit,
        filledOf(c, logits.dtype, logits.dims, 1),
        filledOf(c, logits.dtype, logits.dims, 0),
      );
      const probabilities = b.binary("divide", e, b.broadcast(sums, logits.dims, [0]));
      return [loss, b.binary("subtract", probabilities, one)];
    },
    gradient: several((op, grads) => {
      if (grads[0] === undefined) return [undefined, undefined];
      const backprop = preventGradient(op.outputs[1]!, {
        message:
          "Currently there is no way to take the second derivative of sparse_softmax_cross_entropy_with_logits due to the fused implementation's interaction with tf.gradients()",
      });
      return [broadcastMul(dense(grads[0]), backprop), undefined];
    }),
  },
});
