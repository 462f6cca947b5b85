// Where a loop nest can be cut for threads: along an outer dimension that every output moves along, so that parts write apart. The kernel
// stays the same: a part has a smaller extent, and pointers that begin further on. Each output element is computed as without threads, so
// the bits are the same. Source of the argument block: nest-arguments.ts.
import type { LoopNest } from "@org/hlo";
import { elementBytes } from "../lanes.ts";
import type { NestLayout } from "../nest-arguments.ts";
import { bodyCost } from "../nest-walk.ts";

export interface NestCut {
  /** The word with the extent that is cut, and the extent. */
  readonly word: number;
  readonly extent: number;
  /** Parts begin at multiples of this. */
  readonly quantum: number;
  /** Words that grow by `step` with each index at which a part begins. */
  readonly moves: readonly { readonly word: number; readonly step: number }[];
  /** Most parts that are worth a thread each. */
  readonly parts: number;
}

/** Elements times instructions below which waking a thread costs more than it brings: some 20 microseconds of work. */
const workOfPart = 1 << 16;

/** How to cut `nest`; undefined where it is too small, or no dimension allows it. */
export function cutNest(nest: LoopNest, layout: NestLayout): NestCut | undefined {
  const { extents, outerRank, loads, indices, stores } = nest;
  const work = extents.reduce(
    (product, extent) => product * extent,
    bodyCost(nest, nest.ops.length) + loads.length + stores.length,
  );
  const parts = Math.floor(work / workOfPart);
  if (parts < 2) return undefined;
  let dimension = -1;
  for (let d = 0; d < outerRank; d++) {
    if (extents[d]! < 2 || stores.some((store) => store.strides[d] === 0)) continue;
    if (dimension < 0 || extents[d]! > extents[dimension]!) dimension = d;
    // The outermost one that gives every thread something keeps parts in memory together.
    if (extents[dimension]! >= 16) break;
  }
  if (dimension < 0) return undefined;
  const extent = extents[dimension]!;
  // Whole vectors, and whole cache lines of the output, where there are many.
  const quantum = extent >= 256 ? 16 : 1;
  const moves = [
    ...loads.map(({ strides, dtype }, i) => ({
      word: layout.loadAddress(i) / 4,
      step: strides[dimension]! * elementBytes(dtype),
    })),
    ...indices.map(({ strides }, i) => ({ word: layout.indexOffset(i) / 4, step: strides[dimension]! })),
    ...stores.map(({ strides, dtype }, i) => ({
      word: layout.storeAddress(i) / 4,
      step: strides[dimension]! * elementBytes(dtype),
    })),
  ].filter(({ step }) => step !== 0);
  return {
    word: layout.extent(dimension) / 4,
    extent,
    quantum,
    moves,
    parts: Math.min(parts, Math.ceil(extent / quantum)),
  };
}
