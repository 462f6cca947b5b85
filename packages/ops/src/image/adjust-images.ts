// tf.image: what changes the values of images: their type, brightness, contrast, hue, saturation; gray; standardized.
// Source: python/ops/image_ops_impl.py.
import type { Tensor } from "@org/graph";
import { type DType, dtypes } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { identity } from "../array/constant.ts";
import { ones } from "../array/fill.ts";
import { expandDims } from "../array/reshape.ts";
import { rank as rankOf, shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { tile } from "../array/tile.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { add, maximum, multiply } from "../math/binary.ts";
import { cast, saturateCast } from "../math/cast.ts";
import { div, operator } from "../math/operator.ts";
import { reduceMean, reduceProd, reduceStd, reduceSum } from "../math/reductions.ts";
import { tensordot } from "../math/tensordot.ts";
import { abs, rsqrt } from "../math/unary.ts";
import { randomUniform } from "../random/random.ts";
import { invalid } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32, toNdArray } from "../to-nd-array.ts";
import type { SeedOption } from "./arrange-images.ts";
import { checkedImage } from "./image-checks.ts";

/** The largest number of an integer type. */
function largest(dtype: DType): number {
  const { kind, bytes } = dtypes[dtype];
  return 2 ** (8 * bytes - (kind === "uint" ? 0 : 1)) - 1;
}

const isInteger = (dtype: DType): boolean => dtypes[dtype].kind === "int" || dtypes[dtype].kind === "uint";
const isFloat = (dtype: DType): boolean => dtypes[dtype].kind === "float";

export interface ConvertImageOptions extends NameOption {
  /** Numbers beyond the type become its least or largest: false unless given. */
  readonly saturate?: boolean | undefined;
}

/**
 * tf.image.convert_image_dtype: values scaled to the type: [0, 1] of floating-point types, [0, largest] of integers.
 * Throws a TypeError for other types.
 * @tfExport image.convertImageDType, image.convertImageDtype
 */
export function convertImageDType(
  image: TensorLike,
  dtype: DType,
  options: ConvertImageOptions = {},
): Tensor {
  const { name, saturate = false } = options;
  const graph = resolveGraph([image]);
  const x = convertToTensor(image, { graph, name: "image" });
  if (!isFloat(dtype) && !isInteger(dtype))
    throw new TypeError("dtype must be either floating point or integer");
  if (dtype === x.dtype) return identity(x, { name });
  const to = (value: Tensor, scope?: NameOption): Tensor =>
    saturate ? saturateCast(value, dtype, scope) : cast(value, dtype, scope);
  return withScope(graph, name, "convert_image", (scope) => {
    const named = { name: scope };
    const number = (value: number, like: DType): TensorLike => toNdArray(value, like);
    if (isInteger(x.dtype) && isInteger(dtype)) {
      const [from, into] = [largest(x.dtype), largest(dtype)];
      if (from > into) return to(div(x, number((from + 1) / (into + 1), x.dtype)), named);
      return multiply(to(x), number((into + 1) / (from + 1), dtype), named);
    }
    if (isFloat(x.dtype) && isFloat(dtype)) return cast(x, dtype, named);
    if (isInteger(x.dtype)) return multiply(cast(x, dtype), 1 / largest(x.dtype), named);
    return to(multiply(x, largest(dtype) + 0.5), named);
  });
}

/** The images in float32, unless they are float16 or float32. */
function floating(images: Tensor): Tensor {
  return images.dtype === "float16" || images.dtype === "float32"
    ? images
    : convertImageDType(images, "float32");
}

/** tf.image.adjust_brightness: `delta` more, of images that lie in [0, 1] or all of their integer type. @tfExport image.adjustBrightness */
export function adjustBrightness(image: TensorLike, delta: TensorLike): Tensor {
  const graph = resolveGraph([image, delta]);
  return withScope(graph, undefined, "adjust_brightness", (scope) => {
    const x = convertToTensor(image, { graph, name: "image" });
    const wide = floating(x);
    const adjusted = add(wide, cast(delta, wide.dtype), { name: scope });
    return convertImageDType(adjusted, x.dtype, { saturate: true });
  });
}

/** tf.image.adjust_contrast: `contrastFactor` times as far from each channel's mean. @tfExport image.adjustContrast */
export function adjustContrast(images: TensorLike, contrastFactor: TensorLike): Tensor {
  const graph = resolveGraph([images, contrastFactor]);
  return withScope(graph, undefined, "adjust_contrast", (scope) => {
    const x = convertToTensor(images, { graph, name: "images" });
    const adjusted = applyOne("AdjustContrastv2", [floating(x), contrastFactor], { name: scope });
    return convertImageDType(adjusted, x.dtype, { saturate: true });
  });
}

/** tf.image.adjust_hue: turned by `delta` (in [-1, 1]) around the circle of colors. @tfExport image.adjustHue */
export function adjustHue(image: TensorLike, delta: TensorLike, options: NameOption = {}): Tensor {
  return colored(image, delta, "adjust_hue", "AdjustHue", options);
}

/** tf.image.adjust_saturation: `saturationFactor` times as far from gray. @tfExport image.adjustSaturation */
export function adjustSaturation(
  image: TensorLike,
  saturationFactor: TensorLike,
  options: NameOption = {},
): Tensor {
  return colored(image, saturationFactor, "adjust_saturation", "AdjustSaturation", options);
}

function colored(
  image: TensorLike,
  by: TensorLike,
  scope: string,
  type: string,
  { name }: NameOption,
): Tensor {
  const graph = resolveGraph([image, by]);
  return withScope(graph, name, scope, () => {
    const x = convertToTensor(image, { graph, name: "image" });
    return convertImageDType(applyOne(type, [floating(x), by]), x.dtype);
  });
}

