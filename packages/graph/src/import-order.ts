// An order in which every node comes after its inputs, loops' back edges aside. Source: graph_constructor.cc (InitFromEdges, Convert).
import { TfError } from "@org/errors";
import type { INodeDef } from "@org/proto";

const isMerge = (node: INodeDef): boolean => node.op === "Merge" || node.op === "RefMerge";
const isNextIteration = (node: INodeDef): boolean =>
  node.op === "NextIteration" || node.op === "RefNextIteration";

/**
 * Positions of `nodes`, each after those that it reads; `sources` holds positions, undefined for inputs that are there already.
 * Throws TfError INVALID_ARGUMENT, "2 nodes in a cycle", for cycles that are no loop's.
 */
export function topologicalOrder(
  nodes: readonly INodeDef[],
  sources: readonly (readonly (number | undefined)[])[],
): Int32Array {
  const pending = new Int32Array(nodes.length);
  const first = new Int32Array(nodes.length).fill(-1);
  let edges = 0;
  for (const list of sources) edges += list.length;
  const next = new Int32Array(edges);
  const reader = new Int32Array(edges);
  let edge = 0;
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    for (const source of sources[i]!) {
      if (source === undefined) continue;
      // A loop's back edge: NextIteration -> Merge.
      if (isMerge(node) && isNextIteration(nodes[source]!)) continue;
      pending[i]!++;
      reader[edge] = i;
      next[edge] = first[source]!;
      first[source] = edge++;
    }
  }
  const order = new Int32Array(nodes.length);
  let count = 0;
  for (let i = 0; i < nodes.length; i++) if (pending[i] === 0) order[count++] = i;
  for (let done = 0; done < count; done++) {
    for (let e = first[order[done]!]!; e >= 0; e = next[e]!) {
      const to = reader[e]!;
      if (--pending[to]! === 0) order[count++] = to;
    }
  }
  if (count < nodes.length) {
    const stuck = nodes.filter((_, i) => pending[i]! > 0).slice(0, 5);
    throw new TfError("INVALID_ARGUMENT", `${nodes.length - count} nodes in a cycle`, {
      node: stuck[0]?.name ?? "",
      op: stuck[0]?.op ?? "",
      hint: `Nodes that wait for each other: ${stuck.map((node) => node.name).join(", ")}${nodes.length - count > 5 ? " ..." : ""}`,
    });
  }
  return order;
}
