// Running combinations of a nest's reductions. Sums are accurate: a running sum takes in at most `chunk` terms before it is added to a
// total, so the error grows with the square root of the length rather than the length (blocked summation, Higham 1993).
import type { HloDType, LoopNest, NestOp, Reducer } from "@org/hlo";
import { isSingle, type KernelContext, type Lanes } from "./lanes.ts";
import type { Expr, Local } from "./wasm-assembler.ts";
import { f32x4, v128 } from "./wasm-simd.ts";

/** Turns that one running sum takes in. */
export const chunk = 128;

export type ReductionOp = NestOp & { readonly kind: "reduction" };

/** A nest's reductions with their places among its ops. */
export function reductionsOf(nest: LoopNest): (readonly [at: number, op: ReductionOp])[] {
  return nest.ops.flatMap((op, i): (readonly [number, ReductionOp])[] =>
    op.kind === "reduction" ? [[i, op]] : [],
  );
}

export interface Accumulators {
  /** Totals to the identities. */
  begin(): void;
  /** Running sums to the identities. */
  beginChunk(): void;
  /** Takes a vector into the `sum`-th running sum of a reduction; of those that take turns, into the one whose turn it is. */
  take(reduction: number, sum: number, value: Local): void;
  /** Passes the turn on. */
  nextTurn(): void;
  /** The first `sums` running sums, each (of those that take turns all, in pairs) into the total of its own. */
  addApart(sums: number): void;
  /** All running sums into the first total. */
  addTogether(): void;
  /** A reduction's total, NaN that was met put back. */
  total(reduction: number, sum: number): Local;
}

/**
 * `count` running sums for each of `reductions`. Vectors of float maxima and minima ignore NaN and note it: 3 instructions, not 8. Where
 * sums go together one note does for all. Each may be several that take turns, `turns`.
 */
export function accumulators(
  { f }: KernelContext,
  lanes: Lanes,
  reductions: readonly ReductionOp[],
  count: number,
  notes: number,
  turns = 1,
): Accumulators {
  const made = reductions.map(({ reducer, dtype }) => {
    const type = lanes.valueType(dtype);
    const isNoting = lanes.width > 1 && isSingle(dtype) && (reducer === "maximum" || reducer === "minimum");
    const locals = (n: number): Local[] => Array.from({ length: n }, () => f.local(type));
    return {
      reducer,
      dtype,
      // Of those that take turns, the one whose turn it is comes first.
      sums: Array.from({ length: count }, () => locals(turns)),
      totals: locals(count),
      nan: isNoting ? Array.from({ length: notes }, () => f.local("v128")) : [],
    };
  });
  const combine = (reducer: Reducer, dtype: HloDType, into: Local, from: Expr): void =>
    f.set(into, lanes.combine(reducer, dtype, into, from));
  const clear = (which: "sums" | "totals"): void => {
    for (const { reducer, dtype, [which]: locals } of made)
      for (const local of locals.flat()) f.set(local, lanes.identity(reducer, dtype));
  };
  /** Pairs first, (0 + 1) + (2 + 3): into the first of them. */
  const combineAll = (reducer: Reducer, dtype: HloDType, locals: readonly Local[]): Local => {
    let level = locals;
    while (level.length > 1) {
      const next: Local[] = [];
      for (let i = 0; i < level.length; i += 2) {
        combine(reducer, dtype, level[i]!, level[i + 1]!);
        next.push(level[i]!);
      }
      level = next;
    }
    return level[0]!;
  };
  return {
    begin: () => clear("totals"),
    beginChunk: () => clear("sums"),
    take(reduction, at, value) {
      const { reducer, dtype, sums, nan } = made[reduction]!;
      const note = nan[at % notes];
      if (note === undefined) {
        combine(reducer, dtype, sums[at]![0]!, value);
        return;
      }
      const [sum, next] = [sums[at]![0], value] as [Local<"v128">, Local<"v128">];
      f.set(sum, reducer === "maximum" ? f32x4.pmax(sum, next) : f32x4.pmin(sum, next));
      f.set(note, v128.or(note, f32x4.ne(next, next)));
    },
    nextTurn() {
      for (const [first, ...others] of made.flatMap(({ sums }) => sums)) {
        const had = f.local(first!.type, first!);
        [first!, ...others].forEach((local, i) => {
          f.set(local, others[i] ?? had);
        });
      }
    },
    addApart(sums) {
      for (const one of made)
        for (let i = 0; i < sums; i++)
          combine(one.reducer, one.dtype, one.totals[i]!, combineAll(one.reducer, one.dtype, one.sums[i]!));
    },
    addTogether() {
      for (const { reducer, dtype, sums, totals } of made)
        combine(reducer, dtype, totals[0]!, combineAll(reducer, dtype, sums.flat()));
    },
    total(reduction, at) {
      const { totals, nan } = made[reduction]!;
      const note = nan[at % notes];
      const total = totals[at]!;
      if (note !== undefined) {
        // Lanes that met NaN become NaN (all ones); the note is cleared.
        f.set(total as Local<"v128">, v128.or(total as Local<"v128">, note));
        f.set(note, f32x4.const(0));
      }
      return total;
    },
  };
}
