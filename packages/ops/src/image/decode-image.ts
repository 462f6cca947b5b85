// tf.image: builders of the ops that read and write image files; which of them a file needs is told by its first bytes (decodeImage).
// Source: python/ops/image_ops_impl.py, gen_image_ops.py. The ops themselves: codec-ops.ts.
import type { Tensor } from "@org/graph";
import { type NdArray, ndArray } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { gather } from "../array/gather.ts";
import { Assert } from "../control/assert.ts";
import { cond } from "../control/cond.ts";
import { resolveGraph, withScope } from "../convert.ts";
import { equal, logicalAnd, notEqual } from "../math/comparison.ts";
import { invalid } from "../shape-rules.ts";
import { substr } from "../strings/substr.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";
import { convertImageDType } from "./adjust-images.ts";

export interface DecodeJpegOptions extends NameOption {
  /** 0 (as in the file) unless given, 1 or 3. */
  readonly channels?: number | undefined;
  /** Read at 1/2, 1/4 or 1/8 of the size. */
  readonly ratio?: number | undefined;
  readonly fancyUpscaling?: boolean | undefined;
  readonly tryRecoverTruncated?: boolean | undefined;
  readonly acceptableFraction?: number | undefined;
  /** "", "INTEGER_FAST" or "INTEGER_ACCURATE". */
  readonly dctMethod?: string | undefined;
}

/** tf.image.decode_jpeg: uint8 [height, width, channels]. @tfExport image.decodeJpeg */
export function decodeJpeg(contents: TensorLike, options: DecodeJpegOptions = {}): Tensor {
  const attrs = {
    channels: options.channels,
    ratio: options.ratio,
    fancy_upscaling: options.fancyUpscaling,
    try_recover_truncated: options.tryRecoverTruncated,
    acceptable_fraction: options.acceptableFraction,
    dct_method: options.dctMethod,
  };
  return applyOne("DecodeJpeg", [contents], { name: options.name, attrs });
}

export interface DecodePngOptions extends NameOption {
  /** 0 (as in the file) unless given, 1, 3 or 4. */
  readonly channels?: number | undefined;
  /** uint8 unless given. */
  readonly dtype?: "uint8" | "uint16" | undefined;
}

/** tf.image.decode_png: [height, width, channels]. What is no PNG fails the run with INVALID_ARGUMENT. @tfExport image.decodePng */
export function decodePng(contents: TensorLike, options: DecodePngOptions = {}): Tensor {
  const { name, channels, dtype } = options;
  return applyOne("DecodePng", [contents], { name, attrs: { channels, dtype } });
}

/** tf.image.decode_bmp: uint8 [height, width, channels]. @tfExport image.decodeBmp */
export function decodeBmp(
  contents: TensorLike,
  options: NameOption & { readonly channels?: number | undefined } = {},
): Tensor {
  return applyOne("DecodeBmp", [contents], { name: options.name, attrs: { channels: options.channels } });
}

/** tf.image.decode_gif: uint8 [frames, height, width, 3]. @tfExport image.decodeGif */
export function decodeGif(contents: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("DecodeGif", [contents], options);
}

/** tf.image.encode_png: a PNG of an image [height, width, 1 to 4] of uint8 or uint16. `compression`: 0 to 9, or -1. @tfExport image.encodePng */
export function encodePng(
  image: TensorLike,
  options: NameOption & { readonly compression?: number | undefined } = {},
): Tensor {
  return applyOne("EncodePng", [image], { name: options.name, attrs: { compression: options.compression } });
}

const bytes = (...values: number[]): NdArray => ndArray("string", [], [Uint8Array.from(values)]);

/** tf.image.is_jpeg: whether a string begins as a JPEG does. @tfExport image.isJpeg */
export function isJpeg(contents: TensorLike, options: NameOption = {}): Tensor {
  return withScope(resolveGraph([contents]), options.name, "is_jpeg", () =>
    equal(substr(contents, int32(0), int32(3)), bytes(0xff, 0xd8, 0xff), { name: options.name }),
  );
}

function isPng(contents: TensorLike): Tensor {
  return withScope(resolveGraph([contents]), undefined, "is_png", () =>
    equal(substr(contents, int32(0), int32(3)), bytes(0x89, 0x50, 0x4e)),
  );
}

export interface DecodeImageOptions extends NameOption {
  /** As in the file unless given; 0, 1, 3 or 4. */
  readonly channels?: 0 | 1 | 3 | 4 | undefined;
  /** uint8 unless given. */
  readonly dtype?: "uint8" | "uint16" | "float32" | undefined;
  /** All frames of a GIF: true unless given; else the first alone. */
  readonly expandAnimations?: boolean | undefined;
}

/**
 * tf.image.decode_image: a BMP, GIF, JPEG or PNG: [height, width, channels], of a GIF [frames, height, width, 3].
 * Throws TfError INVALID_ARGUMENT for other numbers of channels; what is no such file fails the run.
 * @tfExport image.decodeImage
 */
export function decodeImage(contents: TensorLike, options: DecodeImageOptions = {}): Tensor {
  const { channels, dtype = "uint8", expandAnimations = true } = options;
  if (channels !== undefined && ![0, 1, 3, 4].includes(channels))
    invalid("channels must be in (None, 0, 1, 3, 4)");
  const asked = int32(channels ?? 0);
  const graph = resolveGraph([contents]);
  return withScope(graph, options.name, "decode_image", () => {
    const start = substr(contents, int32(0), int32(3));
    const isNot = (count: number, name: string): Tensor => notEqual(asked, int32(count), { name });
    const bmp = (): Tensor => {
      const signature = substr(contents, int32(0), int32(2));
      const isBmp = equal(signature, "BM", { name: "is_bmp" });
      const decodable = Assert(isBmp, ["Unable to decode bytes as JPEG, PNG, GIF, or BMP"]);
      const good = isNot(1, "check_channels");
      const fits = Assert(good, ["Channels must be in (None, 0, 3) when decoding BMP images"]);
      return graph.controlDependencies([decodable, fits], () =>
        convertImageDType(decodeBmp(contents), dtype),
      );
    };
    const gif = (): Tensor => {
      const good = logicalAnd(isNot(1, "check_gif_channels"), isNot(4, "check_gif_channels"));
      const fits = Assert(good, ["Channels must be in (None, 0, 3) when decoding GIF images"]);
      return graph.controlDependencies([fits], () => {
        const frames = convertImageDType(decodeGif(contents), dtype);
        return expandAnimations ? frames : gather(frames, int32(0));
      });
    };
    const png = (): Tensor =>
      convertImageDType(
        decodePng(contents, { channels, dtype: dtype === "uint8" ? "uint8" : "uint16" }),
        dtype,
      );
    const jpeg = (): Tensor => {
      const good = isNot(4, "check_jpeg_channels");
      const fits = Assert(good, ["Channels must be in (None, 0, 1, 3) when decoding JPEG images"]);
      return graph.controlDependencies([fits], () =>
        convertImageDType(decodeJpeg(contents, { channels }), dtype),
      );
    };
    const gifOrBmp = (): Tensor => {
      const isGif = equal(start, "GIF", { name: "is_gif" });
      return cond(isGif, gif, bmp, { name: "cond_gif" }) as Tensor;
    };
    const pngOrOther = (): Tensor => cond(isPng(contents), png, gifOrBmp, { name: "cond_png" }) as Tensor;
    return cond(isJpeg(contents), jpeg, pngOrOther, { name: "cond_jpeg" }) as Tensor;
  });
}
