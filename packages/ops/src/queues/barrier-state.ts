// A barrier of a session: elements whose components come one by one, under a key; those that are whole go through a queue, in the order in
// which their keys were first seen. Source: core/kernels/barrier_ops.cc.
import { concatenateRows, type DType, type NdArray, ndArray, Shape, sizeOf, sliceRows } from "@org/tensor";
import { bytesKey, stringArray } from "../host/text.ts";
import type { HostContext, Resource } from "../op-entry.ts";
import { QueueState } from "./queue-state.ts";
import { PriorityStorage, type QueueElement } from "./queue-storage.ts";

interface Incomplete {
  readonly index: bigint;
  readonly key: Uint8Array;
  readonly components: (NdArray | undefined)[];
}

const utf8 = new TextDecoder();
const unlimited = 2 ** 31 - 1;

export class BarrierState implements Resource {
  readonly kind = "barrier";
  readonly name: string;
  readonly dtypes: readonly DType[];
  readonly shapes: readonly Shape[];
  readonly #incomplete = new Map<string, Incomplete>();
  readonly #ready: QueueState;
  #index = -(2n ** 63n);
  #closed = false;
  #cancelled = false;
  #queueClosed = false;

  constructor(name: string, dtypes: readonly DType[], shapes: readonly Shape[]) {
    this.name = name;
    this.dtypes = dtypes;
    this.shapes = shapes;
    this.#ready = new QueueState({
      type: "PriorityQueue",
      name: `${name}_queue`,
      capacity: unlimited,
      dtypes: ["int64", "string", ...dtypes],
      shapes: [Shape.scalar, Shape.scalar, ...shapes],
      storage: new PriorityStorage(),
    });
  }

  get readySize(): number {
    return this.#ready.size;
  }
  get incompleteSize(): number {
    return this.#incomplete.size;
  }

  /**
   * Component number `component` of the elements with these keys, a row each.
   * Throws TfError INVALID_ARGUMENT where a key has that component already, or it is of another shape; CANCELLED where the barrier is closed, and
   * a key is new or pending ones are cancelled.
   */
  async insert(component: number, keys: NdArray, values: NdArray, c: HostContext): Promise<void> {
    const count = sizeOf(keys.shape);
    if (count > 0 && sizeOf(values.shape) === 0)
      c.fail(
        "INVALID_ARGUMENT",
        `Tensors with no elements are not supported ${this.name}: received shape ${new Shape(values.shape)}`,
      );
    if (count > 0 && values.shape[0] !== count)
      c.fail("INVALID_ARGUMENT", `There are ${count} keys, but values of shape ${new Shape(values.shape)}`);
    if (this.#closed && (this.#cancelled || (count > 0 && this.#incomplete.size === 0)))
      c.fail(
        "CANCELLED",
        `Barrier ${this.name} is closed.  Pending enqueues cancelled: ${this.#cancelled ? 1 : 0}.  Number of new insertions: ${count}.  Number of incomplete keys: ${this.#incomplete.size}.`,
      );
    const ready: QueueElement[] = [];
    let hasNew = false;
    for (const [i, key] of (keys.data as Uint8Array[]).entries()) {
      const before = this.#incomplete.size;
      const element = this.#elementOf(key, i, c);
      hasNew ||= this.#incomplete.size > before;
      const row = sliceRows(values, i, 1);
      const whole = this.#put(element, component, { ...row, shape: row.shape.slice(1) }, c);
      if (whole) ready.push(whole);
    }
    if (hasNew) this.#index++;
    if (ready.length > 0) await this.#ready.enqueue(ready, c);
    // TensorFlow leaves those waiting who wait for more than there will be.
    if (ready.length > 0 && this.#closed && this.#incomplete.size === 0) await this.#closeQueue(false, c);
  }

  #elementOf(key: Uint8Array, i: number, c: HostContext): Incomplete {
    const id = bytesKey(key);
    const found = this.#incomplete.get(id);
    if (found) return found;
    if (this.#closed)
      c.fail(
        "CANCELLED",
        `Barrier ${this.name} is closed, but attempted to insert a brand new key: ${utf8.decode(key)}.  Pending enqueues cancelled: ${this.#cancelled ? 1 : 0}.  Insertion index: ${i}.  Number of incomplete keys: ${this.#incomplete.size}.`,
      );
    const made: Incomplete = { index: this.#index, key, components: this.dtypes.map(() => undefined) };
    this.#incomplete.set(id, made);
    return made;
  }

  /** The element, where it is whole now. */
  #put(element: Incomplete, component: number, value: NdArray, c: HostContext): QueueElement | undefined {
    const { components, key, index } = element;
    if (components[component])
      c.fail(
        "INVALID_ARGUMENT",
        `Key ${utf8.decode(key)} already has a value for component ${component} in barrier ${this.name}`,
      );
    components[component] = value;
    if (components.includes(undefined)) return undefined;
    this.#incomplete.delete(bytesKey(key));
    const whole = components as NdArray[];
    for (const [i, shape] of this.shapes.entries())
      if (!shape.isCompatibleWith(new Shape(whole[i]!.shape)))
        c.fail(
          "INVALID_ARGUMENT",
          `Shape mismatch in tuple component ${i + 2}. Expected ${shape}, got ${new Shape(whole[i]!.shape)}`,
        );
    return [ndArray("int64", [], BigInt64Array.of(index)), stringArray([], [key]), ...whole];
  }

  /**
   * `count` whole elements, as they come; `allowSmall`: fewer once the barrier is closed.
   * Rejects with OUT_OF_RANGE where it is closed and has too few, CANCELLED where the run is.
   */
  async take(count: number, allowSmall: boolean, c: HostContext): Promise<readonly QueueElement[]> {
    let wanted = count;
    if (this.#closed) {
      let available = this.readySize;
      if (allowSmall) wanted = Math.min(count, available);
      else available += this.#incomplete.size;
      if (available < Math.max(wanted, 1))
        c.fail(
          "OUT_OF_RANGE",
          `Barrier '${this.name}' is closed and has insufficient elements (requested ${wanted}, total size ${available})`,
        );
    }
    return this.#ready.dequeue(wanted, allowSmall, c);
  }

  /** No new keys; with `cancelPending`, nothing more at all. Throws TfError CANCELLED where it is closed so already. */
  async closeBarrier(cancelPending: boolean, c: HostContext): Promise<void> {
    if (this.#closed && (this.#cancelled || !cancelPending))
      c.fail("CANCELLED", `Barrier '${this.name}' is already closed.`);
    this.#cancelled = cancelPending;
    this.#closed = true;
    if (cancelPending || this.#incomplete.size === 0) {
      this.#incomplete.clear();
      await this.#closeQueue(cancelPending, c);
    }
  }

  async #closeQueue(cancelPending: boolean, c: HostContext): Promise<void> {
    if (this.#queueClosed || this.#ready.isClosed) return;
    this.#queueClosed = true;
    await this.#ready.closeQueue(cancelPending, c);
  }

  /** The session is closed: nobody waits any more. */
  close(): void {
    this.#closed = true;
    this.#ready.close();
  }
}

/** Of several elements, one component along a new first dim. */
export const stackedComponent = (elements: readonly QueueElement[], component: number): NdArray =>
  concatenateRows(
    elements.map((element) => {
      const part = element[component]!;
      return { ...part, shape: [1, ...part.shape] };
    }),
  );
