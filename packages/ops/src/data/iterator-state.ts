// An iterator of a session: a way through a data set, which an op begins and others go along, step by step.
// Source: IteratorResource in core/kernels/data/iterator_ops.h.
import { TfError } from "@org/errors";
import type { DType, Shape } from "@org/tensor";
import type { HostContext, Resource } from "../op-entry.ts";
import { checkStructure, type DataElement, type DataIterator, type Dataset } from "./dataset.ts";
import { Iteration } from "./iteration.ts";

interface Way {
  readonly iterator: DataIterator;
  readonly iteration: Iteration;
  readonly end: AbortController;
}

export class IteratorState implements Resource {
  readonly kind = "iterator";
  readonly name: string;
  readonly dtypes: readonly DType[];
  readonly shapes: readonly Shape[];
  #way: Way | undefined;
  /** The call that is under way: the next one begins behind it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(name: string, dtypes: readonly DType[], shapes: readonly Shape[]) {
    this.name = name;
    this.dtypes = dtypes;
    this.shapes = shapes;
  }

  /** Begins at the first element of `dataset`. Throws TfError INVALID_ARGUMENT where its elements are not of this iterator's structure. */
  async begin(dataset: Dataset, c: HostContext): Promise<void> {
    checkStructure((code, sentence) => c.fail(code, sentence), this, dataset);
    const end = new AbortController();
    const iteration = new Iteration(end.signal);
    const before = this.#way;
    const iterator = await bounded(c, async () => dataset.iterate(iteration, "Iterator"));
    this.#way = { iterator, iteration, end };
    if (before) await leave(before);
  }

  /**
   * The next element; undefined at the end. Rejects with FAILED_PRECONDITION where it was not begun, with CANCELLED where the run is aborted
   * or the session closed, and with what goes wrong on the way.
   */
  next(c: HostContext): Promise<DataElement | undefined> {
    const { signal } = c;
    const step = async (): Promise<DataElement | undefined> => {
      const way = this.#way;
      if (!way)
        return c.fail(
          "FAILED_PRECONDITION",
          "GetNext() failed because the iterator has not been initialized. Ensure that you have run the initializer operation for this iterator before getting the next element.",
        );
      way.iteration.begin(signal);
      return bounded(c, () => way.iterator.next());
    };
    const running = this.#last.then(step, step);
    this.#last = running.catch(() => {});
    return untilAborted(running, signal);
  }

  /** The session is closed. */
  async close(): Promise<void> {
    const way = this.#way;
    this.#way = undefined;
    if (way) await leave(way);
  }
}

/** What the machine has no room for, in memory or in depth of calls, is a TfError. */
async function bounded<T>(c: HostContext, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return c.fail(
      "RESOURCE_EXHAUSTED",
      `The data set asks for more than there is: ${error.message}`,
      "Elements or batches are too large, or data sets lie too deep in each other.",
    );
  }
}

async function leave({ iterator, end }: Way): Promise<void> {
  end.abort();
  await iterator.close();
}

/** What `running` gives, unless `signal` is aborted before. */
function untilAborted<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = (): void =>
      reject(new TfError("CANCELLED", "Operation was cancelled", { cause: signal.reason }));
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel, { once: true });
    running.then(resolve, reject).finally(() => signal.removeEventListener("abort", cancel));
  });
}
