// Free buffers of one device by size, for what clusters compute in between: what was taken is given back and taken again. Sizes that no
// run has asked for in a while (of a batch that does not come again) go back to the backend.
import type { DeviceBuffer } from "@org/hlo";

/** Bytes of free buffers that are kept. */
const byteLimit = 64 << 20;
/** Runs after which sizes that none of them asked for are given back. */
const runsKept = 8;

/** The free buffers of one size. */
interface Shelf {
  readonly free: DeviceBuffer[];
  /** Whether one was asked for since the pool was looked through. */
  isWanted: boolean;
}

export class BufferPool {
  readonly #release: (buffer: DeviceBuffer) => void;
  readonly #shelves: Map<number, Shelf> = new Map();
  #buffers = 0;
  #bytes = 0;
  #runs = 0;

  /** `release` gives a buffer back to the backend. */
  constructor(release: (buffer: DeviceBuffer) => void) {
    this.#release = release;
  }

  /** A free buffer of exactly that size. */
  take(byteLength: number): DeviceBuffer | undefined {
    const shelf = this.#shelves.get(byteLength);
    if (shelf === undefined) {
      this.#shelves.set(byteLength, { free: [], isWanted: true });
      return undefined;
    }
    shelf.isWanted = true;
    const buffer = shelf.free.pop();
    if (buffer === undefined) return undefined;
    this.#buffers--;
    this.#bytes -= byteLength;
    return buffer;
  }

  /** Takes over a buffer that was taken, and that nobody holds any more. */
  give(buffer: DeviceBuffer): void {
    const { byteLength } = buffer;
    if (this.#bytes + byteLength > byteLimit) this.#lookThrough();
    const shelf = this.#shelves.get(byteLength);
    if (shelf === undefined || this.#bytes + byteLength > byteLimit) {
      this.#release(buffer);
      return;
    }
    shelf.free.push(buffer);
    this.#buffers++;
    this.#bytes += byteLength;
  }

  /** Another run begins. */
  beginRun(): void {
    if (++this.#runs >= runsKept) this.#lookThrough();
  }

  /** Gives back what nobody has asked for since this was done last. */
  #lookThrough(): void {
    this.#runs = 0;
    for (const [byteLength, shelf] of this.#shelves)
      if (shelf.isWanted) shelf.isWanted = false;
      else this.#drop(byteLength, shelf);
  }

  #drop(byteLength: number, { free }: Shelf): void {
    this.#shelves.delete(byteLength);
    this.#buffers -= free.length;
    this.#bytes -= free.length * byteLength;
    for (const buffer of free) this.#release(buffer);
  }

  /** Gives everything back. */
  empty(): void {
    for (const [byteLength, shelf] of this.#shelves) this.#drop(byteLength, shelf);
  }

  /** Free buffers that are kept. */
  get buffers(): number {
    return this.#buffers;
  }

  get bytes(): number {
    return this.#bytes;
  }
}
