// Reductions with lanes along the innermost reduced dimension: several sums in flight, combined at the end.

import { accumulators, type ReductionOp } from "./accumulators.ts";
import { innerWalk } from "./inner-walk.ts";
import type { Lanes } from "./lanes.ts";
import { type Access, bodyCost, invariantOps, type NestWalk } from "./nest-walk.ts";
import { emitAfter, type Reduction } from "./reduction.ts";
import { emitSummingTurns } from "./row-turns.ts";
import type { Expr } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";

/** Vectors in one turn of a reduction's loop, by what it computes. */
export function unrollOfSums(cost: number, reductions: number, width: number): number {
  return width === 1 || cost > 20 ? 1 : reductions > 1 || cost > 8 ? 2 : 4;
}

/** One value of a load or index for a whole row: where the positions of level `level` are. */
export function accessOfRow(walk: NestWalk, lanes: Lanes, level: number): Access {
  return {
    load: (i, dtype) => {
      const address = walk.loads[i]!.position[level]!;
      return lanes.load(dtype, { address, offset: 0, movement: "broadcast", steps: [] });
    },
    index: (i, dtype) => lanes.index(dtype, walk.indices[i]!.position[level]!, i32.const(0)),
  };
}

/** Emits a reduction of rows. */
export function emitRows(reduction: Reduction): void {
  const { context, nest, lanes, walk, ops, reductions } = reduction;
  const { f } = context;
  const { width } = lanes;
  const last = nest.extents.length - 1;
  const invariant = invariantOps(nest, last, nest.inner);
  const unroll = unrollOfSums(bodyCost(nest, nest.inner, invariant), reductions.length, width);
  const own = reductions.map(([, op]): ReductionOp => op);
  const sums = accumulators(context, lanes, own, unroll, 1);
  const left = f.local("i32");
  const along = innerWalk(context, nest, walk, lanes, {
    loads: [...nest.loads.keys()],
    indices: [...nest.indices.keys()],
    stores: [],
  });
  const turn = (vectors: number, count?: Expr<"i32">): void => {
    for (let v = 0; v < vectors; v++) {
      for (let i = 0; i < nest.inner; i++) if (!invariant[i]) ops.emit(i, along.access(v));
      own.forEach(({ reducer, dtype, arg }, r) => {
        const value = ops.value(arg);
        const kept = count && lanes.keepFirst(count, value, lanes.identity(reducer, dtype));
        sums.take(r, v, kept ? f.local(value.type, kept) : value);
      });
      along.afterVector();
    }
    along.afterTurn(vectors);
    f.set(left, i32.sub(left, i32.const(vectors * width)));
    context.onElement?.();
  };

  walk.over(0, nest.outerRank, () => {
    sums.begin();
    walk.over(nest.outerRank, last, () => {
      along.begin();
      along.setSteps();
      for (let i = 0; i < nest.inner; i++) if (invariant[i]) ops.emit(i, along.access(0));
      const beforeLast = (): void => along.setSteps(left);
      emitSummingTurns({ f, width, unroll, left, extent: walk.extent(last), turn, beforeLast }, sums);
    });
    const results = own.map(({ reducer, dtype }, r) =>
      f.local(lanes.valueType(dtype), lanes.across(reducer, dtype, sums.total(r, 0))),
    );
    const outer = nest.outerRank;
    emitAfter(reduction, results, accessOfRow(walk, lanes, outer), (i) => {
      const store = nest.stores[i]!;
      lanes.store(store.dtype, walk.stores[i]!.position[outer]!, 0, ops.value(store.value), "one");
    });
  });
}
