// tf.layers.Conv1D, Conv2D, Conv3D. Source: python/layers/convolutional.py and python/keras/layers/convolutional.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import {
  type AnyVariable,
  biasAdd,
  convertToTensor,
  operator,
  reshape,
  type TensorLike,
  undilatedConvolution,
  withSpaceToBatch,
} from "@org/ops";
import type { Shape } from "@org/tensor";
import type { DataFormat } from "./core.ts";
import { KernelLayer, type KernelLayerOptions } from "./kernel-layer.ts";
import { extents, type PaddingName, paddingOf } from "./windows.ts";

export interface ConvolutionLayerOptions extends KernelLayerOptions {
  /** One for all spatial dimensions, or one each; default 1. */
  readonly strides?: number | readonly number[] | undefined;
  /** Default "valid". */
  readonly padding?: PaddingName | undefined;
  /** Default channels_last. */
  readonly dataFormat?: DataFormat | undefined;
  /** How far the window's elements are apart; default 1. Not together with strides. */
  readonly dilationRate?: number | readonly number[] | undefined;
}

const formats = {
  channels_last: ["NWC", "NHWC", "NDHWC"],
  channels_first: ["NCW", "NCHW", "NCDHW"],
} as const;

/** A convolution of one, two or three spatial dimensions. */
class Convolution extends KernelLayer {
  readonly filters: number;
  readonly #spatial: number;
  readonly #size: readonly number[];
  readonly #options: ConvolutionLayerOptions;

  constructor(
    kind: string,
    spatial: number,
    filters: number,
    kernelSize: number | readonly number[],
    options: ConvolutionLayerOptions = {},
  ) {
    super(kind, options);
    this.filters = filters;
    this.#spatial = spatial;
    this.#size = extents(kernelSize, spatial, "kernel_size");
    this.#options = options;
  }

  get #first(): boolean {
    return this.#options.dataFormat === "channels_first";
  }

  protected override build(shape: Shape): void {
    const channels = shape.dims?.at(this.#first ? 1 : -1) ?? null;
    if (channels === null)
      throw new TfError(
        "INVALID_ARGUMENT",
        "The channel dimension of the inputs should be defined. Found `None`.",
      );
    this.addKernel([...this.#size, channels, this.filters]);
  }

  protected override checkInput(x: Tensor): void {
    if (x.shape.rank !== null && x.shape.rank !== this.#spatial + 2)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Input 0 of layer ${this.name} is incompatible with the layer: expected ndim=${this.#spatial + 2}, found ndim=${x.shape.rank}. Full shape received: ${x.shape.toTuple()}`,
        { node: x.op.name },
      );
  }

  protected override multiply(x: Tensor): Tensor {
    const spatial = this.#spatial;
    const dataFormat = formats[this.#first ? "channels_first" : "channels_last"][spatial - 1]!;
    const strides = extents(this.#options.strides ?? 1, spatial, "strides");
    const dilationRate = extents(this.#options.dilationRate ?? 1, spatial, "dilation_rate");
    if (strides.some((s) => s > 1) && dilationRate.some((r) => r > 1))
      throw new TfError(
        "INVALID_ARGUMENT",
        "strides > 1 not supported in conjunction with dilation_rate > 1",
      );
    const padding = paddingOf(this.#options.padding);
    const kernel = convertToTensor(this.kernel);
    return withSpaceToBatch(x, { dilationRate, padding, filterShape: kernel.shape, dataFormat }, (y, own) =>
      undilatedConvolution(spatial, y, kernel, { strides, padding: own, dataFormat }),
    );
  }

  protected override addBias(x: Tensor, bias: AnyVariable): Tensor {
    if (!this.#first) return biasAdd(x, bias, { dataFormat: "NHWC" });
    if (this.#spatial > 1) return biasAdd(x, bias, { dataFormat: "NCHW" });
    return operator.add(x, reshape(bias, [1, this.filters, 1]));
  }
}

/** tf.layers.Conv1D: windows along one dimension. */
export class Conv1D extends Convolution {
  constructor(
    filters: number,
    kernelSize: number | readonly number[],
    options: ConvolutionLayerOptions = {},
  ) {
    super("conv1d", 1, filters, kernelSize, options);
  }
}

/** tf.layers.Conv2D: windows of images. */
export class Conv2D extends Convolution {
  constructor(
    filters: number,
    kernelSize: number | readonly number[],
    options: ConvolutionLayerOptions = {},
  ) {
    super("conv2d", 2, filters, kernelSize, options);
  }
}

/** tf.layers.Conv3D: windows of volumes. */
export class Conv3D extends Convolution {
  constructor(
    filters: number,
    kernelSize: number | readonly number[],
    options: ConvolutionLayerOptions = {},
  ) {
    super("conv3d", 3, filters, kernelSize, options);
  }
}

type Function = (
  inputs: TensorLike,
  filters: number,
  kernelSize: number | readonly number[],
  options?: ConvolutionLayerOptions,
) => Tensor;

/** tf.layers.conv1d: a new Conv1D layer, applied. */
export const conv1d: Function = (inputs, filters, size, options = {}) =>
  new Conv1D(filters, size, { ...options, scope: options.name }).apply(inputs);
/** tf.layers.conv2d: a new Conv2D layer, applied. */
export const conv2d: Function = (inputs, filters, size, options = {}) =>
  new Conv2D(filters, size, { ...options, scope: options.name }).apply(inputs);
/** tf.layers.conv3d: a new Conv3D layer, applied. */
export const conv3d: Function = (inputs, filters, size, options = {}) =>
  new Conv3D(filters, size, { ...options, scope: options.name }).apply(inputs);
