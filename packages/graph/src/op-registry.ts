// Which ops a graph may hold: a registry is a value, made of parts, that knows the OpDef of each op and how
// its shapes are inferred. Richer entries (`@org/ops` adds lowering, host kernel, gradient) go through the same door.
import { TfError } from "@org/errors";
import { equals, type IOpDef, type IOpList, OpDef } from "@org/proto";
import type { ShapeFunction } from "./shape-inference.ts";

/** What a graph knows of an op type. */
export interface RegisteredOp {
  readonly opDef: IOpDef;
  /** Absent: outputs have unknown shapes (or the `_output_shapes` that an import brought). */
  readonly shape?: ShapeFunction;
  /** Who registered it, for clash messages: "@org/graph/core-ops", "my-package". */
  readonly origin: string;
}

export interface OpRegistry<Entry extends RegisteredOp = RegisteredOp> {
  get(type: string): Entry | undefined;
  /** Op types, sorted. */
  names(): readonly string[];
}

/** What `createOpRegistry` takes: registries, entries, or OpDefs alone. */
export type OpRegistryPart<Entry extends RegisteredOp = RegisteredOp> =
  | OpRegistry<Entry>
  | readonly Entry[]
  | IOpList
  | { readonly fallback: OpRegistry<RegisteredOp> | IOpList };

const isRegistry = (part: object): part is OpRegistry => typeof (part as OpRegistry).get === "function";
const isFallback = (part: object): part is { fallback: OpRegistry | IOpList } => "fallback" in part;

/** OpDefs as a registry, such as a file's `strippedOpList`; entries are made when asked for. Two OpDefs of one name: the last counts. */
export function registryOfOpList(list: IOpList, origin = "an OpList"): OpRegistry {
  const defs = new Map<string, IOpDef>();
  for (const op of list.op ?? []) defs.set(op.name ?? "", op);
  const entries = new Map<string, RegisteredOp>();
  return {
    get(type) {
      let entry = entries.get(type);
      const opDef = entry === undefined ? defs.get(type) : undefined;
      if (opDef !== undefined) {
        entry = { opDef, origin };
        entries.set(type, entry);
      }
      return entry;
    },
    names: () => [...defs.keys()].sort(),
  };
}

const isEntries = <Entry extends RegisteredOp>(part: OpRegistryPart<Entry>): part is readonly Entry[] =>
  Array.isArray(part);
const asRegistry = (part: OpRegistry | IOpList): OpRegistry =>
  isRegistry(part) ? part : registryOfOpList(part);

function registryOfEntries<Entry extends RegisteredOp>(entries: readonly Entry[]): OpRegistry<Entry> {
  const map = new Map<string, Entry>();
  for (const entry of entries) {
    const type = entry.opDef.name ?? "";
    const have = map.get(type);
    if (have === undefined) map.set(type, entry);
    else checkSame(type, have, entry);
  }
  return { get: (type) => map.get(type), names: () => [...map.keys()].sort() };
}

function checkSame(type: string, first: RegisteredOp, second: RegisteredOp): void {
  if (first === second) return;
  if (first.origin === second.origin && equals(OpDef, first.opDef, second.opDef)) return;
  throw new TfError(
    "ALREADY_EXISTS",
    `Op '${type}' is registered by ${first.origin} and by ${second.origin}`,
    {
      op: type,
      hint: "Leave one of them out, or put one in as { fallback }.",
    },
  );
}

/**
 * A registry made of parts: entries, OpLists and other registries; `{ fallback }` parts are asked last, and never clash.
 * The same op twice is one if it is the same entry, or an equal OpDef of one origin.
 * Throws TfError ALREADY_EXISTS, naming both origins, where two parts register an op differently.
 */
export function createOpRegistry<Entry extends RegisteredOp = RegisteredOp>(
  ...parts: readonly OpRegistryPart<Entry>[]
): OpRegistry<Entry> {
  const owners = new Map<string, OpRegistry<Entry>>();
  const fallbacks: OpRegistry<Entry>[] = [];
  const add = (registry: OpRegistry<Entry>): void => {
    for (const type of registry.names()) {
      const owner = owners.get(type);
      // Entries are made on demand: only a clash asks for them here.
      if (owner === undefined) owners.set(type, registry);
      else checkSame(type, owner.get(type)!, registry.get(type)!);
    }
  };
  for (const part of parts) {
    if (isFallback(part)) fallbacks.push(asRegistry(part.fallback) as OpRegistry<Entry>);
    else if (isEntries(part)) add(registryOfEntries(part));
    else add(asRegistry(part as OpRegistry | IOpList) as OpRegistry<Entry>);
  }
  let names: readonly string[] | undefined;
  return {
    get(type) {
      const owner = owners.get(type);
      if (owner !== undefined) return owner.get(type);
      for (const registry of fallbacks) {
        const found = registry.get(type);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    names() {
      names ??= [...new Set([...owners.keys(), ...fallbacks.flatMap((registry) => registry.names())])].sort();
      return names;
    },
  };
}
