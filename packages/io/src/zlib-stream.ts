// gzip and zlib streams, chunk by chunk, in both directions, with zlib's own bytes and error words; for record files.
// Not here: what is in them. The work is pako's, a port of zlib, which is loaded when a stream is first needed: the streams that
// are built into Node and browsers have neither zlib's options nor its bytes, cannot flush, and differ on several members.
// Spec: RFC 1950, 1951, 1952; core/lib/io/zlib_{inputstream,outputbuffer}.cc.
import { TfError } from "@org/errors";
import { concatBytes } from "./bytes.ts";

/** How record files are compressed, in TensorFlow's words; "" is not at all. */
export type RecordCompression = "" | "GZIP" | "ZLIB";

/** What zlib can be told; the defaults are TensorFlow's. */
export interface ZlibOptions {
  /** 0 (stored) to 9 (smallest); -1, the default, is zlib's compromise, 6. */
  readonly compressionLevel?: number;
  /** 1 to 9, the default: memory for the compressor's state. */
  readonly memLevel?: number;
  /** 0 default, 1 filtered, 2 Huffman only, 3 run lengths, 4 fixed codes. */
  readonly compressionStrategy?: 0 | 1 | 2 | 3 | 4;
  /** Base-two logarithm of the window, 9 to 15, the default. */
  readonly windowBits?: number;
}

/** Deflate makes at most this many bytes of one. */
export const largestExpansion = 1032;

const outputSize = 1 << 16;
const inputSize = 1 << 18;
const gzipBit = 16;
const ok = 0;
const streamEnd = 1;
const bufferError = -5;

/**
 * The bytes that the members of a gzip stream, or a zlib stream, hold, in chunks of at most 64 KiB, which are the caller's to keep.
 * Ends with "truncated" where `chunks` end within the stream.
 * Throws TfError DATA_LOSS, "inflate() failed with error N: words of zlib", for what is no such stream or a damaged one, and for bytes behind it.
 */
export async function* inflateChunks(
  chunks: AsyncIterable<Uint8Array>,
  compression: Exclude<RecordCompression, "">,
): AsyncGenerator<Uint8Array, "complete" | "truncated", undefined> {
  const { ZStream, zlibInflate, zlibInflateInit2, zlibInflateReset } = await import("pako");
  const stream = new ZStream();
  zlibInflateInit2(stream, compression === "GZIP" ? 15 + gzipBit : 15);
  // Between members there is nothing that could be cut off; before the first one there is: an empty file is no stream.
  let state: "start" | "within" | "between" = "start";
  for await (const chunk of chunks) {
    stream.input = chunk;
    stream.next_in = 0;
    stream.avail_in = chunk.length;
    let more = chunk.length > 0;
    while (more) {
      if (state === "between") {
        if (compression === "ZLIB" || zlibInflateReset(stream) !== ok)
          throw failed("inflate", -3, "bytes behind the end of the stream");
      }
      state = "within";
      stream.output = new Uint8Array(outputSize);
      stream.next_out = 0;
      stream.avail_out = outputSize;
      const status = zlibInflate(stream, 0);
      if (status !== ok && status !== streamEnd && status !== bufferError)
        throw failed("inflate", status, stream.msg);
      const full = stream.avail_out === 0;
      if (stream.next_out > 0) yield stream.output.subarray(0, stream.next_out);
      if (status === streamEnd) state = "between";
      more = stream.avail_in > 0 || (full && status !== streamEnd);
    }
  }
  return state === "between" ? "complete" : "truncated";
}

function failed(what: "inflate" | "deflate", status: number, words: string): TfError {
  return new TfError("DATA_LOSS", `${what}() failed with error ${status}${words ? `: ${words}` : ""}`);
}

/** Compresses what is written to it. */
export interface Deflater {
  /** Takes bytes; yields what has become of those before them, often nothing. */
  write(bytes: Uint8Array): Uint8Array;
  /** Everything so far, so that a reader of the stream sees it. Costs some bytes. */
  flush(): Uint8Array;
  /** The rest of the stream. Nothing may follow. */
  finish(): Uint8Array;
}

/**
 * A stream that gives, byte for byte, what TensorFlow writes for the same bytes and options.
 * Throws TfError INVALID_ARGUMENT "deflateInit failed with status N" for options that zlib does not take.
 */
export async function createDeflater(
  compression: Exclude<RecordCompression, "">,
  options: ZlibOptions = {},
): Promise<Deflater> {
  const { ZStream, zlibDeflate, zlibDeflateInit2 } = await import("pako");
  const { compressionLevel = -1, memLevel = 9, compressionStrategy = 0, windowBits = 15 } = options;
  const stream = new ZStream();
  const status = zlibDeflateInit2(
    stream,
    compressionLevel,
    8,
    compression === "GZIP" ? windowBits + gzipBit : windowBits,
    memLevel,
    compressionStrategy,
    true, // zlib's own hash: without it, the bytes are those of Chromium's zlib.
  );
  if (status !== ok)
    throw new TfError("INVALID_ARGUMENT", `deflateInit failed with status ${status}`, {
      hint: "compressionLevel is -1 to 9, memLevel 1 to 9, windowBits 9 to 15, compressionStrategy 0 to 4.",
    });
  const run = (bytes: Uint8Array, mode: 0 | 1 | 4): Uint8Array => {
    stream.input = bytes;
    stream.next_in = 0;
    stream.avail_in = bytes.length;
    const out: Uint8Array[] = [];
    do {
      stream.output = new Uint8Array(outputSize);
      stream.next_out = 0;
      stream.avail_out = outputSize;
      const result = zlibDeflate(stream, mode);
      if (result !== ok && result !== bufferError && result !== streamEnd)
        throw failed("deflate", result, stream.msg);
      if (stream.next_out > 0) out.push(stream.output.subarray(0, stream.next_out));
    } while (stream.avail_out === 0);
    return concatBytes(out);
  };
  // Small pieces are gathered first, as TensorFlow gathers them.
  let waiting: Uint8Array[] = [];
  let size = 0;
  const drain = (mode: 0 | 1 | 4): Uint8Array => {
    const bytes = concatBytes(waiting);
    waiting = [];
    size = 0;
    return run(bytes, mode);
  };
  return {
    write(bytes) {
      const out: Uint8Array[] = [];
      if (size + bytes.length > inputSize) out.push(drain(0));
      if (bytes.length > inputSize) out.push(run(bytes, 0));
      else {
        waiting.push(bytes);
        size += bytes.length;
      }
      return concatBytes(out);
    },
    flush: () => drain(1),
    finish: () => drain(4),
  };
}
