// Reads of one turn of the event loop: copied into one staging buffer (another one where it is full), submitted together and
// mapped together.
import type { GpuDevice } from "./gpu-device.ts";
import { bufferUsage, mapRead } from "./webgpu-flags.ts";

/** Staging buffers begin at this size. */
const leastBytes = 1 << 16;
/** Larger staging buffers are not kept. */
const keptBytes = 1 << 24;

interface Staging {
  readonly buffer: GPUBuffer;
  readonly size: number;
  used: number;
}

/** Staging buffers that are free. */
export class StagingPool {
  readonly #device: GpuDevice;
  readonly #free: Staging[] = [];

  constructor(device: GpuDevice) {
    this.#device = device;
  }

  take(byteLength: number): Staging {
    const at = this.#free.findIndex(({ size }) => size >= byteLength);
    if (at >= 0) return this.#free.splice(at, 1)[0]!;
    const size = Math.max(leastBytes, 2 ** Math.ceil(Math.log2(byteLength)));
    const usage = bufferUsage.mapRead | bufferUsage.copyTarget;
    return { buffer: this.#device.device.createBuffer({ size, usage }), size, used: 0 };
  }

  give(staging: Staging): void {
    staging.used = 0;
    if (staging.size > keptBytes || this.#free.length >= 4) staging.buffer.destroy();
    else this.#free.push(staging);
  }
}

export class ReadBack {
  readonly #device: GpuDevice;
  readonly #pool: StagingPool;
  readonly #encoder: () => GPUCommandEncoder;
  readonly #staged: { readonly staging: Staging; readonly takers: ((mapped: ArrayBuffer) => void)[] }[] = [];
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};
  /** Fulfilled when all reads have their bytes. */
  readonly done: Promise<void> = new Promise((resolve, reject) => {
    this.#resolve = resolve;
    this.#reject = reject;
  });

  /** `encoder` gives the open batch's encoder outside of a pass. */
  constructor(device: GpuDevice, pool: StagingPool, encoder: () => GPUCommandEncoder) {
    this.#device = device;
    this.#pool = pool;
    this.#encoder = encoder;
    this.done.catch(() => {});
  }

  /** Records the copy of `byteLength` bytes, a multiple of 4; `take` gets a copy of its own, before `done`. */
  read(buffer: GPUBuffer, byteLength: number, take: (bytes: Uint8Array) => void): void {
    let last = this.#staged.at(-1);
    if (!last || last.staging.used + byteLength > last.staging.size) {
      last = { staging: this.#pool.take(byteLength), takers: [] };
      this.#staged.push(last);
    }
    const { staging, takers } = last;
    const from = staging.used;
    staging.used += byteLength;
    this.#encoder().copyBufferToBuffer(buffer, 0, staging.buffer, from, byteLength);
    takers.push((mapped) => take(new Uint8Array(mapped.slice(from, from + byteLength))));
  }

  /** Maps what was read, after it was submitted. */
  map(): void {
    this.#map().then(this.#resolve, this.#reject);
  }

  async #map(): Promise<void> {
    try {
      await Promise.all(this.#staged.map(({ staging }) => staging.buffer.mapAsync(mapRead, 0, staging.used)));
    } catch (cause) {
      for (const { staging } of this.#staged) staging.buffer.destroy();
      throw await this.#device.failed(cause);
    }
    const failure = this.#device.takeFailure();
    for (const { staging, takers } of this.#staged) {
      const mapped = staging.buffer.getMappedRange(0, staging.used);
      if (!failure) for (const take of takers) take(mapped);
      staging.buffer.unmap();
      this.#pool.give(staging);
    }
    if (failure) throw failure;
  }
}
