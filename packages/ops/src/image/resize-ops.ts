// tf.image.resize_*: images [batch, height, width, channels] made larger or smaller, and the gradients. Lowered: what is taken from where is told
// from sizes alone. Source: core/ops/image_ops.cc, core/kernels/resize_*_op.cc, python/ops/image_grad.py.
import type { InferenceContext, Operation, Tensor } from "@org/graph";
import type { HloDType, HloInstruction } from "@org/hlo";
import { dtypes, ndArray, Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { dense, type Grad, single } from "../gradient.ts";
import { filledOf, hostNumbers } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { type Dim, numbersOf, subshape, withRank, withValue } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import {
  type Alignment,
  areaTaps,
  bicubicTaps,
  bilinearTaps,
  nearestIndices,
  resizeScale,
  type Taps,
} from "./resize-taps.ts";

export interface ResizeOptions extends NameOption {
  /** The corner pixels' centers stay: false unless given. */
  readonly alignCorners?: boolean | undefined;
  /** Pixels have their centers at 0.5: false unless given. Not with `alignCorners`. */
  readonly halfPixelCenters?: boolean | undefined;
}

export type ResizeBuilder = (images: TensorLike, size: TensorLike, options?: ResizeOptions) => Tensor;

const resizer = (type: string): ResizeBuilder => {
  return (images, size, { name, alignCorners = false, halfPixelCenters = false } = {}) =>
    applyOne(type, [images, size], {
      name,
      attrs: { align_corners: alignCorners, half_pixel_centers: halfPixelCenters },
    });
};

/** tf.image.resize_bilinear: float32 [batch, size..., channels], interpolated between the four pixels around. Empty images or sizes fail the run. @tfExport image.resizeBilinear */
export const resizeBilinear: ResizeBuilder = resizer("ResizeBilinear");
/** tf.image.resize_bicubic: float32, of the 16 pixels around. @tfExport image.resizeBicubic */
export const resizeBicubic: ResizeBuilder = resizer("ResizeBicubic");
/** tf.image.resize_nearest_neighbor: of the images' type, the nearest pixel. @tfExport image.resizeNearestNeighbor */
export const resizeNearestNeighbor: ResizeBuilder = resizer("ResizeNearestNeighbor");

/** tf.image.resize_area: float32, the mean of what a pixel covers. @tfExport image.resizeArea */
export function resizeArea(
  images: TensorLike,
  size: TensorLike,
  { name, alignCorners = false }: Omit<ResizeOptions, "halfPixelCenters"> = {},
): Tensor {
  return applyOne("ResizeArea", [images, size], { name, attrs: { align_corners: alignCorners } });
}

/** Dims of a size argument, where known. */
function sizeDims(c: InferenceContext, index: number): readonly [Dim, Dim] {
  withValue(withRank(c.input(index), 1).dim(0), 2);
  const given = c.inputValue(index);
  return given ? (numbersOf(given) as [number, number]) : [null, null];
}

/** The shape of images resized to input `index`. */
export function sizedImages(c: InferenceContext, batch: Dim, index: number, channels: Dim): readonly Shape[] {
  return [new Shape([batch, ...sizeDims(c, index), channels])];
}

const resizedShape: NonNullable<OpSpec["shape"]> = (c) => {
  const images = withRank(c.input(0), 4);
  return sizedImages(c, images.dim(0), 1, images.dim(3));
};

function alignmentOf(c: LoweringContext): Alignment {
  const alignCorners = c.attrs.bool("align_corners");
  const halfPixelCenters = c.attrs.has("half_pixel_centers") && c.attrs.bool("half_pixel_centers");
  if (alignCorners && halfPixelCenters)
    c.fail("INVALID_ARGUMENT", "If half_pixel_centers is True, align_corners must be False.");
  return { alignCorners, halfPixelCenters };
}

/** The size argument, checked with the images as ImageResizerState does. */
function checkedSize(c: LoweringContext, images: HloInstruction): readonly [number, number] {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  if (images.dims.length !== 4) fail(`input must be 4-dimensional${new Shape(images.dims)}`);
  const given = c.hostInput(1);
  if (given.shape.length !== 1) fail(`shape_t must be 1-dimensional${new Shape(given.shape)}`);
  if (sizeOf(given.shape) !== 2) fail(`shape_t must have two elements${new Shape(given.shape)}`);
  const [height, width] = hostNumbers(c, 1) as [number, number];
  if (height <= 0 || width <= 0) fail("output dimensions must be positive");
  if (images.dims[3] === 0) fail("image must have at least one channel");
  if (images.dims[1] === 0 || images.dims[2] === 0) fail("input image must be of non-zero size");
  return [height, width];
}

const indices = (c: LoweringContext, index: Int32Array): HloInstruction =>
  c.builder.constant(ndArray("int32", [index.length], index));

/** Weights along `axis`, as wide as `like`. */
function weights(
  c: LoweringContext,
  like: HloInstruction,
  axis: number,
  weight: Float32Array,
): HloInstruction {
  const line = c.builder.constant(ndArray("float32", [weight.length], weight));
  return c.builder.broadcast(c.builder.convert(line, like.dtype), like.dims, [axis]);
}

/** a + (b - a) t of the two taps. */
function between(
  c: LoweringContext,
  x: HloInstruction,
  axis: number,
  { index, weight }: Taps,
): HloInstruction {
  const b = c.builder;
  const [low, high] = index.map((at) => b.gather(x, indices(c, at), axis)) as [
    HloInstruction,
    HloInstruction,
  ];
  const way = b.binary("multiply", b.binary("subtract", high, low), weights(c, low, axis, weight[1]!));
  return b.binary("add", low, way);
}

/** The sum of all taps. */
function summed(
  c: LoweringContext,
  x: HloInstruction,
  axis: number,
  { index, weight }: Taps,
): HloInstruction {
  const b = c.builder;
  const terms = index.map((at, tap) => {
    const taken = b.gather(x, indices(c, at), axis);
    return b.binary("multiply", taken, weights(c, taken, axis, weight[tap]!));
  });
  return terms.reduce((sum, term) => b.binary("add", sum, term));
}

/** What flows back along `axis`: each place's share goes to the elements it was made of. */
function spread(
  c: LoweringContext,
  grad: HloInstruction,
  axis: number,
  extent: number,
  { index, weight }: Taps,
): HloInstruction {
  const b = c.builder;
  // scatter adds along the first dimension.
  const turn = [axis, ...grad.dims.map((_, i) => i).filter((i) => i !== axis)];
  const turned = b.transpose(grad, turn);
  let sum = filledOf(c, grad.dtype, [extent, ...turned.dims.slice(1)], 0);
  index.forEach((at, tap) => {
    const share = b.binary("multiply", turned, weights(c, turned, 0, weight[tap]!));
    sum = b.scatter(sum, indices(c, at), share, "add");
  });
  const back = turn.map((_, i) => turn.indexOf(i));
  return b.transpose(sum, back);
}

type TapsOf = (from: number, to: number, alignment: Alignment) => Taps;
type Along = (c: LoweringContext, x: HloInstruction, axis: number, taps: Taps) => HloInstruction;

/** Resizes to float32 along height and width, in `order`. */
function resizing(tapsOf: TapsOf, along: Along, order: readonly number[]): OpSpec["lower"] {
  return (c) => {
    const alignment = alignmentOf(c);
    const images = c.input(0);
    const size = checkedSize(c, images);
    let x = c.builder.convert(images, "float32");
    for (const axis of order) x = along(c, x, axis, tapsOf(images.dims[axis]!, size[axis - 1]!, alignment));
    return x;
  };
}

const areaLower: OpSpec["lower"] = (c) => {
  const alignCorners = c.attrs.bool("align_corners");
  const images = c.input(0);
  const size = checkedSize(c, images);
  let x = c.builder.convert(images, "float32");
  for (const axis of [2, 1])
    x = summed(c, x, axis, areaTaps(images.dims[axis]!, size[axis - 1]!, alignCorners));
  const [height, width] = [1, 2].map((axis) =>
    resizeScale(images.dims[axis]!, size[axis - 1]!, alignCorners),
  ) as [number, number];
  const share = c.builder.scalar("float32", 1 / Math.fround(height * width));
  return c.builder.binary("multiply", x, c.builder.broadcastTo(share, x.dims));
};

const isReal = (dtype: string): boolean => ["float32", "float64"].includes(dtype);
const attrsOf = (op: Operation): Record<string, boolean> => ({
  align_corners: op.attrs.bool("align_corners"),
  half_pixel_centers: op.attrs.has("half_pixel_centers") && op.attrs.bool("half_pixel_centers"),
});

/** The gradient by an op that takes the original images. */
function byOriginal(type: string, takes: (dtype: string) => boolean): OpSpec["gradient"] {
  return single((op, grad) => [
    takes(op.inputs[0]!.dtype)
      ? applyOne(type, [dense(grad), op.inputs[0]!], { attrs: attrsOf(op) })
      : undefined,
    undefined,
  ]);
}

/** An op that gives the gradient by the original images, of their type. */
function backwards(tapsOf: TapsOf): OpSpec {
  return {
    shape: (c) => [c.input(1)],
    lower: (c) => {
      const alignment = alignmentOf(c);
      const [grad, original] = [c.input(0), c.input(1)];
      if (grad.dims.length !== 4)
        c.fail("INVALID_ARGUMENT", `input_grad must be 4-dimensional${new Shape(grad.dims)}`);
      if (original.dims.length !== 4)
        c.fail("INVALID_ARGUMENT", `original_image must be 4-dimensional${new Shape(original.dims)}`);
      const wide = c.outputDType(0) === "float64" ? "float64" : "float32";
      let x = c.builder.convert(grad, wide);
      for (const axis of [1, 2]) {
        const taps = tapsOf(original.dims[axis]!, grad.dims[axis]!, alignment);
        x = spread(c, x, axis, original.dims[axis]!, taps);
      }
      return c.builder.convert(x, c.outputDType(0) as HloDType);
    },
  };
}

function nearestGradient(op: Operation, grad: Grad): readonly (Tensor | undefined)[] {
  const image = op.inputs[0]!;
  const dims = subshape(image.shape, 1, 3);
  const size = dims.isFullyDefined() ? dims : getItem(shapeOf(image), [{ start: 1, stop: 3 }]);
  return [applyOne("ResizeNearestNeighborGrad", [dense(grad), size], { attrs: attrsOf(op) }), undefined];
}

/** Entries of the ops that resize images. */
export const resizeOps: readonly OpEntry[] = defineOps({
  ResizeBilinear: {
    shape: resizedShape,
    hostInputs: [1],
    lower: resizing(bilinearTaps, between, [2, 1])!,
    gradient: byOriginal("ResizeBilinearGrad", (dtype) => dtypes[dtype as HloDType].kind === "float")!,
  },
  ResizeBilinearGrad: backwards(bilinearTaps),
  ResizeBicubic: {
    shape: resizedShape,
    hostInputs: [1],
    lower: resizing(bicubicTaps, summed, [1, 2])!,
    gradient: byOriginal("ResizeBicubicGrad", isReal)!,
  },
  ResizeBicubicGrad: backwards(bicubicTaps),
  ResizeArea: { shape: resizedShape, hostInputs: [1], lower: areaLower! },
  ResizeNearestNeighbor: {
    shape: resizedShape,
    hostInputs: [1],
    lower: (c) => {
      const alignment = alignmentOf(c);
      let x = c.input(0);
      const size = checkedSize(c, x);
      for (const axis of [1, 2])
        x = c.builder.gather(x, indices(c, nearestIndices(x.dims[axis]!, size[axis - 1]!, alignment)), axis);
      return x;
    },
    gradient: single(nearestGradient),
  },
  ResizeNearestNeighborGrad: {
    shape: (c) => {
      const grad = withRank(c.input(0), 4);
      return sizedImages(c, grad.dim(0), 1, grad.dim(3));
    },
    hostInputs: [1],
    lower: (c) => {
      const alignment = alignmentOf(c);
      let x = c.input(0);
      if (x.dims.length !== 4) c.fail("INVALID_ARGUMENT", `input must be 4-dimensional${new Shape(x.dims)}`);
      const size = hostNumbers(c, 1) as [number, number];
      if (size.some((dim) => dim <= 0)) c.fail("INVALID_ARGUMENT", "shape_t's elements must be positive");
      for (const axis of [1, 2]) {
        const extent = size[axis - 1]!;
        const index = nearestIndices(extent, x.dims[axis]!, alignment);
        const whole: Taps = { index: [index], weight: [new Float32Array(index.length).fill(1)] };
        x = spread(c, x, axis, extent, whole);
      }
      return x;
    },
  },
});
