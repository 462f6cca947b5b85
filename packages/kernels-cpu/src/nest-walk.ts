// What loop and reduction code share: pointers that walk loads, indices and stores through the dimensions, and the
// operations of a nest put into a body, once for a vector and again for the next.
import type { HloDType, LoopNest, NestOp, Opcode } from "@org/hlo";
import { isNarrow, isWide, type KernelContext, type Lanes, type Operation } from "./lanes.ts";
import type { NestLayout } from "./nest-arguments.ts";
import type { Expr, Local } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";

type I32 = Expr<"i32">;

/** Something with an i32 position that moves by a stride in each dimension. */
export interface Walker {
  readonly position: Local<"i32">[];
  readonly stride: (dimension: number) => I32;
  /** Whether it moves along the dimension at all. */
  readonly moves: (dimension: number) => boolean;
}

export interface NestWalk {
  readonly loads: readonly Walker[];
  readonly indices: readonly Walker[];
  readonly stores: readonly Walker[];
  /** Loops over dimensions `from` to `to - 1`, but for `without`; `body` runs with positions valid at level `to`. */
  over(from: number, to: number, body: () => void, without?: number): void;
  extent(dimension: number): Local<"i32">;
}

/** Reads the argument block at `block`; positions of level d are those inside the loops over dimensions below d. */
export function nestWalk(context: KernelContext, nest: LoopNest, layout: NestLayout, block: I32): NestWalk {
  const { f } = context;
  const rank = nest.extents.length;
  const word = (byte: number): Local<"i32"> => f.local("i32", i32.load(block, byte));
  const extents = nest.extents.map((_, d) => word(layout.extent(d)));
  const walker = (start: number, strideAt: (d: number) => number, moves: (d: number) => boolean): Walker => {
    const strides = Array.from({ length: rank }, (_, d) => (moves(d) ? word(strideAt(d)) : i32.const(0)));
    // Level d + 1 needs a position of its own only where dimension d moves it.
    const position: Local<"i32">[] = [word(start)];
    for (let d = 0; d < rank; d++) position.push(moves(d) ? f.local("i32") : position[d]!);
    return { position, stride: (d) => strides[d]!, moves };
  };
  const loads = nest.loads.map((load, i) =>
    walker(
      layout.loadAddress(i),
      (d) => layout.loadStride(i, d),
      (d) => load.movement[d] !== "broadcast",
    ),
  );
  const indices = nest.indices.map((index, i) =>
    walker(
      layout.indexOffset(i),
      (d) => layout.indexStride(i, d),
      (d) => index.movement[d] !== "broadcast",
    ),
  );
  const isOuter = (d: number): boolean => nest.kind !== "reduce" || d < nest.outerRank;
  const stores = nest.stores.map((_, i) =>
    walker(layout.storeAddress(i), (d) => layout.storeStride(i, d), isOuter),
  );
  const all = [...loads, ...indices, ...stores];

  const over: NestWalk["over"] = (from, to, body, without) => {
    if (from === to) {
      body();
      return;
    }
    const counter = f.local("i32");
    const moving = all.filter((walker) => walker.moves(from));
    // The position inside the loop starts at the outer one and moves on.
    for (const { position } of moving) f.set(position[from + 1]!, position[from]!);
    if (from === without) {
      over(from + 1, to, body, without);
      return;
    }
    f.for(counter, i32.const(0), extents[from]!, 1, () => {
      over(from + 1, to, body, without);
      for (const { position, stride } of moving)
        f.set(position[from + 1]!, i32.add(position[from + 1]!, stride(from)));
    });
  };
  return { loads, indices, stores, over, extent: (d) => extents[d]! };
}

/** Types of an op's arguments, which decide its code. */
export function operationOf(nest: LoopNest, op: NestOp & { kind: "compute" }): Operation {
  return {
    opcode: op.opcode,
    dtype: op.dtype,
    argTypes: op.args.map((arg) => nest.ops[arg]!.dtype),
    ...(op.direction ? { direction: op.direction } : {}),
    ...(op.args.length === 1 && isNonPositive(nest, op.args[0]!) ? { ofNonPositive: true } : {}),
  };
}

