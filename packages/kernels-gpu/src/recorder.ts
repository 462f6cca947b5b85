// Commands in order: dispatches and copies are recorded into one open batch, which is submitted when something is read back,
// or has become long. Parameter blocks of a batch are written together before it. Read-backs of one turn of the event loop
// are mapped together. Faults come with the next read-back.
import type { KernelFault } from "@org/hlo";
import type { NumericData } from "@org/tensor";
import type { GpuBuffer, GpuMemory } from "./buffers.ts";
import { type FaultValue, type FaultyLaunch, faultRecordBytes, readFault } from "./fault-record.ts";
import type { GpuDevice } from "./gpu-device.ts";
import type { Kernel } from "./pipelines.ts";
import { ReadBack, StagingPool } from "./read-back.ts";
import { blockBytes } from "./shader-source.ts";
import { bufferUsage } from "./webgpu-flags.ts";

/** One dispatch. */
export interface Dispatch {
  readonly kernel: Kernel;
  /** Inputs, outputs and scratch, as the shader's source lists them. */
  readonly buffers: readonly GpuBuffer[];
  /** The parameter block: as many words as the source says. */
  readonly words: Uint32Array;
  /** How many workgroups; none is no dispatch. */
  readonly workgroups: number;
  /** Of kernels with faults: what Backend.launch was given, and how the values of faults are to be read. */
  readonly site?: number;
  readonly faultValue?: FaultValue;
}

/** Bytes for parameter blocks of one batch. */
const parameterBytes = 1 << 18;
/** Workgroups along one dimension of a grid. */
const gridLimit = 65535;
/** Bind groups that are kept. */
const keptBindGroups = 4096;

export class Recorder {
  readonly #device: GpuDevice;
  readonly #memory: GpuMemory;
  readonly #parameters: GPUBuffer;
  readonly #parameterWords: Uint32Array<ArrayBuffer> = new Uint32Array(parameterBytes / 4);
  readonly #alignment: number;
  readonly #faultRecord: GPUBuffer;
  readonly #staging: StagingPool;
  readonly #bindGroups: Map<string, GPUBindGroup> = new Map();
  readonly #ids: WeakMap<object, number> = new WeakMap();
  #nextId = 0;
  #parameterEnd = 0;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #readBack: ReadBack | undefined;
  #lastReading: Promise<void> | undefined;
  /** Since the record was last read. */
  #faultyLaunches: FaultyLaunch[] = [];
  #fault: KernelFault | undefined;
  submits = 0;
  dispatches = 0;
  bytesUploaded = 0;
  bytesDownloaded = 0;

