// Code for reduce fusions. Two ways to use vectors: along the innermost reduced dimension (reduce-rows.ts), or along the innermost outer
// dimension (reduce-columns.ts), where each lane is a result of its own.
import type { LoopNest } from "@org/hlo";
import { reductionsOf } from "./accumulators.ts";
import type { KernelContext, Lanes } from "./lanes.ts";
import type { NestLayout } from "./nest-arguments.ts";
import { nestWalk, opEmitter } from "./nest-walk.ts";
import { emitColumns } from "./reduce-columns.ts";
import { emitRows } from "./reduce-rows.ts";
import type { Reduction } from "./reduction.ts";
import type { Local } from "./wasm-assembler.ts";

/** Emits the kernel's body: `block` is the address of its arguments. Outer extents must not be 0; reduced ones may be. */
export function emitReduce(
  context: KernelContext,
  nest: LoopNest,
  layout: NestLayout,
  block: Local<"i32">,
  lanes: Lanes,
): void {
  const reduction: Reduction = {
    context,
    nest,
    lanes,
    walk: nestWalk(context, nest, layout, block),
    ops: opEmitter(context, nest, layout, block, lanes),
    reductions: reductionsOf(nest),
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
