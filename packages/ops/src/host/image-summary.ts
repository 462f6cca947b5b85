// Summaries of images: PNG files of what floats are scaled to. Source: tensorflow/core/kernels/summary_image_op.cc.
import { encode, Summary } from "@org/proto";
import { fromBits, type NdArray, toBits, toNumbers } from "@org/tensor";
import { defineOps } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { scalarShape } from "../shape-rules.ts";
import { stringArray, stringsOf } from "./text.ts";

/** Below this, all of an image counts as 0. */
const zeroThreshold = 1e-6;

/** Rounds to the images' own type, in which TensorFlow computes. */
function rounding(dtype: NdArray["dtype"]): (value: number) => number {
  if (dtype === "float64") return (value) => value;
  if (dtype === "float16") return (value) => fromBits("float16", toBits("float16", value));
  return Math.fround;
}

/**
 * Pixels from 0 to 255: images with negative numbers around 128, others from 0 up, so that the largest number comes out brightest. Pixels
 * with a number that is not finite get the bad color.
 */
export function shownPixels(
  values: readonly number[],
  channels: number,
  badColor: ArrayLike<number>,
  round: (value: number) => number = Math.fround,
): Uint8Array {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const whole = Array.from({ length: values.length / channels }, (_, pixel) => {
    const own = values.slice(pixel * channels, (pixel + 1) * channels);
    if (!own.every(Number.isFinite)) return false;
    least = Math.min(least, ...own);
    most = Math.max(most, ...own);
    return true;
  });
  const signed = least < 0;
  const largest = signed ? Math.max(Math.abs(least), Math.abs(most)) : most;
  const scale = largest < zeroThreshold ? 0 : round((signed ? 127 : 255) / largest);
  const offset = signed ? 128 : 0;
  return Uint8Array.from(values, (value, i) =>
    whole[Math.floor(i / channels)]
      ? Math.trunc(round(round(value * scale) + offset))
      : badColor[i % channels]!,
  );
}

async function imageSummary(c: HostContext): Promise<NdArray> {
  const [tag, images] = [c.input(0), c.input(1)];
  if (tag.shape.length !== 0) c.fail("INVALID_ARGUMENT", "Tags must be a scalar");
  const { shape, dtype } = images;
  if (shape.length !== 4 || ![1, 3, 4].includes(shape[3]!))
    c.fail("INVALID_ARGUMENT", `Tensor must be 4-D with last dim 1, 3, or 4, not [${shape}]`);
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const most = c.attrs.int("max_images");
  const badColor = c.attrs.tensor("bad_color").data as Uint8Array;
  const values = toNumbers(images);
  const each = height * width * channels;
  const png = await import("fast-png");
  const value = Array.from({ length: Math.min(most, batch) }, (_, i) => {
    const own = values.slice(i * each, (i + 1) * each);
    const data =
      dtype === "uint8" ? Uint8Array.from(own) : shownPixels(own, channels, badColor, rounding(dtype));
    return {
      tag: `${stringsOf(tag)[0]!}/image${most > 1 ? `/${i}` : ""}`,
      image: {
        height,
        width,
        colorspace: channels,
        encodedImageString: png.encode({ width, height, channels, depth: 8, data }),
      },
    };
  });
  return stringArray([], [encode(Summary, { value })]);
}

/** ImageSummary. */
export const imageSummaryOps: readonly OpEntry[] = defineOps({
  ImageSummary: { shape: scalarShape, gradient: null, host: async (c) => [await imageSummary(c)] },
});
