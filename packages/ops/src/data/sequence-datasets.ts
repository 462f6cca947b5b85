// Data sets made of others without looking at elements: repeated, a part of one, one after another, side by side, read ahead.
// Source: core/kernels/data/{repeat,take,skip,concatenate,zip,shard,prefetch}_dataset_op.cc.
import { TfError } from "@org/errors";
import { Shape } from "@org/tensor";
import type { DataElement, DataIterator, Dataset } from "./dataset.ts";
import type { Iteration } from "./iteration.ts";

type Iterate = Dataset["iterate"];

/** A data set with the structure of `input`. */
function like(input: Dataset, type: string, iterate: Iterate, rebuild: (input: Dataset) => Dataset): Dataset {
  const { dtypes, shapes } = input;
  return { type, dtypes, shapes, iterate, rebuilt: (replace) => rebuild(replace(input)) };
}

const nothing: DataIterator = { next: async () => undefined, close: () => {} };

/** `count` times over; without end where it is negative (but an empty one ends). */
export function repeatDataset(input: Dataset, count: bigint): Dataset {
  const iterate: Iterate = (iteration, place) => {
    let epoch = 0n;
    let current: DataIterator | undefined;
    return {
      next: async () => {
        while (count < 0n || epoch < count) {
          const isNew = current === undefined;
          current ??= input.iterate(iteration, `${place}::Repeat`);
          const element = await current.next();
          if (element) return element;
          await current.close();
          current = undefined;
          if (count >= 0n) epoch++;
          else if (isNew) return undefined;
        }
        return undefined;
      },
      close: () => current?.close(),
    };
  };
  const repeated = like(input, "RepeatDataset", iterate, (own) => repeatDataset(own, count));
  repetitions.set(repeated, { input, count });
  return repeated;
}

interface Repetition {
  readonly input: Dataset;
  readonly count: bigint;
}

const repetitions = new WeakMap<Dataset, Repetition>();

/** What is repeated, and how often; undefined where `dataset` is none of `repeatDataset`. */
export const repetitionOf = (dataset: Dataset): Repetition | undefined => repetitions.get(dataset);

/** The first `count` elements; all where it is -1. */
export function takeDataset(input: Dataset, count: bigint): Dataset {
  const iterate: Iterate = (iteration, place) => {
    if (count === 0n) return nothing;
    const own = input.iterate(iteration, `${place}::Take`);
    let taken = 0n;
    return {
      next: async () => {
        if (count >= 0n && taken >= count) return undefined;
        const element = await own.next();
        if (element) taken++;
        return element;
      },
      close: () => own.close(),
    };
  };
  return like(input, "TakeDataset", iterate, (own) => takeDataset(own, count));
}

/** All but the first `count` elements; none where it is -1. */
export function skipDataset(input: Dataset, count: bigint): Dataset {
  const iterate: Iterate = (iteration, place) => {
    if (count < 0n) return nothing;
    const own = input.iterate(iteration, `${place}::Skip`);
    let skipped = 0n;
    return {
      next: async () => {
        for (; skipped < count; skipped++) if (!(await own.next())) return undefined;
        return own.next();
      },
      close: () => own.close(),
    };
  };
  return like(input, "SkipDataset", iterate, (own) => skipDataset(own, count));
}

/** Every `count`th element, from number `index` on. */
export function shardDataset(input: Dataset, count: bigint, index: bigint): Dataset {
  const iterate: Iterate = (iteration, place) => {
    const own = input.iterate(iteration, `${place}::Shard`);
    let number = 0n;
    return {
      next: async () => {
        for (;;) {
          const element = await own.next();
          if (!element || number++ % count === index) return element;
        }
      },
      close: () => own.close(),
    };
  };
  return like(input, "ShardDataset", iterate, (own) => shardDataset(own, count, index));
}

/** What both shapes say. */
function common(a: Shape, b: Shape): Shape {
  if (!a.dims || !b.dims || a.dims.length !== b.dims.length) return Shape.unknown;
  return new Shape(a.dims.map((dim, i) => (dim === b.dims![i] ? dim : null)));
}

