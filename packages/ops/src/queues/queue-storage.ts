// In which order a queue's elements come out: first in first out, at random, by priority.
// Source: core/kernels/fifo_queue.cc, random_shuffle_queue_op.cc, priority_queue.cc.
import type { NdArray } from "@org/tensor";
import { Philox } from "../random/philox.ts";

/** The components of one element. */
export type QueueElement = readonly NdArray[];

export interface QueueStorage {
  readonly size: number;
  push(element: QueueElement): void;
  /** How many may be taken now. */
  available(isClosed: boolean): number;
  take(): QueueElement;
  /** Puts back what was taken last and not given away. */
  restore(element: QueueElement): void;
}

/** First in, first out: a ring that grows. */
export class FifoStorage implements QueueStorage {
  #ring: (QueueElement | undefined)[] = new Array(16);
  #first = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }
  available(): number {
    return this.#size;
  }
  push(element: QueueElement): void {
    this.#room();
    this.#ring[(this.#first + this.#size++) % this.#ring.length] = element;
  }
  take(): QueueElement {
    const element = this.#ring[this.#first]!;
    this.#ring[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.#ring.length;
    this.#size--;
    return element;
  }
  restore(element: QueueElement): void {
    this.#room();
    this.#first = (this.#first + this.#ring.length - 1) % this.#ring.length;
    this.#ring[this.#first] = element;
    this.#size++;
  }
  #room(): void {
    const ring = this.#ring;
    if (this.#size < ring.length) return;
    this.#ring = [...ring.slice(this.#first), ...ring.slice(0, this.#first)];
    this.#ring.length = ring.length * 2;
    this.#first = 0;
  }
}

/** At random, with TensorFlow's own numbers; some stay until the queue is closed. */
export class ShuffleStorage implements QueueStorage {
  readonly #elements: QueueElement[] = [];
  readonly #minAfterDequeue: number;
  readonly #generator: Philox;
  readonly #numbers = new Uint32Array(4);
  #used = 4;

  constructor(minAfterDequeue: number, seed: bigint, seed2: bigint) {
    this.#minAfterDequeue = minAfterDequeue;
    this.#generator = Philox.fromSeeds(seed, seed2);
  }

  get size(): number {
    return this.#elements.length;
  }
  available(isClosed: boolean): number {
    return isClosed ? this.size : Math.max(0, this.size - this.#minAfterDequeue);
  }
  push(element: QueueElement): void {
    this.#elements.push(element);
  }
  take(): QueueElement {
    if (this.#used === 4) {
      this.#generator.next(this.#numbers);
      this.#used = 0;
    }
    const elements = this.#elements;
    const at = this.#numbers[this.#used++]! % elements.length;
    const element = elements[at]!;
    elements[at] = elements[elements.length - 1]!;
    elements.pop();
    return element;
  }
  restore(element: QueueElement): void {
    this.#elements.push(element);
  }
}

/** The least first component first; of equals, the one that came first. A binary heap. */
export class PriorityStorage implements QueueStorage {
  readonly #heap: { readonly priority: bigint; readonly order: number; readonly element: QueueElement }[] =
    [];
  #pushed = 0;

  get size(): number {
    return this.#heap.length;
  }
  available(): number {
    return this.#heap.length;
  }
  push(element: QueueElement): void {
    this.#insert(element, this.#pushed++);
  }
  restore(element: QueueElement): void {
    this.#insert(element, -this.#pushed++);
  }
  #before(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a]!, this.#heap[b]!];
    return x.priority < y.priority || (x.priority === y.priority && x.order < y.order);
  }
  #swap(a: number, b: number): void {
    const heap = this.#heap;
    [heap[a], heap[b]] = [heap[b]!, heap[a]!];
  }
  #insert(element: QueueElement, order: number): void {
    const priority = (element[0]!.data as BigInt64Array)[0]!;
    let at = this.#heap.push({ priority, order, element }) - 1;
    for (let up = (at - 1) >> 1; at > 0 && this.#before(at, up); at = up, up = (at - 1) >> 1)
      this.#swap(at, up);
  }
  take(): QueueElement {
    const heap = this.#heap;
    const { element } = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) heap[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && this.#before(child, least)) least = child;
      if (least === at) return element;
      this.#swap(at, least);
      at = least;
    }
  }
}
