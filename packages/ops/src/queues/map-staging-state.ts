// A map staging area of a session: tuples of tensors under keys, which may come and go tensor by tensor.
// Source: core/kernels/map_stage_op.cc.
import { TfError } from "@org/errors";
import type { NdArray } from "@org/tensor";
import type { Resource } from "../op-entry.ts";
import { bytesOf, checkMemory, type StagedTuple } from "./staging-state.ts";
import { Waiters, type Waiting } from "./waiters.ts";

/** A tuple, of which tensors may not be there yet, or no more. */
type Parts = (NdArray | undefined)[];

export interface MapStagingSettings {
  /** The least key comes out first; else any. */
  readonly ordered: boolean;
  /** Tensors of a tuple. */
  readonly count: number;
  /** Tuples, and bytes, that it holds at most; 0: any number. */
  readonly capacity: number;
  readonly memoryLimit: number;
}

export class MapStagingState implements Resource {
  readonly kind = "map staging area";
  readonly name: string;
  readonly settings: MapStagingSettings;
  readonly #whole = new Map<bigint, Parts>();
  readonly #incomplete = new Map<bigint, Parts>();
  readonly #waiters = new Waiters("Staging operation");
  #bytes = 0;

  constructor(name: string, settings: MapStagingSettings) {
    this.name = name;
    this.settings = settings;
  }

  get size(): number {
    return this.#whole.size;
  }
  get incompleteSize(): number {
    return this.#incomplete.size;
  }

  /**
   * Tensors number `indices` of the tuple under `key`; waits for room. A tuple is there when all are.
   * Throws TfError INVALID_ARGUMENT for indices that are out of order or bounds, or have a tensor already; RESOURCE_EXHAUSTED for what can never
   * have room.
   */
  put(
    key: bigint,
    indices: readonly number[],
    values: StagedTuple,
    waiting: Waiting,
  ): undefined | Promise<undefined> {
    const { count, capacity, memoryLimit } = this.settings;
    this.#checkOrder(indices, waiting);
    for (const index of indices) this.#checkIndex(key, index, waiting);
    const own = bytesOf(values);
    checkMemory(own, memoryLimit, waiting);
    const isWhole = indices.length === count;
    return this.#waiters.whenever(waiting, () => {
      if (memoryLimit > 0 && this.#bytes + own > memoryLimit) return undefined;
      if (isWhole && capacity > 0 && this.size >= capacity) return undefined;
      if (isWhole) this.#complete(key, [...values]);
      else this.#add(key, indices, values, waiting);
      this.#bytes += own;
      return { result: undefined };
    });
  }

  #add(key: bigint, indices: readonly number[], values: StagedTuple, waiting: Waiting): void {
    const { count } = this.settings;
    const parts = this.#incomplete.get(key) ?? new Array<NdArray | undefined>(count).fill(undefined);
    for (const index of indices)
      if (parts[index])
        throw this.#invalid(
          `The tensor for index '${index}' for key '${key}' was already initialized '${count}'.`,
          waiting,
        );
    for (const [i, index] of indices.entries()) parts[index] = values[i];
    if (parts.includes(undefined)) this.#incomplete.set(key, parts);
    else {
      this.#incomplete.delete(key);
      this.#complete(key, parts);
    }
  }

  /** Another tuple under a key that is there is given up, as TensorFlow does. */
  #complete(key: bigint, parts: Parts): void {
    if (!this.#whole.has(key)) this.#whole.set(key, parts);
  }

  /** Tensors number `indices` under `key`, which stay. Waits for a whole tuple. Throws TfError INVALID_ARGUMENT where one is gone. */
  peek(key: bigint, indices: readonly number[], waiting: Waiting): StagedTuple | Promise<StagedTuple> {
    this.#checkOrder(indices, waiting);
    return this.#waiters.whenever(waiting, () => {
      const parts = this.#whole.get(key);
      return parts && { result: this.#found(key, parts, indices, waiting) };
    });
  }

  /** The same, and they go. */
  take(key: bigint, indices: readonly number[], waiting: Waiting): StagedTuple | Promise<StagedTuple> {
    this.#checkOrder(indices, waiting);
    return this.#waiters.whenever(waiting, () => {
      const parts = this.#whole.get(key);
      return parts && { result: this.#taken(key, parts, indices, waiting) };
    });
  }

  /** The same of any key, or of the least. */
  takeAny(
    indices: readonly number[],
    waiting: Waiting,
  ): readonly [bigint, StagedTuple] | Promise<readonly [bigint, StagedTuple]> {
    this.#checkOrder(indices, waiting);
    return this.#waiters.whenever(waiting, () => {
      const key = this.#firstKey();
      if (key === undefined) return undefined;
      return { result: [key, this.#taken(key, this.#whole.get(key)!, indices, waiting)] as const };
    });
  }

  clear(): void {
    this.#whole.clear();
    this.#incomplete.clear();
    this.#bytes = 0;
    this.#waiters.proceed();
  }

  /** The session is closed: nobody waits any more. */
  close(): void {
    this.clear();
    this.#waiters.cancelAll();
  }

  #firstKey(): bigint | undefined {
    let first: bigint | undefined;
    for (const key of this.#whole.keys()) {
      if (first === undefined || key < first) first = key;
      if (!this.settings.ordered) break;
    }
    return first;
  }

  #found(key: bigint, parts: Parts, indices: readonly number[], waiting: Waiting): StagedTuple {
    return indices.map((index) => {
      this.#checkIndex(key, index, waiting);
      const part = parts[index];
      if (part) return part;
      throw this.#invalid(`Tensor at index '${index}' for key '${key}' has already been removed.`, waiting);
    });
  }

  #taken(key: bigint, parts: Parts, indices: readonly number[], waiting: Waiting): StagedTuple {
    const found = this.#found(key, parts, indices, waiting);
    for (const index of indices) parts[index] = undefined;
    if (parts.every((part) => part === undefined)) this.#whole.delete(key);
    this.#bytes -= bytesOf(found);
    return found;
  }

  #checkOrder(indices: readonly number[], waiting: Waiting): void {
    if (indices.some((index, i) => i > 0 && indices[i - 1]! >= index))
      throw this.#invalid("Indices are not strictly ordered", waiting);
  }

  #checkIndex(key: bigint, index: number, waiting: Waiting): void {
    const { count } = this.settings;
    if (index < 0 || index >= count)
      throw this.#invalid(`Index '${index}' for key '${key}' was out of bounds '${count}'.`, waiting);
  }

  #invalid(sentence: string, { node, op }: Waiting): TfError {
    return new TfError("INVALID_ARGUMENT", sentence, { node, op });
  }
}