/** A number drawn between the bounds. Throws TfError INVALID_ARGUMENT where they are none. */
function drawn(lower: number, upper: number, { seed }: SeedOption): Tensor {
  if (upper <= lower) invalid("upper must be > lower.");
  if (lower < 0) invalid("lower must be non-negative.");
  return randomUniform([], { minval: lower, maxval: upper, seed });
}

/** A number drawn from [-maxDelta, maxDelta). */
function drawnAround(maxDelta: number, { seed }: SeedOption): Tensor {
  if (maxDelta < 0) invalid("max_delta must be non-negative.");
  return randomUniform([], { minval: -maxDelta, maxval: maxDelta, seed });
}

/** tf.image.random_brightness: by a delta of up to `maxDelta`. @tfExport image.randomBrightness */
export function randomBrightness(image: TensorLike, maxDelta: number, options: SeedOption = {}): Tensor {
  return adjustBrightness(image, drawnAround(maxDelta, options));
}

/** tf.image.random_contrast: by a factor between `lower` and `upper`. @tfExport image.randomContrast */
export function randomContrast(
  image: TensorLike,
  lower: number,
  upper: number,
  options: SeedOption = {},
): Tensor {
  return adjustContrast(image, drawn(lower, upper, options));
}

/** tf.image.random_hue: by a delta of up to `maxDelta`, which is at most 0.5. @tfExport image.randomHue */
export function randomHue(image: TensorLike, maxDelta: number, options: SeedOption = {}): Tensor {
  if (maxDelta > 0.5) invalid("max_delta must be <= 0.5.");
  return adjustHue(image, drawnAround(maxDelta, options));
}

/** tf.image.random_saturation: by a factor between `lower` and `upper`. @tfExport image.randomSaturation */
export function randomSaturation(
  image: TensorLike,
  lower: number,
  upper: number,
  options: SeedOption = {},
): Tensor {
  return adjustSaturation(image, drawn(lower, upper, options));
}

/** tf.image.rgb_to_grayscale: [..., 3] to [..., 1], weighted as the eye does. @tfExport image.rgbToGrayscale */
export function rgbToGrayscale(images: TensorLike, options: NameOption = {}): Tensor {
  const graph = resolveGraph([images]);
  return withScope(graph, options.name, "rgb_to_grayscale", (scope) => {
    const x = convertToTensor(images, { graph, name: "images" });
    const gray = tensordot(convertImageDType(x, "float32"), [0.2989, 0.587, 0.114], [-1, -1]);
    return convertImageDType(expandDims(gray, int32(-1)), x.dtype, { name: scope });
  });
}

/** tf.image.grayscale_to_rgb: [..., 1] to [..., 3]. Throws TfError INVALID_ARGUMENT for another last dimension. @tfExport image.grayscaleToRgb */
export function grayscaleToRgb(images: TensorLike, options: NameOption = {}): Tensor {
  const graph = resolveGraph([images]);
  return withScope(graph, options.name, "grayscale_to_rgb", (scope) => {
    const x = convertToTensor(images, { graph, name: "images" });
    if (x.shape.rank !== null && x.shape.dim(-1) !== null && x.shape.dim(-1) !== 1)
      invalid("Last dimension of a grayscale image should be size 1.");
    const outer = expandDims(operator.sub(rankOf(x), 1), int32(0));
    const multiples = concat([ones(outer, "int32"), expandDims(int32(3), int32(0))], 0);
    const rgb = tile(x, multiples, { name: scope });
    if (x.shape.dims !== null) rgb.setShape([...x.shape.dims.slice(0, -1), 3]);
    return rgb;
  });
}

/** tf.image.per_image_standardization: each image (or batch element) with mean 0 and variance 1. @tfExport image.perImageStandardization */
export function perImageStandardization(image: TensorLike): Tensor {
  const graph = resolveGraph([image]);
  return withScope(graph, undefined, "per_image_standardization", (scope) => {
    const converted = checkedImage(convertToTensor(image, { graph, name: "image" }));
    const x = floating(converted);
    const pixels = reduceProd(getItem(shapeOf(x), [{ start: -3 }]));
    const axis = [-1, -2, -3];
    const mean = reduceMean(x, axis, { keepdims: true });
    const deviation = reduceStd(x, axis, { keepdims: true });
    const least = rsqrt(cast(pixels, x.dtype));
    const scale = maximum(deviation, least);
    const result = div(operator.sub(x, mean), scale, { name: scope });
    return convertImageDType(result, converted.dtype, { saturate: true });
  });
}

/** tf.image.total_variation: the sum of the differences of neighboring pixels: a scalar of an image, a vector of a batch. @tfExport image.totalVariation */
export function totalVariation(images: TensorLike, options: NameOption = {}): Tensor {
  const graph = resolveGraph([images]);
  return withScope(graph, options.name, "total_variation", () => {
    const x = convertToTensor(images, { graph });
    const { rank } = x.shape;
    if (rank !== 3 && rank !== 4) invalid("'images' must be either 3 or 4-dimensional.");
    const first = rank - 3;
    const difference = (axis: number): Tensor => {
      const part = (range: { start?: number; stop?: number }): Tensor =>
        getItem(
          x,
          Array.from({ length: rank }, (_, i) => (i === axis ? range : {})),
        );
      const later = part({ start: 1 });
      return operator.sub(later, part({ stop: -1 }));
    };
    const [down, across] = [difference(first), difference(first + 1)];
    const axes = rank === 4 ? [1, 2, 3] : undefined;
    const sum = reduceSum(abs(down), axes);
    return operator.add(sum, reduceSum(abs(across), axes));
  });
}
