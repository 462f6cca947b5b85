// A reduce fusion's code in the making: what rows and columns share.
import type { LoopNest } from "@org/hlo";
import type { ReductionOp } from "./accumulators.ts";
import type { KernelContext, Lanes } from "./lanes.ts";
import type { Access, NestWalk, OpEmitter } from "./nest-walk.ts";
import type { Expr } from "./wasm-assembler.ts";

export interface Reduction {
  readonly context: KernelContext;
  readonly nest: LoopNest;
  readonly lanes: Lanes;
  readonly walk: NestWalk;
  readonly ops: OpEmitter;
  /** [index in ops, op] */
  readonly reductions: readonly (readonly [number, ReductionOp])[];
}

/** Ops from `inner` on, and the stores, at one outer point (or one vector of them). */
export function emitAfter(
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
