// Rows times a vector, where both are contiguous: dot products, several rows at once.
import { argumentsOf, emitBlocks } from "./function-arguments.ts";
import { multiplyAdd } from "./gemm-micro.ts";
import type { Expr, ModuleBuilder } from "./wasm-assembler.ts";
import { f32, i32, select } from "./wasm-opcodes.ts";
import { f32x4, v128 } from "./wasm-simd.ts";

/** Arguments of the exported "dots": out[i] = sum over k of x[k] * w[i, k]; x and the rows of w contiguous. */
export const dotsArguments = ["count", "k", "x", "w", "wRow", "out", "outStep", "accumulate"] as const;

/** Rows at once in "dots", and vectors of each in flight. */
const dotRows = 4;
const dotVectors = 2;

/** Defines the exported "dots". */
export function defineDots(module: ModuleBuilder, relaxed: boolean): void {
  const madd = multiplyAdd(relaxed);
  module.func("dots", ["i32"], undefined, (f) => {
    const arg = argumentsOf(f, dotsArguments);
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
    };
    emitBlocks(f, arg.count, [dotRows], group);
    emitBlocks(f, arg.count, [1], group);
  });
}
