// The ops that variables and Savers are made of, with OpDefs (1.15.5's) and shape functions: what `@org/metagraph`
// needs to rebuild both. Everything else is `@org/ops`, or data alone (op-defs.ts).
import { coreShapes } from "./core-shapes.ts";
import * as source from "./gen/core-op-defs.ts";
import { OpDefTable } from "./op-def-table.ts";
import type { OpRegistry, RegisteredOp } from "./op-registry.ts";

const table = new OpDefTable(source);
const newest = source.versions.indexOf("1.15.5");
const entries = new Map<string, RegisteredOp>();

/** About thirty ops: VariableV2, VarHandleOp, Assign, SaveV2, RestoreV2, Const, Identity, NoOp, Placeholder and their kin. */
export const coreOps: OpRegistry = {
  get(type) {
    let entry = entries.get(type);
    if (entry === undefined) {
      const opDef = table.get(type, [newest]);
      if (opDef === undefined) return undefined;
      const shape = Object.hasOwn(coreShapes, type) ? coreShapes[type] : undefined;
      entry = { opDef, origin: "@org/graph/core-ops", ...(shape ? { shape } : {}) };
      entries.set(type, entry);
    }
    return entry;
  },
  names: () => table.names([newest]),
};
export { coreShapes };
