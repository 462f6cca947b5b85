// Builders of pools: tf.nn.max_pool, avg_pool, max_pool_with_argmax, max_pool3d, avg_pool3d, pool. Source: python/ops/nn_ops.py of 1.15.
import type { Tensor } from "@org/graph";
import { applyOne, applyOp } from "../apply-op.ts";
import { expandDims, squeeze } from "../array/reshape.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { invalid, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { withSpaceToBatch } from "./space-to-batch.ts";
import { type DataFormat2d, type DataFormat3d, type Steps, stepsOf } from "./window-options.ts";

interface Pooled<Format extends string> extends NameOption {
  /** Elements of a window in each direction. */
  readonly ksize: Steps;
  /** Elements from one window to the next. */
  readonly strides: Steps;
  readonly padding: "SAME" | "VALID";
  /** Where channels are: last unless given. */
  readonly dataFormat?: Format | undefined;
}

export interface PoolOptions2d extends Pooled<DataFormat2d> {}
export interface PoolOptions3d extends Pooled<DataFormat3d> {}

function windowAttrs(spatial: number, { ksize, strides, padding, dataFormat }: Pooled<string>) {
  return {
    ksize: stepsOf(ksize, spatial, dataFormat, "ksize"),
    strides: stepsOf(strides, spatial, dataFormat, "strides"),
    padding,
    data_format: dataFormat,
  };
}

/**
 * tf.nn.max_pool: the largest element of each window of `value` [batch, height, width, channels] (or NCHW). Throws TfError INVALID_ARGUMENT where a window is
 * empty or does not fit.
 * @tfExport nn.maxPool
 */
export function maxPool(value: TensorLike, options: PoolOptions2d): Tensor {
  const graph = resolveGraph([value]);
  return withScope(graph, options.name, "MaxPool", (name) => {
    const attrs = windowAttrs(2, options);
    if (attrs.ksize.includes(0)) invalid("ksize cannot be zero.");
    return applyOne("MaxPool", [value], { name, attrs });
  });
}

/** tf.nn.avg_pool: the mean of each window of `value`, padding not counted. @tfExport nn.avgPool */
export function avgPool(value: TensorLike, options: PoolOptions2d): Tensor {
  const graph = resolveGraph([value]);
  return withScope(graph, options.name, "AvgPool", (name) =>
    applyOne("AvgPool", [value], { name, attrs: windowAttrs(2, options) }),
  );
}

/** tf.nn.max_pool3d: `input` [batch, depth, height, width, channels] (or NCDHW). @tfExport nn.maxPool3d */
export function maxPool3d(input: TensorLike, options: PoolOptions3d): Tensor {
  const graph = resolveGraph([input]);
  return withScope(graph, options.name, "MaxPool3D", (name) =>
    applyOne("MaxPool3D", [input], { name, attrs: windowAttrs(3, options) }),
  );
}

/** tf.nn.avg_pool3d: `input` [batch, depth, height, width, channels] (or NCDHW). @tfExport nn.avgPool3d */
export function avgPool3d(input: TensorLike, options: PoolOptions3d): Tensor {
  const graph = resolveGraph([input]);
  return withScope(graph, options.name, "AvgPool3D", (name) =>
    applyOne("AvgPool3D", [input], { name, attrs: windowAttrs(3, options) }),
  );
}

export interface MaxPoolWithArgmaxOptions extends NameOption {
  readonly ksize: Steps;
  readonly strides: Steps;
  readonly padding: "SAME" | "VALID";
  /** int64 unless given. */
  readonly outputDtype?: "int32" | "int64" | undefined;
  /** Whether positions count from the start of the batch instead of from their image's: false unless given. */
  readonly includeBatchInIndex?: boolean | undefined;
}

