// What is said of a node that a caller names and a graph does not have: the nearest names, or what the graph's outputs seem to be.
import { nearestNames } from "@org/checkpoint";
import { TfError } from "@org/errors";
import type { INodeDef } from "@org/proto";
import { nodeNameFromInput } from "./node-names.ts";

/** TfError NOT_FOUND "<name> is not in graph", with names that may have been meant as the hint. */
export function missingNode(name: string, nodes: readonly INodeDef[]): TfError {
  const near = nearestNames(
    nodeNameFromInput(name),
    nodes.map((node) => node.name ?? ""),
  );
  const quoted = (names: readonly string[]): string => names.map((other) => `"${other}"`).join(", ");
  const sinks = near.length > 0 ? [] : sinkNames(nodes, 5);
  const hint =
    near.length > 0
      ? `Did you mean ${quoted(near)}?`
      : sinks.length > 0
        ? `Outputs that nothing reads: ${quoted(sinks)}.`
        : undefined;
  return new TfError("NOT_FOUND", `${name} is not in graph`, { node: name, ...(hint ? { hint } : {}) });
}

/** The last nodes that no other reads, up to `most`: what a graph computes is usually among them. */
function sinkNames(nodes: readonly INodeDef[], most: number): string[] {
  const read = new Set<string>();
  for (const node of nodes) for (const input of node.input ?? []) read.add(nodeNameFromInput(input));
  const sinks: string[] = [];
  for (let i = nodes.length - 1; i >= 0 && sinks.length < most; i--) {
    const name = nodes[i]!.name ?? "";
    if (!read.has(name) && nodes[i]!.op !== "NoOp") sinks.push(name);
  }
  return sinks.reverse();
}
