// How large a graph is, and what makes it so.
import { encode, type INodeDef, NodeDef } from "@org/proto";
import { nodeSizes } from "@org/proto/nodes";
import { sizeOf } from "@org/tensor";
import type { Description, SizeDescription, VariableDescription } from "./description.ts";
import type { NodeView } from "./node-view.ts";

const mostLargest = 10;

/** Sizes, and the largest nodes. */
export function describeSizes(
  list: readonly INodeDef[],
  nodes: NodeView,
  variables: readonly VariableDescription[],
): { readonly sizes: SizeDescription; readonly largestNodes: Description["largestNodes"] } {
  const bytes = nodeSizes(list, sizeOfField);
  let all = 0;
  let constants = 0;
  const largest: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    all += bytes[i]!;
    if (nodes.op(i) === "Const") constants += bytes[i]!;
    if (largest.length === mostLargest && bytes[i]! <= bytes[largest.at(-1)!]!) continue;
    const at = largest.findIndex((other) => bytes[other]! < bytes[i]!);
    largest.splice(at < 0 ? largest.length : at, 0, i);
    if (largest.length > mostLargest) largest.pop();
  }
  const known = variables.filter((variable) => variable.bytes !== undefined);
  return {
    sizes: {
      nodes: all,
      constants,
      variables: known.reduce((sum, variable) => sum + variable.bytes!, 0),
      trainableParameters: known
        .filter(({ trainable }) => trainable)
        .reduce((sum, { shape }) => sum + sizeOf(shape.toNumbers()), 0),
    },
    largestNodes: largest.map((i) => ({ name: nodes.name(i), op: nodes.op(i), bytes: bytes[i]! })),
  };
}

/** What a node takes as a field of a GraphDef: tag, length, and the node. */
function sizeOfField(node: INodeDef): number {
  const { length } = encode(NodeDef, node);
  let prefix = 2;
  for (let rest = length; rest > 127; rest = Math.floor(rest / 128)) prefix++;
  return prefix + length;
}
