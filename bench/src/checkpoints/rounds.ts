// Contenders in turn, round by round; what each took at best and in the middle.

/** Seconds that one piece of work took. */
export type Timed = () => Promise<number>;

export interface Spread {
  readonly best: number;
  readonly median: number;
}

/** Runs each contender once a round, after one round that does not count. */
export async function rounds(
  contenders: Readonly<Record<string, Timed>>,
  count: number,
): Promise<Record<string, Spread>> {
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, [] as number[]]));
  for (let round = 0; round <= count; round++)
    for (const [name, work] of Object.entries(contenders)) {
      const seconds = await work();
      if (round > 0) times[name]!.push(seconds);
    }
  return Object.fromEntries(
    Object.entries(times).map(([name, list]) => {
      const sorted = list.toSorted((a, b) => a - b);
      return [name, { best: sorted[0]!, median: sorted[sorted.length >> 1]! }];
    }),
  );
}

/** Seconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
