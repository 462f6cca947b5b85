// Code for loop fusions: nested loops, the innermost one by vectors (unrolled while bodies are short), with what does not
// change along it computed before it. Row ends are done as one more vector whose surplus lanes are not stored: reads past a
// row's end stay in padded memory. Output elements are written after all reads at their index, so an output may
// be an input's own buffer where both have the same layout.
import type { LoopNest } from "@org/hlo";
import { innerWalk } from "./inner-walk.ts";
import type { KernelContext, Lanes } from "./lanes.ts";
import type { NestLayout } from "./nest-arguments.ts";
import { bodyCost, invariantOps, nestWalk, opEmitter } from "./nest-walk.ts";
import { emitTurns, unrollFor } from "./row-turns.ts";
import type { Expr, Local } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";

/** Emits the kernel's body: `block` is the address of its arguments. Extents must not be 0. */
export function emitLoop(
  context: KernelContext,
  nest: LoopNest,
  layout: NestLayout,
  block: Local<"i32">,
  lanes: Lanes,
): void {
  const { f } = context;
  const inner = nest.extents.length - 1;
  const walk = nestWalk(context, nest, layout, block);
  const ops = opEmitter(context, nest, layout, block, lanes);
  const invariant = invariantOps(nest, inner, nest.ops.length);
  const { width } = lanes;
  const left = f.local("i32");
  const along = innerWalk(context, nest, walk, lanes, {
    loads: [...nest.loads.keys()],
    indices: [...nest.indices.keys()],
    stores: [...nest.stores.keys()],
  });

  /** One turn: `vectors` vectors, or a single partial one of `count` elements. */
  const turn = (vectors: number, count?: Expr<"i32">): void => {
    for (let v = 0; v < vectors; v++) {
      nest.ops.forEach((_, i) => {
        if (!invariant[i]) ops.emit(i, along.access(v));
      });
      nest.stores.forEach((store, i) => {
        const { address, offset, step } = along.place(i, v);
        lanes.store(store.dtype, address, offset, ops.value(store.value), count, step);
      });
      along.afterVector();
    }
    along.afterTurn(vectors);
    f.set(left, i32.sub(left, i32.const(vectors * width)));
    context.onElement?.();
  };

  walk.over(0, inner, () => {
    along.begin();
    along.setSteps();
    nest.ops.forEach((_, i) => {
      if (invariant[i]) ops.emit(i, along.access(0));
    });
    const unroll = unrollFor(bodyCost(nest, nest.ops.length, invariant), width);
    const beforeLast = (): void => along.setSteps(left);
    emitTurns({ f, width, unroll, left, extent: walk.extent(inner), turn, beforeLast });
  });
}
