// Code for reduce fusions. Two ways to use vectors: along the innermost reduced dimension ("inner": rows), with several
// sums in flight that are combined at the end; or along the innermost outer dimension ("outer": columns), where each lane is
// a result of its own. Sums are accurate: a running sum takes in at most `chunk` terms before it is added to a total, so the
// error grows with the square root of the length rather than the length (blocked summation, Higham 1993).
import type { HloDType, LoopNest, NestOp, Reducer } from "@org/hlo";
import { elementBytes, isSingle, type KernelContext, type LaneAddress, type Lanes } from "./lanes.ts";
import type { NestLayout } from "./nest-arguments.ts";
import {
  type Access,
  bodyCost,
  invariantOps,
  type NestWalk,
  nestWalk,
  type OpEmitter,
  opEmitter,
} from "./nest-walk.ts";
import type { Expr, Local } from "./wasm-assembler.ts";
import { i32, select } from "./wasm-opcodes.ts";
import { f32x4, v128 } from "./wasm-simd.ts";

type ReductionOp = NestOp & { kind: "reduction" };
type I32 = Expr<"i32">;

/** Turns that one running sum takes in. */
const chunk = 128;

interface Reduction {
  readonly context: KernelContext;
  readonly nest: LoopNest;
  readonly lanes: Lanes;
  readonly walk: NestWalk;
  readonly ops: OpEmitter;
  /** [index in ops, op] */
  readonly reductions: readonly (readonly [number, ReductionOp])[];
}

/** Emits the kernel's body: `block` is the address of its arguments. Outer extents must not be 0; reduced ones may be. */
export function emitReduce(
  context: KernelContext,
  nest: LoopNest,
  layout: NestLayout,
  block: Local<"i32">,
  lanes: Lanes,
): void {
  const reductions = nest.ops.flatMap((op, i): (readonly [number, ReductionOp])[] =>
    op.kind === "reduction" ? [[i, op]] : [],
  );
  const reduction: Reduction = {
    context,
    nest,
    lanes,
    walk: nestWalk(context, nest, layout, block),
    ops: opEmitter(context, nest, layout, block, lanes),
    reductions,
  };
  if (lanes.width > 1 && prefersColumns(nest)) emitColumns(reduction);
  else emitRows(reduction);
}

/** Whether lanes should go along the outer dimension: nothing is strided there, and something is along the reduced one. */
function prefersColumns(nest: LoopNest): boolean {
  const reduced = nest.extents.length - 1;
  const outer = nest.outerRank - 1;
  const used = new Set(nest.ops.slice(0, nest.inner).flatMap((op) => (op.kind === "load" ? [op.load] : [])));
  const movements = [...used].map((i) => nest.loads[i]!.movement);
  const isUnit = (d: number): boolean => movements.some((m) => m[d] === "unit");
  const isStrided = (d: number): boolean => movements.some((m) => m[d] === "strided");
  return isUnit(outer) && !isStrided(outer) && (isStrided(reduced) || !isUnit(reduced));
}

const accumulators = ({ context, lanes, reductions }: Reduction, count: number): Local[][] =>
  reductions.map(([, op]) => Array.from({ length: count }, () => context.f.local(lanes.valueType(op.dtype))));

const reset = ({ context, lanes, reductions }: Reduction, sums: readonly Local[][]): void =>
  reductions.forEach(([, op], r) => {
    for (const sum of sums[r]!) context.f.set(sum, lanes.identity(op.reducer, op.dtype));
  });

/** A running combination in a local. Vectors of float maxima and minima ignore NaN and note it in `nan`: 3 instructions, not 8. */
interface Running {
  readonly reducer: Reducer;
  readonly dtype: HloDType;
  readonly nan: Local<"v128"> | undefined;
}

/** For each reduction, `count` records of NaN seen. */
function running({ context, lanes, reductions }: Reduction, count: number): Running[][] {
  return reductions.map(([, { reducer, dtype }]) => {
    const notes = lanes.width > 1 && isSingle(dtype) && (reducer === "maximum" || reducer === "minimum");
    return Array.from({ length: count }, () => ({
      reducer,
      dtype,
      nan: notes ? context.f.local("v128") : undefined,
    }));
  });
}

function takeIn(
  { context, lanes }: Reduction,
  { reducer, dtype, nan }: Running,
  sum: Local,
  value: Local,
): void {
  const { f } = context;
  if (!nan) {
    f.set(sum, lanes.combine(reducer, dtype, sum, value));
    return;
  }
  const [a, b] = [sum, value] as [Local<"v128">, Local<"v128">];
  f.set(a, reducer === "maximum" ? f32x4.pmax(a, b) : f32x4.pmin(a, b));
  f.set(nan, v128.or(nan, f32x4.ne(b, b)));
}

