// A backend as one session sees it: with its index, what it can take, and the constants that it holds once for all
// plans, and a pool of free buffers (buffer-pool.ts). Not a device manager: backends are given to createSession and are not looked for.
import { isTfError } from "@org/errors";
import type { Backend, DeviceBuffer, HloDType, Opcode } from "@org/hlo";
import type { NdArray, NumericData } from "@org/tensor";
import { BufferPool } from "./buffer-pool.ts";
import { fullDeviceName } from "./device-names.ts";
import { type FaultLedger, faultLedger } from "./fault-ledger.ts";

interface HeldConstant {
  buffer: DeviceBuffer;
  users: number;
}

/** One backend of a session. */
export class Device {
  readonly index: number;
  readonly backend: Backend;
  /** Whether the session made it, and so closes it. */
  readonly owned: boolean;
  /** "/job:localhost/replica:0/task:0/device:CPU:0". */
  readonly fullName: string;
  /** Its place among the devices of its type. */
  readonly ordinal: number;
  readonly faults: FaultLedger;
  readonly #supported: Map<string, boolean> = new Map();
  readonly #constants: Map<NumericData, HeldConstant> = new Map();
  readonly #pool: BufferPool;
  /** Buffers that `upload` made: the pool has no use for them. */
  readonly #uploaded: WeakSet<DeviceBuffer> = new WeakSet();
  #closed = false;

  constructor(index: number, backend: Backend, owned: boolean, ordinal = 0) {
    this.index = index;
    this.backend = backend;
    this.owned = owned;
    this.faults = faultLedger(backend);
    this.#pool = new BufferPool((buffer) => backend.release(buffer));
    this.ordinal = ordinal;
    this.fullName = fullDeviceName(backend.name, ordinal);
  }

  /** Whether faults are known only some time after a launch. */
  get isLate(): boolean {
    return this.backend.settle !== undefined;
  }

  get name(): string {
    return this.backend.name;
  }

  /** Backend.supports, remembered. */
  supports(opcode: Opcode, dtypes: readonly HloDType[]): boolean {
    const key = `${opcode} ${dtypes}`;
    let answer = this.#supported.get(key);
    if (answer === undefined) {
      answer = this.backend.supports(opcode, dtypes);
      this.#supported.set(key, answer);
    }
    return answer;
  }

  /** The buffer of a constant array, uploaded by its first user. */
  holdConstant(data: NumericData): DeviceBuffer {
    let held = this.#constants.get(data);
    if (held === undefined) {
      held = { buffer: this.upload(data), users: 0 };
      this.#constants.set(data, held);
    } else if (held.buffer.isLost) {
      this.backend.release(held.buffer);
      held.buffer = this.upload(data);
    }
    held.users++;
    return held.buffer;
  }

  /** The buffer of a constant that is held. */
  constant(data: NdArray["data"]): DeviceBuffer {
    return this.#constants.get(data as NumericData)!.buffer;
  }

  /** Ends one `holdConstant`. */
  dropConstant(data: NumericData): void {
    const held = this.#constants.get(data);
    if (held === undefined || --held.users > 0) return;
    this.#constants.delete(data);
    this.backend.release(held.buffer);
  }

  /** A buffer of exactly that size and undefined content: a free one, or a new one. */
  take(byteLength: number): DeviceBuffer {
    return this.#pool.take(byteLength) ?? this.#withRoom(() => this.backend.allocate(byteLength));
  }

  /** A buffer with a copy of `data`. */
  upload(data: NumericData): DeviceBuffer {
    const buffer = this.#withRoom(() => this.backend.upload(data));
    this.#uploaded.add(buffer);
    return buffer;
  }

  /** What `make` makes, if need be after the free buffers were given back. */
  #withRoom(make: () => DeviceBuffer): DeviceBuffer {
    try {
      return make();
    } catch (error) {
      if (this.#pool.buffers === 0 || !isTfError(error) || error.code !== "RESOURCE_EXHAUSTED") throw error;
      this.#pool.empty();
      return make();
    }
  }

  /** Gives up a reference of a buffer that nobody else holds. */
  give(buffer: DeviceBuffer): void {
    if (this.#closed) {
      // A run that went on when its session was closed; a backend of our own is gone with all its memory.
      if (!this.owned) this.backend.release(buffer);
      return;
    }
    if (buffer.isLost || this.#uploaded.has(buffer)) this.backend.release(buffer);
    else this.#pool.give(buffer);
  }

  /** Another run begins: see BufferPool. */
  beginRun(): void {
    this.#pool.beginRun();
  }

  /** Gives up the free buffers of a device that was lost; constants are uploaded again when they are held next. */
  forgetLost(): void {
    this.#pool.empty();
  }

  /** Free buffers that are kept, and their bytes. */
  get pooled(): { readonly buffers: number; readonly bytes: number } {
    return this.#pool;
  }

  /** Frees the pool and the constants; the backend itself where the session made it. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#pool.empty();
    for (const { buffer } of this.#constants.values()) this.backend.release(buffer);
    this.#constants.clear();
    if (this.owned) await this.backend.close();
  }
}
