// Ops that read and write image files: PNG by fast-png, JPEG by jpeg-js, both loaded when a graph first needs them; BMP and GIF are read here.
// Sizes are checked before anything is unpacked. Pixels of JPEGs may differ from libjpeg's by a few units (another inverse transform, no smoothing
// of colors between pixels). Source: core/ops/image_ops.cc, core/kernels/{decode_image_op,decode_bmp_op,encode_png_op}.cc.
import { type NdArray, ndArray, Shape } from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import { escaped, stringArray } from "../host/text.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { invalid, withRank } from "../shape-rules.ts";
import { readGif } from "./gif.ts";
import { convertPixels, type Pixels } from "./pixels.ts";

/** TensorFlow refuses images of more pixels: kMaxPixels of decode_bmp_op, and what an int32 of bytes holds. */
const mostPixels = 2 ** 28;

/** The bytes of a scalar string input. */
function contentsOf(c: HostContext): Uint8Array {
  const { shape, data } = c.input(0);
  if (shape.length !== 0)
    c.fail("INVALID_ARGUMENT", `contents must be scalar, got shape ${new Shape(shape)}`);
  return (data as Uint8Array[])[0]!;
}

const starts = (bytes: Uint8Array, ...with_: readonly number[]): boolean =>
  with_.every((byte, i) => bytes[i] === byte);

function checkSize(c: HostContext, what: string, width: number, height: number): void {
  if (width <= 0 || height <= 0 || width * height > mostPixels)
    c.fail("INVALID_ARGUMENT", `${what} size is not valid: ${width} x ${height}`);
}

const hint = "The file is broken, or of another format: decode_image tells formats by their first bytes.";

/** A palette's or gray image's samples of fewer than 8 bits, one a byte; rows begin at whole bytes. */
function unpacked(data: ArrayLike<number>, width: number, height: number, depth: number): Uint8Array {
  const out = new Uint8Array(width * height);
  const line = Math.ceil((width * depth) / 8);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = data[y * line + (bit >> 3)]!;
      out[y * width + x] = (byte >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
    }
  return out;
}

async function decodePng(c: HostContext, bytes: Uint8Array): Promise<Pixels> {
  if (bytes.length < 29)
    return c.fail("INVALID_ARGUMENT", "Invalid PNG header, data size ".concat(`${bytes.length}`), hint);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  checkSize(c, "PNG", width, height);
  const png = await import("fast-png");
  let image: import("fast-png").DecodedPng;
  try {
    image = png.decode(bytes, { checkCrc: true });
  } catch (error) {
    return c.fail(
      "INVALID_ARGUMENT",
      `Invalid PNG data, size ${bytes.length}: ${(error as Error).message}`,
      hint,
    );
  }
  const { depth, palette, transparency } = image;
  const small =
    depth < 8 ? unpacked(image.data, width * (palette ? 1 : image.channels), height, depth) : undefined;
  if (palette) {
    const indices = small ?? image.data;
    const channels = palette[0]?.length === 4 ? 4 : 3;
    const data = new Uint8Array(width * height * channels);
    for (let i = 0; i < width * height; i++) {
      const color = palette[indices[i]!];
      if (!color)
        return c.fail("INVALID_ARGUMENT", `Invalid PNG data: no color ${indices[i]} in its palette`, hint);
      data.set(color.slice(0, channels), i * channels);
    }
    return { width, height, channels, bits: 8, data };
  }
  const scale = 255 / ((1 << depth) - 1);
  const data = small ? small.map((value) => value * scale) : image.data;
  const bits = depth === 16 ? 16 : 8;
  if (!transparency || transparency.length === 0)
    return { width, height, channels: image.channels, bits, data };
  // One color (given in the file's depth) is transparent.
  const clear = Array.from(transparency, (value) => (small ? value * scale : value));
  const channels = image.channels + 1;
  const opaque = bits === 16 ? 65535 : 255;
  const wide = new Uint16Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const pixel = Array.from({ length: image.channels }, (_, k) => data[i * image.channels + k]!);
    wide.set([...pixel, pixel.every((value, k) => value === clear[k]) ? 0 : opaque], i * channels);
  }
  return { width, height, channels, own: image.channels, bits, data: wide };
}

