// Code for nests that are worked on in passes: piece by piece of the innermost dimension, pass by pass while the piece is near. Of rows,
// reductions are combined between passes, and what is one value a row is computed, in all lanes. Which pass does what: pass-plan.ts.
import type { LoopNest } from "@org/hlo";
import { accumulators, type ReductionOp } from "./accumulators.ts";
import { innerWalk } from "./inner-walk.ts";
import { elementBytes, type KernelContext, type Lanes } from "./lanes.ts";
import type { NestLayout } from "./nest-arguments.ts";
import { bodyCost, nestWalk, opEmitter, type Walker } from "./nest-walk.ts";
import type { Pass, PassPlan } from "./pass-plan.ts";
import { accessOfRow, unrollOfSums } from "./reduce-rows.ts";
import { emitSummingTurns, emitTurns, unrollFor } from "./row-turns.ts";
import type { Expr, Local } from "./wasm-assembler.ts";
import { i32, select } from "./wasm-opcodes.ts";

/** Emits the kernel's body: `block` is the address of its arguments. Outer extents must not be 0; a row's may be. */
export function emitPasses(
  context: KernelContext,
  nest: LoopNest,
  { passes, after, rowStores, kept, strip }: PassPlan,
  layout: NestLayout,
  block: Local<"i32">,
  lanes: Lanes,
): void {
  const { f } = context;
  const last = nest.extents.length - 1;
  const { width } = lanes;
  const walk = nestWalk(context, nest, layout, block);
  const ops = opEmitter(context, nest, layout, block, lanes);
  const ofRow = accessOfRow(walk, lanes, last);
  const left = f.local("i32");
  const keptAt = new Map(kept.map((op, i) => [op, f.local("i32", i32.load(block, layout.kept(i)))] as const));
  const isLiteral = (i: number): boolean => nest.ops[i]!.kind === "literal";

  // Where the piece begins, of what moves along it; and how much it is.
  const starts = new Map<Walker, Local<"i32">>();
  if (strip !== undefined)
    for (const walker of [...walk.loads, ...walk.indices, ...walk.stores])
      if (walker.moves(last)) starts.set(walker, f.local("i32"));
  const count = strip === undefined ? walk.extent(last) : f.local("i32");

  const emitPass = (pass: Pass): void => {
    const reductions = pass.reductions.map((i) => nest.ops[i] as ReductionOp);
    const skip = nest.ops.map((_, i) => !pass.ops.includes(i));
    const cost = bodyCost(nest, nest.ops.length, skip);
    const summing = reductions.length > 0;
    const unroll = summing ? unrollOfSums(cost, reductions.length, width) : unrollFor(cost, width);
    const used = <K extends "load" | "index">(kind: K): number[] => {
      const found = pass.ops.flatMap((i) => {
        const op = nest.ops[i]!;
        return op.kind === kind ? [(op as unknown as Record<K, number>)[kind]] : [];
      });
      return [...new Set(found)];
    };
    const along = innerWalk(context, nest, walk, lanes, {
      loads: used("load"),
      indices: used("index"),
      stores: pass.stores,
    });
    const pointers = new Map([...pass.loaded, ...pass.keeps].map((op) => [op, f.local("i32")] as const));
    const bytesOf = (op: number): number => elementBytes(nest.ops[op]!.dtype);
    const sums = accumulators(context, lanes, reductions, unroll, 1);
    const turn = (vectors: number, count?: Expr<"i32">): void => {
      for (let v = 0; v < vectors; v++) {
        for (const op of pass.loaded) {
          const offset = v * width * bytesOf(op);
          const { dtype } = nest.ops[op]!;
          const at = { address: pointers.get(op)!, offset, movement: "unit", steps: [] } as const;
          ops.define(op, lanes.load(dtype, at));
        }
        for (const op of pass.ops) ops.emit(op, along.access(v));
        for (const op of pass.keeps)
          lanes.store(nest.ops[op]!.dtype, pointers.get(op)!, v * width * bytesOf(op), ops.value(op));
        reductions.forEach(({ reducer, dtype, arg }, r) => {
          const value = ops.value(arg);
          const counting = count && lanes.keepFirst(count, value, lanes.identity(reducer, dtype));
          sums.take(r, v, counting ? f.local(value.type, counting) : value);
        });
        for (const i of pass.stores) {
          const { dtype, value } = nest.stores[i]!;
          const { address, offset, step } = along.place(i, v);
          lanes.store(dtype, address, offset, ops.value(value), count, step);
        }
        along.afterVector();
      }
      along.afterTurn(vectors);
      for (const [op, pointer] of pointers)
        f.set(pointer, i32.add(pointer, i32.const(vectors * width * bytesOf(op))));
      f.set(left, i32.sub(left, i32.const(vectors * width)));
    };

    along.begin(starts);
    along.setSteps();
    for (const [op, pointer] of pointers) f.set(pointer, keptAt.get(op)!);
    const beforeLast = (): void => along.setSteps(left);
    // Each pass has constants of its own in registers.
    const turns = { f, width, unroll, left, extent: count, turn, beforeLast };
    if (summing) {
      sums.begin();
      f.scope(() => emitSummingTurns(turns, sums));
    } else f.scope(() => emitTurns(turns));
    pass.reductions.forEach((op, r) => {
      const { reducer, dtype } = reductions[r]!;
      ops.define(op, lanes.across(reducer, dtype, sums.total(r, 0)));
    });
  };

  for (const { before } of passes) for (const op of before) if (isLiteral(op)) ops.emit(op, ofRow);
  const emitStrips = (elements: number): void => {
    const remaining = f.local("i32", walk.extent(last));
    for (const { before } of passes) for (const op of before) if (!isLiteral(op)) ops.emit(op, ofRow);
    for (const [walker, start] of starts) f.set(start, walker.position[last]!);
    f.loop((again) => {
      const whole = i32.const(elements);
      f.set(count, select(i32.lt_s(remaining, whole), remaining, whole));
      for (const pass of passes) emitPass(pass);
      for (const [walker, start] of starts) f.set(start, i32.add(start, i32.mul(walker.stride(last), whole)));
      f.set(remaining, i32.sub(remaining, count));
      f.branch(again, remaining);
    });
  };
  walk.over(0, last, () => {
    if (strip !== undefined) {
      emitStrips(strip);
      return;
    }
    for (const pass of passes) {
      for (const op of pass.before) if (!isLiteral(op)) ops.emit(op, ofRow);
      emitPass(pass);
    }
    for (const op of after) ops.emit(op, ofRow);
    for (const i of rowStores) {
      const { dtype, value } = nest.stores[i]!;
      lanes.store(dtype, walk.stores[i]!.position[last]!, 0, ops.value(value), "one");
    }
  });
}
