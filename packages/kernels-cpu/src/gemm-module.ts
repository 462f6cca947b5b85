// The module of the f32 matrix product: C[M, N] (+)= A[M, K] B[K, N], any strides for A and B, rows of C contiguous.
// One module serves every shape and transpose; which way a product goes (packed or not, GEMV) is decided by gemm-plan.ts and
// comes as arguments. Blocking: for each N block, for each K block, pack B; for each M block, pack A; then panels. Epilogues
// are loop kernels that run on C after it. Source: Goto & van de Geijn, Anatomy of High-Performance Matrix Multiplication.
import { type AWalk, defineMicroKernel, multiplyAdd } from "./gemm-micro.ts";
import { definePack } from "./gemm-pack.ts";
import { type Callee, createModule, type Expr, type Local, type ModuleBuilder } from "./wasm-assembler.ts";
import { f32, i32, select, tee } from "./wasm-opcodes.ts";
import { f32x4, v128 } from "./wasm-simd.ts";

/** Arguments of the exported "gemm", as 32-bit words in the argument block. Steps are in bytes. */
export const gemmArguments = [
  "m",
  "n",
  "k",
  "a",
  "aRow",
  "aCol",
  "b",
  "bRow",
  "bCol",
  "c",
  "cRow",
  "accumulate",
  "packA",
  "packB",
  "scratchA",
  "scratchB",
  "tile",
  "mBlock",
  "kBlock",
  "nBlock",
] as const;

/** Arguments of the exported "dots": out[i] = sum over k of x[k] * w[i, k]; x and the rows of w contiguous. */
export const dotsArguments = ["count", "k", "x", "w", "wRow", "out", "outStep", "accumulate"] as const;

/** Rows of the main micro kernel: without FMA, a product needs a register, and Node 20 has the best code for 4. */
export const panelRows = (relaxed: boolean): number => (relaxed ? 6 : 4);
/** Columns of a panel of B. */
export const panelColumns = 8;
/** Columns of the kernel for a single row. */
export const wideColumns = 32;

const locals = <N extends number>(
  f: { param(i: number, t: "i32"): Local<"i32"> },
  count: N,
): Local<"i32">[] => Array.from({ length: count }, (_, i) => f.param(i, "i32"));

interface Kernels {
  readonly [rowsByVectors: string]: Callee<undefined>;
}

/**
 * Defines a function over one block: for each panel of columns, for each panel of rows, the micro kernel. Parameters:
 * m, n, k, a, aStep, aPanel, aRow (bytes: between k or rows, panels, rows in a panel), b, bStep, bPanel, c, cRow, accumulate, tile.
 */
