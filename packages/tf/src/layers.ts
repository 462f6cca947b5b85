// tf.layers, in the default graph where no graph is given: see @org/layers for what they do.
import { layers } from "@org/layers";
import { lift, liftClass } from "./default-graph.ts";

export const BatchNormalization: typeof layers.BatchNormalization = /* @__PURE__ */ liftClass(
  layers.BatchNormalization,
);
export type BatchNormalization = layers.BatchNormalization;
export const Conv1D: typeof layers.Conv1D = /* @__PURE__ */ liftClass(layers.Conv1D);
export type Conv1D = layers.Conv1D;
export const Conv2D: typeof layers.Conv2D = /* @__PURE__ */ liftClass(layers.Conv2D);
export type Conv2D = layers.Conv2D;
export const Conv3D: typeof layers.Conv3D = /* @__PURE__ */ liftClass(layers.Conv3D);
export type Conv3D = layers.Conv3D;
export const Dense: typeof layers.Dense = /* @__PURE__ */ liftClass(layers.Dense);
export type Dense = layers.Dense;
export const Dropout: typeof layers.Dropout = /* @__PURE__ */ liftClass(layers.Dropout);
export type Dropout = layers.Dropout;
export const Flatten: typeof layers.Flatten = /* @__PURE__ */ liftClass(layers.Flatten);
export type Flatten = layers.Flatten;
export const averagePooling1d: typeof layers.averagePooling1d = /* @__PURE__ */ lift(layers.averagePooling1d);
export const averagePooling2d: typeof layers.averagePooling2d = /* @__PURE__ */ lift(layers.averagePooling2d);
export const averagePooling3d: typeof layers.averagePooling3d = /* @__PURE__ */ lift(layers.averagePooling3d);
export const batchNormalization: typeof layers.batchNormalization = /* @__PURE__ */ lift(
  layers.batchNormalization,
);
export const conv1d: typeof layers.conv1d = /* @__PURE__ */ lift(layers.conv1d);
export const conv2d: typeof layers.conv2d = /* @__PURE__ */ lift(layers.conv2d);
export const conv3d: typeof layers.conv3d = /* @__PURE__ */ lift(layers.conv3d);
export const dense: typeof layers.dense = /* @__PURE__ */ lift(layers.dense);
export const dropout: typeof layers.dropout = /* @__PURE__ */ lift(layers.dropout);
export const flatten: typeof layers.flatten = /* @__PURE__ */ lift(layers.flatten);
export const maxPooling1d: typeof layers.maxPooling1d = /* @__PURE__ */ lift(layers.maxPooling1d);
export const maxPooling2d: typeof layers.maxPooling2d = /* @__PURE__ */ lift(layers.maxPooling2d);
export const maxPooling3d: typeof layers.maxPooling3d = /* @__PURE__ */ lift(layers.maxPooling3d);
