// What each pass over a row computes. Values that a later pass needs again are kept along the row where they are dear, and computed anew
// where they are not: a row is near, but keeping takes a store and a load.
import { type LoopNest, type Opcode, rowPasses } from "@org/hlo";
import { long } from "./nest-walk.ts";

export interface RowPass {
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

export interface RowsPlan {
  readonly passes: readonly RowPass[];
  /** As `before`, of what comes after the last pass. */
  readonly after: readonly number[];
  /** Stores of one value a row. */
  readonly rowStores: readonly number[];
  /** Ops whose values are kept along the row. */
  readonly kept: readonly number[];
}

/** Opcodes that take some ten times as long as an addition. */
const slow: ReadonlySet<Opcode> = new Set(["divide", "sqrt", "rsqrt"]);
/** What is cheaper is computed again. */
const dear = 8;

/** Plans the passes of a nest of kind rows. */
export function planRows(nest: LoopNest): RowsPlan {
  const { pass, perRow, count } = rowPasses(nest);
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
    return perRow[value] ? count - 1 : pass[value]!;
  };
  const computed: Set<number>[] = [];
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
  };
}
