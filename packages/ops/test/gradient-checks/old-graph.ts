// Ops that graphs of today cannot have, and imported ones still do.
import type { NumericCheck } from "../numeric-gradient.ts";

/** `f` in a graph that says that a TensorFlow of GraphDef version `producer` made it. */
export function inGraphOf(producer: number, f: NumericCheck["f"]): NumericCheck["f"] {
  return (...xs) => {
    xs[0]!.graph.versions.producer = producer;
    return f(...xs);
  };
}
