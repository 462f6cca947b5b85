// What stands in for inputs of an imported file, and what is handed back of it. Source: importer.py (_ProcessInputMapParam,
// _ProcessReturnElementsParam), graph_constructor.cc (RemapNodeDefInputs).
import { TfError } from "@org/errors";
import type { Graph } from "./graph.ts";
import type { NameIndex } from "./name-index.ts";
import { isOperation, type Operation } from "./operation.ts";
import { asTensor, isTensor, isTensorLike, type Tensor, type TensorConvertible } from "./tensor.ts";

export type InputMap =
  | Readonly<Record<string, Tensor | TensorConvertible | Operation>>
  | ReadonlyMap<string, Tensor | TensorConvertible | Operation>;

/** By `keyOf` of a node and an output of the file. */
export type Mapped = ReadonlyMap<string, Tensor | Operation>;

/** Output -1 is the node as a control input. */
export const keyOf = (node: string, output: number): string => `${node}:${output}`;

const invalid = (sentence: string): TfError => new TfError("INVALID_ARGUMENT", sentence);

/** A name as callers write it in maps and lists of elements. */
function tensorKey(name: string): { node: string; index: number } {
  if (name.startsWith("^")) return { node: name.slice(1), index: -1 };
  const parts = name.split(":");
  if (parts.length > 2 || (parts.length === 2 && !/^\d+$/.test(parts[1]!)))
    throw invalid(`Cannot convert '${name}' to a tensor name.`);
  return { node: parts[0]!, index: Number(parts[1] ?? 0) };
}

/** Throws a TypeError where the map is no map of tensors, TfError INVALID_ARGUMENT for names of the wrong form. */
export function readInputMap(
  map: InputMap | null | undefined,
  graph: Graph,
  name: string | null | undefined,
): Mapped {
  const result = new Map<string, Tensor | Operation>();
  if (map === null || map === undefined) return result;
  if (typeof map !== "object" || Array.isArray(map))
    throw new TypeError("input_map must be a dictionary mapping strings to Tensor objects.");
  const entries: [string, unknown][] = map instanceof Map ? [...map] : Object.entries(map);
  for (const [key, value] of entries) {
    if (typeof key !== "string")
      throw new TypeError("input_map must be a dictionary mapping strings to Tensor objects.");
    const { node, index } = tensorKey(key);
    if (index === -1) {
      if (!isOperation(value)) throw new TypeError(`input_map entry ${key} must be an Operation`);
      result.set(keyOf(node, index), graph.asGraphElement(value) as Operation);
      continue;
    }
    if (!isTensorLike(value))
      throw new TypeError("input_map must be a dictionary mapping strings to Tensor objects.");
    if (!isTensor(value) && name === "")
      throw invalid(
        "tf.import_graph_def() requires a non-empty `name` if `input_map` contains non-Tensor values. Try calling tf.convert_to_tensor() on `input_map` values before calling tf.import_graph_def().",
      );
    const tensor = isTensor(value) ? value : graph.nameScope("_inputs", () => asTensor(value));
    result.set(keyOf(node, index), graph.asGraphElement(tensor) as Tensor);
  }
  return result;
}

/** Throws TfError INVALID_ARGUMENT where a key of the map is nothing in the file; one that nobody reads is fine. */
export function checkUnused(
  mapped: Mapped,
  used: ReadonlySet<string>,
  index: NameIndex,
  ops: readonly Operation[],
): void {
  const unused: string[] = [];
  for (const key of mapped.keys()) {
    if (used.has(key)) continue;
    const colon = key.lastIndexOf(":");
    const name = key.slice(0, colon);
    const output = Number(key.slice(colon + 1));
    const at = index.find(name);
    if (at < 0 || output >= ops[at]!.outputs.length) unused.push(output === -1 ? `^${name}` : key);
  }
  if (unused.length > 0)
    throw invalid(`Attempted to map inputs that were not found in graph_def: [${unused.join(", ")}]`);
}

/** What `names` name in the file. Throws TfError INVALID_ARGUMENT where it is not there. */
export function findReturned(
  names: readonly string[],
  index: NameIndex,
  ops: readonly Operation[],
  mapped: Mapped,
): (Tensor | Operation)[] {
  return names.map((name) => {
    if (!name.includes(":")) {
      const at = index.find(name);
      if (at < 0) throw invalid(`Requested return node '${name}' not found in graph def`);
      return ops[at]!;
    }
    const key = tensorKey(name);
    const target = mapped.get(keyOf(key.node, key.index));
    if (target !== undefined) return target;
    const at = index.find(key.node);
    if (at < 0) throw invalid(`Requested return tensor '${name}' not found in graph def`);
    const tensor = ops[at]!.outputs[key.index];
    if (tensor === undefined)
      throw invalid(
        `Invalid return output ${key.index} of node '${key.node}', which has ${ops[at]!.outputs.length} output(s)`,
      );
    return tensor;
  });
}
