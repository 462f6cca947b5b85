// How op entries are declared: a table from op type to what it means; the OpDef is looked up by name when it is first
// asked for, so that making the tables costs nothing. Not a registry: families export arrays, registry.ts composes them.
import { opDef } from "@org/graph/op-defs";
import type { IOpDef } from "@org/proto";
import type { OpEntry } from "./op-entry.ts";

/** An entry without its OpDef: what a family's table holds for an op type. */
export type OpSpec = Omit<OpEntry, "opDef" | "origin">;

const origin = "@org/ops";

/**
 * The entry of a TensorFlow op: `spec` with the OpDef that TensorFlow has under `type`.
 * Reading `opDef` throws TfError NOT_FOUND where no TensorFlow that we know has such an op.
 */
export function defineOp(type: string, spec: OpSpec): OpEntry {
  let known: IOpDef | undefined;
  return {
    ...spec,
    origin,
    get opDef(): IOpDef {
      known ??= opDef(type);
      return known;
    },
  };
}

/** Entries of a table, in its order: `defineOps({ Neg: { shape, lower, gradient }, ... })`. */
export function defineOps(table: Readonly<Record<string, OpSpec>>): readonly OpEntry[] {
  return Object.entries(table).map(([type, spec]) => defineOp(type, spec));
}
