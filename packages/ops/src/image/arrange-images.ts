// tf.image: turning, mirroring, cropping, padding and resizing images [height, width, channels] and batches of them.
// Source: python/ops/image_ops_impl.py.
import type { Tensor } from "@org/graph";
import { constantValueAsShape } from "@org/graph";
import { Shape } from "@org/tensor";
import { stack } from "../array/pack.ts";
import { pad } from "../array/pad.ts";
import { expandDims, reshape, squeeze } from "../array/reshape.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { slice } from "../array/slice.ts";
import { getItem } from "../array/strided-slice.ts";
import { reverse, transpose } from "../array/transpose.ts";
import { case as caseOf } from "../control/case.ts";
import { cond } from "../control/cond.ts";
import { withDependencies } from "../control/group.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { cast } from "../math/cast.ts";
import { equal, less } from "../math/comparison.ts";
import { floormod } from "../math/division.ts";
import { operator } from "../math/operator.ts";
import { round } from "../math/unary.ts";
import { randomUniform } from "../random/random.ts";
import { invalid } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";
import {
  checkedImage,
  type Extent,
  extentCheck,
  extents,
  extentsOf,
  imageChecks,
  known,
} from "./image-checks.ts";
import {
  type ResizeBuilder,
  resizeArea,
  resizeBicubic,
  resizeBilinear,
  resizeNearestNeighbor,
} from "./resize-ops.ts";

/** An image as a tensor, in a scope of the function's name. */
function ofImage<R>(
  image: TensorLike,
  name: string | undefined,
  scope: string,
  body: (x: Tensor, scope: string) => R,
): R {
  const graph = resolveGraph([image]);
  return withScope(graph, name, scope, (opened) =>
    body(convertToTensor(image, { graph, name: "image" }), opened),
  );
}

const threeOrFour = (): never => invalid("'image' must have either 3 or 4 dimensions.");

/** Whether the tensor is one image (or of unknown rank), not a batch. Throws where it is neither. */
function isSingle({ shape }: Tensor): boolean {
  if (shape.rank === 3 || shape.rank === null) return true;
  return shape.rank === 4 ? false : threeOrFour();
}

function keepingShape(image: Tensor, result: Tensor): Tensor {
  result.setShape(image.shape.dims === null ? [null, null, null] : image.shape);
  return result;
}

function flip(image: TensorLike, axis: 0 | 1, scope: string): Tensor {
  return ofImage(image, undefined, scope, (converted) => {
    const x = checkedImage(converted);
    return isSingle(x) ? keepingShape(x, reverse(x, [axis])) : reverse(x, [axis + 1]);
  });
}

/** tf.image.flip_left_right: mirrored, columns in reverse. @tfExport image.flipLeftRight */
export function flipLeftRight(image: TensorLike): Tensor {
  return flip(image, 1, "flip_left_right");
}

/** tf.image.flip_up_down: mirrored, rows in reverse. @tfExport image.flipUpDown */
export function flipUpDown(image: TensorLike): Tensor {
  return flip(image, 0, "flip_up_down");
}

export interface SeedOption {
  readonly seed?: number | undefined;
}

function randomFlip(image: TensorLike, axis: 0 | 1, scope: string, { seed }: SeedOption): Tensor {
  return ofImage(image, undefined, scope, (converted, opened) => {
    const x = checkedImage(converted);
    if (isSingle(x)) {
      const flipped = less(randomUniform([], { minval: 0, maxval: 1, seed }), 0.5);
      const result = cond(
        flipped,
        () => reverse(x, [axis]),
        () => x,
        { name: opened },
      ) as Tensor;
      return keepingShape(x, result);
    }
    const drawn = randomUniform([getItem(shapeOf(x), 0)] as TensorLike, { minval: 0, maxval: 1, seed });
    const flips = cast(round(reshape(drawn, [getItem(shapeOf(x), 0), 1, 1, 1] as TensorLike)), x.dtype);
    const mirrored = operator.mul(flips, reverse(x, [axis + 1]));
    return operator.add(mirrored, operator.mul(operator.sub(1, flips), x));
  });
}

