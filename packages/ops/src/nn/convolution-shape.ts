// Attributes of convolutions by spatial dimension, and their shape functions. Source: core/framework/common_shape_fns.cc
// (Conv2DShapeImpl, Conv3DShape, DepthwiseConv2DNativeShape), core/ops/nn_ops.cc.
import type { Attrs, InferenceContext, ShapeFunction } from "@org/graph";
import { Shape } from "@org/tensor";
import { type Dim, invalid, mergeDims, multiplyDims, withRank } from "../shape-rules.ts";
import { checkPaddings, intsOr, isChannelsFirst, type PaddingType, type Tap, windowedDim } from "./window.ts";

/** What a convolution's attributes say; lists have one entry a spatial dimension. */
export interface ConvolutionAttrs {
  /** Spatial dimensions: 2 or 3. */
  readonly spatial: number;
  /** Position of channels, and of the first spatial dimension. */
  readonly channels: number;
  readonly first: number;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: PaddingType;
  /** [before, after] of each spatial dimension; zeros unless padding is EXPLICIT. */
  readonly explicit: readonly (readonly [number, number])[];
}

/** Reads and checks them. Throws TfError INVALID_ARGUMENT where a list has not an entry a dimension, or steps over images or channels. */
export function convolutionAttrs(attrs: Attrs, spatial: number, op: string): ConvolutionAttrs {
  const rank = spatial + 2;
  const first = isChannelsFirst(attrs) ? 2 : 1;
  const channels = first === 2 ? 1 : rank - 1;
  const strides = attrs.ints("strides");
  const ones = strides.map(() => 1);
  const dilations = intsOr(attrs, "dilations", ones);
  if (dilations.length !== rank) {
    invalid(`${op} requires the dilation attribute to contain ${rank} values, but got: ${dilations.length}`);
  }
  if (strides.length !== rank) {
    invalid(`${op} requires the stride attribute to contain ${rank} values, but got: ${strides.length}`);
  }
  for (const [what, list] of [
    ["strides", strides],
    ["dilations", dilations],
  ] as const) {
    if (list[0] !== 1 || list[channels] !== 1) {
      invalid(`Current implementation does not yet support ${what} in the batch and depth dimensions.`);
    }
  }
  const padding = attrs.string("padding") as PaddingType;
  const explicit = intsOr(attrs, "explicit_paddings", []);
  checkPaddings(padding, explicit, rank, channels);
  const along = Array.from({ length: spatial }, (_, d) => first + d);
  return {
    spatial,
    channels,
    first,
    strides: along.map((d) => strides[d]!),
    dilations: along.map((d) => dilations[d]!),
    padding,
    explicit: along.map((d) => [explicit[2 * d] ?? 0, explicit[2 * d + 1] ?? 0]),
  };
}

/** The window along spatial dimension `d`, of a filter with `size` elements there. */
export function tapAlong<S extends Dim>(
  own: ConvolutionAttrs,
  d: number,
  size: S,
): Tap & { readonly size: S } {
  const [before, after] = own.explicit[d]!;
  const { padding } = own;
  return { size, stride: own.strides[d]!, dilation: own.dilations[d]!, padding, before, after };
}

/** Batch, spatial dimensions and channels in the order of the format. */
function inFormat(own: ConvolutionAttrs, batch: Dim, spatial: readonly Dim[], channels: Dim): Shape {
  return new Shape(own.first === 2 ? [batch, channels, ...spatial] : [batch, ...spatial, channels]);
}

function convolvedShape(
  c: InferenceContext,
  op: string,
  spatial: number,
  outputs: (input: Dim, filter: Shape) => Dim,
): readonly Shape[] {
  const rank = spatial + 2;
  const input = withRank(c.input(0), rank);
  const filter = withRank(c.input(1), rank);
  const own = convolutionAttrs(c.attrs, spatial, op);
  const channels = outputs(input.dim(own.channels), filter);
  const dims = own.strides.map((_, d) =>
    windowedDim(input.dim(own.first + d), tapAlong(own, d, filter.dim(d))),
  );
  return [inFormat(own, input.dim(0), dims, channels)];
}

/** Conv2D: channels may be a multiple of the filter's, in groups. */
export const conv2dShape: ShapeFunction = (c) =>
  convolvedShape(c, "Conv2D", 2, (depth, filter) => {
    const [each, out] = [filter.dim(2), filter.dim(3)];
    if (depth !== null && each !== null) {
      if (depth % each !== 0)
        invalid(`Depth of input (${depth}) is not a multiple of input depth of filter (${each})`);
      const groups = depth / each;
      if (out !== null && out % groups !== 0) {
        invalid(`Depth of output (${out}) is not a multiple of the number of groups (${groups})`);
      }
    }
    return out;
  });

/** Conv3D. */
export const conv3dShape: ShapeFunction = (c) =>
  convolvedShape(c, "Conv3D", 3, (depth, filter) => {
    mergeDims(depth, filter.dim(3));
    return filter.dim(4);
  });

/** DepthwiseConv2dNative: filter [rows, columns, channels, multiplier]. */
export const depthwiseShape: ShapeFunction = (c) =>
  convolvedShape(c, "DepthwiseConv2D", 2, (depth, filter) =>
    multiplyDims(mergeDims(depth, filter.dim(2)), filter.dim(3)),
  );

/** The output has the shape that argument `index` holds. */
export function shapeHeldBy(index: number, rank: number): ShapeFunction {
  return (c) => [withRank(c.inputAsShape(index), rank)];
}
