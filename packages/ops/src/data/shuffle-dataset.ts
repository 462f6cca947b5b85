// Elements in another order, from a buffer of some, with TensorFlow's own numbers. Epochs do not mix: those of one are all given before those of
// the next, though the next is read before the last are gone. Source: core/kernels/data/shuffle_dataset_op.cc.
import type { DataElement, DataIterator, Dataset } from "./dataset.ts";
import { type Iteration, RandomNumbers } from "./iteration.ts";

export interface ShuffleSettings {
  /** Elements in the buffer. */
  readonly bufferSize: bigint;
  readonly seed: bigint;
  readonly seed2: bigint;
  /**
   * - reshuffling: another order whenever it is gone through anew by one iterator. fixed: the same order each time.
   * - repeating: `count` epochs (-1: without end), as one with the repetition.
   */
  readonly kind: "reshuffling" | "fixed" | "repeating";
  readonly count: bigint;
}

export function shuffleDataset(input: Dataset, settings: ShuffleSettings): Dataset {
  const { kind, seed, seed2 } = settings;
  const type = kind === "repeating" ? "ShuffleAndRepeatDataset" : "ShuffleDataset";
  const numbers = (iteration: Iteration, place: string): RandomNumbers => {
    if (kind !== "reshuffling") return new RandomNumbers(seed, seed2);
    const seeds = iteration.generator(`${place}::${type}`, () => new RandomNumbers(seed, seed2));
    const [a, b] = [seeds.next(), seeds.next()];
    return new RandomNumbers(BigInt(a), BigInt(b));
  };
  const shuffled: Dataset = {
    type,
    dtypes: input.dtypes,
    shapes: input.shapes,
    iterate: (iteration, place) =>
      new Shuffled(
        () => input.iterate(iteration, `${place}::${type}`),
        numbers(iteration, place),
        settings.bufferSize,
        settings.count,
      ),
    rebuilt: (replace) => shuffleDataset(replace(input), settings),
  };
  shuffles.set(shuffled, { settings, input });
  return shuffled;
}

interface Shuffle {
  readonly settings: ShuffleSettings;
  readonly input: Dataset;
}

const shuffles = new WeakMap<Dataset, Shuffle>();

/** What is shuffled, and how; undefined where `dataset` is none of `shuffleDataset`. */
export const shuffleOf = (dataset: Dataset): Shuffle | undefined => shuffles.get(dataset);

/** How many epochs may be in the buffer at once. */
const mostEpochs = 3;

class Shuffled implements DataIterator {
  readonly #begin: () => DataIterator;
  readonly #random: RandomNumbers;
  readonly #bufferSize: bigint;
  readonly #count: bigint;
  /** Elements of the epochs that are in the buffer, oldest first. */
  readonly #epochs: DataElement[][] = [[]];
  #epoch = 0n;
  #input: DataIterator | undefined;
  #held = 0;
  #begun = false;

  constructor(begin: () => DataIterator, random: RandomNumbers, bufferSize: bigint, count: bigint) {
    this.#begin = begin;
    this.#random = random;
    this.#bufferSize = bufferSize;
    this.#count = count;
  }

  async next(): Promise<DataElement | undefined> {
    if (!this.#begun) this.#input = this.#begin();
    const isFirst = !this.#begun;
    this.#begun = true;
    if (!(await this.#fill(isFirst))) return undefined;
    if (this.#held === 0) return undefined;
    while (this.#epochs[0]!.length === 0) this.#epochs.shift();
    const epoch = this.#epochs[0]!;
    const at = this.#random.next() % epoch.length;
    const element = epoch[at]!;
    // TensorFlow moves the first into the gap: the order of the rest tells the next choices.
    epoch[at] = epoch[0]!;
    epoch.shift();
    this.#held--;
    return element;
  }

  async close(): Promise<void> {
    await this.#input?.close();
    this.#input = undefined;
  }

  /** Reads as long as there is room. False where there is nothing at all, and would never be. */
  async #fill(isFirst: boolean): Promise<boolean> {
    let nothingYet = isFirst;
    while (this.#input && BigInt(this.#held) < this.#bufferSize) {
      let element: DataElement | undefined;
      while (this.#count === -1n || this.#epoch < this.#count) {
        element = await this.#input.next();
        if (element) {
          nothingYet = false;
          break;
        }
        if (nothingYet && this.#count === -1n) return false;
        this.#epoch++;
        this.#epochs.push([]);
        await this.#input.close();
        this.#input = this.#begin();
      }
      if (element) {
        this.#epochs.at(-1)!.push(element);
        this.#held++;
      } else await this.close();
      if (this.#epochs.length > mostEpochs) break;
    }
    return true;
  }
}
