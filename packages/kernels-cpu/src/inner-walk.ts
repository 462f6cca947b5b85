// Lanes along the innermost dimension of a nest: where a vector's elements are, and how positions move on. What loops, reductions of rows
// and rows with reductions have in common.
import type { LoopNest } from "@org/hlo";
import { elementBytes, type KernelContext, type LaneAddress, type Lanes } from "./lanes.ts";
import type { Access, NestWalk, Walker } from "./nest-walk.ts";
import type { Expr, Local } from "./wasm-assembler.ts";
import { i32, select } from "./wasm-opcodes.ts";

type I32 = Expr<"i32">;

/** Which loads, indices and stores of a nest a walk is about. */
export interface Walked {
  readonly loads: readonly number[];
  readonly indices: readonly number[];
  readonly stores: readonly number[];
}

export interface InnerWalk {
  /** Puts positions where the outer ones are, at a row's start, or where `starts` says. */
  begin(starts?: ReadonlyMap<Walker, Local<"i32">>): void;
  /** Distances of lanes 1.. of strided loads; 0 from lane `count` on, so that the last vector reads nothing past the end. */
  setSteps(count?: I32): void;
  /** Memory at the `vector`-th vector of a turn. */
  access(vector: number): Access;
  /** Where the `vector`-th vector of a store goes: an address, an offset, and the distance of lanes where they are not side by side. */
  place(store: number, vector: number): { address: I32; offset: number; step: I32 | undefined };
  /** Moves on what does not move by units, after each vector. */
  afterVector(): void;
  /** Moves on what moves by units, after a turn of `vectors`. */
  afterTurn(vectors: number): void;
}

/** Walks the last dimension of a nest by vectors. */
export function innerWalk(
  { f }: KernelContext,
  nest: LoopNest,
  walk: NestWalk,
  lanes: Lanes,
  walked: Walked,
): InnerWalk {
  const inner = nest.extents.length - 1;
  const { width } = lanes;
  const { loads, indices, stores } = walked;
  const at = (walker: Walker): Local<"i32"> => walker.position[inner + 1]!;
  const movement = (load: number) => nest.loads[load]!.movement[inner]!;
  const isUnit = (store: number): boolean => nest.stores[store]!.strides[inner] === 1;
  const strided = loads.filter((load) => movement(load) === "strided");
  const steps = new Map(
    strided.map((load) => [load, width > 1 ? [1, 2, 3].map(() => f.local("i32")) : []] as const),
  );
  const byStride = [
    ...strided.map((load) => walk.loads[load]!),
    ...indices.filter((i) => nest.indices[i]!.movement[inner] !== "broadcast").map((i) => walk.indices[i]!),
    ...stores.filter((store) => !isUnit(store)).map((store) => walk.stores[store]!),
  ];
  const byUnits = [
    ...loads
      .filter((load) => movement(load) === "unit")
      .map((load) => [walk.loads[load]!, elementBytes(nest.loads[load]!.dtype)] as const),
    ...stores
      .filter(isUnit)
      .map((store) => [walk.stores[store]!, elementBytes(nest.stores[store]!.dtype)] as const),
  ];
  const all: readonly Walker[] = [
    ...loads.map((i) => walk.loads[i]!),
    ...indices.map((i) => walk.indices[i]!),
    ...stores.map((i) => walk.stores[i]!),
  ];
  return {
    begin(starts) {
      for (const walker of all)
        if (walker.moves(inner)) f.set(at(walker), starts?.get(walker) ?? walker.position[inner]!);
    },
    setSteps(count) {
      for (const [load, locals] of steps)
        for (const [i, local] of locals.entries()) {
          const step = i32.mul(walk.loads[load]!.stride(inner), i32.const(i + 1));
          f.set(local, count ? select(i32.gt_s(count, i32.const(i + 1)), step, i32.const(0)) : step);
        }
    },
    access: (vector) => ({
      load: (i, dtype) => {
        const address: LaneAddress = {
          address: at(walk.loads[i]!),
          offset: movement(i) === "unit" ? vector * width * elementBytes(dtype) : 0,
          movement: movement(i),
          steps: steps.get(i) ?? [],
        };
        return lanes.load(dtype, address);
      },
      index: (i, dtype) => lanes.index(dtype, at(walk.indices[i]!), walk.indices[i]!.stride(inner)),
    }),
    place(store, vector) {
      const walker = walk.stores[store]!;
      if (!isUnit(store)) return { address: at(walker), offset: 0, step: walker.stride(inner) };
      const offset = vector * width * elementBytes(nest.stores[store]!.dtype);
      return { address: at(walker), offset, step: undefined };
    },
    afterVector() {
      for (const walker of byStride)
        f.set(at(walker), i32.add(at(walker), i32.mul(walker.stride(inner), i32.const(width))));
    },
    afterTurn(vectors) {
      for (const [walker, bytes] of byUnits)
        f.set(at(walker), i32.add(at(walker), i32.const(vectors * width * bytes)));
    },
  };
}
