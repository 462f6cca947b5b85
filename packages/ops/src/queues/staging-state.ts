// A staging area of a session: tuples of tensors, first in first out, up to a number of them or of bytes. Who waits for room or for a tuple
// waits in order. Source: core/kernels/stage_op.cc.
import { TfError } from "@org/errors";
import { dtypes, type NdArray } from "@org/tensor";
import type { Resource } from "../op-entry.ts";

export type StagedTuple = readonly NdArray[];

interface Waiting {
  readonly node: string;
  readonly op: string;
  readonly signal: AbortSignal;
}

/** Bytes of a tuple: strings count as what they hold and 32 bytes, as std::string does. */
function bytesOf(tuple: StagedTuple): number {
  let sum = 0;
  for (const { dtype, data } of tuple) {
    if (dtype === "string") for (const text of data as Uint8Array[]) sum += 32 + text.length;
    else sum += (data.length / dtypes[dtype].width) * dtypes[dtype].bytes;
  }
  return sum;
}

export class StagingState implements Resource {
  readonly kind = "staging area";
  readonly name: string;
  readonly #capacity: number;
  readonly #memoryLimit: number;
  readonly #tuples: StagedTuple[] = [];
  readonly #waiting: { tryNow(): boolean; fail(error: TfError): void }[] = [];
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
    if (limit > 0 && own > limit)
      throw new TfError(
        "RESOURCE_EXHAUSTED",
        `Attempted to insert tensors with combined size of '${own}' bytes into Staging Area with a memory limit of '${limit}'.`,
        { node: waiting.node, op: waiting.op },
      );
    return this.#whenever(waiting, () => {
      if (capacity > 0 && this.size >= capacity) return undefined;
      if (limit > 0 && this.#bytes + own > limit) return undefined;
      this.#tuples.push(tuple);
      this.#bytes += own;
      return { result: undefined };
    });
  }

  /** The first tuple, which goes. Waits for one; rejects with CANCELLED where the run is. */
  get(waiting: Waiting): StagedTuple | Promise<StagedTuple> {
    return this.#whenever(waiting, () => {
      const tuple = this.#tuples.shift();
      if (!tuple) return undefined;
      this.#bytes -= bytesOf(tuple);
      return { result: tuple };
    });
  }

  /** Tuple number `index`, which stays. Waits until there are so many; rejects with CANCELLED where the run is. */
  peek(index: number, waiting: Waiting): StagedTuple | Promise<StagedTuple> {
    return this.#whenever(waiting, () => {
      const tuple = this.#tuples[index];
      return tuple && { result: tuple };
    });
  }

  clear(): void {
    this.#tuples.length = 0;
    this.#bytes = 0;
    this.#proceed();
  }

  /** The session is closed: nobody waits any more. */
  close(): void {
    this.clear();
    for (const one of this.#waiting.splice(0))
      one.fail(new TfError("CANCELLED", "Staging operation was cancelled"));
  }

  /** What `attempt` gives as soon as it gives anything; at once where it can. */
  #whenever<R>(waiting: Waiting, attempt: () => { readonly result: R } | undefined): R | Promise<R> {
    const now = attempt();
    if (now) {
      this.#proceed();
      return now.result;
    }
    const { signal, node, op } = waiting;
    return new Promise<R>((resolve, reject) => {
      const leave = (): void => {
        signal.removeEventListener("abort", cancel);
        const at = this.#waiting.indexOf(one);
        if (at >= 0) this.#waiting.splice(at, 1);
      };
      const one = {
        tryNow: (): boolean => {
          const found = attempt();
          if (!found) return false;
          leave();
          resolve(found.result);
          return true;
        },
        fail: (error: TfError): void => {
          leave();
          reject(error);
        },
      };
      const cancel = (): void =>
        one.fail(new TfError("CANCELLED", "Staging operation was cancelled", { node, op }));
      this.#waiting.push(one);
      if (signal.aborted) cancel();
      else signal.addEventListener("abort", cancel, { once: true });
    });
  }

  /** Everybody who waits tries again, as long as anybody gets on. */
  #proceed(): void {
    while (this.#waiting.some((one) => one.tryNow()));
  }
}
