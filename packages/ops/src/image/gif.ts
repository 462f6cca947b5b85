// GIFs: all frames as colors [frames, height, width, 3]. A frame lies on the one before it: what it does not cover is what was there. As in TensorFlow
// 1.15, nothing is transparent, and how a frame is to be disposed of does not count. Every length is checked before it is used.
// Source of the format: GIF89a (CompuServe, 1990); of the rest: core/lib/gif/gif_io.cc.

/** The frames of a GIF. */
export interface Frames {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Reads bytes in order. Throws a RangeError at their end. */
class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  word(): number {
    const [low, high] = this.take(2);
    return low! | (high! << 8);
  }

  take(count: number): Uint8Array {
    if (this.#at + count > this.#bytes.length) throw new RangeError("it ends too early");
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** Blocks of up to 255 bytes, up to an empty one, put together. */
  blocks(): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let length = this.byte(); length > 0; length = this.byte()) parts.push(this.take(length));
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}

/** Indices that LZW codes stand for: `count` of them. Throws a RangeError where codes are wrong or missing. */
function unpack(bytes: Uint8Array, minimum: number, count: number): Uint8Array {
  if (minimum < 1 || minimum > 8) throw new RangeError(`codes of ${minimum} bits`);
  const clear = 1 << minimum;
  const [prefix, suffix] = [new Int16Array(4096), new Uint8Array(4096)];
  for (let i = 0; i < clear; i++) suffix[i] = i;
  const out = new Uint8Array(count);
  const string = new Uint8Array(4097);
  let [next, size, before, first] = [clear + 2, minimum + 1, -1, 0];
  let [held, bits, at, put] = [0, 0, 0, 0];
  while (put < count) {
    while (bits < size) {
      if (at >= bytes.length) throw new RangeError("pixels are missing");
      held |= bytes[at++]! << bits;
      bits += 8;
    }
    const code = held & ((1 << size) - 1);
    held >>>= size;
    bits -= size;
    if (code === clear) {
      [next, size, before] = [clear + 2, minimum + 1, -1];
      continue;
    }
    if (code === clear + 1) throw new RangeError("pixels are missing");
    if (code > next || (code === next && before < 0) || (before < 0 && code >= clear))
      throw new RangeError(`code ${code} stands for nothing`);
    let length = 0;
    let walk = code;
    if (code === next) {
      string[length++] = first;
      walk = before;
    }
    for (; walk >= clear; walk = prefix[walk]!) string[length++] = suffix[walk]!;
    first = suffix[walk]!;
    string[length++] = first;
    for (let i = length - 1; i >= 0 && put < count; i--) out[put++] = string[i]!;
    if (before >= 0 && next < 4096) {
      prefix[next] = before;
      suffix[next++] = first;
      if (next === 1 << size && size < 12) size++;
    }
    before = code;
  }
  return out;
}

/** Rows of an interlaced image in the order in which they lie in the file. */
function rowOrder(height: number, interlaced: boolean): number[] {
  const every = (start: number, step: number): number[] => {
    const rows: number[] = [];
    for (let y = start; y < height; y += step) rows.push(y);
    return rows;
  };
  return interlaced ? [...every(0, 8), ...every(4, 8), ...every(2, 4), ...every(1, 2)] : every(0, 1);
}

/**
 * The frames of a GIF. Throws a RangeError that says what is wrong with a broken one, or that its frames have more than `most` pixels together.
 */
export function readGif(bytes: Uint8Array, most: number): Frames {
  const reader = new ByteReader(bytes);
  reader.take(6);
  const [width, height] = [reader.word(), reader.word()];
  const flags = reader.byte();
  reader.take(2);
  const palette = (packed: number): Uint8Array | undefined =>
    packed & 0x80 ? reader.take(3 << ((packed & 7) + 1)) : undefined;
  const shared = palette(flags);
  const frames: Uint8Array[] = [];
  for (let kind = reader.byte(); kind !== 0x3b; kind = reader.byte()) {
    if (kind === 0x21) {
      reader.byte();
      reader.blocks();
      continue;
    }
    if (kind !== 0x2c) throw new RangeError(`a block of kind ${kind}`);
    const [left, top, columns, rows] = [reader.word(), reader.word(), reader.word(), reader.word()];
    const own = reader.byte();
    const colors = palette(own) ?? shared;
    if (!colors) throw new RangeError("it has no palette");
    if ((frames.length + 1) * width * height > most) throw new RangeError("it has too many pixels");
    const fills = left === 0 && top === 0 && columns >= width && rows >= height;
    if (frames.length === 0 && !fills) throw new RangeError("the first frame does not fill the canvas");
    const minimum = reader.byte();
    const packed = reader.blocks();
    // A code stands for 4096 pixels at most.
    if (columns * rows > packed.length * 8 * 4096 || columns * rows > most)
      throw new RangeError("pixels are missing");
    const indices = unpack(packed, minimum, columns * rows);
    const frame = frames.at(-1)?.slice() ?? new Uint8Array(width * height * 3);
    rowOrder(rows, (own & 0x40) !== 0).forEach((row, i) => {
      const y = top + row;
      for (let x = 0; x < columns && y < height && left + x < width; x++) {
        const index = indices[i * columns + x]!;
        if (3 * index >= colors.length) throw new RangeError(`no color ${index} in its palette`);
        frame.set(colors.subarray(3 * index, 3 * index + 3), (y * width + left + x) * 3);
      }
    });
    frames.push(frame);
  }
  if (frames.length === 0) throw new RangeError("it has no frames");
  const data = new Uint8Array(frames.length * width * height * 3);
  frames.forEach((frame, i) => {
    data.set(frame, i * frame.length);
  });
  return { count: frames.length, width, height, data };
}
