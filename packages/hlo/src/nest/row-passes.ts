// In which pass over a row each operation of a nest of kind rows can run at the earliest: a reduction's result is there when the pass
// that reduces is over.
import type { LoopNest } from "./loop-nest.ts";

export interface RowPasses {
  /** For each op: the pass in which it runs, or before which it runs where it gives one value a row. Of a reduction: the pass that reduces. */
  readonly pass: readonly number[];
  /** For each op: whether it gives one value a row: reductions, literals, and what comes of them and of what does not move along the row. */
  readonly perRow: readonly boolean[];
  /** How many passes there are; all stores of points that the last one computes come in the last one. */
  readonly count: number;
}

/** The passes of a nest of kind rows. */
export function rowPasses(nest: LoopNest): RowPasses {
  const row = nest.extents.length - 1;
  const pass: number[] = [];
  const perRow: boolean[] = [];
  /** The pass before or in which an op's result can be used. */
  const ready: number[] = [];
  nest.ops.forEach((op, i) => {
    switch (op.kind) {
      case "load":
        perRow[i] = nest.loads[op.load]!.movement[row] === "broadcast";
        pass[i] = 0;
        break;
      case "index":
        perRow[i] = nest.indices[op.index]!.movement[row] === "broadcast";
        pass[i] = 0;
        break;
      case "compute":
        perRow[i] = op.args.every((arg) => perRow[arg]);
        pass[i] = Math.max(0, ...op.args.map((arg) => ready[arg]!));
        break;
      case "reduction":
        perRow[i] = true;
        pass[i] = ready[op.arg]!;
        break;
      default:
        perRow[i] = true;
        pass[i] = 0;
    }
    ready[i] = op.kind === "reduction" ? pass[i]! + 1 : pass[i]!;
  });
  const atPoints = nest.ops.map((op, i) => (op.kind === "reduction" || !perRow[i] ? pass[i]! : 0));
  // One value a row that is stored at every point of it.
  const spread = nest.stores.map(({ value, strides }) => (strides[row] === 0 ? 0 : ready[value]!));
  return { pass, perRow, count: 1 + Math.max(0, ...atPoints, ...spread) };
}
