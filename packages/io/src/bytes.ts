// Byte sources over what is in memory or in a browser's hands. Not here: files (node.ts).
import { TfError } from "@org/errors";
import type { ByteSource } from "./file-system.ts";

/** Throws TfError OUT_OF_RANGE where [start, end) is not within `size` bytes. */
export function checkRange(start: number, end: number, size: number, file?: string): void {
  if (
    !(Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end && end <= size)
  ) {
    throw new TfError("OUT_OF_RANGE", `Read of bytes [${start}, ${end}) of ${size}`, {
      offset: start,
      ...(file === undefined ? {} : { file }),
    });
  }
}

/** A source over bytes in memory; reads are views, nothing is copied. */
export function bytesSource(bytes: Uint8Array | ArrayBuffer): ByteSource {
  const all = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  return {
    size: all.length,
    async read(start, end, options) {
      options?.signal?.throwIfAborted();
      checkRange(start, end, all.length);
      return all.subarray(start, end);
    },
    async close() {},
  };
}

/** A source over a Blob or File, read piecewise as asked. */
export function blobSource(blob: Blob): ByteSource {
  return {
    size: blob.size,
    async read(start, end, options) {
      options?.signal?.throwIfAborted();
      checkRange(start, end, blob.size);
      return new Uint8Array(await blob.slice(start, end).arrayBuffer());
    },
    async close() {},
  };
}

/** Fills `target` with the bytes of `source` from `start` on, copied at most once. Throws as `ByteSource.read`. */
export async function readInto(
  source: ByteSource,
  target: Uint8Array,
  start: number,
  options?: { signal?: AbortSignal },
): Promise<void> {
  if (source.readInto) return source.readInto(target, start, options);
  target.set(await source.read(start, start + target.length, options));
}

/** Pieces put together. */
export function concatBytes(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
