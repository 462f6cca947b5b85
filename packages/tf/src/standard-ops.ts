// The ops that a graph of this package may hold: those that @org/ops gives meaning, and the OpDefs of all others.
import { createOpRegistry, type OpRegistry } from "@org/graph";
import { opDefs } from "@org/graph/op-defs";
import { standardOps as runnable } from "@org/ops";

let registry: OpRegistry | undefined;

/** Every op of TensorFlow 1.0, 1.15 and 2.21. Put your own beside them: `createOpRegistry(tf.standardOps(), [myOp])`. */
export function standardOps(): OpRegistry {
  registry ??= createOpRegistry(runnable, { fallback: opDefs() });
  return registry;
}