/** tf.nn.max_pool_with_argmax: `maxPool` in NHWC, and where each largest element is: (y * width + x) * channels + channel. @tfExport nn.maxPoolWithArgmax */
export function maxPoolWithArgmax(
  input: TensorLike,
  options: MaxPoolWithArgmaxOptions,
): { output: Tensor; argmax: Tensor } {
  const { ksize, strides, padding, outputDtype = "int64", includeBatchInIndex, name } = options;
  const [output, argmax] = applyOp("MaxPoolWithArgmax", [input], {
    name,
    attrs: {
      ksize: stepsOf(ksize, 2, "NHWC", "ksize"),
      strides: stepsOf(strides, 2, "NHWC", "strides"),
      padding,
      Targmax: outputDtype,
      include_batch_in_index: includeBatchInIndex,
    },
  }).outputs as [Tensor, Tensor];
  return { output, argmax };
}

export interface GeneralPoolOptions extends NameOption {
  readonly padding: "SAME" | "VALID";
  readonly strides?: readonly number[] | undefined;
  /** Elements from one of a window to its next: 1 unless given; not together with strides or SAME padding. */
  readonly dilationRate?: readonly number[] | undefined;
  /** "NWC", "NHWC", "NDHWC" unless given, or one that begins with "NC". */
  readonly dataFormat?: string | undefined;
}

/** One number a spatial dimension: 1 unless given. Throws where one is below 1 or there are too few. */
function perDimension(list: readonly number[] | undefined, spatial: number, name: string): readonly number[] {
  const own = list ?? Array.from({ length: spatial }, () => 1);
  if (own.length !== spatial) invalid(`len(${name})=${own.length} but should be ${spatial}`);
  if (own.some((n) => n < 1)) invalid(`all values of ${name} must be positive`);
  return own;
}

/**
 * tf.nn.pool: the largest ("MAX") or mean ("AVG") of windows over one, two or three spatial dimensions, as `windowShape` has, which may be dilated.
 * Throws TfError INVALID_ARGUMENT where strides exceed the window, or dilation meets strides or SAME padding.
 * @tfExport nn.pool
 */
export function pool(
  input: TensorLike,
  windowShape: readonly number[],
  poolingType: "MAX" | "AVG",
  options: GeneralPoolOptions,
): Tensor {
  const { padding, dataFormat } = options;
  const graph = resolveGraph([input]);
  return withScope(graph, options.name, `${poolingType.toLowerCase()}_pool`, (name) => {
    const x = convertToTensor(input, { name: "input", graph });
    const spatial = windowShape.length;
    if (spatial < 1 || spatial > 3) invalid("It is required that 1 <= num_spatial_dims <= 3.");
    withRank(x.shape, spatial + 2);
    const rates = perDimension(options.dilationRate, spatial, "dilation_rate");
    const strides = perDimension(options.strides, spatial, "strides");
    const dilated = rates.some((rate) => rate > 1);
    if (dilated && strides.some((s) => s > 1)) {
      invalid("strides > 1 not supported in conjunction with dilation_rate > 1");
    }
    if (dilated && padding === "SAME") {
      invalid("pooling with SAME padding is not implemented for dilation_rate > 1");
    }
    if (strides.some((s, d) => s > windowShape[d]!)) {
      invalid(
        "strides > window_shape not supported due to inconsistency between CPU and GPU implementations",
      );
    }
    const first = dataFormat?.startsWith("NC") ?? false;
    const builders = { MAX: [maxPool, maxPool3d], AVG: [avgPool, avgPool3d] } as const;
    const [flat, deep] = builders[poolingType];
    const window = { dilationRate: rates, padding, filterShape: windowShape, dataFormat };
    return withSpaceToBatch(x, window, (y, own) => {
      if (spatial === 3) {
        const format = first ? "NCDHW" : "NDHWC";
        return deep(y, { ksize: windowShape, strides, padding: own, dataFormat: format, name });
      }
      const format = first ? "NCHW" : "NHWC";
      if (spatial === 2)
        return flat(y, { ksize: windowShape, strides, padding: own, dataFormat: format, name });
      const row = first ? 2 : 1;
      const one = { ksize: [1, ...windowShape], strides: [1, ...strides], padding: own };
      return squeeze(flat(expandDims(y, row), { ...one, dataFormat: format, name }), [row]);
    });
  });
}
