// What flows between the steps of a run: tensors (on the host, on devices, or both), Refs to variables, and "dead",
// the value of a branch that is not taken. Tensors are immutable and counted; a count of one held by a variable is
// what lets an assignment be in place.
import type { Backend, DeviceBuffer } from "@org/hlo";
import { type DType, dtypes, type NdArray, type NumericData, sizeOf, viewData } from "@org/tensor";
import type { Device } from "./device.ts";
import type { VariableState } from "./variable-state.ts";

/** A tensor's value. Made with one reference. With neither host array nor buffer it is known by its shape alone. */
export class TensorValue {
  readonly kind = "tensor" as const;
  readonly dtype: DType;
  readonly dims: readonly number[];
  host: NdArray | undefined;
  /** By Device.index; each is this value's own reference. */
  readonly buffers: (DeviceBuffer | undefined)[] = [];
  #references = 1;
  readonly #devices: readonly Device[];

  constructor(devices: readonly Device[], dtype: DType, dims: readonly number[], host?: NdArray) {
    this.#devices = devices;
    this.dtype = dtype;
    this.dims = dims;
    this.host = host;
  }

  /** Whether one holder alone has it: the holder may write over it. */
  get unshared(): boolean {
    return this.#references === 1;
  }

  retain(): this {
    this.#references++;
    return this;
  }

  /** Ends one reference; the last one frees the buffers. */
  release(): void {
    if (--this.#references > 0) return;
    for (const [index, buffer] of this.buffers.entries())
      if (buffer !== undefined) this.#devices[index]!.give(buffer);
    this.buffers.length = 0;
    this.host = undefined;
  }

  /** The value as an array: at once where it is on the host or its backend downloads at once. */
  onHost(): NdArray | Promise<NdArray> {
    if (this.host !== undefined) return this.host;
    const index = this.buffers.findIndex((buffer) => buffer !== undefined);
    if (index < 0) throw new Error(`A value of shape [${this.dims}] was kept by its shape alone`);
    const { backend } = this.#devices[index]!;
    const buffer = this.buffers[index]!;
    const take = (bytes: Uint8Array): NdArray => {
      this.host ??= asArray(this.dtype, this.dims, bytes);
      return this.host;
    };
    if (backend.downloadSync) return take(backend.downloadSync(buffer));
    this.retain();
    return backend
      .download(buffer)
      .then(take)
      .finally(() => this.release());
  }

  /** The value's buffer on `device`, moved there if need be; it stays this value's. */
  onDevice(device: Device): DeviceBuffer | Promise<DeviceBuffer> {
    const there = this.buffers[device.index];
    if (there !== undefined) return there;
    const host = this.onHost();
    return host instanceof Promise ? host.then((array) => this.#upload(device, array)) : this.#upload(device, host);
  }

  #upload(device: Device, array: NdArray): DeviceBuffer {
    const buffer = this.buffers[device.index] ?? device.backend.upload(array.data as NumericData);
    this.buffers[device.index] = buffer;
    return buffer;
  }
}

/** Where a variable is: what a ref edge carries. */
export interface Ref {
  readonly kind: "ref";
  readonly variable: VariableState;
}

/** The value of everything behind an untaken branch. */
export interface Dead {
  readonly kind: "dead";
}
export const dead: Dead = { kind: "dead" };

export type Value = TensorValue | Ref | Dead;

/** Bytes that a dense array of `dtype` takes on a backend. */
export function byteLengthOf(dtype: DType, dims: readonly number[]): number {
  return sizeOf(dims) * dtypes[dtype].bytes;
}

/** The array that `bytes` hold. */
export function asArray(dtype: DType, dims: readonly number[], bytes: Uint8Array): NdArray {
  return { dtype, shape: dims, data: viewData(dtype, bytes) };
}

/** A tensor over a buffer whose reference it takes. */
export function tensorOver(
  devices: readonly Device[],
  dtype: DType,
  dims: readonly number[],
  device: Device,
  buffer: ReturnType<Backend["allocate"]>,
): TensorValue {
  const value = new TensorValue(devices, dtype, dims);
  value.buffers[device.index] = buffer;
  return value;
}