/** tf.image.random_flip_left_right: mirrored as often as not. @tfExport image.randomFlipLeftRight */
export function randomFlipLeftRight(image: TensorLike, options: SeedOption = {}): Tensor {
  return randomFlip(image, 1, "random_flip_left_right", options);
}

/** tf.image.random_flip_up_down: mirrored as often as not. @tfExport image.randomFlipUpDown */
export function randomFlipUpDown(image: TensorLike, options: SeedOption = {}): Tensor {
  return randomFlip(image, 0, "random_flip_up_down", options);
}

/** tf.image.rot90: turned counter-clockwise by 90 degrees, `k` times (once unless given). @tfExport image.rot90 */
export function rot90(
  image: TensorLike,
  options: NameOption & { readonly k?: TensorLike | undefined } = {},
): Tensor {
  return ofImage(image, options.name, "rot90", (converted, scope) => {
    const x = checkedImage(converted);
    const k = floormod(convertToTensor(options.k ?? 1, { dtype: "int32", name: "k" }), 4);
    const single = isSingle(x);
    const at = single ? 0 : 1;
    const turn = single ? [1, 0, 2] : [0, 2, 1, 3];
    const axis = at + 1;
    const result = caseOf(
      [
        [equal(k, 1), () => transpose(reverse(x, [axis]), turn)],
        [equal(k, 2), () => reverse(x, [at, axis])],
        [equal(k, 3), () => reverse(transpose(x, turn), [axis])],
      ],
      { default: () => x, exclusive: true, name: scope },
    ) as Tensor;
    const depth = x.shape.dim(-1);
    result.setShape(single ? [null, null, depth] : [result.shape.dim(0), null, null, depth]);
    return result;
  });
}

/** tf.image.transpose: rows become columns. @tfExport image.transpose */
export function transposeImage(image: TensorLike, options: NameOption = {}): Tensor {
  return ofImage(image, options.name, "transpose", (converted) => {
    const x = checkedImage(converted);
    return transpose(x, isSingle(x) ? [1, 0, 2] : [0, 2, 1, 3]);
  });
}

/** A vector of extents: a constant where all are numbers. */
function vectorOf(values: readonly Extent[]): Tensor {
  const numbers = values.filter((value) => typeof value === "number");
  if (numbers.length === values.length) return convertToTensor(Int32Array.from(numbers), { name: "stack" });
  return stack(values.map((value) => (typeof value === "number" ? int32(value) : value)) as TensorLike[]);
}

/**
 * tf.image.central_crop: the middle of an image or a batch, of that part (above 0, up to 1) of its height and width.
 * Throws TfError INVALID_ARGUMENT for other parts and for ranks that are neither 3 nor 4.
 * @tfExport image.centralCrop
 */
export function centralCrop(image: TensorLike, centralFraction: number): Tensor {
  return ofImage(image, undefined, "central_crop", (x) => {
    if (!(centralFraction > 0 && centralFraction <= 1)) invalid("central_fraction must be within (0, 1]");
    if (centralFraction === 1) return x;
    checkedImage(x);
    const { rank } = x.shape;
    if (rank !== 3 && rank !== 4)
      invalid(`\`image\` should either be a Tensor with rank = 3 or rank = 4. Had rank = ${rank ?? "None"}.`);
    const first = rank - 3;
    const sides = [first, first + 1].map((i): Extent => x.shape.dim(i) ?? getItem(shapeOf(x), i));
    const starts = sides.map((side): Extent => {
      if (typeof side === "number") return Math.trunc((side - side * centralFraction) / 2);
      const wide = cast(side, "float64");
      const rest = operator.sub(wide, operator.mul(wide, centralFraction));
      return cast(operator.truediv(rest, 2), "int32");
    });
    const sizes = sides.map((side, i): Extent => {
      const start = starts[i]!;
      return extents.sub(side, typeof start === "number" ? start * 2 : operator.mul(start, 2));
    });
    const batch = rank === 4;
    const cropped = slice(
      x,
      vectorOf([...(batch ? [0] : []), ...starts, 0]),
      vectorOf([...(batch ? [-1] : []), ...sizes, -1]),
    );
    cropped.setShape([...(batch ? [x.shape.dim(0)] : []), ...sizes.map(known), x.shape.dim(-1)]);
    return cropped;
  });
}

