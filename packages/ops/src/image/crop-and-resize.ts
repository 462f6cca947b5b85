// tf.image.crop_and_resize: boxes of images, each resized to one size; with gradients by images and by boxes. Host kernels: where a box lies is
// known when it runs. Source: core/ops/image_ops.cc, core/kernels/crop_and_resize_op.cc, python/ops/image_grad.py.
import type { Operation, Tensor } from "@org/graph";
import {
  type DType,
  fromBits,
  isNarrowFloat,
  type NdArray,
  ndArray,
  Shape,
  sizeOf,
  toBits,
} from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { defineOps } from "../define.ts";
import { dense, type Grad, single } from "../gradient.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { mergeDims, numbersOf, shapeFromInput, withRank, withValue } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { sizedImages } from "./resize-ops.ts";

const f32 = Math.fround;

export interface CropAndResizeOptions extends NameOption {
  /** "bilinear" unless given. */
  readonly method?: "bilinear" | "nearest" | undefined;
  /** What lies beyond the images: 0 unless given. */
  readonly extrapolationValue?: number | undefined;
}

/**
 * tf.image.crop_and_resize: float32 [boxes, cropSize..., channels]. `boxes` are [y1, x1, y2, x2] in parts of an image's size; `boxInd` says
 * which image. A box index that is none fails the run with OUT_OF_RANGE.
 * @tfExport image.cropAndResize
 */
export function cropAndResize(
  image: TensorLike,
  boxes: TensorLike,
  boxInd: TensorLike,
  cropSize: TensorLike,
  { name, method = "bilinear", extrapolationValue = 0 }: CropAndResizeOptions = {},
): Tensor {
  return applyOne("CropAndResize", [image, boxes, boxInd, cropSize], {
    name,
    attrs: { method, extrapolation_value: extrapolationValue },
  });
}

/** The elements as numbers. */
function numbersIn(value: NdArray): ArrayLike<number> {
  const { dtype, data } = value;
  if (isNarrowFloat(dtype)) return Float32Array.from(data as Uint16Array, (bits) => fromBits(dtype, bits));
  return data instanceof BigInt64Array ? Float64Array.from(data, Number) : (data as Float32Array);
}

/** One crop's pixel: where it lies in its image; undefined beyond it. */
interface Place {
  readonly low: number;
  readonly high: number;
  readonly far: number;
  readonly nearest: number;
  /** By the box's two edges: d place / d edge. */
  readonly byStart: number;
  readonly byEnd: number;
}

/** The places of a crop's `count` rows (or columns) between the edges `start` and `end` of an image of `extent` pixels. */
function placesOf(start: number, end: number, extent: number, count: number): (Place | undefined)[] {
  const scale = count > 1 ? f32(f32(f32(end - start) * (extent - 1)) / (count - 1)) : 0;
  const ratio = count > 1 ? f32((extent - 1) / (count - 1)) : 0;
  return Array.from({ length: count }, (_, i) => {
    const at =
      count > 1
        ? f32(f32(start * (extent - 1)) + f32(i * scale))
        : f32(0.5 * f32(start + end) * (extent - 1));
    if (!(at >= 0 && at <= extent - 1)) return undefined;
    const low = Math.floor(at);
    return {
      low,
      high: Math.ceil(at),
      far: f32(at - low),
      nearest: Math.floor(at + 0.5),
      byStart: count > 1 ? extent - 1 - i * ratio : 0.5 * (extent - 1),
      byEnd: count > 1 ? i * ratio : 0.5 * (extent - 1),
    };
  });
}

type Fail = (sentence: string) => never;

function boxesOf(
  c: HostContext,
  boxesAt: number,
): { boxes: ArrayLike<number>; which: number[]; count: number } {
  const fail: Fail = (sentence) => c.fail("INVALID_ARGUMENT", sentence);
  const [boxes, which] = [c.input(boxesAt), c.input(boxesAt + 1)];
  if (sizeOf(boxes.shape) === 0 && sizeOf(which.shape) === 0)
    return { boxes: boxes.data as Float32Array, which: [], count: 0 };
  if (boxes.shape.length !== 2) fail(`boxes must be 2-D${new Shape(boxes.shape)}`);
  if (boxes.shape[1] !== 4) fail("boxes must have 4 columns");
  if (which.shape.length !== 1) fail(`box_index must be 1-D${new Shape(which.shape)}`);
  if (which.shape[0] !== boxes.shape[0]) fail("box_index has incompatible shape");
  return { boxes: boxes.data as Float32Array, which: numbersOf(which), count: boxes.shape[0]! };
}

