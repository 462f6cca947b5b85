// The register-blocked inner loops of the f32 matrix product: C[rows x 4v] += A[rows x k] B[k x 4v], all
// accumulators in registers. Packing and blocking are in gemm.ts. With 6 x 8, 12 accumulators, two vectors of B and one
// splat of A fill the 15 registers that V8 leaves of x64's 16, and arm64 has more. Source: Goto & van de Geijn 2008.
import { i32Params, parametersOf } from "./function-arguments.ts";
import type { Callee, Expr, FunctionBuilder, Local, ModuleBuilder } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";
import { f32x4, v128 } from "./wasm-simd.ts";

/** a * b + c: one rounding where the engine has relaxed SIMD, else two. */
export function multiplyAdd(
  relaxed: boolean,
): (a: Expr<"v128">, b: Expr<"v128">, c: Expr<"v128">) => Expr<"v128"> {
  return relaxed ? f32x4.relaxed_madd : (a, b, c) => f32x4.add(c, f32x4.mul(a, b));
}

/** Rows of the main micro kernel: without FMA, a product needs a register, and Node 20 has the best code for 4. */
export const panelRows = (relaxed: boolean): number => (relaxed ? 6 : 4);
/** Columns of a panel of B. */
export const panelColumns = 8;
/** Columns of the kernel for a single row. */
export const wideColumns = 32;

/**
 * How the kernel walks A. "panel": the rows' elements lie side by side and `aStep` bytes lie between two k (a packed
 * panel, or a transposed matrix as it is). "rows": a row is contiguous in k and rows are `aStep` bytes apart.
 */
export type AWalk = "panel" | "rows";

/** In bytes; accumulate 0: C is overwritten. */
const microParams = ["k", "a", "aStep", "b", "bStep", "c", "cStep", "accumulate"] as const;

/**
 * Steps of k in one turn. Engines without relaxed SIMD are old ones (Node 20), whose scheduler moves an unrolled body's loads
 * up until accumulators spill: 30 GFLOP/s for any shape, 42 without unrolling.
 */
export const unrollFor = (relaxed: boolean): number => (relaxed ? 4 : 1);

/** What the inner loop of a product works on; all of it is moved along. */
export interface MultiplyLoop {
  /** [row][vector of columns]: what is added to. */
  readonly sums: readonly (readonly Local<"v128">[])[];
  /** Elements of k. */
  readonly k: Local<"i32">;
  /** One pointer a row, each contiguous in k; or a panel: rows side by side, `step` bytes between two k. */
  readonly a:
    | { readonly rows: readonly Local<"i32">[] }
    | { readonly panel: Local<"i32">; readonly step: Local<"i32"> };
  readonly b: Local<"i32">;
  /** Bytes between two k of B. */
  readonly bStep: Expr<"i32">;
}

/** Emits the loop over k, which may be 0. Locals for B and A's splat are made anew, once a call. */
export function emitMultiplyLoop(f: FunctionBuilder, relaxed: boolean, loop: MultiplyLoop): void {
  const { sums, k, a, b, bStep } = loop;
  const unroll = unrollFor(relaxed);
  const madd = multiplyAdd(relaxed);
  const vectors = sums[0]!.length;
  // With one row, each vector of B is used once: no register is kept for it.
  const bs = Array.from({ length: sums.length === 1 ? 0 : vectors }, () => f.local("v128"));
  const splat = f.local("v128");
  const step = (offset: number): void => {
    for (let v = 0; v < bs.length; v++) f.set(bs[v]!, v128.load(b, v * 16));
    sums.forEach((row, r) => {
      f.set(
        splat,
        "rows" in a ? v128.load32_splat(a.rows[r]!, offset * 4) : v128.load32_splat(a.panel, r * 4),
      );
      row.forEach((sum, v) => {
        f.set(sum, madd(splat, bs[v] ?? v128.load(b, v * 16), sum));
      });
    });
    f.set(b, i32.add(b, bStep));
    if ("panel" in a) f.set(a.panel, i32.add(a.panel, a.step));
  };
  const advance = (count: number): void => {
    if ("rows" in a) for (const pointer of a.rows) f.set(pointer, i32.add(pointer, i32.const(count * 4)));
    f.set(k, i32.sub(k, i32.const(count)));
  };
  f.if(i32.ge_s(k, i32.const(unroll)), () =>
    f.loop((again) => {
      for (let u = 0; u < unroll; u++) step(u);
      advance(unroll);
      f.branch(again, i32.ge_s(k, i32.const(unroll)));
    }),
  );
  if (unroll > 1)
    f.if(k, () =>
      f.loop((again) => {
        step(0);
        advance(1);
        f.branch(again, k);
      }),
    );
}

/** Rows of running sums, 0 at a function's start. */
export const sumsOf = (f: FunctionBuilder, rows: number, vectors: number): Local<"v128">[][] =>
  Array.from({ length: rows }, () => Array.from({ length: vectors }, () => f.local("v128")));

/** Defines the kernel for `rows` x `4 * vectors` of C; called with `microParams`. */
export function defineMicroKernel(
  module: ModuleBuilder,
  rows: number,
  vectors: number,
  walk: AWalk,
  relaxed: boolean,
): Callee<undefined> {
  return module.func(undefined, i32Params(microParams.length), undefined, (f) => {
    const { k, a, aStep, b, bStep, c, cStep, accumulate } = parametersOf(f, microParams);
    const sums = sumsOf(f, rows, vectors);
    const from = walk === "rows" ? { rows: pointers(f, a, aStep, rows) } : { panel: a, step: aStep };
    emitMultiplyLoop(f, relaxed, { sums, k, a: from, b, bStep });
    f.if(accumulate, () => {
      const pointer = f.local("i32", c);
      for (let r = 0; r < rows; r++) {
        for (let v = 0; v < vectors; v++)
          f.set(sums[r]![v]!, f32x4.add(sums[r]![v]!, v128.load(pointer, v * 16)));
        if (r + 1 < rows) f.set(pointer, i32.add(pointer, cStep));
      }
    });
    for (let r = 0; r < rows; r++) {
      for (let v = 0; v < vectors; v++) f.emit(v128.store(c, sums[r]![v]!, v * 16));
      if (r + 1 < rows) f.set(c, i32.add(c, cStep));
    }
  });
}

function pointers(f: FunctionBuilder, a: Local<"i32">, step: Local<"i32">, count: number): Local<"i32">[] {
  const result = [a];
  for (let i = 1; i < count; i++) result.push(f.local("i32", i32.add(result[i - 1]!, step)));
  return result;
}
