// Names to operations and tensors, with TensorFlow's sentences and a hint of names that are near.
// Source: python/framework/ops.py (Graph._as_graph_element_locked).
import { TfError } from "@org/errors";
import { isOperation, type Operation } from "./operation.ts";
import { isTensor, type Tensor } from "./tensor.ts";

export interface ElementOptions {
  readonly allowTensor?: boolean;
  readonly allowOperation?: boolean;
}

/** Names like `name`: of other case or scope, or a few letters away. */
function nearNames(name: string, names: Iterable<string>): string[] {
  const lower = name.toLowerCase();
  const scored: [number, string][] = [];
  let looked = 0;
  for (const other of names) {
    if (++looked > 20_000) break;
    const candidate = other.toLowerCase();
    let score: number;
    if (candidate === lower) score = 0;
    else if (candidate.endsWith(`/${lower}`) || lower.endsWith(`/${candidate}`)) score = 1;
    else {
      if (Math.abs(candidate.length - lower.length) > 2) continue;
      score = 1 + editDistance(lower, candidate, 2);
      if (score > 3) continue;
    }
    scored.push([score, other]);
  }
  return scored
    .sort((a, b) => a[0] - b[0] || a[1].length - b[1].length)
    .slice(0, 3)
    .map(([, other]) => other);
}

function editDistance(a: string, b: string, most: number): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    if (Math.min(...next) > most) return most + 1;
    row = next;
  }
  return row[b.length]!;
}

function missing(
  sentence: string,
  opName: string,
  nodes: ReadonlyMap<string, Operation>,
  suffix: string,
): TfError {
  const near = nearNames(opName, nodes.keys());
  const hint =
    near.length > 0 ? { hint: `Did you mean ${near.map((name) => `'${name}${suffix}'`).join(" or ")}?` } : {};
  return new TfError("NOT_FOUND", sentence, hint);
}

/** The tensor or operation that `value` names or is. Throws TfError NOT_FOUND or INVALID_ARGUMENT, and a TypeError for other values. */
export function findElement(
  value: unknown,
  nodes: ReadonlyMap<string, Operation>,
  graph: object,
  { allowTensor = true, allowOperation = true }: ElementOptions,
): Tensor | Operation {
  if (!allowTensor && !allowOperation)
    throw new TypeError("allow_tensor and allow_operation can't both be False.");
  const types = allowTensor && allowOperation ? "Tensor or Operation" : allowTensor ? "Tensor" : "Operation";
  const form = 'Tensor names must be of the form "<op_name>:<output_index>".';
  if (typeof value === "string") {
    const colon = value.indexOf(":");
    if (colon >= 0) {
      if (!allowTensor)
        throw new TfError(
          "INVALID_ARGUMENT",
          `Name '${value}' appears to refer to a Tensor, not a ${types}.`,
        );
      const opName = value.slice(0, colon);
      const index = value.slice(colon + 1);
      if (!/^\d+$/.test(index))
        throw new TfError(
          "INVALID_ARGUMENT",
          `The name '${value}' looks a like a Tensor name, but is not a valid one. ${form}`,
        );
      const op = nodes.get(opName);
      if (op === undefined)
        throw missing(
          `The name '${value}' refers to a Tensor which does not exist. The operation, '${opName}', does not exist in the graph.`,
          opName,
          nodes,
          `:${index}`,
        );
      const tensor = op.outputs[Number(index)];
      if (tensor === undefined)
        throw new TfError(
          "NOT_FOUND",
          `The name '${value}' refers to a Tensor which does not exist. The operation, '${opName}', exists but only has ${op.outputs.length} outputs.`,
          { node: opName, op: op.type },
        );
      return tensor;
    }
    const op = nodes.get(value);
    if (allowOperation) {
      if (op === undefined)
        throw missing(`The name '${value}' refers to an Operation not in the graph.`, value, nodes, "");
      return op;
    }
    const what = op ? "refers to an Operation" : "looks like an (invalid) Operation name";
    throw new TfError("INVALID_ARGUMENT", `The name '${value}' ${what}, not a ${types}. ${form}`);
  }
  if (isTensor(value) && allowTensor) {
    if ((value.graph as object) !== graph)
      throw new TfError("INVALID_ARGUMENT", `Tensor ${value} is not an element of this graph.`);
    return value;
  }
  if (isOperation(value) && allowOperation) {
    if ((value.graph as object) !== graph)
      throw new TfError("INVALID_ARGUMENT", `Operation ${value.name} is not an element of this graph.`);
    return value;
  }
  const kind =
    value === null
      ? "null"
      : typeof value === "object"
        ? (value.constructor?.name ?? "object")
        : typeof value;
  throw new TypeError(`Can not convert a ${kind} into a ${types}.`);
}