async function decodeJpeg(c: HostContext, bytes: Uint8Array, strict: boolean): Promise<Pixels> {
  const { default: jpeg } = await import("jpeg-js");
  try {
    const { width, height, data } = jpeg.decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: !strict,
      maxResolutionInMP: mostPixels / 1e6,
      maxMemoryUsageInMB: 4096,
    });
    return {
      width,
      height,
      channels: grayscale(bytes) ? 1 : 3,
      bits: 8,
      data: grayscale(bytes) ? everyThird(data) : data,
    };
  } catch (error) {
    return c.fail(
      "INVALID_ARGUMENT",
      `Invalid JPEG data or crop window, data size ${bytes.length}: ${(error as Error).message}`,
      hint,
    );
  }
}

/** How many components a JPEG's frame has: one is a gray image. */
function grayscale(bytes: Uint8Array): boolean {
  for (let at = 2; at + 9 < bytes.length; ) {
    if (bytes[at] !== 0xff) return false;
    const marker = bytes[at + 1]!;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return bytes[at + 9] === 1;
    if (marker === 0xff) at++;
    else at += 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
  }
  return false;
}

function everyThird(data: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: data.length / 3 }, (_, i) => data[3 * i]!);
}

/** An uncompressed BMP of 8 (gray), 24 or 32 bits, its rows from below or from above. */
function decodeBmp(c: HostContext, bytes: Uint8Array, wanted: number): NdArray {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence, hint);
  if (bytes.length < 32)
    fail(
      `Incomplete bmp content, requires at least 32 bytes to find the header size, width, height, and bpp, got ${bytes.length} bytes`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = view.getInt32(10, true);
  const [width, signedHeight] = [view.getInt32(18, true), view.getInt32(22, true)];
  const bits = view.getInt16(28, true);
  const channels = bits / 8;
  if (![1, 3, 4].includes(channels))
    fail(`Number of channels inherent in the image must be 1, 3 or 4, was ${channels}`);
  if (wanted !== 0 && wanted !== channels)
    fail(`channels attribute ${wanted} does not match bits per pixel from file ${channels}`);
  const height = Math.abs(signedHeight);
  checkSize(c, "BMP", width, height);
  const row = (width * channels + 3) & ~3;
  const last = start + (height - 1) * row + width * channels;
  if (start < 0 || last > bytes.length)
    fail(`Incomplete bmp content, requires at least ${last} bytes, got ${bytes.length} bytes`);
  const out = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = start + (signedHeight > 0 ? height - 1 - y : y) * row;
    for (let x = 0; x < width; x++) {
      const [at, to] = [from + x * channels, (y * width + x) * channels];
      if (channels === 1) out[to] = bytes[at]!;
      else {
        // Blue comes first.
        out[to] = bytes[at + 2]!;
        out[to + 1] = bytes[at + 1]!;
        out[to + 2] = bytes[at]!;
        if (channels === 4) out[to + 3] = bytes[at + 3]!;
      }
    }
  }
  return ndArray("uint8", [height, width, channels], out);
}

const isGif = (bytes: Uint8Array): boolean => starts(bytes, 0x47, 0x49, 0x46, 0x38);

function decodeGif(c: HostContext, bytes: Uint8Array): NdArray {
  try {
    const { count, width, height, data } = readGif(bytes, mostPixels);
    return ndArray("uint8", [count, height, width, 3], data);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return c.fail("INVALID_ARGUMENT", `Invalid GIF data (size ${bytes.length}), ${error.message}`, hint);
  }
}

function arrayOf(pixels: Pixels, wanted: number, dtype: "uint8" | "uint16"): NdArray {
  const { channels, data } = convertPixels(pixels, wanted, dtype === "uint8" ? 8 : 16);
  return ndArray(dtype, [pixels.height, pixels.width, channels], data as never);
}

