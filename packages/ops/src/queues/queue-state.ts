// Queues of a session: who waits for room or for elements, in order, and what closing does to them. Which element comes out
// next is the storage's matter (queue-storage.ts). Source: core/kernels/queue_base.cc, fifo_queue.cc, random_shuffle_queue_op.cc.
import { type ErrorCode, TfError } from "@org/errors";
import type { DType, Shape } from "@org/tensor";
import type { Resource } from "../op-entry.ts";
import type { QueueElement, QueueStorage } from "./queue-storage.ts";

export interface QueueSettings {
  /** "FIFOQueue" and so on, for messages. */
  readonly type: string;
  readonly name: string;
  /** How many elements it holds at most. */
  readonly capacity: number;
  readonly dtypes: readonly DType[];
  /** Of the components; none where the queue takes any. */
  readonly shapes: readonly Shape[];
  readonly storage: QueueStorage;
}

/** Somebody who waits. */
interface Attempt {
  /** Goes as far as it can now: whether it did anything; `finished` says whether it is over. */
  proceed(): boolean;
  finished: boolean;
  fail(error: TfError): void;
}

interface Waiting {
  readonly node: string;
  readonly op: string;
  readonly signal: AbortSignal;
}

export class QueueState implements Resource {
  readonly kind = "queue";
  readonly name: string;
  readonly settings: QueueSettings;
  readonly #enqueues: Attempt[] = [];
  readonly #dequeues: Attempt[] = [];
  #closed = false;

  constructor(settings: QueueSettings) {
    this.settings = settings;
    this.name = settings.name;
  }

  /** "FIFOQueue '_0_fifo_queue'". */
  get title(): string {
    return `${this.settings.type} '${this.name}'`;
  }
  get size(): number {
    return this.settings.storage.size;
  }
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Puts elements in, one after another, as there is room. Throws (or rejects with) CANCELLED where the queue is closed or the run is. */
  enqueue(elements: readonly QueueElement[], waiting: Waiting): undefined | Promise<undefined> {
    const { storage, capacity } = this.settings;
    let next = 0;
    return this.#wait(this.#enqueues, "Enqueue", waiting, () => {
      if (this.#closed) throw this.#error("CANCELLED", `${this.title} is closed.`, waiting);
      const before = next;
      while (next < elements.length && storage.size < capacity) storage.push(elements[next++]!);
      return { changed: next > before, done: next === elements.length, result: undefined };
    });
  }

  /**
   * Takes `count` elements as they come; `upTo`: what is left is enough once the queue is closed.
   * Throws (or rejects with) OUT_OF_RANGE where it is closed and has too few, CANCELLED where the run is.
   */
  dequeue(
    count: number,
    upTo: boolean,
    waiting: Waiting,
  ): readonly QueueElement[] | Promise<readonly QueueElement[]> {
    const { storage } = this.settings;
    const taken: QueueElement[] = [];
    let wanted = count;
    const giveBack = (): void => {
      for (const element of taken.splice(0).reverse()) storage.restore(element);
    };
    return this.#wait(
      this.#dequeues,
      "Dequeue",
      waiting,
      () => {
        if (this.#closed && storage.size < wanted - taken.length) {
          if (upTo && storage.size + taken.length > 0) wanted = taken.length + storage.size;
          else {
            giveBack();
            throw this.#error(
              "OUT_OF_RANGE",
              `${this.title} is closed and has insufficient elements (requested ${count}, current size ${storage.size})`,
              waiting,
            );
          }
        }
        const before = taken.length;
        for (let left = storage.available(this.#closed); left > 0 && taken.length < wanted; left--)
          taken.push(storage.take());
        return { changed: taken.length > before, done: taken.length === wanted, result: taken };
      },
      giveBack,
    );
  }

  /** Nothing more goes in: once those have that wait already, or, `cancelPending`, without them. Throws CANCELLED where it is closed. */
  closeQueue(cancelPending: boolean, waiting: Waiting): undefined | Promise<undefined> {
    if (cancelPending) {
      this.#closed = true;
      for (const attempt of this.#enqueues.splice(0))
        attempt.fail(this.#error("CANCELLED", "Enqueue operation was cancelled", waiting));
      this.#flush();
      return undefined;
    }
    return this.#wait(this.#enqueues, "Close", waiting, () => {
      if (this.#closed) throw this.#error("CANCELLED", `Queue '${this.name}' is already closed.`, waiting);
      this.#closed = true;
      return { changed: true, done: true, result: undefined };
    });
  }

  /** The session is closed: nobody waits any more. */
  close(): void {
    this.#closed = true;
    for (const [list, what] of [
      [this.#enqueues, "Enqueue"],
      [this.#dequeues, "Dequeue"],
    ] as const)
      for (const attempt of list.splice(0))
        attempt.fail(new TfError("CANCELLED", `${what} operation was cancelled`));
  }

  /** Queues up an attempt and lets everybody proceed: the result at once where there is one. */
  #wait<R>(
    list: Attempt[],
    what: string,
    waiting: Waiting,
    step: () => { readonly changed: boolean; readonly done: boolean; readonly result: R },
    giveBack: () => void = () => {},
  ): R | Promise<R> {
    let settle: { resolve(result: R): void; reject(error: unknown): void } | undefined;
    let outcome: { readonly result: R } | { readonly error: unknown } | undefined;
    const end = (ended: { readonly result: R } | { readonly error: unknown }): void => {
      attempt.finished = true;
      outcome = ended;
      if (settle) {
        if ("error" in ended) settle.reject(ended.error);
        else settle.resolve(ended.result);
      }
    };
    const attempt: Attempt = {
      finished: false,
      proceed: () => {
        try {
          const { changed, done, result } = step();
          if (done) end({ result });
          return changed || done;
        } catch (error) {
          end({ error });
          return true;
        }
      },
      fail: (error) => {
        giveBack();
        end({ error });
      },
    };
    list.push(attempt);
    this.#flush();
    if (outcome) {
      if ("error" in outcome) throw outcome.error;
      return outcome.result;
    }
    const cancel = (): void => {
      const at = list.indexOf(attempt);
      if (at < 0) return;
      list.splice(at, 1);
      attempt.fail(this.#error("CANCELLED", `${what} operation was cancelled`, waiting));
      this.#flush();
    };
    if (waiting.signal.aborted) cancel();
    else waiting.signal.addEventListener("abort", cancel, { once: true });
    return new Promise<R>((resolve, reject) => {
      settle = { resolve, reject };
      if (outcome) end(outcome);
    }).finally(() => waiting.signal.removeEventListener("abort", cancel));
  }

  /** The first of each list proceeds, as long as anything changes. */
  #flush(): void {
    for (let changed = true; changed; ) {
      changed = false;
      for (const list of [this.#enqueues, this.#dequeues]) {
        const [first] = list;
        if (!first?.proceed()) continue;
        changed = true;
        if (first.finished) list.shift();
      }
    }
  }

  #error(code: ErrorCode, sentence: string, { node, op }: Waiting): TfError {
    return new TfError(code, sentence, { node, op });
  }
}
