// An order in which every node comes after its inputs, loops' back edges aside. Source: graph_constructor.cc (InitFromEdges, Convert).
import { TfError } from "@org/errors";
import type { NodeTable } from "@org/proto/nodes";

/**
 * Positions of the nodes, each after those that it reads; `sources` holds the position that each input reads, -1 for inputs that are there already.
 * Throws TfError INVALID_ARGUMENT, "2 nodes in a cycle", for cycles that are no loop's; `allowCycles` puts their nodes last, in the file's order.
 */
export function topologicalOrder(table: NodeTable, sources: Int32Array, allowCycles = false): Int32Array {
  const { count, inputFirst } = table;
  const ids = (...ops: string[]): Set<number> => new Set(ops.map((op) => table.ops.indexOf(op)));
  const merges = ids("Merge", "RefMerge");
  const nextIterations = ids("NextIteration", "RefNextIteration");
  const pending = new Int32Array(count);
  // Readers of each node as lists: the first, and after each the next.
  const first = new Int32Array(count).fill(-1);
  const next = new Int32Array(sources.length);
  const reader = new Int32Array(sources.length);
  for (let i = count - 1; i >= 0; i--) {
    const isMerge = merges.has(table.op[i]!);
    for (let k = inputFirst[i]!; k < inputFirst[i + 1]!; k++) {
      const source = sources[k]!;
      // A loop's back edge: NextIteration -> Merge.
      if (source < 0 || (isMerge && nextIterations.has(table.op[source]!))) continue;
      pending[i]!++;
      reader[k] = i;
      next[k] = first[source]!;
      first[source] = k;
    }
  }
  const order = new Int32Array(count);
  let known = 0;
  for (let i = 0; i < count; i++) if (pending[i] === 0) order[known++] = i;
  for (let done = 0; done < known; done++)
    for (let k = first[order[done]!]!; k >= 0; k = next[k]!)
      if (--pending[reader[k]!]! === 0) order[known++] = reader[k]!;
  if (known < count && !allowCycles) throw cycle(table, pending, count - known);
  for (let i = 0; known < count; i++) if (pending[i]! > 0) order[known++] = i;
  return order;
}

function cycle(table: NodeTable, pending: Int32Array, count: number): TfError {
  const stuck: number[] = [];
  for (let i = 0; i < table.count && stuck.length < 5; i++) if (pending[i]! > 0) stuck.push(i);
  return new TfError("INVALID_ARGUMENT", `${count} nodes in a cycle`, {
    node: table.name(stuck[0]!),
    op: table.ops[table.op[stuck[0]!]!]!,
    hint: `Nodes that wait for each other: ${stuck.map((i) => table.name(i)).join(", ")}${count > 5 ? " ..." : ""}`,
  });
}