/** One after the other. */
export function concatenateDataset(first: Dataset, second: Dataset): Dataset {
  return {
    type: "ConcatenateDataset",
    dtypes: first.dtypes,
    shapes: first.shapes.map((shape, i) => common(shape, second.shapes[i]!)),
    iterate: (iteration, place) => {
      let at = 0;
      let current = first.iterate(iteration, `${place}::Concatenate[0]`);
      return {
        next: async () => {
          for (;;) {
            const element = at < 2 ? await current.next() : undefined;
            if (element || at === 2) return element;
            await current.close();
            if (++at === 1) current = second.iterate(iteration, `${place}::Concatenate[1]`);
          }
        },
        close: () => current.close(),
      };
    },
    rebuilt: (replace) => concatenateDataset(replace(first), replace(second)),
  };
}

/** Elements side by side, as long as all have some. */
export function zipDataset(inputs: readonly Dataset[]): Dataset {
  return {
    type: "ZipDataset",
    dtypes: inputs.flatMap(({ dtypes }) => dtypes),
    shapes: inputs.flatMap(({ shapes }) => shapes),
    iterate: (iteration, place) => {
      const all = inputs.map((input, i) => input.iterate(iteration, `${place}::Zip[${i}]`));
      let ended = false;
      return {
        next: async () => {
          const element: DataElement[number][] = [];
          for (const one of ended ? [] : all) {
            const part = await one.next();
            if (!part) ended = true;
            if (!part) break;
            element.push(...part);
          }
          return ended ? undefined : element;
        },
        close: async () => {
          for (const one of all) await one.close();
        },
      };
    },
    rebuilt: (replace) => zipDataset(inputs.map(replace)),
  };
}

/** How many elements are read ahead where TensorFlow would find out by itself. */
const chosenAhead = 2n;

/** Reads up to `size` elements ahead while others are worked on; -1: a few. */
export function prefetchDataset(input: Dataset, size: bigint): Dataset {
  const iterate: Iterate = (iteration, place) => {
    if (size === 0n) return input.iterate(iteration, `${place}::Prefetch`);
    const room = Number(size < 0n ? chosenAhead : size);
    return new Prefetch(input.iterate(iteration.background(), `${place}::Prefetch`), room, iteration);
  };
  return like(input, "PrefetchDataset", iterate, (own) => prefetchDataset(own, size));
}

type Outcome = { readonly element: DataElement | undefined } | { readonly error: unknown };

class Prefetch implements DataIterator {
  readonly #input: DataIterator;
  readonly #room: number;
  readonly #iteration: Iteration;
  readonly #ahead: Outcome[] = [];
  #filling = false;
  #waiting: (() => void) | undefined;
  #ended = false;
  #closed = false;

  constructor(input: DataIterator, room: number, iteration: Iteration) {
    this.#input = input;
    this.#room = room;
    this.#iteration = iteration;
  }

  async next(): Promise<DataElement | undefined> {
    const { signal } = this.#iteration;
    void this.#fill();
    if (this.#ahead.length === 0 && !this.#ended) await this.#arrival(signal);
    const outcome = this.#ahead.shift();
    void this.#fill();
    if (this.#closed) throw new TfError("CANCELLED", "PrefetchDatasetOp::Dataset::Iterator::GetNext");
    if (!outcome) return undefined;
    if ("error" in outcome) throw outcome.error;
    return outcome.element;
  }

  close(): void | Promise<void> {
    this.#closed = true;
    this.#ended = true;
    this.#wake();
    return this.#input.close();
  }

  /** Reads until there is no room, or no more; where that is under way, it goes on. */
  async #fill(): Promise<void> {
    if (this.#filling) return;
    this.#filling = true;
    while (this.#ahead.length < this.#room && !this.#ended) {
      const outcome = await this.#input.next().then(
        (element): Outcome => ({ element }),
        (error: unknown): Outcome => ({ error }),
      );
      if ("element" in outcome && !outcome.element) this.#ended = true;
      else this.#ahead.push(outcome);
      this.#wake();
    }
    this.#filling = false;
  }

  /** Waits for an element or the end. Rejects with CANCELLED where the call is. */
  #arrival(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        this.#waiting = undefined;
        reject(new TfError("CANCELLED", "Operation was cancelled", { cause: signal.reason }));
      };
      if (signal.aborted) return cancel();
      signal.addEventListener("abort", cancel, { once: true });
      this.#waiting = () => {
        signal.removeEventListener("abort", cancel);
        resolve();
      };
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}
