// The module of the f32 matrix product: C[M, N] (+)= A[M, K] B[K, N], any strides for A and B, rows of C contiguous.
// One module serves every shape and transpose; which way a product goes (packed or not, GEMV) is decided by gemm-plan.ts and
// comes as arguments. Blocking: for each N block, for each K block, pack B; for each M block, pack A; then panels. Epilogues
// are loop kernels that run on C after it. Source: Goto & van de Geijn, Anatomy of High-Performance Matrix Multiplication.
import { argumentsOf } from "./function-arguments.ts";
import { defineDots } from "./gemm-dots.ts";
import { panelColumns, panelRows } from "./gemm-micro.ts";
import { definePack } from "./gemm-pack.ts";
import { defineSweep } from "./gemm-sweep.ts";
import { type Callee, createModule, type Expr, type Local, type ModuleBuilder } from "./wasm-assembler.ts";
import { i32, select, tee } from "./wasm-opcodes.ts";

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

const built: Map<boolean, ModuleBuilder> = new Map();

/** The module, built once for all backends. It exports "gemm" and "dots", which take the address of their arguments. */
export function gemmModule(relaxed: boolean): ModuleBuilder {
  const made = built.get(relaxed) ?? buildGemmModule(relaxed);
  built.set(relaxed, made);
  return made;
}

function buildGemmModule(relaxed: boolean): ModuleBuilder {
  const module = createModule();
  const mr = panelRows(relaxed);
  const sweepPanel = defineSweep(module, "panel", mr, relaxed);
  const sweepRows = defineSweep(module, "rows", mr, relaxed);
  const packA = definePack(module, mr);
  const packB = definePack(module, panelColumns);

  module.func("gemm", ["i32"], undefined, (f) => {
    const arg = argumentsOf(f, gemmArguments);
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