  constructor(device: GpuDevice, memory: GpuMemory) {
    this.#device = device;
    this.#memory = memory;
    this.#alignment = device.limits.minUniformBufferOffsetAlignment;
    this.#parameters = device.device.createBuffer({
      size: parameterBytes,
      usage: bufferUsage.uniform | bufferUsage.copyTarget,
    });
    this.#faultRecord = device.device.createBuffer({
      size: faultRecordBytes,
      usage: bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyTarget,
    });
    this.#staging = new StagingPool(device);
  }

  /** Records a dispatch. */
  dispatch({ kernel, buffers, words, workgroups, site, faultValue }: Dispatch): void {
    if (workgroups === 0) return;
    const { source } = kernel;
    const bytes = Math.ceil(blockBytes(source) / this.#alignment) * this.#alignment;
    if (this.#parameterEnd + bytes > parameterBytes) this.submit();
    const offset = this.#parameterEnd;
    this.#parameterEnd += bytes;
    this.#parameterWords.set(words, offset / 4);
    if (source.faults) {
      this.#faultyLaunches.push({ site: site ?? 0, value: faultValue ?? "i32" });
      this.#parameterWords[offset / 4 + source.words] = this.#faultyLaunches.length;
    }
    for (const buffer of buffers) this.#memory.use(buffer);
    this.#pass ??= this.#open().beginComputePass();
    this.#pass.setPipeline(kernel.pipeline);
    this.#pass.setBindGroup(0, this.#bindGroup(kernel, buffers), [offset]);
    const wide = Math.min(workgroups, gridLimit);
    this.#pass.dispatchWorkgroups(wide, Math.ceil(workgroups / wide));
    this.dispatches++;
  }

  /** Records a copy; offsets and length are multiples of 4, and the buffers are two. */
  copy(from: GpuBuffer, fromOffset: number, to: GpuBuffer, toOffset: number, byteLength: number): void {
    if (byteLength === 0) return;
    this.#memory.use(from);
    this.#memory.use(to);
    this.#outsidePass().copyBufferToBuffer(
      from.block.buffer,
      fromOffset,
      to.block.buffer,
      toOffset,
      byteLength,
    );
  }

  /** A new buffer with the bytes of `data`; overtakes what is recorded, which no other buffer notices. */
  upload(data: NumericData): GpuBuffer {
    const { buffer, byteOffset, byteLength } = data;
    const made = this.#memory.allocate(byteLength, "host");
    const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    const whole = byteLength - (byteLength % 4);
    const { queue } = this.#device.device;
    if (whole > 0) queue.writeBuffer(made.block.buffer, 0, bytes, 0, whole);
    if (whole < byteLength) {
      const rest = new Uint8Array(4);
      rest.set(bytes.subarray(whole));
      queue.writeBuffer(made.block.buffer, whole, rest);
    }
    this.bytesUploaded += byteLength;
    return made;
  }

  /** The bytes of a buffer, after all that is recorded so far. Rejects as GpuDevice.takeFailure says. */
  async download(buffer: GpuBuffer): Promise<Uint8Array> {
    const { byteLength, bindingSize, block } = buffer;
    let bytes: Uint8Array = new Uint8Array(0);
    this.#memory.use(buffer);
    const reading = this.#reading();
    reading.read(block.buffer, bindingSize, (read) => {
      bytes = read.subarray(0, byteLength);
    });
    await reading.done;
    this.bytesDownloaded += byteLength;
    return bytes;
  }

  /** Fulfilled when the faults of all that is recorded so far are known. Rejects as `download`. */
  async settle(): Promise<void> {
    if (this.#faultyLaunches.length > 0) this.#reading();
    await this.#lastReading;
  }

  /** The first fault that a read-back has brought since the last call. */
  takeFault(): KernelFault | undefined {
    const fault = this.#fault;
    this.#fault = undefined;
    return fault;
  }

  /** Submits what is recorded. */
  submit(): void {
    if (!this.#encoder) return;
    const { queue } = this.#device.device;
    this.#pass?.end();
    this.#pass = undefined;
    if (this.#parameterEnd > 0)
      queue.writeBuffer(this.#parameters, 0, this.#parameterWords, 0, this.#parameterEnd / 4);
    this.#parameterEnd = 0;
    queue.submit([this.#encoder.finish()]);
    this.#encoder = undefined;
    this.submits++;
    this.#memory.submitted();
  }

  /** The read-back of this turn of the event loop: begun by its first reader, submitted when the turn's readers have asked. */
  #reading(): ReadBack {
    if (this.#readBack) return this.#readBack;
    const readBack = new ReadBack(this.#device, this.#staging, () => this.#outsidePass());
    this.#readBack = readBack;
    this.#lastReading = readBack.done;
    queueMicrotask(() => {
      this.#readBack = undefined;
      this.#readFaults(readBack);
      this.submit();
      readBack.map();
    });
    return readBack;
  }

  #readFaults(readBack: ReadBack): void {
    const launches = this.#faultyLaunches;
    if (launches.length === 0) return;
    this.#faultyLaunches = [];
    readBack.read(this.#faultRecord, faultRecordBytes, (bytes) => {
      const record = new Uint32Array(bytes.buffer, bytes.byteOffset, faultRecordBytes / 4);
      this.#fault ??= readFault(record, launches);
    });
    this.#outsidePass().clearBuffer(this.#faultRecord);
  }

  #open(): GPUCommandEncoder {
    this.#encoder ??= this.#device.device.createCommandEncoder();
    return this.#encoder;
  }

  #outsidePass(): GPUCommandEncoder {
    this.#pass?.end();
    this.#pass = undefined;
    return this.#open();
  }

  #bindGroup(kernel: Kernel, buffers: readonly GpuBuffer[]): GPUBindGroup {
    let key = `${this.#id(kernel.layout)}|${blockBytes(kernel.source)}`;
    for (const { block, bindingSize } of buffers) key += ` ${this.#id(block)}:${bindingSize}`;
    const found = this.#bindGroups.get(key);
    if (found) return found;
    const { layout, source } = kernel;
    const bound: GPUBufferBinding[] = [
      { buffer: this.#parameters, size: blockBytes(source) },
      ...(source.faults ? [{ buffer: this.#faultRecord }] : []),
      ...buffers.map(({ block, bindingSize }) => ({ buffer: block.buffer, size: bindingSize })),
    ];
    const made = this.#device.device.createBindGroup({
      layout,
      entries: bound.map((resource, binding) => ({ binding, resource })),
    });
    if (this.#bindGroups.size >= keptBindGroups) this.#bindGroups.clear();
    this.#bindGroups.set(key, made);
    return made;
  }

  #id(of: object): number {
    let id = this.#ids.get(of);
    if (id === undefined) {
      id = this.#nextId++;
      this.#ids.set(of, id);
    }
    return id;
  }
}
