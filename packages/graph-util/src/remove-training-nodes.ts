// Takes out what matters in training alone: CheckNumerics and Identity. Source: python/framework/graph_util_impl.py (remove_training_nodes).
// Unlike TensorFlow: a CheckNumerics that data flow through is bridged, not cut; one that waits for others becomes an Identity that waits for
// them; nodes that nothing reads are outputs and stay; nobody is left colocated with a node that is gone; library and versions stay.
import type { IAttrValue, IGraphDef, INodeDef } from "@org/proto";
import { bridge } from "./bridge.ts";
import { withoutColocation } from "./colocation.ts";
import { changedNode, type NodeGraph, nameList, nodesByName, nodesOf, withNodes } from "./graph-nodes.ts";
import { isControlInput, nodeNameFromInput } from "./node-names.ts";

/**
 * The graph without CheckNumerics nodes, and without Identity nodes that no control edge enters or leaves; readers of such a node read what
 * it read. Nodes in `protectedNodes` stay, and those that nothing reads. Nodes that did not change are shared with `graphDef`. As
 * remove_training_nodes.
 *
 * Throws a TypeError where `graphDef` is no GraphDef or `protectedNodes` no list of strings; TfError INVALID_ARGUMENT for two nodes of one name
 * and for nodes that read themselves through Identity nodes alone.
 */
export function removeTrainingNodes(graphDef: IGraphDef, protectedNodes: Iterable<string> = []): NodeGraph {
  const nodes = nodesOf(graphDef);
  const byName = nodesByName(nodes);
  const isProtected = new Set(nameList(protectedNodes, "protected_nodes").map(nodeNameFromInput));
  const read = new Set<string>();
  for (const node of nodes) for (const input of node.input ?? []) read.add(nodeNameFromInput(input));
  const mayGo = (node: INodeDef): boolean =>
    !isProtected.has(node.name ?? "") &&
    read.has(node.name ?? "") &&
    node.input?.[0] !== undefined &&
    !isControlInput(node.input[0]);

  const checks = new Map<string, INodeDef>();
  for (const [name, node] of byName) if (node.op === "CheckNumerics" && mayGo(node)) checks.set(name, node);
  const waiting = waitingChecks(checks);
  const goneChecks = new Set([...checks.keys()].filter((name) => !waiting.has(name)));
  const unchecked = bridge(nodes, goneChecks).map((node) =>
    waiting.has(node.name ?? "") ? asIdentity(node) : node,
  );

  const waitedFor = new Set<string>();
  for (const node of unchecked)
    for (const input of node.input ?? []) if (isControlInput(input)) waitedFor.add(input.slice(1));
  const goneIdentities = new Set<string>();
  for (const node of unchecked) {
    const name = node.name ?? "";
    if (node.op === "Identity" && mayGo(node) && !waitedFor.has(name) && !node.input!.some(isControlInput))
      goneIdentities.add(name);
  }
  const bridged = bridge(unchecked, goneIdentities);
  if (goneChecks.size + goneIdentities.size === 0) return withNodes(graphDef, bridged);
  const isGone = (name: string): boolean => goneChecks.has(name) || goneIdentities.has(name);
  return withNodes(
    graphDef,
    bridged.map((node) => withoutColocation(node, isGone)),
  );
}

/** Those checks that wait, directly or through other checks, for a node that stays. */
function waitingChecks(checks: ReadonlyMap<string, INodeDef>): Set<string> {
  const waiting = new Set<string>();
  const followers = new Map<string, string[]>();
  for (const [name, node] of checks)
    for (const input of node.input!) {
      if (!isControlInput(input)) continue;
      const source = input.slice(1);
      if (!checks.has(source)) waiting.add(name);
      else if (followers.has(source)) followers.get(source)!.push(name);
      else followers.set(source, [name]);
    }
  const pending = [...waiting];
  for (let name = pending.pop(); name !== undefined; name = pending.pop())
    for (const follower of followers.get(name) ?? [])
      if (!waiting.has(follower)) {
        waiting.add(follower);
        pending.push(follower);
      }
  return waiting;
}

function asIdentity(check: INodeDef): INodeDef {
  const attr: { [key: string]: IAttrValue } = {};
  for (const [key, value] of Object.entries(check.attr ?? {})) if (key !== "message") attr[key] = value;
  return changedNode(check, { op: "Identity", attr });
}
