// Takes out nodes that pass their first input on: their readers read that input instead.
import { TfError } from "@org/errors";
import type { INodeDef } from "@org/proto";
import { changedNode } from "./graph-nodes.ts";
import { isControlInput, nodeNameFromInput } from "./node-names.ts";

/**
 * `nodes` without those named in `gone`, each of which has a data input first; chains of them are followed, control edges to them dropped.
 * Nodes that read none of them are the same objects. Throws TfError INVALID_ARGUMENT where nodes that go read each other in a circle.
 */
export function bridge(nodes: readonly INodeDef[], gone: ReadonlySet<string>): readonly INodeDef[] {
  if (gone.size === 0) return nodes;
  /** What each node that goes passes on; where that goes too, shortened as chains are followed. */
  const passes = new Map<string, string>();
  for (const node of nodes) if (gone.has(node.name ?? "")) passes.set(node.name!, node.input![0]!);
  const kept: INodeDef[] = [];
  for (const node of nodes) {
    if (gone.has(node.name ?? "")) continue;
    const inputs = node.input ?? [];
    if (!inputs.some((input) => gone.has(nodeNameFromInput(input)))) {
      kept.push(node);
      continue;
    }
    const input: string[] = [];
    for (const one of inputs) {
      if (!gone.has(nodeNameFromInput(one))) input.push(one);
      else if (!isControlInput(one)) input.push(endOf(one, passes));
    }
    kept.push(changedNode(node, { input }));
  }
  return kept;
}

/** The input at the end of a chain of nodes that go. */
function endOf(start: string, passes: Map<string, string>): string {
  const chain: string[] = [];
  const seen = new Set<string>();
  let input = start;
  for (;;) {
    const name = nodeNameFromInput(input);
    const next = passes.get(name);
    if (next === undefined) break;
    if (seen.has(name))
      throw new TfError("INVALID_ARGUMENT", `Node '${name}' reads itself through Identity nodes alone`, {
        node: name,
        hint: "Such a graph cannot run: is the file damaged?",
      });
    seen.add(name);
    chain.push(name);
    input = next;
  }
  for (const name of chain) passes.set(name, input);
  return input;
}
