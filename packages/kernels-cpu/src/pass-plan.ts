// Nests that are worked on in passes over a piece of the innermost dimension, while it is near: rows, in which a pass needs what an earlier
// one reduced; and loops in which one long function takes another's result, since a processor that looks a few hundred instructions
// ahead has too few independent ones there. Values that a later pass needs again are kept along the piece where they are dear, and
// computed anew where they are not.
import { type LoopNest, type Opcode, type RowPasses, rowPasses } from "@org/hlo";
import { elementBytes, isWide } from "./lanes.ts";
import { invariantOps, long, mayDivideByZero, productParameter } from "./nest-walk.ts";

export interface Pass {
  /** Ops with one value a row that can be had before this pass and not earlier, in order; no reductions. */
  readonly before: readonly number[];
  /** Ops that are computed at every point, in order, and those that are loaded from where they were kept. */
  readonly ops: readonly number[];
  readonly loaded: readonly number[];
  /** Ops whose values are kept for a later pass. */
  readonly keeps: readonly number[];
  /** Reductions that combine, and stores that write, at every point. */
  readonly reductions: readonly number[];
  readonly stores: readonly number[];
}

export interface PassPlan {
  readonly passes: readonly Pass[];
  /** As `before`, of what comes after the last pass. */
  readonly after: readonly number[];
  /** Stores of one value a row. */
  readonly rowStores: readonly number[];
  /** Ops whose values are kept along the piece. */
  readonly kept: readonly number[];
  /** Elements of a piece; undefined where it is the whole row. */
  readonly strip: number | undefined;
}

/** Elements of a loop's piece: what is kept of it, and what is read and written, stay in the nearest cache. */
const stripLength = 512;

/** Opcodes that take some ten times as long as an addition. */
const slow: ReadonlySet<Opcode> = new Set(["divide", "sqrt", "rsqrt"]);
/** What is cheaper is computed again. */
const dear = 8;

/** How many long functions follow one another along the innermost dimension, up to each op of a loop. */
function chains(nest: LoopNest): number[] {
  const invariant = invariantOps(nest, nest.extents.length - 1, nest.ops.length);
  const made: number[] = [];
  for (const [i, op] of nest.ops.entries()) {
    const before = op.kind === "compute" ? Math.max(0, ...op.args.map((arg) => made[arg]!)) : 0;
    made.push(op.kind === "compute" && !invariant[i] && long.has(op.opcode) ? before + 1 : before);
  }
  return made;
}

/** Whether a nest is worked on in passes. */
function isInPasses(nest: LoopNest): boolean {
  if (nest.kind === "rows") return true;
  if (nest.kind !== "loop" || nest.loads.some(({ parameter }) => parameter === productParameter))
    return false;
  // A fault names an element by the order in which they are computed. Lanes of 64 bits ask the host for long functions.
  const fits = nest.ops.every(({ dtype }) => dtype !== "float64" && !isWide(dtype));
  return fits && !mayDivideByZero(nest) && Math.max(0, ...chains(nest)) > 1;
}

/** Bytes that a kept value takes: the last vector is written whole. */
export function keptBytes(nest: LoopNest, { strip }: PassPlan, op: number): number {
  const elements = strip ?? nest.extents.at(-1)!;
  return (Math.ceil((elements * elementBytes(nest.ops[op]!.dtype)) / 64) + 1) * 64;
}

/** The passes of a loop: each as far as no long function needs another's result. */
function loopPasses(nest: LoopNest): RowPasses {
  const counts = chains(nest);
  const perRow = invariantOps(nest, nest.extents.length - 1, nest.ops.length);
  return {
    pass: counts.map((count) => Math.max(0, count - 1)),
    perRow,
    count: Math.max(...counts),
  };
}

const plans = new WeakMap<LoopNest, { readonly plan: PassPlan | undefined }>();

/** The passes of a nest; undefined where it is worked on in one go. */
export function passPlan(nest: LoopNest): PassPlan | undefined {
  const known = plans.get(nest) ?? { plan: isInPasses(nest) ? planPasses(nest) : undefined };
  plans.set(nest, known);
  return known.plan;
}

function planPasses(nest: LoopNest): PassPlan {
  const { pass, perRow, count } = nest.kind === "rows" ? rowPasses(nest) : loopPasses(nest);
  const row = nest.extents.length - 1;
  const ops = [...nest.ops.keys()];
  const prices: number[] = [];
  for (const [i, op] of nest.ops.entries())
    prices[i] =
      op.kind === "compute" && !perRow[i]
        ? (long.has(op.opcode) ? 24 : slow.has(op.opcode) ? dear : 1) +
          op.args.reduce((sum, arg) => sum + prices[arg]!, 0)
        : 0;
  const stores = [...nest.stores.keys()];
  const spreads = (i: number): boolean => nest.stores[i]!.strides[row] !== 0;
  const passOfStore = (i: number): number => {
    const { value } = nest.stores[i]!;
    // Of loops all come last: an output may be an input's own buffer, which is read until then.
    return perRow[value] || nest.kind === "loop" ? count - 1 : pass[value]!;
  };
  const computed: Set<number>[] = [];
  const crossing = ops.filter(
    (i) =>
      prices[i]! >= dear &&
      nest.ops.some((op, j) => op.kind === "compute" && pass[j]! > pass[i]! && op.args.includes(i)),
  );
  const keeps: Set<number>[] = Array.from({ length: count }, () => new Set());
  const passes = Array.from({ length: count }, (_, p) => {
    const reductions = ops.filter((i) => nest.ops[i]!.kind === "reduction" && pass[i] === p);
    const own = stores.filter((i) => spreads(i) && passOfStore(i) === p);
    const here = new Set<number>();
    const loaded = new Set<number>();
    const visit = (i: number): void => {
      if (perRow[i] || here.has(i) || loaded.has(i)) return;
      const earlier = prices[i]! >= dear ? computed.findIndex((set) => set.has(i)) : -1;
      if (earlier >= 0) {
        keeps[earlier]!.add(i);
        loaded.add(i);
        return;
      }
      here.add(i);
      const op = nest.ops[i]!;
      if (op.kind === "compute") op.args.forEach(visit);
    };
    // Of loops, what a long function of a later pass takes is made in its own pass: that is what passes are for.
    if (nest.kind === "loop") for (const i of crossing) if (pass[i] === p) visit(i);
    for (const i of reductions) visit((nest.ops[i] as { readonly arg: number }).arg);
    for (const i of own) visit(nest.stores[i]!.value);
    computed.push(here);
    return { here, loaded, reductions, stores: own };
  });
  const before = (p: number): number[] =>
    ops.filter((i) => perRow[i] && pass[i] === p && nest.ops[i]!.kind !== "reduction");
  const inOrder = (set: ReadonlySet<number>): number[] => [...set].sort((a, b) => a - b);
  return {
    passes: passes.map(({ here, loaded, ...rest }, p) => ({
      before: before(p),
      ops: inOrder(here),
      loaded: inOrder(loaded),
      keeps: inOrder(keeps[p]!),
      ...rest,
    })),
    after: before(count),
    rowStores: stores.filter((i) => !spreads(i)),
    kept: inOrder(new Set(keeps.flatMap((set) => [...set]))),
    strip: nest.kind === "rows" ? undefined : stripLength,
  };
}