/** Calls `visit` for each pixel of each crop. */
function eachPixel(
  c: HostContext,
  boxesAt: number,
  [batch, height, width]: readonly number[],
  [rows, columns]: readonly [number, number],
  visit: (
    box: number,
    image: number,
    row: number,
    column: number,
    y: Place | undefined,
    x: Place | undefined,
  ) => void,
): number {
  const { boxes, which, count } = boxesOf(c, boxesAt);
  if (which.some((image) => image < 0 || image >= batch!))
    c.fail("OUT_OF_RANGE", "box_index has values outside [0, batch_size)");
  for (let box = 0; box < count; box++) {
    const [y1, x1, y2, x2] = [0, 1, 2, 3].map((i) => boxes[4 * box + i]!) as [number, number, number, number];
    const ys = placesOf(y1, y2, height!, rows);
    const xs = placesOf(x1, x2, width!, columns);
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        visit(box, which[box]!, row, column, ys[row], xs[column]);
  }
  return count;
}

function crops(c: HostContext): NdArray {
  const fail: Fail = (sentence) => c.fail("INVALID_ARGUMENT", sentence);
  const image = c.input(0);
  const { shape } = image;
  if (shape.length !== 4) fail(`input image must be 4-D${new Shape(shape)}`);
  const [, height, width, depth] = shape as [number, number, number, number];
  if (height <= 0 || width <= 0) fail("image dimensions must be positive");
  const { count } = boxesOf(c, 1);
  const given = c.input(3);
  if (given.shape.length !== 1) fail(`crop_size must be 1-D${new Shape(given.shape)}`);
  if (given.shape[0] !== 2) fail(`crop_size must have two elements${new Shape(given.shape)}`);
  const [rows, columns] = numbersOf(given) as [number, number];
  if (rows <= 0 || columns <= 0) fail("crop dimensions must be positive");
  const from = numbersIn(image);
  const out = new Float32Array(count * rows * columns * depth);
  const outside = c.attrs.float("extrapolation_value");
  const nearest = c.attrs.string("method") === "nearest";
  const pixel = (b: number, y: number, x: number): number => ((b * height + y) * width + x) * depth;
  eachPixel(c, 1, shape, [rows, columns], (box, b, row, column, y, x) => {
    const at = ((box * rows + row) * columns + column) * depth;
    if (!y || !x) out.fill(outside, at, at + depth);
    else if (nearest) {
      const source = pixel(b, y.nearest, x.nearest);
      for (let d = 0; d < depth; d++) out[at + d] = from[source + d]!;
    } else {
      const [a, e] = [pixel(b, y.low, x.low), pixel(b, y.low, x.high)];
      const [f, g] = [pixel(b, y.high, x.low), pixel(b, y.high, x.high)];
      for (let d = 0; d < depth; d++) {
        const top = f32(from[a + d]! + f32(f32(from[e + d]! - from[a + d]!) * x.far));
        const bottom = f32(from[f + d]! + f32(f32(from[g + d]! - from[f + d]!) * x.far));
        out[at + d] = top + f32(f32(bottom - top) * y.far);
      }
    }
  });
  return ndArray("float32", [count, rows, columns, depth], out);
}

function gradientByImages(c: HostContext): NdArray {
  const fail: Fail = (sentence) => c.fail("INVALID_ARGUMENT", sentence);
  const grads = c.input(0);
  if (grads.shape.length !== 4) fail(`grads image must be 4-D${new Shape(grads.shape)}`);
  const [boxes, rows, columns, depth] = grads.shape as [number, number, number, number];
  const { count } = boxesOf(c, 1);
  if (boxes !== count) fail("boxes and grads have incompatible shape");
  const dims = numbersOf(c.input(3));
  if (dims.length !== 4) fail(`image_size must have four elements${new Shape(c.input(3).shape)}`);
  const [, height, width, channels] = dims as [number, number, number, number];
  if (height <= 0 || width <= 0) fail("image dimensions must be positive");
  if (channels !== depth) fail("image_size and grads are incompatible");
  const from = grads.data as Float32Array;
  const sum = new Float64Array(sizeOf(dims));
  const nearest = c.attrs.string("method") === "nearest";
  const pixel = (b: number, y: number, x: number): number => ((b * height + y) * width + x) * depth;
  eachPixel(c, 1, dims, [rows, columns], (box, b, row, column, y, x) => {
    if (!y || !x) return;
    const at = ((box * rows + row) * columns + column) * depth;
    for (let d = 0; d < depth; d++) {
      const grad = from[at + d]!;
      const add = (place: number, share: number): void => {
        sum[place + d] = sum[place + d]! + share * grad;
      };
      if (nearest) add(pixel(b, y.nearest, x.nearest), 1);
      else {
        add(pixel(b, y.low, x.low), (1 - x.far) * (1 - y.far));
        add(pixel(b, y.low, x.high), x.far * (1 - y.far));
        add(pixel(b, y.high, x.low), (1 - x.far) * y.far);
        add(pixel(b, y.high, x.high), x.far * y.far);
      }
    }
  });
  return ofNumbers(c.outputDType(0), dims, sum);
}

