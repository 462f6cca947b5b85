// tf.layers: layers, and functions that make one and apply it.
export {
  BatchNormalization,
  type BatchNormalizationOptions,
  batchNormalization,
} from "./batch-normalization.ts";
export {
  Conv1D,
  Conv2D,
  Conv3D,
  type ConvolutionLayerOptions,
  conv1d,
  conv2d,
  conv3d,
} from "./convolution.ts";
export {
  type DataFormat,
  Dropout,
  type DropoutOptions,
  dropout,
  Flatten,
  type FlattenOptions,
  flatten,
} from "./core.ts";
export { Dense, type DenseOptions, dense } from "./dense.ts";
export {
  type Activation,
  type Constraint,
  Layer,
  type LayerOptions,
  type Regularizer,
  type WeightOptions,
} from "./layer.ts";
export {
  AveragePooling1D,
  AveragePooling2D,
  AveragePooling3D,
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  MaxPooling1D,
  MaxPooling2D,
  MaxPooling3D,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
  type PoolingOptions,
} from "./pooling.ts";
export type { Switchable } from "./smart-cond.ts";
export type { PaddingName } from "./windows.ts";
