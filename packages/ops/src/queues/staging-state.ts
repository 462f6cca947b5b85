// A staging area of a session: tuples of tensors, first in first out, up to a number of them or of bytes. Who waits for room or for a tuple
// waits in order. Source: core/kernels/stage_op.cc.
import { TfError } from "@org/errors";
import { dtypes, type NdArray } from "@org/tensor";
import type { Resource } from "../op-entry.ts";
import { Waiters, type Waiting } from "./waiters.ts";

export type StagedTuple = readonly NdArray[];

/** Bytes of a tuple: strings count as what they hold and 32 bytes, as std::string does. */
export function bytesOf(tuple: StagedTuple): number {
  let sum = 0;
  for (const { dtype, data } of tuple) {
    if (dtype === "string") for (const text of data as Uint8Array[]) sum += 32 + text.length;
    else sum += (data.length / dtypes[dtype].width) * dtypes[dtype].bytes;
  }
  return sum;
}

/** Throws TfError RESOURCE_EXHAUSTED for what can never have room. */
export function checkMemory(bytes: number, limit: number, { node, op }: Waiting): void {
  if (limit <= 0 || bytes <= limit) return;
  throw new TfError(
    "RESOURCE_EXHAUSTED",
    `Attempted to insert tensors with combined size of '${bytes}' bytes into Staging Area with a memory limit of '${limit}'.`,
    { node, op },
  );
}

export class StagingState implements Resource {
  readonly kind = "staging area";
  readonly name: string;
  readonly #capacity: number;
  readonly #memoryLimit: number;
  readonly #tuples: StagedTuple[] = [];
  readonly #waiters = new Waiters("Staging operation");
  #bytes = 0;

  /** `capacity` tuples and `memoryLimit` bytes at most; 0: any number. */
  constructor(name: string, capacity: number, memoryLimit: number) {
    this.name = name;
    this.#capacity = capacity;
    this.#memoryLimit = memoryLimit;
  }

  get size(): number {
    return this.#tuples.length;
  }

  /** Waits for room. Throws TfError RESOURCE_EXHAUSTED for a tuple that can never have any; rejects with CANCELLED where the run is. */
  put(tuple: StagedTuple, waiting: Waiting): undefined | Promise<undefined> {
    const own = bytesOf(tuple);
    const [capacity, limit] = [this.#capacity, this.#memoryLimit];
    checkMemory(own, limit, waiting);
    return this.#waiters.whenever(waiting, () => {
      if (capacity > 0 && this.size >= capacity) return undefined;
      if (limit > 0 && this.#bytes + own > limit) return undefined;
      this.#tuples.push(tuple);
      this.#bytes += own;
      return { result: undefined };
    });
  }

  /** The first tuple, which goes. Waits for one; rejects with CANCELLED where the run is. */
  get(waiting: Waiting): StagedTuple | Promise<StagedTuple> {
    return this.#waiters.whenever(waiting, () => {
      const tuple = this.#tuples.shift();
      if (!tuple) return undefined;
      this.#bytes -= bytesOf(tuple);
      return { result: tuple };
    });
  }

  /** Tuple number `index`, which stays. Waits until there are so many; rejects with CANCELLED where the run is. */
  peek(index: number, waiting: Waiting): StagedTuple | Promise<StagedTuple> {
    return this.#waiters.whenever(waiting, () => {
      const tuple = this.#tuples[index];
      return tuple && { result: tuple };
    });
  }

  clear(): void {
    this.#tuples.length = 0;
    this.#bytes = 0;
    this.#waiters.proceed();
  }

  /** The session is closed: nobody waits any more. */
  close(): void {
    this.clear();
    this.#waiters.cancelAll();
  }
}
