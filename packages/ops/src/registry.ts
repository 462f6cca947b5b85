// All ops of this package, composed of the families' arrays, which scripts/generate.mjs finds: a folder of src is a family. A third party
// composes its own the same way: createOpRegistry(standardOps, [defineOp("MyOp", ...)]).
import { createOpRegistry, type OpRegistry } from "@org/graph";
import { array, complex, families, linalg, math, nn, signal } from "./gen/op-entries.ts";
import type { OpEntry } from "./op-entry.ts";

/** Constants, shapes, and what moves elements about. */
export const arrayOps: readonly OpEntry[] = array;

/** Element-wise functions, products, reductions, comparison, complex numbers, linear algebra. */
export const mathOps: readonly OpEntry[] = [...math, ...complex, ...linalg, ...signal];

/** Activations, softmax, losses, convolutions, pools, normalization. */
export const nnOps: readonly OpEntry[] = nn;

let composed: OpRegistry<OpEntry> | undefined;

function all(): OpRegistry<OpEntry> {
  composed ??= createOpRegistry<OpEntry>(...families);
  return composed;
}

/** Every op of this package, as a registry: what a graph that is to run is made with. Composed when first asked. */
export const standardOps: OpRegistry<OpEntry> = {
  get: (type) => all().get(type),
  names: () => all().names(),
};
