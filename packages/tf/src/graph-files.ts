// The files that this program has named to the ops of a graph itself (initFromCheckpoint, warmStart): a session's gate lets
// the graph reach them. A graph that was imported brings none.
import type { Graph } from "@org/graph";
import { localPath } from "@org/io";

const named = new WeakMap<Graph, Set<string>>();

/** Lets ops of `graph` reach files whose path begins with `prefix`, in sessions that have no `fs` of their own. */
export function allowGraphFiles(graph: Graph, prefix: string): void {
  const files = named.get(graph) ?? new Set();
  files.add(localPath(prefix));
  named.set(graph, files);
}

/** The prefixes that the ops of `graph` may reach. */
export function graphFiles(graph: Graph): ReadonlySet<string> {
  return named.get(graph) ?? new Set();
}
