// The iteration space of a nest: neighbouring dimensions merged where every load, index and store allows it, and the
// nest put together in what is left.
import { sizeOf } from "@org/tensor";
import { denseStrides } from "../evaluator/array.ts";
import type { HloInstruction } from "../instruction.ts";
import { sameDims } from "../typed.ts";
import { type Gathered, Inexpressible, type Path, straight, through } from "./expression.ts";
import type { LoopNest, NestOp, NestStore } from "./loop-nest.ts";
import {
  broadcastDimension,
  mergeDimensions,
  movementsOf,
  reshapeView,
  type View,
  type ViewDimension,
} from "./view.ts";

/** A nest before its key. */
export type UnkeyedNest = Omit<LoopNest, "key">;

/** How a root of other dims than the iteration space's lies in it: a reshape. Throws Inexpressible. */
export function pathToRoot(root: HloInstruction, dims: readonly number[]): Path {
  if (sameDims(root.dims, dims)) return straight;
  if (sizeOf(root.dims) !== sizeOf(dims)) throw new Inexpressible();
  return through(`to [${dims}]`, (view) => reshapeView(view, dims), straight);
}

export interface NestSpace {
  readonly views: readonly View[];
  readonly extents: readonly number[];
  readonly outerRank: number;
}

/**
 * Merges neighbours within each segment where all views can. `views` are in iteration order, the last is the store's;
 * `segments` are the ranks of the outer dimensions and, of a reduction, the reduced ones. Each gets at least one dimension.
 */
export function mergeSpace(views: readonly View[], segments: readonly number[]): NestSpace {
  const rows: ViewDimension[][] = views.map(() => []);
  const ranks: number[] = [];
  let start = 0;
  for (const [segment, rank] of segments.entries()) {
    const before = rows[0]!.length;
    for (let d = start; d < start + rank; d++) {
      const next = views.map(({ dimensions }) => dimensions[d]!);
      const merged = rows[0]!.length > before ? mergedWith(rows, next) : undefined;
      rows.forEach((row, i) => {
        if (merged) row[row.length - 1] = merged[i]!;
        else row.push(next[i]!);
      });
    }
    if (rank === 0) {
      // Of a loop's scalars all are at their one element, as in an array; beside a reduction only the store is.
      const moves = (i: number): boolean => segment === 0 && (segments.length === 1 || i === rows.length - 1);
      rows.forEach((row, i) => {
        row.push(moves(i) ? one : broadcastDimension(1));
      });
    }
    ranks.push(rows[0]!.length - before);
    start += rank;
  }
  return {
    views: views.map(({ offset }, i) => ({ dimensions: rows[i]!, offset })),
    extents: rows.at(-1)!.map(({ extent }) => extent),
    outerRank: ranks[0]!,
  };
}

const one: ViewDimension = {
  extent: 1,
  stride: 1,
  broadcast: false,
  from: 0,
  to: 1,
  whole: true,
  plain: true,
};

/** Each row's last dimension merged with the next one; undefined where one cannot. */
function mergedWith(
  rows: readonly ViewDimension[][],
  next: readonly ViewDimension[],
): ViewDimension[] | undefined {
  const merged: ViewDimension[] = [];
  for (const [i, row] of rows.entries()) {
    const both = mergeDimensions(row.at(-1)!, next[i]!);
    if (!both) return undefined;
    merged.push(both);
  }
  return merged;
}

/** Puts a nest together. `space.views` are those of the loads, then of the indices. */
export function finish(
  kind: LoopNest["kind"],
  space: NestSpace,
  gathered: Gathered,
  ops: readonly NestOp[],
  inner: number,
  roots: readonly HloInstruction[],
  values: readonly number[],
  parameters: readonly HloInstruction[],
): UnkeyedNest {
  const { views, extents, outerRank } = space;
  const place = ({ dimensions, offset }: View) => ({
    strides: dimensions.map(({ stride }) => stride),
    offset,
    movement: movementsOf(dimensions),
  });
  const outerStrides = denseStrides(extents.slice(0, outerRank));
  const strides = extents.map((_, d) => outerStrides[d] ?? 0);
  return {
    kind,
    extents,
    outerRank,
    loads: gathered.loads.map(({ parameter }, i) => ({
      parameter: parameters.indexOf(parameter),
      dtype: parameter.dtype,
      ...place(views[i]!),
    })),
    indices: gathered.indices.map((_, i) => place(views[gathered.loads.length + i]!)),
    literals: gathered.literals,
    ops,
    inner,
    stores: roots.map(
      ({ dtype }, output): NestStore => ({ output, dtype, value: values[output]!, strides, offset: 0 }),
    ),
  };
}
