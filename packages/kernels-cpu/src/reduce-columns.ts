// Reductions with lanes along the innermost outer dimension: each lane is a result of its own.

import { accumulators, chunk, type ReductionOp } from "./accumulators.ts";
import { elementBytes } from "./lanes.ts";
import { type Access, bodyCost } from "./nest-walk.ts";
import { emitAfter, type Reduction } from "./reduction.ts";
import type { Expr } from "./wasm-assembler.ts";
import { i32, select } from "./wasm-opcodes.ts";

type I32 = Expr<"i32">;

/** Emits a reduction of columns. */
export function emitColumns(reduction: Reduction): void {
  const { context, nest, lanes, walk, ops, reductions } = reduction;
  const { f } = context;
  const { width } = lanes;
  const column = nest.outerRank - 1;
  const last = nest.extents.length - 1;
  const cost = bodyCost(nest, nest.inner);
  // A light body takes whole cache lines.
  const unroll = reductions.length > 1 || cost > 8 ? 1 : 4;
  const own = reductions.map(([, op]): ReductionOp => op);
  // In an order that was asked for, a column's sums are not put away before its last row.
  const turns = context.runningSums;
  const sums = accumulators(context, lanes, own, unroll, unroll, turns ?? 1);
  const left = f.local("i32");
  const chunkLeft = f.local("i32");

  // Loads behind the reduction may be strided along columns.
  const steps = nest.loads.map((load) =>
    load.movement[column] === "strided" ? [1, 2, 3].map(() => f.local("i32")) : [],
  );
  const setSteps = (count?: I32): void =>
    steps.forEach((locals, i) => {
      locals.forEach((local, lane) => {
        const step = i32.mul(walk.loads[i]!.stride(column), i32.const(lane + 1));
        f.set(local, count ? select(i32.gt_s(count, i32.const(lane + 1)), step, i32.const(0)) : step);
      });
    });
  const access = (level: number, vector: number): Access => ({
    load: (i, dtype) => {
      const movement = nest.loads[i]!.movement[column]!;
      const position = walk.loads[i]!.position[level]!;
      const shift = i32.mul(walk.loads[i]!.stride(column), i32.const(vector * width));
      const address = movement === "strided" && vector > 0 ? i32.add(position, shift) : position;
      const offset = movement === "unit" ? vector * width * elementBytes(dtype) : 0;
      return lanes.load(dtype, { address, offset, movement, steps: steps[i]! });
    },
    index: (i, dtype) => {
      const stride = walk.indices[i]!.stride(column);
      const start = i32.add(walk.indices[i]!.position[level]!, i32.mul(stride, i32.const(vector * width)));
      return lanes.index(dtype, start, stride);
    },
  });

  const strip = (vectors: number, count?: I32): void => {
    sums.begin();
    sums.beginChunk();
    f.set(chunkLeft, i32.const(chunk));
    // Positions at the level of the reduced dimensions start where the strip is.
    walk.over(nest.outerRank, last + 1, () => {
      for (let v = 0; v < vectors; v++) {
        for (let i = 0; i < nest.inner; i++) ops.emit(i, access(last + 1, v));
        own.forEach(({ arg }, r) => {
          sums.take(r, v, ops.value(arg));
        });
      }
      if (turns !== undefined) {
        if (turns > 1) sums.nextTurn();
        return;
      }
      f.set(chunkLeft, i32.sub(chunkLeft, i32.const(1)));
      f.if(i32.eqz(chunkLeft), () => {
        sums.addApart(vectors);
        sums.beginChunk();
        f.set(chunkLeft, i32.const(chunk));
      });
    });
    sums.addApart(vectors);
    for (let v = 0; v < vectors; v++) {
      const results = own.map((_, r) => sums.total(r, v));
      emitAfter(reduction, results, access(nest.outerRank, v), (i) => {
        const store = nest.stores[i]!;
        const offset = v * width * elementBytes(store.dtype);
        lanes.store(
          store.dtype,
          walk.stores[i]!.position[nest.outerRank]!,
          offset,
          ops.value(store.value),
          count,
        );
      });
    }
    for (const walker of [...walk.loads, ...walk.indices, ...walk.stores]) {
      if (!walker.moves(column)) continue;
      const local = walker.position[column + 1]!;
      f.set(local, i32.add(local, i32.mul(walker.stride(column), i32.const(vectors * width))));
    }
    f.set(left, i32.sub(left, i32.const(vectors * width)));
  };
  const strips = (vectors: number): void =>
    f.if(i32.ge_s(left, i32.const(vectors * width)), () =>
      f.loop((again) => {
        strip(vectors);
        f.branch(again, i32.ge_s(left, i32.const(vectors * width)));
      }),
    );

  walk.over(0, column, () => {
    for (const walker of [...walk.loads, ...walk.indices, ...walk.stores]) {
      if (walker.moves(column)) f.set(walker.position[column + 1]!, walker.position[column]!);
    }
    setSteps();
    f.set(left, walk.extent(column));
    strips(unroll);
    if (unroll > 1) strips(1);
    f.if(i32.gt_s(left, i32.const(0)), () => {
      setSteps(left);
      strip(1, left);
    });
  });
}