/** Whether an op's value is 0 or less, or NaN, by what makes it: something less its largest, or minus a size. */
function isNonPositive({ ops }: LoopNest, i: number): boolean {
  const op = ops[i]!;
  if (op.kind !== "compute") return false;
  const [a, b] = op.args.map((arg) => ops[arg]!);
  if (op.opcode === "negate") return a!.kind === "compute" && a!.opcode === "abs";
  if (op.opcode !== "subtract" || b!.kind !== "reduction") return false;
  return b!.reducer === "maximum" && b!.arg === op.args[0];
}

/** Whether an op gives the same along `dimension`: it may be computed outside of that loop. */
export function invariantOps(nest: LoopNest, dimension: number, until: number): boolean[] {
  const invariant: boolean[] = [];
  nest.ops.slice(0, until).forEach((op, i) => {
    switch (op.kind) {
      case "literal":
        invariant[i] = true;
        break;
      case "load":
        invariant[i] = nest.loads[op.load]!.movement[dimension] === "broadcast";
        break;
      case "index":
        invariant[i] = nest.indices[op.index]!.movement[dimension] === "broadcast";
        break;
      case "compute":
        invariant[i] = op.args.every((arg) => invariant[arg]);
        break;
      default:
        invariant[i] = false;
    }
  });
  return invariant;
}

/** How a body reads memory at one group of lanes. */
export interface Access {
  readonly load: (load: number, dtype: HloDType) => Expr;
  readonly index: (index: number, dtype: HloDType) => Expr;
}

/** Keeps the value of each op in a local, the same one every time that the op is emitted. */
export interface OpEmitter {
  value(op: number): Local;
  /** Sets a value that is no code of its own: a reduction's. */
  define(op: number, value: Expr): void;
  emit(op: number, access: Access): void;
}

/** Emits a nest's ops with the given lanes. */
export function opEmitter(
  context: KernelContext,
  nest: LoopNest,
  layout: NestLayout,
  block: I32,
  lanes: Lanes,
): OpEmitter {
  const { f } = context;
  const locals: Local[] = [];
  const value = (op: number): Local => (locals[op] ??= f.local(lanes.valueType(nest.ops[op]!.dtype)));
  const define = (op: number, expression: Expr): void => f.set(value(op), expression);
  return {
    value,
    define,
    emit(i, access) {
      const op = nest.ops[i]!;
      switch (op.kind) {
        case "load":
          define(i, access.load(op.load, op.dtype));
          break;
        case "literal":
          define(i, lanes.literal(op.dtype, block, layout.literal(op.literal)));
          break;
        case "index":
          define(i, access.index(op.index, op.dtype));
          break;
        case "compute":
          define(i, lanes.compute(operationOf(nest, op), op.args.map(value)));
          break;
        default:
          throw new TypeError(`${op.kind} has no code of its own`);
      }
    },
  };
}

/** Functions that are some two dozen instructions long. */
export const long: ReadonlySet<Opcode> = new Set([
  "exp",
  "expm1",
  "log",
  "log1p",
  "tanh",
  "logistic",
  "erf",
  "sin",
  "cos",
]);

/** Roughly how many instructions a body has: some of the ops of a nest up to `until`, without those that `skip` says. */
export function bodyCost(nest: LoopNest, until: number, skip: readonly boolean[] = []): number {
  let cost = 0;
  nest.ops.slice(0, until).forEach((op, i) => {
    if (op.kind === "compute" && !skip[i]) cost += long.has(op.opcode) ? 24 : 1;
  });
  return cost;
}

/** Whether a nest's ops may find a divisor of 0, which is a fault. */
export function mayDivideByZero(nest: LoopNest): boolean {
  return nest.ops.some(
    (op) =>
      op.kind === "compute" &&
      (op.opcode === "divide" || op.opcode === "remainder") &&
      (isNarrow(op.dtype) || isWide(op.dtype)),
  );
}

/** Input index of loads that read a matrix product: see dot-kernel.ts. */
export const productParameter = -1;
