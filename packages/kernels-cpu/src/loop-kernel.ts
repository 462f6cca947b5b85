// Code for loop fusions: nested loops, the innermost one by vectors (unrolled while bodies are short), with what does not
// change along it computed before it. Row ends are done as one more vector whose surplus lanes are not stored: reads past a
// row's end stay in padded memory. Output elements are written after all reads at their index, so an output may
// be an input's own buffer where both have the same layout.
import type { LoopNest } from "@org/hlo";
import { elementBytes, type KernelContext, type LaneAddress, type Lanes } from "./lanes.ts";
import type { NestLayout } from "./nest-arguments.ts";
import { type Access, bodyCost, invariantOps, nestWalk, opEmitter } from "./nest-walk.ts";
import type { Expr, Local } from "./wasm-assembler.ts";
import { i32, select } from "./wasm-opcodes.ts";

/** Vectors in one turn of the inner loop, by the body's cost. */
export function unrollFor(cost: number, width: number): number {
  if (width === 1) return 1;
  return cost <= 8 ? 4 : cost <= 20 ? 2 : 1;
}

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
  const position = (walker: { position: Local<"i32">[] }): Local<"i32"> => walker.position[inner + 1]!;

  // Distances of lanes 1.. for strided loads; in the last vector those of lanes past the end are 0.
  const strided = nest.loads.map((load) => width > 1 && load.movement[inner] === "strided");
  const steps = nest.loads.map((_, i) => (strided[i] ? [1, 2, 3].map(() => f.local("i32")) : []));
  const setSteps = (count?: Expr<"i32">): void =>
    steps.forEach((locals, i) => {
      locals.forEach((local, lane) => {
        const step = i32.mul(walk.loads[i]!.stride(inner), i32.const(lane + 1));
        f.set(local, count ? select(i32.gt_s(count, i32.const(lane + 1)), step, i32.const(0)) : step);
      });
    });

  const access = (vector: number): Access => ({
    load: (i, dtype) => {
      const movement = nest.loads[i]!.movement[inner]!;
      const at: LaneAddress = {
        address: position(walk.loads[i]!),
        offset: movement === "unit" ? vector * width * elementBytes(dtype) : 0,
        movement,
        steps: steps[i]!,
      };
      return lanes.load(dtype, at);
    },
    index: (i, dtype) => lanes.index(dtype, position(walk.indices[i]!), walk.indices[i]!.stride(inner)),
  });
  const unitStore = nest.stores.map((store) => store.strides[inner] === 1);

  /** One turn: `vectors` vectors, or a single partial one of `count` elements. */
  const turn = (vectors: number, count?: Expr<"i32">): void => {
    for (let v = 0; v < vectors; v++) {
      nest.ops.forEach((_, i) => {
        if (!invariant[i]) ops.emit(i, access(v));
      });
      nest.stores.forEach((store, i) => {
        const address = position(walk.stores[i]!);
        const value = ops.value(store.value);
        if (unitStore[i])
          lanes.store(store.dtype, address, v * width * elementBytes(store.dtype), value, count);
        else lanes.store(store.dtype, address, 0, value, count, walk.stores[i]!.stride(inner));
      });
      // Units move by a constant once a turn; others after each vector.
      const advance = (walker: { position: Local<"i32">[]; stride: (d: number) => Expr<"i32"> }): void =>
        f.set(position(walker), i32.add(position(walker), i32.mul(walker.stride(inner), i32.const(width))));
      nest.loads.forEach((load, i) => {
        if (load.movement[inner] === "strided") advance(walk.loads[i]!);
      });
      nest.indices.forEach((index, i) => {
        if (index.movement[inner] !== "broadcast") advance(walk.indices[i]!);
      });
      walk.stores.forEach((store, i) => {
        if (!unitStore[i]) advance(store);
      });
    }
    const step = (local: Local<"i32">, bytes: number): void =>
      f.set(local, i32.add(local, i32.const(vectors * width * bytes)));
    nest.loads.forEach((load, i) => {
      if (load.movement[inner] === "unit") step(position(walk.loads[i]!), elementBytes(load.dtype));
    });
    nest.stores.forEach((store, i) => {
      if (unitStore[i]) step(position(walk.stores[i]!), elementBytes(store.dtype));
    });
    f.set(left, i32.sub(left, i32.const(vectors * width)));
    context.onElement?.();
  };
  const turns = (vectors: number): void =>
    f.if(i32.ge_s(left, i32.const(vectors * width)), () =>
      f.loop((again) => {
        turn(vectors);
        f.branch(again, i32.ge_s(left, i32.const(vectors * width)));
      }),
    );

  const unroll = unrollFor(bodyCost(nest, nest.ops.length, invariant), width);
  walk.over(0, inner, () => {
    for (const walker of [...walk.loads, ...walk.indices, ...walk.stores]) {
      if (walker.moves(inner)) f.set(position(walker), walker.position[inner]!);
    }
    setSteps();
    nest.ops.forEach((_, i) => {
      if (invariant[i]) ops.emit(i, access(0));
    });
    f.set(left, walk.extent(inner));
    turns(unroll);
    if (unroll > 1) turns(1);
    if (width > 1) {
      f.if(i32.gt_s(left, i32.const(0)), () => {
        setSteps(left);
        turn(1, left);
      });
    }
  });
}
