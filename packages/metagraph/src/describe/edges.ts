// Who reads whom: the edges of a graph as numbers, for passes that take time in proportion to them.
import type { NodeView } from "./node-view.ts";

/** Edges by node: those into node i are [first[i], first[i + 1]), in the order of its inputs. */
export interface Edges {
  readonly first: Int32Array;
  /** The node that an edge comes from; -1 where no node has the name. */
  readonly source: Int32Array;
  /** The output that it reads; -1 of a control edge. */
  readonly output: Int32Array;
  /** Nodes by name. */
  readonly byName: ReadonlyMap<string, number>;
}

/** The node and output that an input string names. */
export function parseInput(input: string): { readonly name: string; readonly output: number } {
  if (input.startsWith("^")) return { name: input.slice(1), output: -1 };
  const colon = input.lastIndexOf(":");
  const digits = colon > 0 ? input.slice(colon + 1) : "";
  if (!/^\d{1,9}$/.test(digits)) return { name: input, output: 0 };
  return { name: input.slice(0, colon), output: Number(digits) };
}

/** The edges between `nodes`. */
export function edgesOf(nodes: NodeView): Edges {
  const byName = new Map<string, number>();
  for (let i = 0; i < nodes.count; i++) byName.set(nodes.name(i), i);
  const first = new Int32Array(nodes.count + 1);
  const source: number[] = [];
  const output: number[] = [];
  for (let i = 0; i < nodes.count; i++) {
    for (const input of nodes.inputs(i)) {
      const parsed = parseInput(input);
      source.push(byName.get(parsed.name) ?? -1);
      output.push(parsed.output);
    }
    first[i + 1] = source.length;
  }
  return { first, source: Int32Array.from(source), output: Int32Array.from(output), byName };
}

/** All nodes that `from` needs, themselves included, as a mark for each. */
export function ancestors(edges: Edges, from: Iterable<number>): Uint8Array {
  const marks = new Uint8Array(edges.first.length - 1);
  const pending: number[] = [];
  for (const node of from)
    if (!marks[node]) {
      marks[node] = 1;
      pending.push(node);
    }
  for (let node = pending.pop(); node !== undefined; node = pending.pop())
    for (let k = edges.first[node]!; k < edges.first[node + 1]!; k++) {
      const source = edges.source[k]!;
      if (source < 0 || marks[source]) continue;
      marks[source] = 1;
      pending.push(source);
    }
  return marks;
}
