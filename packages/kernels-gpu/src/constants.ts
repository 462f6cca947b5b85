// Scalar constants that kernels read as buffers: one buffer for equal bytes, kept.
import type { NumericData } from "@org/tensor";
import type { GpuBuffer } from "./buffers.ts";
import type { GpuDevice } from "./gpu-device.ts";
import { bufferUsage } from "./webgpu-flags.ts";

/** Constants that are kept; more begin anew. */
const kept = 1024;

export class Constants {
  readonly #device: GpuDevice;
  readonly #buffers: Map<string, GpuBuffer> = new Map();

  constructor(device: GpuDevice) {
    this.#device = device;
  }

  /** A buffer with the bytes of `data`, never to be released or written. */
  get(data: NumericData): GpuBuffer {
    const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    const key = bytes.join();
    const found = this.#buffers.get(key);
    if (found) return found;
    const size = Math.max(Math.ceil(bytes.length / 4) * 4, 4);
    const { device } = this.#device;
    const buffer = device.createBuffer({
      size,
      usage: bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyTarget,
    });
    const words = new Uint8Array(size);
    words.set(bytes);
    device.queue.writeBuffer(buffer, 0, words);
    const made = {
      byteLength: bytes.length,
      bindingSize: size,
      references: 1,
      block: { buffer, size, lastBatch: -1 },
    };
    if (this.#buffers.size >= kept) this.#buffers.clear();
    this.#buffers.set(key, made);
    return made;
  }
}