/** Lanes that met NaN become NaN (all ones); the record is cleared. */
function putNanBack({ context }: Reduction, { nan }: Running, total: Local): void {
  if (!nan) return;
  context.f.set(total as Local<"v128">, v128.or(total as Local<"v128">, nan));
  context.f.set(nan, f32x4.const(0));
}

/** Ops from `inner` on, and the stores, at one outer point (or one vector of them). */
function emitAfter(
  reduction: Reduction,
  results: readonly Expr[],
  access: Access,
  store: (i: number) => void,
): void {
  const { nest, ops } = reduction;
  let next = 0;
  nest.ops.forEach((op, i) => {
    if (i < nest.inner) return;
    if (op.kind === "reduction") ops.define(i, results[next++]!);
    else ops.emit(i, access);
  });
  for (const i of nest.stores.keys()) store(i);
}

function emitRows(reduction: Reduction): void {
  const { context, nest, lanes, walk, ops, reductions } = reduction;
  const { f } = context;
  const { width } = lanes;
  const last = nest.extents.length - 1;
  const invariant = invariantOps(nest, last, nest.inner);
  const cost = bodyCost(nest, nest.inner, invariant);
  const unroll = width === 1 || cost > 20 ? 1 : reductions.length > 1 || cost > 8 ? 2 : 4;
  const totals = accumulators(reduction, 1);
  const records = running(reduction, 1);
  const sums = accumulators(reduction, unroll);
  const left = f.local("i32");
  const chunkLeft = f.local("i32");
  const position = (walker: { position: Local<"i32">[] }): Local<"i32"> => walker.position[last + 1]!;
  const strided = nest.loads.map((load) => width > 1 && load.movement[last] === "strided");
  const steps = nest.loads.map((_, i) => (strided[i] ? [1, 2, 3].map(() => f.local("i32")) : []));
  const setSteps = (count?: I32): void =>
    steps.forEach((locals, i) => {
      locals.forEach((local, lane) => {
        const step = i32.mul(walk.loads[i]!.stride(last), i32.const(lane + 1));
        f.set(local, count ? select(i32.gt_s(count, i32.const(lane + 1)), step, i32.const(0)) : step);
      });
    });
  const access = (vector: number): Access => ({
    load: (i, dtype) => {
      const movement = nest.loads[i]!.movement[last]!;
      const offset = movement === "unit" ? vector * width * elementBytes(dtype) : 0;
      const at: LaneAddress = { address: position(walk.loads[i]!), offset, movement, steps: steps[i]! };
      return lanes.load(dtype, at);
    },
    index: (i, dtype) => lanes.index(dtype, position(walk.indices[i]!), walk.indices[i]!.stride(last)),
  });

  const turn = (vectors: number, count?: I32): void => {
    for (let v = 0; v < vectors; v++) {
      for (let i = 0; i < nest.inner; i++) if (!invariant[i]) ops.emit(i, access(v));
      reductions.forEach(([, { reducer, dtype, arg }], r) => {
        const sum = sums[r]![v]!;
        const value = ops.value(arg);
        const kept = count
          ? f.local(value.type, lanes.keepFirst(count, value, lanes.identity(reducer, dtype)))
          : value;
        takeIn(reduction, records[r]![0]!, sum, kept);
      });
      nest.loads.forEach((load, i) => {
        const walker = walk.loads[i]!;
        if (load.movement[last] === "strided")
          f.set(position(walker), i32.add(position(walker), i32.mul(walker.stride(last), i32.const(width))));
      });
      nest.indices.forEach((index, i) => {
        const walker = walk.indices[i]!;
        if (index.movement[last] !== "broadcast")
          f.set(position(walker), i32.add(position(walker), i32.mul(walker.stride(last), i32.const(width))));
      });
    }
    nest.loads.forEach((load, i) => {
      const local = position(walk.loads[i]!);
      if (load.movement[last] === "unit")
        f.set(local, i32.add(local, i32.const(vectors * width * elementBytes(load.dtype))));
    });
    f.set(left, i32.sub(left, i32.const(vectors * width)));
    context.onElement?.();
  };

  walk.over(0, nest.outerRank, () => {
    reset(reduction, totals);
    walk.over(nest.outerRank, last, () => {
      for (const walker of [...walk.loads, ...walk.indices]) {
        if (walker.moves(last)) f.set(position(walker), walker.position[last]!);
      }
      setSteps();
      for (let i = 0; i < nest.inner; i++) if (invariant[i]) ops.emit(i, access(0));
      f.set(left, walk.extent(last));
      f.if(i32.gt_s(left, i32.const(0)), () =>
        f.loop((nextChunk) => {
          reset(reduction, sums);
          f.set(chunkLeft, i32.const(chunk));
          f.if(i32.ge_s(left, i32.const(unroll * width)), () =>
            f.loop((again) => {
              turn(unroll);
              f.set(chunkLeft, i32.sub(chunkLeft, i32.const(1)));
              f.branch(
                again,
                i32.and(i32.ne(chunkLeft, i32.const(0)), i32.ge_s(left, i32.const(unroll * width))),
              );
            }),
          );
          // Less than a whole turn is left: single vectors, then the last elements.
          f.if(i32.lt_s(left, i32.const(unroll * width)), () => {
            if (unroll > 1) {
              f.if(i32.ge_s(left, i32.const(width)), () =>
                f.loop((again) => {
                  turn(1);
                  f.branch(again, i32.ge_s(left, i32.const(width)));
                }),
              );
            }
            if (width > 1) {
              f.if(i32.gt_s(left, i32.const(0)), () => {
                setSteps(left);
                turn(1, left);
              });
            }
          });
          reductions.forEach(([, { reducer, dtype }], r) => {
            // Pairs first: (0 + 1) + (2 + 3).
            let level: Local[] = [...sums[r]!];
            while (level.length > 1) {
              const next: Local[] = [];
              for (let i = 0; i < level.length; i += 2) {
                f.set(level[i]!, lanes.combine(reducer, dtype, level[i]!, level[i + 1]!));
                next.push(level[i]!);
              }
              level = next;
            }
            f.set(totals[r]![0]!, lanes.combine(reducer, dtype, totals[r]![0]!, level[0]!));
          });
          f.branch(nextChunk, i32.gt_s(left, i32.const(0)));
        }),
      );
    });
    for (const r of reductions.keys()) putNanBack(reduction, records[r]![0]!, totals[r]![0]!);
    const results = reductions.map(([, { reducer, dtype }], r) =>
      f.local(lanes.valueType(dtype), lanes.across(reducer, dtype, totals[r]![0]!)),
    );
    const outer = nest.outerRank;
    const atPoint: Access = {
      load: (i, dtype) =>
        lanes.load(dtype, {
          address: walk.loads[i]!.position[outer]!,
          offset: 0,
          movement: "broadcast",
          steps: [],
        }),
      index: (i, dtype) => lanes.index(dtype, walk.indices[i]!.position[outer]!, i32.const(0)),
    };
    emitAfter(reduction, results, atPoint, (i) => {
      const store = nest.stores[i]!;
      lanes.store(store.dtype, walk.stores[i]!.position[outer]!, 0, ops.value(store.value), "one");
    });
  });
}

