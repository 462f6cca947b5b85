// The part of a graph that given nodes need. Source: python/framework/graph_util_impl.py (extract_sub_graph).
import { TfError } from "@org/errors";
import type { IGraphDef, INodeDef } from "@org/proto";
import { colocatedWith } from "./colocation.ts";
import { type NodeGraph, nameList, nodesByName, nodesOf, withNodes } from "./graph-nodes.ts";
import { missingNode } from "./missing-node.ts";
import { nodeNameFromInput } from "./node-names.ts";

/**
 * The nodes that can reach any of `destNodes` through data edges, control edges or colocation, in their order, with the graph's library and
 * versions. Nodes are shared with `graphDef`, not copied. "n:0" is taken for "n". As extract_sub_graph.
 *
 * Throws a TypeError where `graphDef` is no GraphDef or `destNodes` no list of strings; TfError NOT_FOUND "<name> is not in graph", with the
 * nearest names or the graph's outputs as hint; INVALID_ARGUMENT for an input that no node has, and for two nodes of one name.
 */
export function extractSubGraph(graphDef: IGraphDef, destNodes: Iterable<string>): NodeGraph {
  const nodes = nodesOf(graphDef);
  const wanted = nameList(destNodes, "dest_nodes");
  const byName = nodesByName(nodes);
  const keep = reachable(
    byName,
    wanted.map((name) => presentName(name, byName, nodes)),
  );
  return withNodes(
    graphDef,
    nodes.filter((node) => keep.has(node.name ?? "")),
  );
}

/** The node that a caller means by `name`, "n" or "n:0". Throws as `extractSubGraph` where there is none. */
export function presentName(
  name: string,
  byName: ReadonlyMap<string, INodeDef>,
  nodes: readonly INodeDef[],
): string {
  if (byName.has(name)) return name;
  const node = nodeNameFromInput(name);
  if (byName.has(node)) return node;
  throw missingNode(name, nodes);
}

/** Names of what `from` needs, itself included. */
function reachable(byName: ReadonlyMap<string, INodeDef>, from: readonly string[]): Set<string> {
  const seen = new Set(from);
  const pending = [...seen];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const node = byName.get(name)!;
    for (const input of node.input ?? []) {
      const source = nodeNameFromInput(input);
      if (seen.has(source)) continue;
      if (!byName.has(source))
        throw new TfError("INVALID_ARGUMENT", `Node '${name}': Unknown input node '${input}'`, {
          node: name,
          op: node.op ?? "",
          hint: "The graph is not whole: was it cut, or edited by hand?",
        });
      seen.add(source);
      pending.push(source);
    }
    for (const group of colocatedWith(node))
      if (byName.has(group) && !seen.has(group)) {
        seen.add(group);
        pending.push(group);
      }
  }
  return seen;
}