/** `body` on a batch: a single image becomes one of one image, and its result a single image. */
function asBatch(image: Tensor, body: (batch: Tensor) => Tensor): Tensor {
  const single = isSingle(image);
  let batch = image;
  if (single) {
    batch = expandDims(image, int32(0));
    if (image.shape.rank === null) batch.setShape([null, null, null, null]);
  }
  const result = body(batch);
  return single ? squeeze(result, [0]) : result;
}

/** tf.image.pad_to_bounding_box: zeros around an image, up to the target's size. Throws TfError INVALID_ARGUMENT where it does not fit. @tfExport image.padToBoundingBox */
export function padToBoundingBox(
  image: TensorLike,
  offsetHeight: Extent,
  offsetWidth: Extent,
  targetHeight: Extent,
  targetWidth: Extent,
): Tensor {
  return ofImage(image, undefined, "pad_to_bounding_box", (converted) =>
    asBatch(converted, (batch) => {
      const checks = [...imageChecks(batch)];
      const [count, height, width, depth] = extentsOf(batch, 4) as [Extent, Extent, Extent, Extent];
      const right = extents.sub(extents.sub(targetWidth, offsetWidth), width);
      const below = extents.sub(extents.sub(targetHeight, offsetHeight), height);
      checks.push(
        ...extentCheck(extents.ge(offsetHeight, 0), "offset_height must be >= 0"),
        ...extentCheck(extents.ge(offsetWidth, 0), "offset_width must be >= 0"),
        ...extentCheck(extents.ge(right, 0), "width must be <= target - offset"),
        ...extentCheck(extents.ge(below, 0), "height must be <= target - offset"),
      );
      const x = withDependencies(checks, batch);
      const paddings = reshape(vectorOf([0, 0, offsetHeight, below, offsetWidth, right, 0, 0]), [4, 2]);
      const padded = pad(x, paddings);
      padded.setShape([count, targetHeight, targetWidth, depth].map(known));
      return padded;
    }),
  );
}

/** tf.image.crop_to_bounding_box: what of an image lies in a box. Throws TfError INVALID_ARGUMENT where the box is not within it. @tfExport image.cropToBoundingBox */
export function cropToBoundingBox(
  image: TensorLike,
  offsetHeight: Extent,
  offsetWidth: Extent,
  targetHeight: Extent,
  targetWidth: Extent,
): Tensor {
  return ofImage(image, undefined, "crop_to_bounding_box", (converted) =>
    asBatch(converted, (batch) => {
      const checks = [...imageChecks(batch)];
      const [count, height, width, depth] = extentsOf(batch, 4) as [Extent, Extent, Extent, Extent];
      checks.push(
        ...extentCheck(extents.ge(offsetWidth, 0), "offset_width must be >= 0."),
        ...extentCheck(extents.ge(offsetHeight, 0), "offset_height must be >= 0."),
        ...extentCheck(extents.gt(targetWidth, 0), "target_width must be > 0."),
        ...extentCheck(extents.gt(targetHeight, 0), "target_height must be > 0."),
        ...extentCheck(
          extents.ge(width, extents.add(targetWidth, offsetWidth)),
          "width must be >= target + offset.",
        ),
        ...extentCheck(
          extents.ge(height, extents.add(targetHeight, offsetHeight)),
          "height must be >= target + offset.",
        ),
      );
      const x = withDependencies(checks, batch);
      const begin = vectorOf([0, offsetHeight, offsetWidth, 0]);
      const cropped = slice(x, begin, vectorOf([-1, targetHeight, targetWidth, -1]));
      cropped.setShape([count, targetHeight, targetWidth, depth].map(known));
      return cropped;
    }),
  );
}

