// Reads a run of bytes in pieces, each checked while the next is on its way, straight into where they are to stay.
import { TfError } from "@org/errors";
import { type ByteSource, crc32c, readInto } from "@org/io";

/** Bytes that are read at once: large enough that a call costs nothing, small enough to be in the cache when the checksum is made. */
const pieceBytes = 2 ** 20;

export interface PieceOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of each piece's length. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

/** Throws TfError CANCELLED where `signal` was aborted. */
export function checkNotCancelled(
  signal: AbortSignal | undefined,
  what: "Reading" | "Saving" | "Converting",
  file: string,
): void {
  if (signal?.aborted)
    throw new TfError("CANCELLED", `${what} was cancelled.`, { file, cause: signal.reason });
}

/** Fills `target` from `offset` on; the crc32c of it all (not masked). Throws what the source throws. */
export async function readChecked(
  source: ByteSource,
  target: Uint8Array,
  offset: number,
  { signal, onBytes }: PieceOptions,
): Promise<number> {
  const options = signal ? { signal } : {};
  const piece = source.pieceBytes ?? pieceBytes;
  const start = (at: number): Promise<void> => {
    const reading = readInto(source, target.subarray(at, at + piece), offset + at, options);
    // Whoever awaits it hears of a failure; if an error comes first, nobody need.
    reading.catch(() => {});
    return reading;
  };
  let crc = 0;
  let next = start(0);
  for (let at = 0; at < target.length; at += piece) {
    await next;
    if (at + piece < target.length) next = start(at + piece);
    const done = target.subarray(at, at + piece);
    crc = crc32c(done, crc);
    onBytes?.(done.length);
  }
  return crc;
}
