// What flows between the steps of a run: tensors (on the host, on devices, or both), Refs to variables, handles, and "dead",
// the value of a branch that is not taken. Tensors are immutable and counted; a count of one held by a variable is
// what lets an assignment be in place.
import { type DeviceBuffer, isHloDType } from "@org/hlo";
import { type DType, dtypes, type NdArray, type NumericData, sizeOf, viewData } from "@org/tensor";
import type { Device } from "./device.ts";
import type { Held } from "./held.ts";
import type { VariableState } from "./variable-state.ts";

/** A tensor's value. Made with one reference. With neither host array nor buffer it is known by its shape alone. */
export class TensorValue {
  readonly kind = "tensor" as const;
  readonly dtype: DType;
  readonly dims: readonly number[];
  #host: NdArray | undefined;
  /** The buffer on the device of index `#on`, this value's own; those on others, by Device.index. */
  #buffer: DeviceBuffer | undefined;
  #on = 0;
  #more: (DeviceBuffer | undefined)[] | undefined;
  #references = 1;
  readonly #devices: readonly Device[];
  /** Whether the host array is a copy that nobody else has. */
  #downloaded = false;
  /** Whose elements these are, under other dims. */
  #base: TensorValue | undefined;

  constructor(devices: readonly Device[], dtype: DType, dims: readonly number[], host?: NdArray) {
    this.#devices = devices;
    this.dtype = dtype;
    this.dims = dims;
    this.#host = host;
  }

  /** A tensor over a buffer that becomes its own. */
  static over(
    devices: readonly Device[],
    dtype: DType,
    dims: readonly number[],
    device: Device,
    buffer: DeviceBuffer,
  ): TensorValue {
    const value = new TensorValue(devices, dtype, dims);
    value.#buffer = buffer;
    value.#on = device.index;
    return value;
  }

