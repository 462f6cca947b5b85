// tf.layers.MaxPooling2D, AveragePooling2D and those of one and three dimensions.
// Source: python/layers/pooling.py and python/keras/layers/pooling.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import {
  avgPool,
  avgPool3d,
  expandDims,
  int32,
  maxPool,
  maxPool3d,
  squeeze,
  type TensorLike,
} from "@org/ops";
import type { DataFormat } from "./core.ts";
import { inputOf, Layer, type LayerOptions } from "./layer.ts";
import { extents, type PaddingName, paddingOf } from "./windows.ts";

export interface PoolingOptions extends Pick<LayerOptions, "name"> {
  /** Default "valid". */
  readonly padding?: PaddingName | undefined;
  /** Default channels_last. */
  readonly dataFormat?: DataFormat | undefined;
}

type Size = number | readonly number[];

class Pooling extends Layer {
  readonly #spatial: number;
  readonly #largest: boolean;
  readonly #size: readonly number[];
  readonly #strides: readonly number[];
  readonly #options: PoolingOptions;

  constructor(kind: string, spatial: number, size: Size, strides: Size, options: PoolingOptions = {}) {
    super(kind, options);
    this.#spatial = spatial;
    this.#largest = kind.startsWith("max");
    this.#size = extents(size, spatial, "pool_size");
    this.#strides = extents(strides, spatial, "strides");
    this.#options = options;
  }

  apply(inputs: TensorLike): Tensor {
    const x = inputOf(inputs);
    return this.within(x, () => {
      const first = this.#options.dataFormat === "channels_first";
      const padding = paddingOf(this.#options.padding);
      if (this.#spatial === 3) {
        const pool = this.#largest ? maxPool3d : avgPool3d;
        return pool(x, {
          ksize: this.#window(this.#size, first),
          strides: this.#window(this.#strides, first),
          padding,
          dataFormat: first ? "NCDHW" : "NDHWC",
        });
      }
      const pool = this.#largest ? maxPool : avgPool;
      if (this.#spatial === 2)
        return pool(x, {
          ksize: this.#window(this.#size, first),
          strides: this.#window(this.#strides, first),
          padding,
          dataFormat: first ? "NCHW" : "NHWC",
        });
      // One dimension is two with an extent of 1.
      const at = first ? 3 : 2;
      const wide = expandDims(x, int32(at));
      const one = (value: number): number[] => (first ? [1, 1, value, 1] : [1, value, 1, 1]);
      const pooled = pool(wide, {
        ksize: one(this.#size[0]!),
        strides: one(this.#strides[0]!),
        padding,
        dataFormat: first ? "NCHW" : "NHWC",
      });
      return squeeze(pooled, at);
    });
  }

  #window(inner: readonly number[], first: boolean): number[] {
    return first ? [1, 1, ...inner] : [1, ...inner, 1];
  }
}

/** tf.layers.MaxPooling1D: the largest of each window. */
export class MaxPooling1D extends Pooling {
  constructor(poolSize: Size, strides: Size, options: PoolingOptions = {}) {
    super("max_pooling1d", 1, poolSize, strides, options);
  }
}
/** tf.layers.MaxPooling2D: the largest of each window of images. */
export class MaxPooling2D extends Pooling {
  constructor(poolSize: Size, strides: Size, options: PoolingOptions = {}) {
    super("max_pooling2d", 2, poolSize, strides, options);
  }
}
/** tf.layers.MaxPooling3D: the largest of each window of volumes. */
export class MaxPooling3D extends Pooling {
  constructor(poolSize: Size, strides: Size, options: PoolingOptions = {}) {
    super("max_pooling3d", 3, poolSize, strides, options);
  }
}
/** tf.layers.AveragePooling1D: the mean of each window. */
export class AveragePooling1D extends Pooling {
  constructor(poolSize: Size, strides: Size, options: PoolingOptions = {}) {
    super("average_pooling1d", 1, poolSize, strides, options);
  }
}
/** tf.layers.AveragePooling2D: the mean of each window of images. */
export class AveragePooling2D extends Pooling {
  constructor(poolSize: Size, strides: Size, options: PoolingOptions = {}) {
    super("average_pooling2d", 2, poolSize, strides, options);
  }
}
/** tf.layers.AveragePooling3D: the mean of each window of volumes. */
export class AveragePooling3D extends Pooling {
  constructor(poolSize: Size, strides: Size, options: PoolingOptions = {}) {
    super("average_pooling3d", 3, poolSize, strides, options);
  }
}

type Function = (inputs: TensorLike, poolSize: Size, strides: Size, options?: PoolingOptions) => Tensor;

const functionOf =
  (kind: new (poolSize: Size, strides: Size, options?: PoolingOptions) => Pooling): Function =>
  (inputs, poolSize, strides, options = {}) =>
    new kind(poolSize, strides, options).apply(inputs);

/** tf.layers.max_pooling1d and its kin: a new layer, applied. */
export const maxPooling1d: Function = /* @__PURE__ */ functionOf(MaxPooling1D);
export const maxPooling2d: Function = /* @__PURE__ */ functionOf(MaxPooling2D);
export const maxPooling3d: Function = /* @__PURE__ */ functionOf(MaxPooling3D);
export const averagePooling1d: Function = /* @__PURE__ */ functionOf(AveragePooling1D);
export const averagePooling2d: Function = /* @__PURE__ */ functionOf(AveragePooling2D);
export const averagePooling3d: Function = /* @__PURE__ */ functionOf(AveragePooling3D);