function defineSweep(module: ModuleBuilder, walk: AWalk, mr: number, relaxed: boolean): Callee<undefined> {
  const rowCounts = [...new Set([mr, 4, 2, 1])];
  const kernels: Record<string, Callee<undefined>> = {};
  for (const rows of rowCounts)
    for (const vectors of [1, 2])
      kernels[`${rows}x${vectors}`] = defineMicroKernel(module, rows, vectors, walk, relaxed);
  const wide = defineMicroKernel(module, 1, wideColumns / 4, walk, relaxed);
  const params = new Array<"i32">(14).fill("i32");
  return module.func(undefined, params, undefined, (f) => {
    const [m, n, k, a, aStep, aPanel, aRow, b, bStep, bPanel, c, cRow, accumulate, tile] = locals(f, 14) as [
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
    ];
    const rowsLeft = f.local("i32");
    const ap = f.local("i32");
    const cp = f.local("i32");

    // All rows against one panel of B; the callback says what to do with `rows` rows.
    const allRows = (block: (rows: number) => void): void => {
      f.set(rowsLeft, m);
      f.set(ap, a);
      f.set(cp, c);
      f.if(i32.ge_s(rowsLeft, i32.const(mr)), () =>
        f.loop((again) => {
          block(mr);
          f.set(ap, i32.add(ap, aPanel));
          f.set(cp, i32.add(cp, i32.mul(cRow, i32.const(mr))));
          f.set(rowsLeft, i32.sub(rowsLeft, i32.const(mr)));
          f.branch(again, i32.ge_s(rowsLeft, i32.const(mr)));
        }),
      );
      for (const rows of rowCounts.slice(1)) {
        f.if(i32.ge_s(rowsLeft, i32.const(rows)), () => {
          block(rows);
          f.set(ap, i32.add(ap, i32.mul(aRow, i32.const(rows))));
          f.set(cp, i32.add(cp, i32.mul(cRow, i32.const(rows))));
          f.set(rowsLeft, i32.sub(rowsLeft, i32.const(rows)));
        });
      }
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

/** Bytes of the module. It exports "gemm" and "dots", which take the address of their arguments. */
export function buildGemmModule(relaxed: boolean): ModuleBuilder {
  const module = createModule();
  const mr = panelRows(relaxed);
  const sweepPanel = defineSweep(module, "panel", mr, relaxed);
  const sweepRows = defineSweep(module, "rows", mr, relaxed);
  const packA = definePack(module, mr);
  const packB = definePack(module, panelColumns);

  module.func("gemm", ["i32"], undefined, (f) => {
    const block = f.param(0, "i32");
    const arg = {} as Record<(typeof gemmArguments)[number], Local<"i32">>;
    gemmArguments.forEach((key, i) => {
      arg[key] = f.local("i32", i32.load(block, i * 4));
    });
    const [jc, pc, ic, n, k, m] = Array.from({ length: 6 }, () => f.local("i32")) as [
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
    ];
    const ap = f.local("i32");
    const bp = f.local("i32");
    const cp = f.local("i32");
    const add = f.local("i32");
    const b = f.local("i32");
    const bStep = f.local("i32");
    const bPanel = f.local("i32");
    const smaller = (x: Expr<"i32">, y: Expr<"i32">): Expr<"i32"> => select(i32.lt_s(x, y), x, y);
    const blocks = (
      i: Local<"i32">,
      size: Local<"i32">,
      step: Local<"i32">,
      current: Local<"i32">,
      body: () => void,
    ) => {
      f.set(i, i32.const(0));
      f.loop((again) => {
        f.set(current, smaller(i32.sub(size, i), step));
        body();
        f.branch(again, i32.lt_s(tee(i, i32.add(i, step)), size));
      });
    };
    blocks(jc, arg.n, arg.nBlock, n, () =>
      blocks(pc, arg.k, arg.kBlock, k, () => {
        f.set(add, i32.or(arg.accumulate, i32.ne(pc, i32.const(0))));
        f.set(bp, i32.add(arg.b, i32.add(i32.mul(pc, arg.bRow), i32.mul(jc, arg.bCol))));
        f.if(
          arg.packB,
          () => {
            f.callVoid(packB, [n, k, bp, arg.bCol, arg.bRow, arg.scratchB]);
            f.set(b, arg.scratchB);
            f.set(bStep, i32.const(panelColumns * 4));
            f.set(bPanel, i32.mul(k, i32.const(panelColumns * 4)));
          },
          () => {
            f.set(b, bp);
            f.set(bStep, arg.bRow);
            f.set(bPanel, i32.const(panelColumns * 4));
          },
        );
        blocks(ic, arg.m, arg.mBlock, m, () => {
          f.set(ap, i32.add(arg.a, i32.add(i32.mul(ic, arg.aRow), i32.mul(pc, arg.aCol))));
          f.set(cp, i32.add(arg.c, i32.add(i32.mul(ic, arg.cRow), i32.shl(jc, i32.const(2)))));
          const sweep = (
            callee: Callee<undefined>,
            a: Expr<"i32">,
            step: Expr<"i32">,
            panel: Expr<"i32">,
            row: Expr<"i32">,
          ) =>
            f.callVoid(callee, [m, n, k, a, step, panel, row, b, bStep, bPanel, cp, arg.cRow, add, arg.tile]);
          f.if(
            arg.packA,
            () => {
              f.callVoid(packA, [m, k, ap, arg.aRow, arg.aCol, arg.scratchA]);
              sweep(sweepPanel, arg.scratchA, i32.const(mr * 4), i32.mul(k, i32.const(mr * 4)), i32.const(4));
            },
            () =>
              f.if(
                i32.eq(arg.aCol, i32.const(4)),
                () => sweep(sweepRows, ap, arg.aRow, i32.mul(arg.aRow, i32.const(mr)), arg.aRow),
                () => sweep(sweepPanel, ap, arg.aCol, i32.const(mr * 4), i32.const(4)),
              ),
          );
        });
      }),
    );
  });
  defineDots(module, relaxed);
  return module;
}

/** Rows at once in "dots", and vectors of each in flight. */
const dotRows = 4;
const dotVectors = 2;

function defineDots(module: ModuleBuilder, relaxed: boolean): void {
  const madd = multiplyAdd(relaxed);
  module.func("dots", ["i32"], undefined, (f) => {
    const block = f.param(0, "i32");
    const arg = {} as Record<(typeof dotsArguments)[number], Local<"i32">>;
    dotsArguments.forEach((key, i) => {
      arg[key] = f.local("i32", i32.load(block, i * 4));
    });
    const k = f.local("i32");
    const x = f.local("i32");
    const group = (rows: number): void => {
      const pointers = Array.from({ length: rows }, (_, r) =>
        f.local("i32", r === 0 ? arg.w : i32.add(arg.w, i32.mul(arg.wRow, i32.const(r)))),
      );
      const zero = f32x4.const(0);
      const sums = pointers.map(() => Array.from({ length: dotVectors }, () => f.local("v128", zero)));
      const xs = Array.from({ length: dotVectors }, () => f.local("v128"));
      const tails = pointers.map(() => f.local("f32"));
      f.set(x, arg.x);
      f.set(k, arg.k);
      const vectorLoop = (vectors: number): void =>
        f.if(i32.ge_s(k, i32.const(vectors * 4)), () =>
          f.loop((again) => {
            for (let v = 0; v < vectors; v++) f.set(xs[v]!, v128.load(x, v * 16));
            pointers.forEach((pointer, r) => {
              for (let v = 0; v < vectors; v++) {
                f.set(sums[r]![v]!, madd(v128.load(pointer, v * 16), xs[v]!, sums[r]![v]!));
              }
              f.set(pointer, i32.add(pointer, i32.const(vectors * 16)));
            });
            f.set(x, i32.add(x, i32.const(vectors * 16)));
            f.set(k, i32.sub(k, i32.const(vectors * 4)));
            f.branch(again, i32.ge_s(k, i32.const(vectors * 4)));
          }),
        );
      vectorLoop(dotVectors);
      vectorLoop(1);
      for (const tail of tails) f.set(tail, f32.const(0));
      f.if(k, () =>
        f.loop((again) => {
          pointers.forEach((pointer, r) => {
            f.set(tails[r]!, f32.add(tails[r]!, f32.mul(f32.load(pointer), f32.load(x))));
            f.set(pointer, i32.add(pointer, i32.const(4)));
          });
          f.set(x, i32.add(x, i32.const(4)));
          f.set(k, i32.sub(k, i32.const(1)));
          f.branch(again, k);
        }),
      );
      pointers.forEach((_, r) => {
        const all = sums[r]!.slice(1).reduce<Expr<"v128">>((sum, next) => f32x4.add(sum, next), sums[r]![0]!);
        const vector = f.local("v128", all);
        const lane = (i: number): Expr<"f32"> => f32x4.extract_lane(vector, i);
        const total = f32.add(tails[r]!, f32.add(f32.add(lane(0), lane(1)), f32.add(lane(2), lane(3))));
        f.emit(f32.store(arg.out, f32.add(total, select(arg.accumulate, f32.load(arg.out), f32.const(-0)))));
        f.set(arg.out, i32.add(arg.out, arg.outStep));
      });
      f.set(arg.w, i32.add(arg.w, i32.mul(arg.wRow, i32.const(rows))));
      f.set(arg.count, i32.sub(arg.count, i32.const(rows)));
    };
    f.if(i32.ge_s(arg.count, i32.const(dotRows)), () =>
      f.loop((again) => {
        group(dotRows);
        f.branch(again, i32.ge_s(arg.count, i32.const(dotRows)));
      }),
    );
    f.if(arg.count, () =>
      f.loop((again) => {
        group(1);
        f.branch(again, arg.count);
      }),
    );
  });
}
