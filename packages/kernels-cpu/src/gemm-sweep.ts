// A block of the f32 matrix product: panels of columns, panels of rows, and what is left over at either edge.
import { emitBlocks, i32Params, parametersOf } from "./function-arguments.ts";
import { type AWalk, defineMicroKernel, panelColumns, wideColumns } from "./gemm-micro.ts";
import type { Callee, Expr, ModuleBuilder } from "./wasm-assembler.ts";
import { f32, i32, select } from "./wasm-opcodes.ts";

interface Kernels {
  readonly [rowsByVectors: string]: Callee<undefined>;
}

/** In bytes: aStep lies between two k (of rows: two rows), aPanel between panels, aRow between rows in a panel; b's likewise. */
const sweepParams = [
  "m",
  "n",
  "k",
  "a",
  "aStep",
  "aPanel",
  "aRow",
  "b",
  "bStep",
  "bPanel",
  "c",
  "cRow",
  "accumulate",
  "tile",
] as const;

/** Defines a function over one block, with `sweepParams`: for each panel of columns, for each panel of rows, the micro kernel. */
export function defineSweep(
  module: ModuleBuilder,
  walk: AWalk,
  mr: number,
  relaxed: boolean,
): Callee<undefined> {
  const rowCounts = [...new Set([mr, 4, 2, 1])];
  const kernels: Record<string, Callee<undefined>> = {};
  for (const rows of rowCounts)
    for (const vectors of [1, 2])
      kernels[`${rows}x${vectors}`] = defineMicroKernel(module, rows, vectors, walk, relaxed);
  const wide = defineMicroKernel(module, 1, wideColumns / 4, walk, relaxed);
  return module.func(undefined, i32Params(sweepParams.length), undefined, (f) => {
    const { m, n, k, a, aStep, aPanel, aRow, b, bStep, bPanel, c, cRow, accumulate, tile } = parametersOf(
      f,
      sweepParams,
    );
    const rowsLeft = f.local("i32");
    const ap = f.local("i32");
    const cp = f.local("i32");

    // All rows against one panel of B; the callback says what to do with `rows` rows.
    const allRows = (block: (rows: number) => void): void => {
      f.set(rowsLeft, m);
      f.set(ap, a);
      f.set(cp, c);
      emitBlocks(f, rowsLeft, rowCounts, (rows) => {
        block(rows);
        f.set(ap, i32.add(ap, rows === mr ? aPanel : i32.mul(aRow, i32.const(rows))));
        f.set(cp, i32.add(cp, i32.mul(cRow, i32.const(rows))));
      });
    };
    const kernel = (
      rows: number,
      vectors: number,
      to: Expr<"i32">,
      toRow: Expr<"i32">,
      add: Expr<"i32">,
    ): void =>
      f.callVoid((kernels as Kernels)[`${rows}x${vectors}`]!, [k, ap, aStep, b, bStep, to, toRow, add]);
    const advance = (columns: number, step: Expr<"i32">): void => {
      f.set(b, i32.add(b, step));
      f.set(c, i32.add(c, i32.const(columns * 4)));
      f.set(n, i32.sub(n, i32.const(columns)));
    };

    // One row, B not packed (its panels lie side by side): many columns at once, to have enough sums in flight.
    f.if(
      i32.and(
        i32.and(i32.eq(m, i32.const(1)), i32.eq(bPanel, i32.const(panelColumns * 4))),
        i32.ge_s(n, i32.const(wideColumns)),
      ),
      () =>
        f.loop((again) => {
          f.callVoid(wide, [k, a, aStep, b, bStep, c, cRow, accumulate]);
          advance(wideColumns, i32.const(wideColumns * 4));
          f.branch(again, i32.ge_s(n, i32.const(wideColumns)));
        }),
    );
    f.if(i32.ge_s(n, i32.const(panelColumns)), () =>
      f.loop((again) => {
        allRows((rows) => kernel(rows, 2, cp, cRow, accumulate));
        advance(panelColumns, bPanel);
        f.branch(again, i32.ge_s(n, i32.const(panelColumns)));
      }),
    );
    f.if(i32.eq(n, i32.const(4)), () => {
      allRows((rows) => kernel(rows, 1, cp, cRow, accumulate));
      f.return();
    });
    // The last columns go through a tile in scratch memory, so that nothing past a row's end is written.
    f.if(n, () => {
      const i = f.local("i32");
      const j = f.local("i32");
      allRows((rows) => {
        f.if(
          i32.gt_s(n, i32.const(4)),
          () => kernel(rows, 2, tile, i32.const(32), i32.const(0)),
          () => kernel(rows, 1, tile, i32.const(32), i32.const(0)),
        );
        const from = f.local("i32", tile);
        const to = f.local("i32", cp);
        f.for(i, i32.const(0), i32.const(rows), 1, () => {
          f.for(j, i32.const(0), n, 1, () => {
            const offset = i32.shl(j, i32.const(2));
            const value = f32.load(i32.add(from, offset));
            const target = i32.add(to, offset);
            f.emit(f32.store(target, f32.add(value, select(accumulate, f32.load(target), f32.const(-0)))));
          });
          f.set(from, i32.add(from, i32.const(32)));
          f.set(to, i32.add(to, cRow));
        });
      });
    });
  });
}
