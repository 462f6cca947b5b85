// Pixels of a decoded image file in the channels and type that are asked for, as libpng makes them for TensorFlow. Not the codecs: codec-ops.ts.
// Source: core/lib/png/png_io.cc (CommonInitDecode), libpng's png_set_rgb_to_gray.

/** A decoded image: 1 (gray), 2 (gray, alpha), 3 (colors) or 4 channels of 8 or 16 bits. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** How many channels it counts as where none are asked for: `channels` unless given. */
  readonly own?: number;
  readonly bits: 8 | 16;
  readonly data: ArrayLike<number>;
}

// 0.299 and 0.587 of 2^15; blue has the rest.
const [red, green] = [9797, 19235];
const blue = 32768 - red - green;

/** The image with `wanted` channels (0: its own) of `bits` bits. */
export function convertPixels(
  { width, height, channels, own = channels, bits: from, data }: Pixels,
  wanted: number,
  bits: 8 | 16,
): { readonly channels: number; readonly data: Uint8Array | Uint16Array } {
  const to = wanted === 0 ? own : wanted;
  const count = width * height;
  const out = bits === 8 ? new Uint8Array(count * to) : new Uint16Array(count * to);
  const scaled = (value: number): number => (from === bits ? value : from === 16 ? value >> 8 : value * 257);
  const [isColor, wantsColor] = [channels >= 3, to >= 3];
  const hasAlpha = channels % 2 === 0;
  const wantsAlpha = to % 2 === 0;
  const opaque = from === 8 ? 255 : 65535;
  for (let i = 0; i < count; i++) {
    const at = i * channels;
    const put = i * to;
    const [r, g, b] = isColor ? [data[at]!, data[at + 1]!, data[at + 2]!] : [data[at]!, data[at]!, data[at]!];
    if (wantsColor) {
      out[put] = scaled(r);
      out[put + 1] = scaled(g);
      out[put + 2] = scaled(b);
    } else {
      const rounding = from === 16 ? 16384 : 0;
      const gray = r === g && r === b ? r : (red * r + green * g + blue * b + rounding) / 32768;
      out[put] = scaled(Math.floor(gray));
    }
    if (wantsAlpha) out[put + to - 1] = scaled(hasAlpha ? data[at + channels - 1]! : opaque);
  }
  return { channels: to, data: out };
}
