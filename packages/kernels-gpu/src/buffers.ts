// Memory on the GPU: handles counted by reference over GPUBuffers that are kept for reuse by size. A freed GPUBuffer may
// be written at once by later commands, which come after those that still read it; but an upload overtakes commands that are
// not submitted yet, so it takes only memory that no open batch uses.
import { TfError } from "@org/errors";
import type { DeviceBuffer } from "@org/hlo";
import type { GpuDevice } from "./gpu-device.ts";
import { bufferUsage } from "./webgpu-flags.ts";

/** A GPUBuffer that handles take turns with. */
interface Block {
  readonly buffer: GPUBuffer;
  readonly size: number;
  /** The last batch whose commands use it. */
  lastBatch: number;
}

/** A handle. `bindingSize` is what kernels see: its bytes, up to a whole word and at least one. */
export class GpuBuffer implements DeviceBuffer {
  readonly byteLength: number;
  readonly bindingSize: number;
  readonly block: Block;
  /** Where it is given back to. */
  readonly memory: GpuMemory;
  references = 1;

  constructor(memory: GpuMemory, block: Block, byteLength: number, bindingSize: number) {
    this.memory = memory;
    this.block = block;
    this.byteLength = byteLength;
    this.bindingSize = bindingSize;
  }

  get isLost(): boolean {
    return this.memory.device.isLost;
  }
}

/** Bytes of free GPUBuffers that are kept. */
const keptBytes = 256 << 20;

/** The size of block that `byteLength` gets: a power of two or one and a half of it, so that little is wasted and much reused. */
export function blockSize(byteLength: number): number {
  if (byteLength <= 256) return 256;
  const power = 2 ** Math.ceil(Math.log2(byteLength));
  return byteLength <= 0.75 * power ? 0.75 * power : power;
}

export class GpuMemory {
  readonly device: GpuDevice;
  readonly #maximumBytes: number;
  readonly #free: Map<number, Block[]> = new Map();
  /** To be destroyed when the open batch is submitted. */
  #doomed: Block[] = [];
  #freeBytes = 0;
  #batch = 0;
  buffers = 0;
  bytesInUse = 0;

  constructor(device: GpuDevice, maximumBytes: number) {
    this.device = device;
    this.#maximumBytes = maximumBytes;
  }

  /**
   * New memory of undefined content. `written` says who writes it first: an upload ("host") needs memory that no open batch uses.
   * Throws TfError RESOURCE_EXHAUSTED where one buffer cannot be that long, or all together.
   */
  allocate(byteLength: number, written: "device" | "host" = "device"): GpuBuffer {
    const bindingSize = Math.max(Math.ceil(byteLength / 4) * 4, 4);
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    const longest = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (bindingSize > longest || this.bytesInUse + byteLength > this.#maximumBytes) {
      const [asked, limit] =
        bindingSize > longest ? [byteLength, longest] : [this.bytesInUse + byteLength, this.#maximumBytes];
      throw new TfError(
        "RESOURCE_EXHAUSTED",
        `OOM when allocating ${byteLength} bytes on the GPU: ${asked} of at most ${limit}`,
        { hint: "Use a smaller batch, or run on the CPU." },
      );
    }
    const size = Math.min(blockSize(bindingSize), maxBufferSize);
    const block = this.#take(size, written) ?? this.#create(size);
    this.buffers++;
    this.bytesInUse += byteLength;
    return new GpuBuffer(this, block, byteLength, bindingSize);
  }

  retain(buffer: GpuBuffer): void {
    if (buffer.references <= 0) throw released("retained");
    buffer.references++;
  }

  release(buffer: GpuBuffer): void {
    if (buffer.references <= 0) throw released("released");
    if (--buffer.references > 0) return;
    const { block, byteLength } = buffer;
    this.buffers--;
    this.bytesInUse -= byteLength;
    if (this.#freeBytes + block.size > keptBytes) {
      this.#doomed.push(block);
      return;
    }
    this.#freeBytes += block.size;
    const free = this.#free.get(block.size);
    if (free) free.push(block);
    else this.#free.set(block.size, [block]);
  }

  /** Notes that commands of the open batch use it. */
  use(buffer: GpuBuffer): void {
    buffer.block.lastBatch = this.#batch;
  }

  /** Told when the open batch was submitted: another one begins. */
  submitted(): void {
    this.#batch++;
    for (const { buffer } of this.#doomed) buffer.destroy();
    this.#doomed = [];
  }

  #take(size: number, written: "device" | "host"): Block | undefined {
    const free = this.#free.get(size);
    if (!free) return undefined;
    const at =
      written === "device" ? free.length - 1 : free.findLastIndex(({ lastBatch }) => lastBatch < this.#batch);
    if (at < 0) return undefined;
    this.#freeBytes -= size;
    return free.splice(at, 1)[0];
  }

  #create(size: number): Block {
    const usage = bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyTarget;
    return { buffer: this.device.device.createBuffer({ size, usage }), size, lastBatch: -1 };
  }
}

function released(what: string): TfError {
  return new TfError("INTERNAL", `A buffer was ${what} after its last release`);
}
