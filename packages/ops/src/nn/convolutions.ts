// Builders of convolutions: tf.nn.conv1d, conv2d, conv3d, depthwise and separable ones, dilated ones, transposed ones.
// Source: python/ops/nn_ops.py, nn_impl.py of 1.15.
import type { Tensor } from "@org/graph";
import { Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { expandDims, squeeze } from "../array/reshape.ts";
import { shape } from "../array/shape-of.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { invalid } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { withSpaceToBatch } from "./space-to-batch.ts";
import {
  type DataFormat2d,
  type DataFormat3d,
  type Padding,
  paddingAttrs,
  type Steps,
  stepsOf,
} from "./window-options.ts";

interface Windowed<Format extends string, P> extends NameOption {
  /** Elements from one window to the next. */
  readonly strides: Steps;
  readonly padding: P;
  /** Where channels are: last unless given. */
  readonly dataFormat?: Format | undefined;
  /** Elements from one of a window to its next: 1 unless given. */
  readonly dilations?: Steps | undefined;
}

export interface Conv2dOptions extends Windowed<DataFormat2d, Padding> {
  readonly useCudnnOnGpu?: boolean | undefined;
}

export interface Conv3dOptions extends Windowed<DataFormat3d, "SAME" | "VALID"> {}

export interface DepthwiseOptions extends Windowed<DataFormat2d, "SAME" | "VALID"> {}

function conv2dAttrs(options: Conv2dOptions) {
  const { strides, padding, dataFormat = "NHWC", dilations, useCudnnOnGpu } = options;
  return {
    strides: stepsOf(strides, 2, dataFormat, "strides"),
    ...paddingAttrs(padding),
    data_format: dataFormat,
    dilations: stepsOf(dilations, 2, dataFormat, "dilations"),
    use_cudnn_on_gpu: useCudnnOnGpu,
  };
}

/**
 * tf.nn.conv2d: `input` [batch, height, width, channels] (or NCHW) convolved with `filter` [height, width, channels, outputs]. Channels may be a multiple of
 * the filter's: groups. Throws TfError INVALID_ARGUMENT where shapes, strides or paddings do not fit.
 * @tfExport nn.conv2d
 */
export function conv2d(input: TensorLike, filter: TensorLike, options: Conv2dOptions): Tensor {
  return applyOne("Conv2D", [input, filter], { name: options.name, attrs: conv2dAttrs(options) });
}

/** tf.nn.conv2d_backprop_input: the gradient of `conv2d` to an input of shape `inputSizes` (int32 [4]). @tfExport nn.conv2dBackpropInput */
export function conv2dBackpropInput(
  inputSizes: TensorLike,
  filter: TensorLike,
  outBackprop: TensorLike,
  options: Conv2dOptions,
): Tensor {
  return applyOne("Conv2DBackpropInput", [inputSizes, filter, outBackprop], {
    name: options.name,
    attrs: conv2dAttrs(options),
  });
}

/** tf.nn.conv2d_backprop_filter: the gradient of `conv2d` to a filter of shape `filterSizes` (int32 [4]). @tfExport nn.conv2dBackpropFilter */
export function conv2dBackpropFilter(
  input: TensorLike,
  filterSizes: TensorLike,
  outBackprop: TensorLike,
  options: Conv2dOptions,
): Tensor {
  return applyOne("Conv2DBackpropFilter", [input, filterSizes, outBackprop], {
    name: options.name,
    attrs: conv2dAttrs(options),
  });
}

/**
 * tf.nn.conv2d_transpose: the gradient of a `conv2d` as a layer of its own: `value` [batch, height, width, channels], `filter`
 * [height, width, outputs, channels], `outputShape` int32 [4]. Padding is SAME unless given.
 * @tfExport nn.conv2dTranspose
 */
export function conv2dTranspose(
  value: TensorLike,
  filter: TensorLike,
  outputShape: TensorLike,
  options: Omit<Conv2dOptions, "padding"> & { readonly padding?: Padding },
): Tensor {
  const graph = resolveGraph([value, filter, outputShape]);
  return withScope(graph, options.name, "conv2d_transpose", (name) =>
    conv2dBackpropInput(outputShape, filter, value, { padding: "SAME", ...options, name }),
  );
}

/** tf.nn.conv3d: `input` [batch, depth, height, width, channels] (or NCDHW), `filter` [depth, height, width, channels, outputs]. @tfExport nn.conv3d */
export function conv3d(input: TensorLike, filter: TensorLike, options: Conv3dOptions): Tensor {
  const { strides, padding, dataFormat = "NDHWC", dilations, name } = options;
  return applyOne("Conv3D", [input, filter], {
    name,
    attrs: {
      strides: stepsOf(strides, 3, dataFormat, "strides"),
      padding,
      data_format: dataFormat,
      dilations: stepsOf(dilations, 3, dataFormat, "dilations"),
    },
  });
}

export interface Conv1dOptions extends NameOption {
  readonly stride: Steps;
  readonly padding: "SAME" | "VALID";
  /** Where channels are: last unless given. */
  readonly dataFormat?: "NWC" | "NCW" | "NHWC" | "NCHW" | undefined;
  readonly dilations?: Steps | undefined;
}

/** tf.nn.conv1d: `value` [batch, width, channels] (or NCW), `filters` [width, channels, outputs]; a Conv2D over one row. @tfExport nn.conv1d */
export function conv1d(value: TensorLike, filters: TensorLike, options: Conv1dOptions): Tensor {
  const { stride, padding, dataFormat = "NWC", dilations } = options;
  const graph = resolveGraph([value, filters]);
  return withScope(graph, options.name, "conv1d", (name) => {
    const first = dataFormat === "NCW" || dataFormat === "NCHW";
    const row = first ? 2 : 1;
    const order = first ? "NC" : "N";
    const result = applyOne("Conv2D", [expandDims(value, row), expandDims(filters, 0)], {
      name,
      attrs: {
        strides: [1, ...stepsOf(stride, 1, order, "stride")],
        padding,
        data_format: first ? "NCHW" : "NHWC",
        dilations: [1, ...stepsOf(dilations, 1, order, "dilations")],
      },
    });
    return squeeze(result, [row]);
  });
}

export interface ConvolutionOptions extends NameOption {
  /** VALID unless given. */
  readonly padding?: "SAME" | "VALID" | undefined;
  readonly strides?: Steps | undefined;
  /** Elements from one of a window to its next: 1 unless given; not together with strides. */
  readonly dilationRate?: Steps | undefined;
  /** "NWC", "NHWC", "NDHWC" unless given, or one that begins with "NC". */
  readonly dataFormat?: string | undefined;
}

/** A convolution of one, two or three spatial dimensions without dilation; strides one a spatial dimension. Source: _NonAtrousConvolution. */
export function undilatedConvolution(
  spatial: number,
  input: Tensor,
  filter: Tensor,
  options: {
    readonly strides: readonly number[];
    readonly padding: "SAME" | "VALID";
    readonly dataFormat: string | undefined;
    readonly name?: string | undefined;
  },
): Tensor {
  const { strides, padding, dataFormat, name } = options;
  const first = dataFormat?.startsWith("NC") ?? false;
  if (spatial === 1) {
    return conv1d(input, filter, { stride: strides, padding, dataFormat: first ? "NCW" : "NWC", name });
  }
  if (spatial === 2) {
    return conv2d(input, filter, { strides, padding, dataFormat: first ? "NCHW" : "NHWC", name });
  }
  return conv3d(input, filter, { strides, padding, dataFormat: first ? "NCDHW" : "NDHWC", name });
}

/**
 * tf.nn.convolution: one, two or three spatial dimensions, as `input` has (its rank, or the filter's, must be known). A dilated one is made of an undilated one between
 * SpaceToBatchND and BatchToSpaceND. Throws TfError INVALID_ARGUMENT where both strides and dilations are above 1.
 * @tfExport nn.convolution
 */
export function convolution(input: TensorLike, filter: TensorLike, options: ConvolutionOptions = {}): Tensor {
  const { padding = "VALID", dataFormat } = options;
  const graph = resolveGraph([input, filter]);
  return graph.asDefault(() => {
    const given = [input, filter].map((x) => ("shape" in Object(x) ? (x as Tensor).shape : undefined));
    const rank = given.map((own) => (own instanceof Shape ? own.rank : null)).find((r) => r !== null);
    if (rank === undefined) invalid("rank of input or filter must be known");
    const spatial = rank! - 2;
    if (spatial < 1 || spatial > 3) invalid(`Input tensor must be of rank 3, 4 or 5 but was ${rank}.`);
    const inner = (list: readonly number[]): readonly number[] =>
      dataFormat?.startsWith("NC") ? list.slice(2) : list.slice(1, -1);
    const strides = inner(stepsOf(options.strides, spatial, dataFormat, "strides"));
    const rates = inner(stepsOf(options.dilationRate, spatial, dataFormat, "dilations"));
    return withScope(graph, options.name, "convolution", (name) => {
      const [x, w] = [convertToTensor(input, { graph }), convertToTensor(filter, { graph })];
      const one = { strides, dataFormat, name };
      if (rates.every((rate) => rate === 1)) return undilatedConvolution(spatial, x, w, { ...one, padding });
      if (strides.some((s) => s > 1)) {
        invalid("strides > 1 not supported in conjunction with dilation_rate > 1");
      }
      const result = withSpaceToBatch(
        x,
        {
          dilationRate: rates,
          padding,
          filterShape: w.shape.isFullyDefined() ? w.shape : shape(w),
          dataFormat,
        },
        (y, own) => undilatedConvolution(spatial, y, w, { ...one, padding: own }),
      );
      if (dataFormat?.startsWith("NC") && result.shape.rank !== null && result.shape.dim(1) === null) {
        result.setShape(result.shape.dims!.map((dim, d) => (d === 1 ? w.shape.dim(-1) : dim)));
      }
      return result;
    });
  });
}

/** tf.nn.atrous_conv2d: a `convolution` in NHWC whose window's elements are `rate` apart. @tfExport nn.atrousConv2d */
export function atrousConv2d(
  value: TensorLike,
  filters: TensorLike,
  rate: number,
  options: NameOption & { readonly padding: "SAME" | "VALID" },
): Tensor {
  return convolution(value, filters, { ...options, dilationRate: [rate, rate] });
}

function depthwiseAttrs(options: DepthwiseOptions) {
  const { strides, padding, dataFormat, dilations } = options;
  return {
    strides: stepsOf(strides, 2, dataFormat, "strides"),
    padding,
    data_format: dataFormat,
    dilations: dilations === undefined ? undefined : stepsOf(dilations, 2, dataFormat, "dilations"),
  };
}

/**
 * tf.nn.depthwise_conv2d_native: each channel of `input` convolved with filters of its own: `filter` [height, width, channels, multiplier] makes
 * channels * multiplier outputs, the first channel's first.
 * @tfExport nn.depthwiseConv2dNative
 */
export function depthwiseConv2dNative(
  input: TensorLike,
  filter: TensorLike,
  options: DepthwiseOptions,
): Tensor {
  return applyOne("DepthwiseConv2dNative", [input, filter], {
    name: options.name,
    attrs: depthwiseAttrs(options),
  });
}

/** tf.nn.depthwise_conv2d_native_backprop_input: its gradient to an input of shape `inputSizes` (int32 [4]). @tfExport nn.depthwiseConv2dNativeBackpropInput */
export function depthwiseConv2dNativeBackpropInput(
  inputSizes: TensorLike,
  filter: TensorLike,
  outBackprop: TensorLike,
  options: DepthwiseOptions,
): Tensor {
  return applyOne("DepthwiseConv2dNativeBackpropInput", [inputSizes, filter, outBackprop], {
    name: options.name,
    attrs: depthwiseAttrs(options),
  });
}

/** tf.nn.depthwise_conv2d_native_backprop_filter: its gradient to a filter of shape `filterSizes` (int32 [4]). @tfExport nn.depthwiseConv2dNativeBackpropFilter */
export function depthwiseConv2dNativeBackpropFilter(
  input: TensorLike,
  filterSizes: TensorLike,
  outBackprop: TensorLike,
  options: DepthwiseOptions,
): Tensor {
  return applyOne("DepthwiseConv2dNativeBackpropFilter", [input, filterSizes, outBackprop], {
    name: options.name,
    attrs: depthwiseAttrs(options),
  });
}

export interface DepthwiseConv2dOptions extends Omit<DepthwiseOptions, "dilations"> {
  /** Elements from one of a window to its next, [height, width]: 1 unless given. */
  readonly rate?: number | readonly [number, number] | undefined;
}

function ratesOf(rate: DepthwiseConv2dOptions["rate"]): readonly number[] {
  return rate === undefined ? [1, 1] : typeof rate === "number" ? [rate, rate] : rate;
}

/** tf.nn.depthwise_conv2d: as `depthwiseConv2dNative`, dilated by `rate` through SpaceToBatchND. @tfExport nn.depthwiseConv2d */
export function depthwiseConv2d(
  input: TensorLike,
  filter: TensorLike,
  options: DepthwiseConv2dOptions,
): Tensor {
  const { strides, padding, rate, dataFormat } = options;
  const graph = resolveGraph([input, filter]);
  return withScope(graph, options.name, "depthwise", (name) => {
    const x = convertToTensor(input, { name: "tensor_in", graph });
    const w = convertToTensor(filter, { name: "filter_in", graph });
    return withSpaceToBatch(
      x,
      { dilationRate: ratesOf(rate), padding, filterShape: shape(w), dataFormat },
      (y, own) => depthwiseConv2dNative(y, w, { strides, padding: own, dataFormat, name }),
    );
  });
}

/**
 * tf.nn.separable_conv2d: a depthwise convolution, then one of [1, 1] windows with `pointwiseFilter` [1, 1, channels * multiplier, outputs].
 * Throws TfError INVALID_ARGUMENT where the latter is not [1, 1, ...].
 * @tfExport nn.separableConv2d
 */
export function separableConv2d(
  input: TensorLike,
  depthwiseFilter: TensorLike,
  pointwiseFilter: TensorLike,
  options: DepthwiseConv2dOptions,
): Tensor {
  const { strides, padding, rate, dataFormat } = options;
  const graph = resolveGraph([input, depthwiseFilter, pointwiseFilter]);
  return withScope(graph, options.name, "separable_conv2d", (name) => {
    const x = convertToTensor(input, { name: "tensor_in", graph });
    const w = convertToTensor(depthwiseFilter, { name: "depthwise_filter", graph });
    const pointwise = convertToTensor(pointwiseFilter, { name: "pointwise_filter", graph });
    for (const d of [0, 1]) {
      const dim = pointwise.shape.dim(d);
      if (dim !== null && dim !== 1) invalid(`Dimensions ${dim} and 1 are not compatible`);
    }
    const depthwise = withSpaceToBatch(
      x,
      { dilationRate: ratesOf(rate), padding, filterShape: shape(w), dataFormat },
      (y, own) => depthwiseConv2dNative(y, w, { strides, padding: own, dataFormat, name: "depthwise" }),
    );
    return conv2d(depthwise, pointwise, { strides: 1, padding: "VALID", dataFormat, name });
  });
}