function ofNumbers(dtype: DType, dims: readonly number[], values: Float64Array): NdArray {
  if (isNarrowFloat(dtype))
    return ndArray(
      dtype,
      dims,
      Uint16Array.from(values, (x) => toBits(dtype, x)),
    );
  return dtype === "float64"
    ? ndArray(dtype, dims, values)
    : ndArray("float32", dims, Float32Array.from(values));
}

function gradientByBoxes(c: HostContext): NdArray {
  const fail: Fail = (sentence) => c.fail("INVALID_ARGUMENT", sentence);
  const [grads, image] = [c.input(0), c.input(1)];
  if (grads.shape.length !== 4) fail(`grads image must be 4-D${new Shape(grads.shape)}`);
  const [boxes, rows, columns, depth] = grads.shape as [number, number, number, number];
  if (image.shape.length !== 4) fail(`input image must be 4-D${new Shape(image.shape)}`);
  const [, height, width, channels] = image.shape as [number, number, number, number];
  if (height <= 0 || width <= 0) fail("image dimensions must be positive");
  if (channels !== depth) fail("image, grads depth differ");
  const { count } = boxesOf(c, 2);
  if (boxes !== count) fail("boxes and grads have incompatible shape");
  const [from, pixels] = [grads.data as Float32Array, numbersIn(image)];
  const sum = new Float64Array(count * 4);
  const pixel = (b: number, y: number, x: number): number => ((b * height + y) * width + x) * depth;
  eachPixel(c, 2, image.shape, [rows, columns], (box, b, row, column, y, x) => {
    if (!y || !x) return;
    const at = ((box * rows + row) * columns + column) * depth;
    const [tl, tr] = [pixel(b, y.low, x.low), pixel(b, y.low, x.high)];
    const [bl, br] = [pixel(b, y.high, x.low), pixel(b, y.high, x.high)];
    for (let d = 0; d < depth; d++) {
      const [a, e, f, g] = [pixels[tl + d]!, pixels[tr + d]!, pixels[bl + d]!, pixels[br + d]!];
      const byY = ((1 - x.far) * (f - a) + x.far * (g - e)) * from[at + d]!;
      const byX = ((1 - y.far) * (e - a) + y.far * (g - f)) * from[at + d]!;
      [byY * y.byStart, byX * x.byStart, byY * y.byEnd, byX * x.byEnd].forEach((slope, edge) => {
        sum[4 * box + edge] = sum[4 * box + edge]! + slope;
      });
    }
  });
  return ndArray("float32", [count, 4], Float32Array.from(sum));
}

function gradient(op: Operation, given: Grad): readonly (Tensor | undefined)[] {
  const [image, boxes, which] = op.inputs as [Tensor, Tensor, Tensor];
  const grad = dense(given);
  const size = image.shape.isFullyDefined() ? image.shape : shapeOf(image);
  const byImage = ["float16", "float32", "float64"].includes(image.dtype)
    ? applyOne("CropAndResizeGradImage", [grad, boxes, which, size], {
        attrs: { T: image.dtype, method: op.attrs.string("method") },
      })
    : undefined;
  const byBoxes = applyOne("CropAndResizeGradBoxes", [grad, image, boxes, which]);
  return [byImage, byBoxes, undefined, undefined];
}

/** Entries of CropAndResize and its gradients. */
export const cropAndResizeOps: readonly OpEntry[] = defineOps({
  CropAndResize: {
    shape: (c) => {
      const image = withRank(c.input(0), 4);
      const boxes = withRank(c.input(1), 2);
      const count = mergeDims(boxes.dim(0), withRank(c.input(2), 1).dim(0));
      withValue(boxes.dim(1), 4);
      return sizedImages(c, count, 3, image.dim(3));
    },
    host: (c) => [crops(c)],
    gradient: single(gradient),
  },
  CropAndResizeGradImage: {
    shape: (c) => [withRank(shapeFromInput(c, 3), 4)],
    host: (c) => [gradientByImages(c)],
  },
  CropAndResizeGradBoxes: { shape: (c) => [c.input(2)], host: (c) => [gradientByBoxes(c)] },
});