function emitColumns(reduction: Reduction): void {
  const { context, nest, lanes, walk, ops, reductions } = reduction;
  const { f } = context;
  const { width } = lanes;
  const column = nest.outerRank - 1;
  const last = nest.extents.length - 1;
  const cost = bodyCost(nest, nest.inner);
  // A light body takes whole cache lines.
  const unroll = reductions.length > 1 || cost > 8 ? 1 : 4;
  const totals = accumulators(reduction, unroll);
  const records = running(reduction, unroll);
  const sums = accumulators(reduction, unroll);
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
    reset(reduction, totals);
    reset(reduction, sums);
    f.set(chunkLeft, i32.const(chunk));
    const flush = (): void =>
      reductions.forEach(([, { reducer, dtype }], r) => {
        for (let v = 0; v < vectors; v++)
          f.set(totals[r]![v]!, lanes.combine(reducer, dtype, totals[r]![v]!, sums[r]![v]!));
      });
    // Positions at the level of the reduced dimensions start where the strip is.
    walk.over(nest.outerRank, last + 1, () => {
      for (let v = 0; v < vectors; v++) {
        for (let i = 0; i < nest.inner; i++) ops.emit(i, access(last + 1, v));
        reductions.forEach(([, { arg }], r) => {
          takeIn(reduction, records[r]![v]!, sums[r]![v]!, ops.value(arg));
        });
      }
      f.set(chunkLeft, i32.sub(chunkLeft, i32.const(1)));
      f.if(i32.eqz(chunkLeft), () => {
        flush();
        reset(reduction, sums);
        f.set(chunkLeft, i32.const(chunk));
      });
    });
    flush();
    for (let v = 0; v < vectors; v++) {
      for (const r of reductions.keys()) putNanBack(reduction, records[r]![v]!, totals[r]![v]!);
      const results = reductions.map((_, r) => totals[r]![v]!);
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
