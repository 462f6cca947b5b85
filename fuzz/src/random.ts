// Numbers by a seed: a case is told by two integers, on every machine. Not for secrets.

/** A stream of numbers; the same seed and case give the same stream. */
export class Random {
  #state: number;

  constructor(seed: number, caseNumber: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(caseNumber + 1, 0x85ebca6b)) | 0;
    for (let i = 0; i < 3; i++) this.bits();
  }

  /** 32 bits, as splitmix32 draws them. */
  bits(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let t = this.#state ^ (this.#state >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) >>> 0;
  }

  /** An integer from 0 to below `end`; 0 for an end of 0. */
  below(end: number): number {
    return end <= 0 ? 0 : this.bits() % end;
  }

  /** True once in `n`, on average. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Where a part of `length` begins and ends; short parts are likelier. */
  range(length: number, longest = 64): [number, number] {
    const start = this.below(length + 1);
    return [start, Math.min(length, start + this.below(this.oneIn(8) ? length + 1 : longest))];
  }
}
