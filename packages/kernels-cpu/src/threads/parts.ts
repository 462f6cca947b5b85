// Work in parts: where each begins and how much it is.

/** Multiply-adds below which a part of a product is not worth a thread: some 40 microseconds. */
export const productWorkOfPart: number = 1 << 20;

export interface Part {
  readonly first: number;
  readonly count: number;
}

/** `extent` rows as `parts` even parts that begin at multiples of `quantum`. */
export function evenParts(extent: number, quantum: number, parts: number): Part[] {
  const blocks = Math.ceil(extent / quantum);
  return Array.from({ length: parts }, (_, i) => {
    const first = Math.floor((blocks * i) / parts) * quantum;
    return { first, count: Math.min(extent, Math.floor((blocks * (i + 1)) / parts) * quantum) - first };
  });
}
