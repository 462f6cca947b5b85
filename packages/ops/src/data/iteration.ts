// What the iterators of one way through a data set share: the signal of the call that is under way, turns of the event loop, the seeds of
// shuffles. Source: IteratorContext in core/framework/dataset.h, core/kernels/data/random_seed_ops.cc.
import { TfError } from "@org/errors";
import { Philox } from "../random/philox.ts";

/** Milliseconds between turns of the event loop. */
const interval = 10;

/** Random 32-bit numbers, one after another, as TensorFlow's SingleSampleAdapter gives them. */
export class RandomNumbers {
  readonly #generator: Philox;
  readonly #numbers = new Uint32Array(4);
  #used = 4;

  constructor(seed: bigint, seed2: bigint) {
    this.#generator = Philox.fromSeeds(seed, seed2);
  }

  next(): number {
    if (this.#used === 4) {
      this.#generator.next(this.#numbers);
      this.#used = 0;
    }
    return this.#numbers[this.#used++]!;
  }
}

export class Iteration {
  #signal: AbortSignal;
  readonly #closed: AbortSignal;
  readonly #generators: Map<string, RandomNumbers>;
  #last: number = performance.now();

  /** `closed` is aborted when nobody wants more elements. */
  constructor(closed: AbortSignal, generators: Map<string, RandomNumbers> = new Map()) {
    this.#closed = closed;
    this.#signal = closed;
    this.#generators = generators;
  }

  /** Ends the call that is under way. */
  get signal(): AbortSignal {
    return this.#signal;
  }

  /** The call that is under way now ends with `signal`. */
  begin(signal: AbortSignal): void {
    this.#signal = signal;
  }

  /** For work that goes on between calls: it ends when nobody wants more elements. */
  background(): Iteration {
    return new Iteration(this.#closed, this.#generators);
  }

  /** The generator of seeds at a place, made when it is first asked for. */
  generator(place: string, create: () => RandomNumbers): RandomNumbers {
    let found = this.#generators.get(place);
    if (!found) {
      found = create();
      this.#generators.set(place, found);
    }
    return found;
  }

  /** Every source asks before it gives an element: so that no loop over elements starves the event loop, and an aborted one ends. Rejects with CANCELLED. */
  async turn(): Promise<void> {
    if (performance.now() - this.#last >= interval) {
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      this.#last = performance.now();
    }
    if (this.#signal.aborted || this.#closed.aborted)
      throw new TfError("CANCELLED", "Operation was cancelled", { cause: this.#signal.reason });
  }
}
