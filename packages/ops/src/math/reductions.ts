// Sum, Mean, Prod, Max, Min, All, Any over axes: builders and lowering. Their gradients: reduction-gradients.ts.
// Source: core/framework/common_shape_fns.cc (ReductionShape), core/kernels/reduction_ops_common.cc, python/ops/math_ops.py.

import { type InferenceContext, isTensor, type Tensor } from "@org/graph";
import type { HloInstruction, Reducer } from "@org/hlo";
import { type NdArray, Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { constant, stopGradient } from "../array/constant.ts";
import { zerosLike } from "../array/fill.ts";
import { reshape } from "../array/reshape.ts";
import { rank, shape } from "../array/shape-of.ts";
import { byParts, onesOf } from "../complex/kernels.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import { forEachPair } from "../host/broadcast-pairs.ts";
import { hostNumbers, isFloating, type Lower } from "../lowering.ts";
import type { Gradient, HostContext, LoweringContext, OpEntry } from "../op-entry.ts";
import { type Dim, invalid, numbersOf, withRankAtMost } from "../shape-rules.ts";
import { isOptions, type NameOption, type TensorLike } from "../tensor-like.ts";
import { operator } from "./operator.ts";
import { range } from "./range.ts";
import { maxMinGradient, meanGradient, prodGradient, sumGradient } from "./reduction-gradients.ts";
import { where } from "./select.ts";
import { exp, isFinite as isFiniteTensor, log, sqrt, square } from "./unary.ts";

/** Axes to reduce over: one, several, a tensor, or all where none are given. */
export type Axis = TensorLike | null | undefined;

export interface ReduceOptions extends NameOption {
  /** Keep reduced dimensions as 1. */
  readonly keepdims?: boolean | undefined;
  readonly axis?: Axis;
}

/** A reduction: `reduceSum(x)`, `reduceSum(x, 0)`, `reduceSum(x, [0, 1], { keepdims: true })`, `reduceSum(x, { axis: 0 })`. */
export type ReduceBuilder = (
  input: TensorLike | Grad,
  axis?: Axis | ReduceOptions,
  options?: ReduceOptions,
) => Tensor;

/** Axis and options from a reduction's arguments. */
export function reduceArguments(
  axis: Axis | ReduceOptions,
  options: ReduceOptions = {},
): ReduceOptions & { axis: Axis } {
  if (isOptions(axis)) return { axis: undefined, ...(axis as ReduceOptions), ...options };
  return { ...options, axis: (axis as Axis) ?? options.axis };
}

/** All dimensions of `x`: a constant for a tensor of known rank, else nodes. Source: _ReductionDims in math_ops.py. */
function allAxes(x: TensorLike | Grad): Tensor {
  const dims = isTensor(x) ? x.shape.rank : undefined;
  if (typeof dims === "number") {
    const axes = Int32Array.from({ length: dims }, (_, i) => i);
    return constant(axes, "int32");
  }
  return range(0, rank(x));
}

function reduction(type: string): ReduceBuilder {
  return (input, axis, options) => {
    const { axis: axes, keepdims = false, name } = reduceArguments(axis as Axis, options);
    const graph = resolveGraph([input, axes]);
    return graph.asDefault(() => {
      const over = axes ?? allAxes(input);
      const result = applyOne(type, [input, over], { name, attrs: { keep_dims: keepdims } });
      if (!keepdims && (axes === undefined || axes === null) && !result.shape.isFullyDefined())
        result.setShape([]);
      return result;
    });
  };
}

/** tf.reduce_sum: the sum over axes (all where none are given). @tfExport reduceSum */
export const reduceSum: ReduceBuilder = reduction("Sum");
/** tf.reduce_mean: the mean over axes; integers are divided with the fraction dropped. @tfExport reduceMean */
export const reduceMean: ReduceBuilder = reduction("Mean");
/** tf.reduce_prod: the product over axes. @tfExport reduceProd */
export const reduceProd: ReduceBuilder = reduction("Prod");
/** tf.reduce_max: the largest over axes. @tfExport reduceMax */
export const reduceMax: ReduceBuilder = reduction("Max");
/** tf.reduce_min: the smallest over axes. @tfExport reduceMin */
export const reduceMin: ReduceBuilder = reduction("Min");
/** tf.reduce_all: whether all are true. @tfExport reduceAll */
export const reduceAll: ReduceBuilder = reduction("All");
/** tf.reduce_any: whether one is true. @tfExport reduceAny */
export const reduceAny: ReduceBuilder = reduction("Any");
/** tf.math.reduce_euclidean_norm: the root of the sum of squares. @tfExport reduceEuclideanNorm */
export const reduceEuclideanNorm: ReduceBuilder = reduction("EuclideanNorm");

/** tf.math.reduce_variance: the mean squared distance from the mean. @tfExport reduceVariance */
export const reduceVariance: ReduceBuilder = (input, axis, options) => {
  const { axis: axes, keepdims = false, name } = reduceArguments(axis as Axis, options);
  return withScope(resolveGraph([input]), name, "reduce_variance", () => {
    const x = input as Tensor;
    const means = reduceMean(x, axes, { keepdims: true });
    return reduceMean(square(operator.sub(x, means)), axes, { keepdims });
  });
};

/** tf.math.reduce_std: the root of the variance. @tfExport reduceStd */
export const reduceStd: ReduceBuilder = (input, axis, options) => {
  const { axis: axes, keepdims = false, name } = reduceArguments(axis as Axis, options);
  return withScope(resolveGraph([input]), name, "reduce_std", () =>
    sqrt(reduceVariance(input, axes, { keepdims })),
  );
};

/** tf.reduce_logsumexp: log(sum(exp(x))), without overflow. @tfExport reduceLogsumexp */
export const reduceLogsumexp: ReduceBuilder = (input, axis, options) => {
  const { axis: axes, keepdims = false, name } = reduceArguments(axis as Axis, options);
  const x = convertToTensor(input);
  return withScope(x.graph, name, "ReduceLogSumExp", () => {
    const largest = reduceMax(x, axes, { keepdims: true });
    let shift = stopGradient(where(isFiniteTensor(largest), largest, zerosLike(largest)));
    const sum = log(reduceSum(exp(applyOne("Sub", [x, shift])), axes, { keepdims }));
    if (!keepdims) shift = reshape(shift, shape(sum));
    const result = applyOne("Add", [sum, shift]);
    if (!keepdims && (axes === undefined || axes === null) && !result.shape.isFullyDefined())
      result.setShape([]);
    return result;
  });
};

/** The output's shape, where the axes are known. */
export function reductionShape(c: InferenceContext): readonly Shape[] {
  const input = c.input(0);
  if (c.producer >= 21) withRankAtMost(c.input(1), 1);
  const keep = c.attrs.bool("keep_dims");
  const axes = c.inputValue(1);
  if (!axes || input.dims === null) {
    return [keep && input.dims !== null ? Shape.ofRank(input.dims.length) : Shape.unknown];
  }
  const { length } = input.dims;
  const reduced = new Set(
    numbersOf(axes).map((axis) => {
      if (axis < -length || axis >= length) {
        invalid(`Invalid reduction dimension ${axis} for input with ${length} dimensions.`);
      }
      return axis < 0 ? axis + length : axis;
    }),
  );
  const dims: Dim[] = [];
  input.dims.forEach((dim, i) => {
    if (!reduced.has(i)) dims.push(dim);
    else if (keep) dims.push(1);
  });
  return [new Shape(dims)];
}

/** Dimensions that the axis argument names. */
function axesOf(
  c: LoweringContext | HostContext,
  axes: readonly number[],
  dims: readonly number[],
): number[] {
  const chosen = new Set<number>();
  for (const axis of axes) {
    if (axis < -dims.length || axis >= dims.length) {
      c.fail(
        "INVALID_ARGUMENT",
        `Invalid reduction dimension (${axis} for input with ${dims.length} dimension(s)`,
      );
    }
    chosen.add(axis < 0 ? axis + dims.length : axis);
  }
  return [...chosen].sort((a, b) => a - b);
}

type Finish = (c: LoweringContext, reduced: HloInstruction, count: number) => HloInstruction;

function lowerReduction(
  reducer: Reducer,
  prepare: (c: LoweringContext, x: HloInstruction) => HloInstruction = (_, x) => x,
  finish: Finish = (_, x) => x,
): Lower {
  return (c) => {
    const x = c.input(0);
    const dimensions = axesOf(c, hostNumbers(c, 1), x.dims);
    const prepared = prepare(c, x);
    const count = sizeOf(dimensions.map((i) => x.dims[i]!));
    // Over no dimension there is nothing to combine, and -0 stays -0.
    const combined = dimensions.length === 0 ? prepared : c.builder.reduce(prepared, reducer, dimensions);
    const reduced = finish(c, combined, count);
    if (!c.attrs.bool("keep_dims")) return reduced;
    return c.builder.reshape(
      reduced,
      x.dims.map((dim, i) => (dimensions.includes(i) ? 1 : dim)),
    );
  };
}

/** Products of complex numbers over the axes. */
function complexProducts(c: HostContext): NdArray[] {
  const { dtype, shape, data } = c.input(0);
  const dimensions = axesOf(c, numbersOf(c.input(1)), shape);
  const kept = shape.map((dim, i) => (dimensions.includes(i) ? 1 : dim));
  const result = onesOf(dtype, kept);
  const [from, to] = [data as Float64Array, result.data as Float64Array];
  forEachPair(shape, shape, kept, (_, i, at) => {
    const [a, b] = [to[2 * at]!, to[2 * at + 1]!];
    const [re, im] = [from[2 * i]!, from[2 * i + 1]!];
    to[2 * at] = a * re - b * im;
    to[2 * at + 1] = a * im + b * re;
  });
  if (c.attrs.bool("keep_dims")) return [result];
  return [{ ...result, shape: shape.filter((_, i) => !dimensions.includes(i)) }];
}

/** Divides by the number of elements, which another batch size changes without another kernel. */
const divideByCount: Finish = (c, sum, count) => {
  const divisor = c.builder.broadcastTo(
    c.builder.extent(sum.dtype, isFloating(sum.dtype) ? count : Math.max(count, 1)),
    sum.dims,
  );
  return c.builder.binary("divide", sum, divisor);
};

function entry(lower: Lower, gradient: Gradient | null): OpSpec {
  return { shape: reductionShape, hostInputs: [1], lower, gradient };
}

/** Reductions. */
export const reductionOps: readonly OpEntry[] = defineOps({
  Sum: byParts(entry(lowerReduction("add"), single(sumGradient))),
  Mean: byParts(entry(lowerReduction("add", undefined, divideByCount), single(meanGradient))),
  Prod: { ...entry(lowerReduction("multiply"), single(prodGradient)), host: complexProducts },
  Max: entry(lowerReduction("maximum"), single(maxMinGradient)),
  Min: entry(lowerReduction("minimum"), single(maxMinGradient)),
  All: entry(lowerReduction("and"), null),
  Any: entry(lowerReduction("or"), null),
  EuclideanNorm: entry(
    lowerReduction(
      "add",
      (c, x) => c.builder.binary("multiply", x, x),
      (c, sum) => {
        const root = (x: HloInstruction): HloInstruction => c.builder.unary("sqrt", x);
        return isFloating(sum.dtype)
          ? root(sum)
          : c.builder.convert(root(c.builder.convert(sum, "float64")), sum.dtype);
      },
    ),
    null,
  ),
});
