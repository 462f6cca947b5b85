// What lives as long as one run, made when it is first asked for: stacks and tensor arrays, what host kernels share, and the signal
// that ends what they wait for.
import type { RunResource } from "@org/ops";
import type { ExecutorEnvironment } from "./executor.ts";
import type { Held } from "./held.ts";
import type { HostEnvironment } from "./host-context.ts";
import { onFirstDevice, TensorValue } from "./values.ts";

export class RunResources {
  readonly #environment: ExecutorEnvironment;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#abort!.abort(this.#signal!.reason);
  #abort: AbortController | undefined;
  #held: Set<Held> | undefined;
  #shared: Map<string, RunResource> | undefined;
  #host: HostEnvironment | undefined;
  /** Done when what host kernels shared is closed. */
  closing: Promise<unknown> | undefined;

  constructor(environment: ExecutorEnvironment, signal: AbortSignal | undefined) {
    this.#environment = environment;
    this.#signal = signal;
  }

  /** Keeps a stack or tensor array to the end of the run. */
  hold(held: Held): void {
    this.#held ??= new Set();
    if (this.#held.has(held)) return;
    this.#held.add(held);
    this.#environment.counts.held++;
  }

  /** What host kernels may reach. */
  get host(): HostEnvironment {
    const { state, fs, onProgress, devices, functions } = this.#environment;
    this.#host ??= {
      state,
      fs,
      signal: () => this.signal,
      callFunction: (op, ref) => (inputs, aborts) => functions.callFunction(op, ref, inputs, aborts),
      onProgress,
      toDevice: (value) => onFirstDevice(devices, value),
      ofRun: (name, create) => {
        this.#shared ??= new Map();
        const known = this.#shared.get(name) ?? create();
        this.#shared.set(name, known);
        return known as ReturnType<typeof create>;
      },
      assign: (variable, value) => {
        variable.assign(new TensorValue(devices, value.dtype, value.shape, value));
      },
    };
    return this.#host;
  }

  /** Ends what host kernels wait for, since another unit has failed. */
  abort(reason: unknown): void {
    this.#abort?.abort(reason);
  }

  /** Aborted where the run is, and where another unit fails. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#signal?.aborted) this.#onAbort();
      else this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
    }
    return this.#abort.signal;
  }

  close(): void {
    if (this.#held !== undefined) {
      for (const held of this.#held) held.close();
      this.#environment.counts.held -= this.#held.size;
      this.#held = undefined;
    }
    if (this.#shared !== undefined)
      this.closing = Promise.all([...this.#shared.values()].map((shared) => shared.close()));
    this.#shared = undefined;
    if (this.#abort !== undefined) this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}
