// Times contenders against each other in one run: rounds in which each runs for a while in turn, so that a slow moment of the
// machine hits all alike. A contender's figure is its best round; the spread is printed beside it.

/** One contender: does the work once. Result ignored; a promise is awaited. */
export type Work = () => unknown;

export interface Timing {
  readonly name: string;
  /** Microseconds for one piece of work: the best round, and the median of rounds. */
  readonly best: number;
  readonly median: number;
}

export interface MeasureOptions {
  readonly rounds?: number;
  /** Milliseconds that a contender runs in a round. */
  readonly roundMs?: number;
}

async function once(work: Work): Promise<void> {
  const result = work();
  if (result instanceof Promise) await result;
}

/** Times each contender; see the header. */
export async function measure(
  contenders: Readonly<Record<string, Work>>,
  { rounds = 9, roundMs = 150 }: MeasureOptions = {},
): Promise<Timing[]> {
  const names = Object.keys(contenders);
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  for (const name of names) for (let i = 0; i < 3; i++) await once(contenders[name]!);
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const work = contenders[name]!;
      let count = 0;
      const start = performance.now();
      let now = start;
      do {
        await once(work);
        count++;
        now = performance.now();
      } while (now - start < roundMs);
      times.get(name)!.push(((now - start) * 1000) / count);
    }
  }
  return names.map((name) => {
    const sorted = times.get(name)!.toSorted((a, b) => a - b);
    return { name, best: sorted[0]!, median: sorted[sorted.length >> 1]! };
  });
}
