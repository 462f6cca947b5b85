// Kahn's algorithm with a heap: the order is the one with the smallest ranks first, so it is stable and follows the
// graph's own order wherever edges leave a choice.

/**
 * An order of 0 .. count - 1 in which `successors(i)` come after i. Items on or behind a cycle are left out: the caller compares lengths.
 */
export function topologicalOrder(
  count: number,
  successors: (item: number) => Iterable<number>,
  rank: (item: number) => number,
): number[] {
  const waiting = new Int32Array(count);
  for (let item = 0; item < count; item++) for (const next of successors(item)) waiting[next]!++;
  const heap = new MinHeap(rank);
  for (let item = 0; item < count; item++) if (waiting[item] === 0) heap.push(item);
  const order: number[] = [];
  for (let item = heap.pop(); item !== undefined; item = heap.pop()) {
    order.push(item);
    for (const next of successors(item)) if (--waiting[next]! === 0) heap.push(next);
  }
  return order;
}

class MinHeap {
  readonly #items: number[] = [];
  readonly #rank: (item: number) => number;

  constructor(rank: (item: number) => number) {
    this.#rank = rank;
  }

  push(item: number): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#rank(items[parent]!) <= this.#rank(item)) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): number | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#rank(items[child + 1]!) < this.#rank(items[child]!)) child++;
      if (this.#rank(last) <= this.#rank(items[child]!)) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return top;
  }
}
