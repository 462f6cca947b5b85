// Every OpDef of TensorFlow 1.0.1, 1.15.5 and 2.21, as data: names, arguments and attributes, no meaning. Opt-in: it
// weighs some hundred kilobytes. OpDefs are decoded one by one, when asked for.
import { TfError } from "@org/errors";
import type { IOpDef, IOpList } from "@org/proto";
import * as source from "./gen/op-defs.ts";
import { OpDefTable } from "./op-def-table.ts";
import type { OpRegistry, RegisteredOp } from "./op-registry.ts";

/** TensorFlow versions whose ops are here. */
export type OpDefVersion = "1.0" | "1.15" | "2.21";

const table = new OpDefTable(source);
const position: Readonly<Record<OpDefVersion, number>> = { "1.0": 0, "1.15": 1, "2.21": 2 };
/** 1.15.5 first, whose behaviour we follow; then the newer; then what only 1.0.1 had. */
const standard: readonly number[] = [1, 2, 0];

/**
 * The OpDef of `type`: 1.15.5's, else 2.21's, else 1.0.1's.
 * Throws TfError NOT_FOUND where none of them has such an op.
 */
export function opDef(type: string): IOpDef {
  const found = table.get(type, standard);
  if (found === undefined)
    throw new TfError("NOT_FOUND", `Op type not registered '${type}' in binary`, { op: type });
  return found;
}

function registry(versions: readonly number[], origin: string): OpRegistry {
  const entries = new Map<string, RegisteredOp>();
  return {
    get(type) {
      let entry = entries.get(type);
      if (entry === undefined) {
        const found = table.get(type, versions);
        if (found === undefined) return undefined;
        entry = { opDef: found, origin };
        entries.set(type, entry);
      }
      return entry;
    },
    names: () => table.names(versions),
  };
}

/**
 * All ops as a registry without shape functions: 1.15.5's OpDef, else 2.21's, else 1.0.1's; with `version`, those of that version alone.
 * Fit as a fallback: `createOpRegistry(myOps, { fallback: opDefs() })`.
 */
export function opDefs(version?: OpDefVersion): OpRegistry {
  return version === undefined
    ? registry(standard, "@org/graph/op-defs")
    : registry([position[version]], `@org/graph/op-defs ${version}`);
}

/** The ops of a version as an OpList, such as `producerOps` of an import whose file has no op list of its own. */
export function opList(version: OpDefVersion): IOpList {
  return { op: table.names([position[version]]).map((name) => table.get(name, [position[version]])!) };
}

/** The version whose ops a GraphDef's producer knew best: by its `versions.producer`. */
export function versionOfProducer(producer: number): OpDefVersion {
  return producer <= 24 ? "1.0" : producer <= 175 ? "1.15" : "2.21";
}
