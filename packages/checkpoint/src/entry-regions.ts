// Bytes of a data file belong to one entry: an index that says otherwise is damaged, or made to be larger when read than it is.
import { TfError } from "@org/errors";

/** Bytes [offset, offset + size) of a shard. */
export interface Region {
  readonly name: string;
  readonly shard: number;
  readonly offset: number;
  readonly size: number;
}

/** Throws TfError DATA_LOSS where two regions share bytes. Empty ones lie anywhere. */
export function checkRegions(regions: readonly Region[], file: string): void {
  const full = regions.filter(({ size }) => size > 0);
  const inOrder = full.every((region, i) => {
    const before = full[i - 1];
    return before === undefined || isAfter(before, region);
  });
  // As writers leave them, in order of keys, they are in order of offsets.
  if (inOrder) return;
  const sorted = full.sort((a, b) => a.shard - b.shard || a.offset - b.offset);
  for (let i = 1; i < sorted.length; i++) {
    const [before, region] = [sorted[i - 1]!, sorted[i]!];
    if (isAfter(before, region)) continue;
    throw new TfError(
      "DATA_LOSS",
      `Invalid entry in ${file}: key ${region.name}; bytes from ${region.offset} of shard ${region.shard} are also those of ${before.name}`,
      { key: region.name, file, offset: region.offset },
    );
  }
}

const isAfter = (before: Region, region: Region): boolean =>
  before.shard < region.shard ||
  (before.shard === region.shard && before.offset + before.size <= region.offset);
