// The lookup tables of a graph, with what fills them: nobody restores those from a checkpoint.
import type { TableDescription } from "./description.ts";
import type { Edges } from "./edges.ts";
import { typeName } from "./node-outputs.ts";
import type { NodeView } from "./node-view.ts";

const tableOps = /^(Mutable)?(Dense)?HashTable(OfTensors)?(V2)?$/;
const fillingOps = /^(InitializeTable|LookupTableImport)/;

/** Tables, in the file's order. */
export function describeTables(nodes: NodeView, edges: Edges): TableDescription[] {
  const initializers = new Map<number, string[]>();
  const tables: number[] = [];
  for (let i = 0; i < nodes.count; i++) {
    if (tableOps.test(nodes.op(i))) tables.push(i);
    else if (fillingOps.test(nodes.op(i)) && !isRestored(i, nodes, edges)) {
      const table = edges.source[edges.first[i]!] ?? -1;
      initializers.set(table, [...(initializers.get(table) ?? []), nodes.name(i)]);
    }
  }
  return tables.map((node) => {
    const attr = nodes.attr(node);
    return {
      name: nodes.name(node),
      op: nodes.op(node),
      keyDtype: typeName(attr.key_dtype?.type),
      valueDtype: typeName(attr.value_dtype?.type),
      initializers: initializers.get(node) ?? [],
    };
  });
}

/** Whether a table is filled from a checkpoint: that is a Saver's. */
function isRestored(node: number, nodes: NodeView, edges: Edges): boolean {
  for (let k = edges.first[node]!; k < edges.first[node + 1]!; k++)
    if (edges.source[k]! >= 0 && nodes.op(edges.source[k]!).startsWith("Restore")) return true;
  return false;
}
