// Scalar constants that kernels read as buffers: one buffer for equal bytes, kept.
import type { NumericData } from "@org/tensor";
import { GpuBuffer, type GpuMemory } from "./buffers.ts";
import { bufferUsage } from "./webgpu-flags.ts";

/** Constants that are kept; more begin anew. */
const kept = 1024;

export class Constants {
  readonly #memory: GpuMemory;
  readonly #buffers: Map<string, GpuBuffer> = new Map();

  constructor(memory: GpuMemory) {
    this.#memory = memory;
  }

  /** A buffer with the bytes of `data`, never to be released or written. */
  get(data: NumericData): GpuBuffer {
    const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    const key = bytes.join();
    const found = this.#buffers.get(key);
    if (found) return found;
    const size = Math.max(Math.ceil(bytes.length / 4) * 4, 4);
    const { device } = this.#memory.device;
    const buffer = device.createBuffer({
      size,
      usage: bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyTarget,
    });
    const words = new Uint8Array(size);
    words.set(bytes);
    device.queue.writeBuffer(buffer, 0, words);
    const made = new GpuBuffer(this.#memory, { buffer, size, lastBatch: -1 }, bytes.length, size);
    if (this.#buffers.size >= kept) this.#buffers.clear();
    this.#buffers.set(key, made);
    return made;
  }
}