/** tf.image.resize_image_with_crop_or_pad: the middle of an image, cropped or with zeros around it, of the target's size. @tfExport image.resizeImageWithCropOrPad, image.resizeWithCropOrPad */
export function resizeImageWithCropOrPad(
  image: TensorLike,
  targetHeight: Extent,
  targetWidth: Extent,
): Tensor {
  return ofImage(image, undefined, "resize_image_with_crop_or_pad", (converted) =>
    asBatch(converted, (batch) => {
      const checks = [
        ...imageChecks(batch),
        ...extentCheck(extents.gt(targetWidth, 0), "target_width must be > 0."),
        ...extentCheck(extents.gt(targetHeight, 0), "target_height must be > 0."),
      ];
      const x = withDependencies(checks, batch);
      const after = (extent: Extent): Extent =>
        typeof extent === "number" ? extent : withDependencies(checks, extent);
      const [rows, columns] = [after(targetHeight), after(targetWidth)];
      const [, height, width] = extentsOf(x, 4) as [Extent, Extent, Extent];
      const wider = extents.sub(columns, width);
      const cropLeft = extents.max(extents.halved(extents.negated(wider)), 0);
      const padLeft = extents.max(extents.halved(wider), 0);
      const higher = extents.sub(rows, height);
      const cropTop = extents.max(extents.halved(extents.negated(higher)), 0);
      const padTop = extents.max(extents.halved(higher), 0);
      const cropped = cropToBoundingBox(
        x,
        cropTop,
        cropLeft,
        extents.min(rows, height),
        extents.min(columns, width),
      );
      const resized = padToBoundingBox(cropped, padTop, padLeft, rows, columns);
      const [, gotHeight, gotWidth] = extentsOf(resized, 4) as [Extent, Extent, Extent];
      const right = [
        ...extentCheck(extents.eq(gotHeight, rows), "resized height is not correct."),
        ...extentCheck(extents.eq(gotWidth, columns), "resized width is not correct."),
      ];
      return withDependencies(right, resized);
    }),
  );
}

/** The ways of resizing: tf.image.ResizeMethod. */
export const ResizeMethod = { BILINEAR: 0, NEAREST_NEIGHBOR: 1, BICUBIC: 2, AREA: 3 } as const;
export type ResizeMethod = (typeof ResizeMethod)[keyof typeof ResizeMethod];

const resizers: Readonly<Record<ResizeMethod, ResizeBuilder>> = {
  [ResizeMethod.BILINEAR]: resizeBilinear,
  [ResizeMethod.NEAREST_NEIGHBOR]: resizeNearestNeighbor,
  [ResizeMethod.BICUBIC]: resizeBicubic,
  [ResizeMethod.AREA]: resizeArea,
};

export interface ResizeImagesOptions extends NameOption {
  /** Bilinear unless given. */
  readonly method?: ResizeMethod | undefined;
  readonly alignCorners?: boolean | undefined;
}

/**
 * tf.image.resize_images: an image or a batch, resized to `size` [height, width]; as it is where it has that size already.
 * Throws TfError INVALID_ARGUMENT for images of another rank and for a size that is no vector of two.
 * @tfExport image.resizeImages, image.resize
 */
export function resizeImages(
  images: TensorLike,
  size: TensorLike,
  options: ResizeImagesOptions = {},
): Tensor {
  const { name, method = ResizeMethod.BILINEAR, alignCorners = false } = options;
  const graph = resolveGraph([images, size]);
  return withScope(graph, name, "resize", () => {
    const converted = convertToTensor(images, { graph, name: "images" });
    const { rank } = converted.shape;
    if (rank === null) invalid("'images' contains no shape.");
    if (rank !== 3 && rank !== 4) invalid("'images' must have either 3 or 4 dimensions.");
    return asBatch(converted, (batch) => {
      const to = convertToTensor(size, { graph, dtype: "int32", name: "size" });
      if (!to.shape.isCompatibleWith(new Shape([2])))
        invalid("'size' must be a 1-D Tensor of 2 elements: new_height, new_width");
      const [rows, columns] = (constantValueAsShape(to).dims ?? [null, null]) as [
        number | null,
        number | null,
      ];
      const same =
        rows !== null && columns !== null && batch.shape.dim(1) === rows && batch.shape.dim(2) === columns;
      if (same) return batch;
      const resized = resizers[method](batch, to, { alignCorners });
      resized.setShape([null, rows, columns, null]);
      return resized;
    });
  });
}
