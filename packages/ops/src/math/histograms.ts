// tf.bincount and tf.histogram_fixed_width: how often values come. Host kernels. Sources: core/ops/math_ops.cc,
// core/kernels/{bincount_op,histogram_op}.cc, python/ops/{math_ops,histogram_ops}.py.
import type { Tensor } from "@org/graph";
import { type DType, type NdArray, ndArray, Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { constant } from "../array/constant.ts";
import { reshape } from "../array/reshape.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { invalid, scalarValue, withRank, withValue } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";
import { maximum, minimum } from "./binary.ts";
import { cast } from "./cast.ts";
import { clipByValue } from "./clip.ts";
import { operator } from "./operator.ts";
import { reduceMax, reduceProd } from "./reductions.ts";
import { unsortedSegmentSum } from "./segment.ts";
import { floor } from "./unary.ts";

export interface BincountOptions extends NameOption {
  /** What each element counts for, of the shape of the values: 1 unless given. */
  readonly weights?: TensorLike | undefined;
  /** The result has at least so many bins. */
  readonly minlength?: TensorLike | undefined;
  /** The result has at most so many bins; larger values are skipped. */
  readonly maxlength?: TensorLike | undefined;
  /** Type of the counts where no weights are given: int32 unless given. */
  readonly dtype?: DType | undefined;
}

/**
 * tf.bincount: a vector whose element i says how often i comes among the int32 `values` (of any shape), up to the largest of them.
 * A negative value fails the run with INVALID_ARGUMENT.
 * @tfExport bincount
 */
export function bincount(values: TensorLike, options: BincountOptions = {}): Tensor {
  const { weights, minlength, maxlength, dtype = "int32" } = options;
  const graph = resolveGraph([values, weights, minlength, maxlength]);
  return withScope(graph, options.name, "bincount", () => {
    const arr = convertToTensor(values, { name: "arr", dtype: "int32", graph });
    const nonempty = operator.gt(reduceProd(shapeOf(arr)), 0);
    let size = operator.mul(cast(nonempty, "int32"), operator.add(reduceMax(arr), 1));
    const bound = (value: TensorLike, name: string): Tensor =>
      convertToTensor(value, { name, dtype: "int32", graph });
    if (minlength !== undefined) size = maximum(bound(minlength, "minlength"), size);
    if (maxlength !== undefined) size = minimum(bound(maxlength, "maxlength"), size);
    if (weights !== undefined)
      return unsortedSegmentSum(convertToTensor(weights, { name: "weights", graph }), arr, size);
    return applyOne("Bincount", [arr, size, constant([], dtype)]);
  });
}

export interface HistogramOptions extends NameOption {
  /** Number of bins: 100 unless given. */
  readonly nbins?: TensorLike | undefined;
  /** Type of the counts: int32 unless given. */
  readonly dtype?: "int32" | "int64" | undefined;
}

/**
 * tf.histogram_fixed_width: how many values lie in each of `nbins` bins of one width over `valueRange` [low, high]; what lies outside
 * counts for the first or last one. An empty range or number of bins fails the run with INVALID_ARGUMENT.
 * @tfExport histogramFixedWidth
 */
export function histogramFixedWidth(
  values: TensorLike,
  valueRange: TensorLike,
  options: HistogramOptions = {},
): Tensor {
  const { nbins = int32(100), dtype } = options;
  return applyOne("HistogramFixedWidth", [values, valueRange, nbins], {
    name: options.name ?? "histogram_fixed_width",
    attrs: { dtype },
  });
}

/** tf.histogram_fixed_width_bins: for each value the number of its bin, int32. @tfExport histogramFixedWidthBins */
export function histogramFixedWidthBins(
  values: TensorLike,
  valueRange: TensorLike,
  options: Omit<HistogramOptions, "dtype"> = {},
): Tensor {
  const graph = resolveGraph([values, valueRange, options.nbins]);
  return withScope(graph, options.name, "histogram_fixed_width_bins", () => {
    const given = convertToTensor(values, { name: "values", graph });
    const dims = shapeOf(given);
    const flat = reshape(given, [-1]);
    const range = convertToTensor(valueRange, { name: "value_range", graph });
    const count = convertToTensor(options.nbins ?? 100, { dtype: "int32", name: "nbins", graph });
    const bins = cast(count, flat.dtype);
    const from = operator.sub(flat, getItem(range, 0));
    const width = operator.sub(getItem(range, 1), getItem(range, 0));
    const scaled = operator.truediv(from, width, { name: "scaled_values" });
    const places = floor(operator.mul(bins, scaled), { name: "indices" });
    const inside = cast(clipByValue(places, 0, operator.sub(bins, 1)), "int32");
    return reshape(inside, dims);
  });
}

type Counts = (number | bigint)[];

function countBins(c: HostContext): NdArray {
  const [arr, size, weights] = [c.input(0), c.input(1), c.input(2)];
  const bins = Number((size.data as Int32Array)[0]);
  if (bins < 0) c.fail("INVALID_ARGUMENT", `size (${bins}) must be non-negative`);
  const values = arr.data as Int32Array;
  const each = weights.data as unknown as ArrayLike<number | bigint>;
  if (each.length > 0 && each.length !== values.length)
    c.fail("INVALID_ARGUMENT", `There are ${values.length} values and ${each.length} weights`);
  if (values.some((value) => value < 0)) c.fail("INVALID_ARGUMENT", "Input arr must be non-negative!");
  const out = ndArray(c.outputDType(0), [bins]);
  const data = out.data as unknown as Counts;
  const one = c.outputDType(0) === "int64" ? 1n : 1;
  for (let i = 0; i < values.length; i++) {
    const at = values[i]!;
    if (at < bins) (data[at] as number) += (each.length > 0 ? each[i]! : one) as number;
  }
  return out;
}

function histogram(c: HostContext): NdArray {
  const [values, range, nbins] = [c.input(0), c.input(1), c.input(2)];
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  if (range.shape.length !== 1) fail("value_range should be a vector.");
  if (range.shape[0] !== 2) fail("value_range should be a vector of 2 elements.");
  if (nbins.shape.length !== 0) fail("nbins should be a scalar.");
  const [low, high] = Array.from(range.data as ArrayLike<number | bigint>) as [number, number];
  const bins = Number((nbins.data as Int32Array)[0]);
  if (!(low < high))
    fail(`value_range should satisfy value_range[0] < value_range[1], but got '[${low}, ${high}]'`);
  if (bins <= 0) fail(`nbins should be a positive number, but got '${bins}'`);
  const round = values.dtype === "float32" ? Math.fround : (x: number): number => x;
  // Differences are taken in the values' type, as TensorFlow does.
  const step = round(Number((high as number) - (low as number))) / bins;
  const out = ndArray(c.outputDType(0), [bins]);
  const data = out.data as unknown as Counts;
  const one = c.outputDType(0) === "int64" ? 1n : 1;
  for (const x of values.data as unknown as Iterable<number>) {
    const from = x > low ? round(Number(x - low)) : 0;
    const at = Math.trunc(Math.min(from / step, bins - 1));
    (data[at] as number) += one as number;
  }
  return out;
}

/** Entries of Bincount and HistogramFixedWidth. */
export const histogramOps: readonly OpEntry[] = defineOps({
  Bincount: {
    shape: (c) => {
      withRank(c.input(1), 0);
      const size = scalarValue(c, 1);
      if (size === undefined) return [Shape.ofRank(1)];
      if (size < 0) invalid(`size (${size}) must be non-negative`);
      return [new Shape([size])];
    },
    host: (c) => [countBins(c)],
    gradient: null,
  },
  HistogramFixedWidth: {
    shape: (c) => {
      withValue(withRank(c.input(1), 1).dim(0), 2);
      withRank(c.input(2), 0);
      const bins = scalarValue(c, 2);
      if (bins === undefined) return [Shape.ofRank(1)];
      if (bins <= 0) invalid(`Requires nbins > 0: ${bins}`);
      return [new Shape([bins])];
    },
    host: (c) => [histogram(c)],
    gradient: null,
  },
});
