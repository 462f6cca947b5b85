// The function that makes the data set of a one-shot iterator: it takes nothing, so all that the data set is made from goes into it.
// Source: _make_one_shot_iterator in python/data/ops/dataset_ops.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import { graphToFunctionDef, type Operation, type Tensor } from "@org/graph";
import { functionDefHash, hashSuffix } from "../functions/function-def-hash.ts";
import { ByValueGraph } from "./by-value-graph.ts";

/** The nodes that make a data set and those that it is made of: they count as stateful, and may be copied all the same. */
function datasetNodes(variant: Tensor): ReadonlySet<Operation> {
  const found = new Set<Operation>();
  const waiting = [variant.op];
  for (let op = waiting.pop(); op; op = waiting.pop()) {
    if (found.has(op)) continue;
    found.add(op);
    for (const input of op.inputs) if (input.dtype === "variant") waiting.push(input.op);
  }
  return found;
}

function build(body: ByValueGraph, make: () => Tensor): void {
  try {
    body.asDefault(() => {
      body.outputs = [body.capture(make())];
    });
  } catch (error) {
    if (!(error instanceof TfError) || !error.message.startsWith("Cannot capture")) throw error;
    const [sentence] = error.message.split("\n");
    throw new TfError(
      "INVALID_ARGUMENT",
      `Failed to create a one-shot iterator for a dataset. \`Dataset.make_one_shot_iterator()\` does not support datasets that capture stateful objects, such as a \`Variable\` or \`LookupTable\`. In these cases, use \`Dataset.make_initializable_iterator()\`. (Original error: ${sentence})`,
      { cause: error, hint: "Use makeInitializableIterator, and run its initializer." },
    );
  }
}

/**
 * Adds the function that gives what `make` builds, a data set made of `variant`, to its graph; the function's name.
 * Throws TfError INVALID_ARGUMENT where it is made from placeholders, or from nodes that have state.
 */
export function datasetFactory(variant: Tensor, make: () => Tensor): string {
  const { graph } = variant;
  const body = new ByValueGraph("_make_dataset", graph, datasetNodes(variant));
  build(body, make);
  const made = graphToFunctionDef(body, body.name, [], body.outputs);
  const def = { ...made, signature: { ...made.signature, description: "Factory function for a dataset." } };
  const name = `${body.name}_${hashSuffix(functionDefHash(def))}`;
  const attr = { _disable_call_shape_inference: { b: true } };
  graph.addFunction({ ...def, signature: { ...def.signature, name }, attr });
  return name;
}
