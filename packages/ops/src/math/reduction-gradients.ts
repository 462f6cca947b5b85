// Gradients of reductions, node for node as TensorFlow 1.15 builds them: short ones where shapes are known.
// Source: python/ops/math_grad.py (_SumGrad, _MeanGrad, _ProdGrad, _MinOrMaxGrad), math_ops.reduced_shape.
import { constantValue, type Operation, type Tensor } from "@org/graph";
import { sizeOf } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { constant } from "../array/constant.ts";
import { dynamicStitch } from "../array/dynamic-stitch.ts";
import { fill } from "../array/fill.ts";
import { gather } from "../array/gather.ts";
import { reshape } from "../array/reshape.ts";
import { rank, shape, size } from "../array/shape-of.ts";
import { tile } from "../array/tile.ts";
import { invertPermutation, transpose } from "../array/transpose.ts";
import { cached, type Grad } from "../gradient.ts";
import { numbersOf } from "../shape-rules.ts";
import type { TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";
import { cast } from "./cast.ts";
import { conj } from "./conj.ts";
import { cumprod } from "./cumulative.ts";
import { operator } from "./operator.ts";
import { range } from "./range.ts";
import { reduceProd, reduceSum } from "./reductions.ts";

const { add, floordiv, mod, mul, truediv } = operator;

/** Gradients of the input and of the axes, which have none. */
export type GradPair = readonly [Tensor, undefined];

/** The shape after a reduction that keeps dimensions: nodes. */
export function reducedShape(inputShape: TensorLike, axes: TensorLike): Tensor {
  const dims = cast(inputShape, "int32");
  const over = cast(axes, "int32");
  const count = size(dims);
  const wrapped = mod(add(over, count), count);
  const axesShape = shape(wrapped);
  return dynamicStitch([range(count), wrapped], [dims, fill(axesShape, int32(1))]);
}

/** x // max(y, 1): 0 / 0 counts as 0. */
function safeDivide(x: TensorLike, y: TensorLike): Tensor {
  return floordiv(x, applyOne("Maximum", [y, 1]));
}

function sumGrad(op: Operation, grad: Grad): Tensor {
  const [input, axesTensor] = op.inputs as [Tensor, Tensor];
  const { dims } = input.shape;
  const axes = dims === null ? undefined : constantValue(axesTensor);
  if (dims !== null && axes) {
    const values = numbersOf(axes);
    const all =
      axes.shape.length === 1 && values.length === dims.length && values.every((axis, i) => axis === i);
    if (all) {
      const spread = reshape(
        grad,
        dims.map(() => 1),
      );
      const to = input.shape.isFullyDefined() ? constant(input.shape.toNumbers(), "int32") : shape(input);
      return tile(spread, to);
    }
    if (input.shape.isFullyDefined()) {
      const known = input.shape.toNumbers();
      const [kept, scaling] = cached(op.graph, `reduced_shape [${known}] [${values}]`, () => {
        // TensorFlow makes these nodes to evaluate them at once; they stay in the graph, read by nobody.
        reducedShape(vector(known), vector(values));
        const found = keptAndScaling(known, values);
        safeDivide(vector(known), vector(found[0]));
        return found;
      });
      return tile(reshape(grad, kept), scaling);
    }
  }
  const inputShape = shape(input);
  const [kept, scaling] = op.graph.colocateWith(inputShape.op, () => {
    const reduced = reducedShape(inputShape, axesTensor);
    return [reduced, safeDivide(inputShape, reduced)] as const;
  });
  return tile(reshape(grad, kept), scaling);
}

function vector(values: readonly number[]): Int32Array {
  return Int32Array.from(values);
}

function keptAndScaling(dims: readonly number[], axes: readonly number[]): [number[], number[]] {
  const reduced = new Set(axes.map((axis) => (axis + dims.length) % dims.length));
  const kept = dims.map((dim, i) => (reduced.has(i) ? 1 : dim));
  return [kept, dims.map((dim, i) => Math.floor(dim / Math.max(kept[i]!, 1)))];
}

/** Sum: the gradient spread over what was summed. */
export function sumGradient(op: Operation, grad: Grad): GradPair {
  return [sumGrad(op, grad), undefined];
}

/** Mean: Sum's, divided by how many were averaged. */
export function meanGradient(op: Operation, grad: Grad): GradPair {
  const spread = sumGrad(op, grad);
  const input = op.inputs[0]!;
  const output = op.outputs[0]!;
  let factor: Tensor;
  if (input.shape.isFullyDefined() && output.shape.isFullyDefined()) {
    const count = sizeOf(input.shape.toNumbers());
    factor = constant(Math.floor(count / Math.max(sizeOf(output.shape.toNumbers()), 1)), spread.dtype);
  } else {
    const inputShape = shape(input);
    const outputShape = shape(output);
    factor = safeDivide(reduceProd(inputShape), reduceProd(outputShape));
  }
  return [truediv(spread, cast(factor, spread.dtype)), undefined];
}

/** Max and Min: to what was chosen, shared where several were. */
export function maxMinGradient(op: Operation, grad0: Grad): GradPair {
  const [input, axes] = op.inputs as [Tensor, Tensor];
  const kept = reducedShape(shape(input), axes);
  const y = reshape(op.outputs[0]!, kept);
  const grad = reshape(grad0, kept);
  const indicators = cast(applyOne("Equal", [y, input]), grad.dtype);
  const selected = reshape(reduceSum(indicators, axes), kept);
  return [mul(truediv(indicators, selected), grad), undefined];
}

/** Prod: through two running products that leave out the element itself, so that zeros are no trouble. */
export function prodGradient(op: Operation, grad0: Grad): GradPair {
  const [input, axesTensor] = op.inputs as [Tensor, Tensor];
  const inputShape = shape(input);
  const axes = reshape(axesTensor, [-1]);
  const kept = reducedShape(inputShape, axesTensor);
  const scaling = safeDivide(inputShape, kept);
  const grad = tile(reshape(grad0, kept), scaling);
  const { permutation, reducedCount, otherCount } = op.graph.device("/cpu:0", () => {
    const dims = rank(input);
    const reduced = cast(mod(add(axes, dims), dims), "int32");
    const all = range(0, dims);
    const other = applyOp("ListDiff", [all, reduced], { attrs: { out_idx: "int32" } }).outputs[0]!;
    return {
      permutation: concat([reduced, other], 0),
      reducedCount: reduceProd(gather(inputShape, reduced)),
      otherCount: reduceProd(gather(inputShape, other)),
    };
  });
  const permuted = transpose(input, permutation);
  const permutedShape = shape(permuted);
  const matrix = reshape(permuted, [reducedCount, otherCount]);
  const left = cumprod(matrix, 0, { exclusive: true });
  const right = cumprod(matrix, 0, { exclusive: true, reverse: true });
  const y = reshape(mul(conj(left), conj(right)), permutedShape);
  const out = mul(grad, transpose(y, invertPermutation(permutation)));
  return [reshape(out, inputShape), undefined];
}