/** The image in a file, whatever the op is named: TensorFlow's ops tell PNGs from JPEGs by their first bytes, too. */
async function decode(c: HostContext, bytes: Uint8Array): Promise<Pixels> {
  if (starts(bytes, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return decodePng(c, bytes);
  if (starts(bytes, 0xff, 0xd8, 0xff)) {
    const strict = !(c.attrs.has("try_recover_truncated") && c.attrs.bool("try_recover_truncated"));
    return decodeJpeg(c, bytes, strict);
  }
  if (isGif(bytes)) {
    const { shape, data } = decodeGif(c, bytes);
    const [count, height, width] = shape as [number, number, number];
    if (count > 1)
      c.fail(
        "INVALID_ARGUMENT",
        `Got ${count} frames, but animated gifs can only be decoded by tf.image.decode_gif or tf.image.decode_image`,
      );
    return { width, height, channels: 3, bits: 8, data: data as Uint8Array };
  }
  const start = escaped(bytes.subarray(0, 16));
  return c.fail(
    "INVALID_ARGUMENT",
    `Expected image (JPEG, PNG, or GIF), got unknown format starting with '${start}'`,
    hint,
  );
}

const decodedShape: NonNullable<OpSpec["shape"]> = (c) => {
  withRank(c.input(0), 0);
  const channels = c.attrs.int("channels");
  if (channels < 0) invalid(`channels must be non-negative, got ${channels}`);
  return [new Shape([null, null, channels === 0 ? null : channels])];
};

function wantedChannels(c: HostContext, allowed: readonly number[]): number {
  const channels = c.attrs.int("channels");
  if (!allowed.includes(channels))
    c.fail(
      "INVALID_ARGUMENT",
      `channels must be ${allowed.slice(0, -1).join(", ")}, or ${allowed.at(-1)}, got ${channels}`,
    );
  return channels;
}

async function encodePng(c: HostContext): Promise<NdArray> {
  const image = c.input(0);
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  if (image.shape.length !== 3) fail(`image must be 3-dimensional${new Shape(image.shape)}`);
  const [height, width, channels] = image.shape as [number, number, number];
  if (channels < 1 || channels > 4) fail(`image must have 1, 2, 3, or 4 channels, got ${channels}`);
  if (height * width === 0) fail("image must not be empty");
  const compression = c.attrs.int("compression");
  if (compression < -1 || compression > 9) fail(`compression should be in [-1,9], got ${compression}`);
  const png = await import("fast-png");
  const level = (compression === -1 ? 6 : compression) as 6;
  const encoded = png.encode(
    { width, height, channels, depth: image.dtype === "uint16" ? 16 : 8, data: image.data as Uint8Array },
    { zlib: { level } },
  );
  return stringArray([], [encoded]);
}

/** Entries of the ops on image files. */
export const codecOps: readonly OpEntry[] = defineOps({
  DecodePng: {
    shape: decodedShape,
    host: async (c) => {
      const wanted = wantedChannels(c, [0, 1, 3, 4]);
      return [arrayOf(await decode(c, contentsOf(c)), wanted, c.outputDType(0) as "uint8")];
    },
    gradient: null,
  },
  DecodeJpeg: {
    shape: decodedShape,
    host: async (c) => {
      const wanted = wantedChannels(c, [0, 1, 3]);
      if (c.attrs.int("ratio") !== 1)
        c.fail("UNIMPLEMENTED", "DecodeJpeg reads at ratio 1 alone", "Resize what was read.");
      return [arrayOf(await decode(c, contentsOf(c)), wanted, "uint8")];
    },
    gradient: null,
  },
  DecodeBmp: {
    shape: decodedShape,
    host: (c) => [decodeBmp(c, contentsOf(c), wantedChannels(c, [0, 1, 3, 4]))],
    gradient: null,
  },
  DecodeGif: {
    shape: (c) => {
      withRank(c.input(0), 0);
      return [new Shape([null, null, null, 3])];
    },
    host: async (c) => {
      const bytes = contentsOf(c);
      if (isGif(bytes)) return [decodeGif(c, bytes)];
      // One frame, of another format.
      const { shape, data } = arrayOf(await decode(c, bytes), 3, "uint8");
      return [ndArray("uint8", [1, ...shape], data as never)];
    },
    gradient: null,
  },
  EncodePng: {
    shape: (c) => {
      withRank(c.input(0), 3);
      return [Shape.scalar];
    },
    host: async (c) => [await encodePng(c)],
    gradient: null,
  },
});
