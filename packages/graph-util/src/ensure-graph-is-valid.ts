// Source: python/tools/optimize_for_inference_lib.py (ensure_graph_is_valid).
import { TfError } from "@org/errors";
import type { IGraphDef } from "@org/proto";
import { nodesByName, nodesOf } from "./graph-nodes.ts";
import { nodeNameFromInput } from "./node-names.ts";

/**
 * Throws TfError INVALID_ARGUMENT where two nodes have one name ("Duplicate node names detected for <name>") or an input
 * names no node ("Input for <name> not found: <input>"). As ensure_graph_is_valid.
 */
export function ensureGraphIsValid(graphDef: IGraphDef): void {
  const nodes = nodesOf(graphDef);
  const byName = nodesByName(nodes);
  for (const node of nodes)
    for (const input of node.input ?? [])
      if (!byName.has(nodeNameFromInput(input)))
        throw new TfError("INVALID_ARGUMENT", `Input for ${node.name} not found: ${input}`, {
          node: node.name ?? "",
          op: node.op ?? "",
        });
}