  /** The same elements under other dims: this value with one more reference where the dims are its own. */
  reshaped(dims: readonly number[]): TensorValue {
    if (dims.length === this.dims.length && dims.every((dim, i) => dim === this.dims[i]))
      return this.retain();
    const view = new TensorValue(this.#devices, this.dtype, dims);
    view.#base = this.retain();
    return view;
  }

  /** The value on the host, where it is there. */
  get host(): NdArray | undefined {
    const below = this.#base?.host;
    if (below !== undefined) this.#host ??= { ...below, shape: this.dims };
    return this.#host;
  }

  /** Whether one holder alone has it: the holder may write over it. */
  get unshared(): boolean {
    return this.#references === 1 && (this.#base?.unshared ?? true);
  }

  retain(): this {
    this.#references++;
    return this;
  }

  /** Ends one reference; the last one frees the buffers. */
  release(): void {
    if (--this.#references > 0) return;
    if (this.#references < 0) throw new Error("A tensor was released too often");
    this.#base?.release();
    this.#base = undefined;
    if (this.#buffer !== undefined) this.#devices[this.#on]!.give(this.#buffer);
    this.#buffer = undefined;
    this.#more?.forEach((buffer, index) => {
      if (buffer !== undefined) this.#devices[index]!.give(buffer);
    });
    this.#more = undefined;
    this.#host = undefined;
  }

  /**
   * The value as an array: at once where it is on the host or its backend downloads at once. `into` is asked for memory that the array
   * may use.
   */
  onHost(into?: (byteLength: number) => Uint8Array): NdArray | Promise<NdArray> {
    const known = this.host;
    if (known !== undefined) return known;
    const under = (array: NdArray): NdArray => {
      this.#host ??= { ...array, shape: this.dims };
      return this.#host;
    };
    if (this.#base !== undefined) {
      const array = this.#base.onHost();
      return array instanceof Promise ? array.then(under) : under(array);
    }
    const index = this.#buffer === undefined ? (this.#more?.findIndex(isThere) ?? -1) : this.#on;
    if (index < 0) throw new Error(`A value of shape [${this.dims}] was kept by its shape alone`);
    const { backend } = this.#devices[index]!;
    const buffer = this.#bufferOn(index)!;
    const take = (bytes: Uint8Array): NdArray => {
      this.#downloaded = into === undefined;
      const data = dtypes[this.dtype].storage === "u8" ? bytes : viewData(this.dtype, bytes);
      return under({ dtype: this.dtype, shape: this.dims, data });
    };
    if (backend.downloadSync)
      return take(backend.downloadSync(buffer, into?.(byteLengthOf(this.dtype, this.dims))));
    this.retain();
    return backend
      .download(buffer)
      .then(take)
      .finally(() => this.release());
  }

  /** `onHost` for one use: what has to be downloaded is not kept. */
  passingHost(into?: (byteLength: number) => Uint8Array): NdArray | Promise<NdArray> {
    const known = this.host;
    if (known !== undefined) return known;
    const forget = (array: NdArray): NdArray => {
      this.#host = undefined;
      return array;
    };
    if (this.#base !== undefined) {
      const array = this.#base.passingHost(into);
      const under = (below: NdArray): NdArray => ({ ...below, shape: this.dims });
      return array instanceof Promise ? array.then(under) : under(array);
    }
    const array = this.onHost(into);
    return array instanceof Promise ? array.then(forget) : forget(array);
  }

  /** `onHost` for who looks at once: what a backend downloads at once is put into memory from `into`, and not kept. */
  glance(into: (byteLength: number) => Uint8Array): NdArray | Promise<NdArray> {
    const isNear = this.#buffer !== undefined && this.#devices[this.#on]!.backend.downloadSync !== undefined;
    return isNear ? this.passingHost(into) : this.onHost();
  }

  /** An array of the caller's own, for one reference to this value, which ends. */
  handOut(): NdArray | Promise<NdArray> {
    const array = this.onHost();
    const finish = (found: NdArray): NdArray => {
      const isOwn = this.#isOwn;
      this.release();
      return { ...found, shape: [...found.shape], data: isOwn ? found.data : copyOf(found) };
    };
    return array instanceof Promise ? array.then(finish) : finish(array);
  }

  /** Whether the one holder alone knows the host array. */
  get #isOwn(): boolean {
    return this.#references === 1 && (this.#base === undefined ? this.#downloaded : this.#base.#isOwn);
  }

  /** The value's buffer on `device`, moved there if need be; it stays this value's. */
  onDevice(device: Device): DeviceBuffer | Promise<DeviceBuffer> {
    if (this.#base !== undefined) return this.#base.onDevice(device);
    const there = this.#bufferOn(device.index);
    if (there !== undefined) return there;
    const host = this.onHost();
    return host instanceof Promise
      ? host.then((array) => this.#upload(device, array))
      : this.#upload(device, host);
  }

  #upload(device: Device, array: NdArray): DeviceBuffer {
    const known = this.#bufferOn(device.index);
    if (known !== undefined) return known;
    const buffer = device.upload(array.data as NumericData);
    this.#setBuffer(device.index, buffer);
    return buffer;
  }

  #bufferOn(index: number): DeviceBuffer | undefined {
    return index === this.#on ? this.#buffer : this.#more?.[index];
  }

  #setBuffer(index: number, buffer: DeviceBuffer | undefined): void {
    if (this.#buffer === undefined && this.#more === undefined) this.#on = index;
    if (index === this.#on) this.#buffer = buffer;
    else {
      this.#more ??= [];
      this.#more[index] = buffer;
    }
  }

  /** Takes the buffer on `device` away, to be written over. */
  takeBuffer(device: Device): DeviceBuffer | undefined {
    if (this.#base !== undefined) return this.#base.takeBuffer(device);
    const buffer = this.#bufferOn(device.index);
    this.#setBuffer(device.index, undefined);
    return buffer;
  }

  /** Gives a value whose buffer was taken a new one. */
  putBuffer(device: Device, buffer: DeviceBuffer): void {
    if (this.#base !== undefined) this.#base.putBuffer(device, buffer);
    else this.#setBuffer(device.index, buffer);
  }

  /** The device that was lost with all that there was of its elements; undefined where they are anywhere. */
  get lostWith(): Device | undefined {
    if (this.#base !== undefined) return this.#base.lostWith;
    if (this.#host !== undefined) return undefined;
    const buffers = this.#buffersByDevice();
    return buffers.every(([buffer]) => buffer.isLost) ? buffers[0]?.[1] : undefined;
  }

  /** Gives up buffers of lost devices. */
  dropLost(): void {
    this.#base?.dropLost();
    for (const [buffer, device] of this.#buffersByDevice()) {
      if (!buffer.isLost) continue;
      this.#setBuffer(device.index, undefined);
      device.give(buffer);
    }
  }

  #buffersByDevice(): [DeviceBuffer, Device][] {
    return this.#devices.flatMap((device): [DeviceBuffer, Device][] => {
      const buffer = this.#bufferOn(device.index);
      return buffer === undefined ? [] : [[buffer, device]];
    });
  }

  /** Whether its elements are anywhere. */
  get isAnywhere(): boolean {
    return (
      this.#base?.isAnywhere ??
      (this.#host !== undefined || this.#buffer !== undefined || (this.#more?.some(isThere) ?? false))
    );
  }
}

const isThere = (buffer: DeviceBuffer | undefined): boolean => buffer !== undefined;

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

/** A handle of something that lives as long as the run. */
export interface Handle {
  readonly kind: "handle";
  readonly held: Held;
}

export type Value = TensorValue | Ref | Handle | Dead;

/** Bytes that a dense array of `dtype` takes on a backend. */
export function byteLengthOf(dtype: DType, dims: readonly number[]): number {
  return sizeOf(dims) * dtypes[dtype].bytes;
}

function copyOf({ dtype, shape, data }: NdArray): NdArray["data"] {
  if (sizeOf(shape) === 0 || dtypes[dtype].kind === "resource") return data;
  return (data as Float32Array).slice();
}

/** Below this many bytes a value is as well kept on the host. */
const smallBytes = 2 ** 16;

/** A large value on the first device, if that computes with its type. */
export function onFirstDevice(
  devices: readonly Device[],
  { dtype, shape, data }: NdArray,
): TensorValue | undefined {
  const [device] = devices;
  if (device === undefined || !isHloDType(dtype) || byteLengthOf(dtype, shape) < smallBytes) return undefined;
  return TensorValue.over(devices, dtype, shape, device, device.upload(data as NumericData));
}
