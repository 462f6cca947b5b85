// A row's elements turn by turn: unrolled turns of whole vectors, single vectors, then the last elements as one vector of which only some
// count. With sums, in chunks: see accumulators.ts.
import { type Accumulators, chunk } from "./accumulators.ts";
import type { Expr, FunctionBuilder, Local } from "./wasm-assembler.ts";
import { i32, select } from "./wasm-opcodes.ts";

type I32 = Expr<"i32">;

/** Vectors in one turn of the inner loop, by the body's cost. */
export function unrollFor(cost: number, width: number): number {
  if (width === 1) return 1;
  return cost <= 8 ? 4 : cost <= 20 ? 2 : 1;
}

export interface RowTurns {
  readonly f: FunctionBuilder;
  /** Lanes of a vector, vectors of a turn. */
  readonly width: number;
  readonly unroll: number;
  /** What `turn` is called for counts down; set here to `extent`. */
  readonly left: Local<"i32">;
  readonly extent: I32;
  /** Emits `vectors` vectors, or one of which `count` elements count. It moves on, and takes what it did off `left`. */
  readonly turn: (vectors: number, count?: I32) => void;
  /** Called before the last vector, of `left` elements. */
  readonly beforeLast: () => void;
}

/** Emits all turns of a row. */
export function emitTurns({ f, width, unroll, left, extent, turn, beforeLast }: RowTurns): void {
  const turns = (vectors: number): void =>
    f.if(i32.ge_s(left, i32.const(vectors * width)), () =>
      f.loop((again) => {
        turn(vectors);
        f.branch(again, i32.ge_s(left, i32.const(vectors * width)));
      }),
    );
  f.set(left, extent);
  turns(unroll);
  if (unroll > 1) turns(1);
  if (width > 1)
    f.if(i32.gt_s(left, i32.const(0)), () => {
      beforeLast();
      turn(1, left);
    });
}

/** Emits all turns of a row whose values go into running sums: their totals go on, from one row to the next if it is not told to begin. */
export function emitSummingTurns(
  { f, width, unroll, left, extent, turn, beforeLast }: RowTurns,
  sums: Accumulators,
): void {
  const inTurn = i32.const(unroll * width);
  /** As long as at least this much is left, another turn goes into the same sums. */
  const least = f.local("i32");
  f.set(left, extent);
  f.if(i32.gt_s(left, i32.const(0)), () =>
    f.loop((nextChunk) => {
      sums.beginChunk();
      f.set(least, i32.sub(left, i32.const((chunk - 1) * unroll * width)));
      f.set(least, select(i32.gt_s(least, inTurn), least, inTurn));
      f.if(i32.ge_s(left, inTurn), () =>
        f.loop((again) => {
          turn(unroll);
          f.branch(again, i32.ge_s(left, least));
        }),
      );
      // Less than a whole turn is left: single vectors, then the last elements.
      f.if(i32.lt_s(left, inTurn), () => {
        if (unroll > 1)
          f.if(i32.ge_s(left, i32.const(width)), () =>
            f.loop((again) => {
              turn(1);
              f.branch(again, i32.ge_s(left, i32.const(width)));
            }),
          );
        if (width > 1)
          f.if(i32.gt_s(left, i32.const(0)), () => {
            beforeLast();
            turn(1, left);
          });
      });
      sums.addTogether();
      f.branch(nextChunk, i32.gt_s(left, i32.const(0)));
    }),
  );
}
