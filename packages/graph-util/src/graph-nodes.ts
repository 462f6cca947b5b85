// The nodes of a GraphDef as these functions use them: found by name, shared with the message that they came from, copied only where
// something in them changes. Attributes are touched as late as can be, since a reader may decode them then.
import { TfError } from "@org/errors";
import type { IGraphDef, INodeDef } from "@org/proto";

/** A GraphDef that surely has a list of nodes. What these functions give back; nodes that did not change are the caller's own objects. */
export interface NodeGraph extends IGraphDef {
  readonly node: readonly INodeDef[];
}

/** The nodes of `graphDef`. Throws a TypeError where it is no GraphDef. */
export function nodesOf(graphDef: IGraphDef): readonly INodeDef[] {
  const isMessage = typeof graphDef === "object" && graphDef !== null && !Array.isArray(graphDef);
  const nodes = isMessage ? (graphDef.node ?? []) : undefined;
  if (Array.isArray(nodes) && !("graphDef" in graphDef) && !("createOp" in graphDef)) return nodes;
  const meant =
    typeof graphDef !== "object" || graphDef === null
      ? ""
      : "graphDef" in graphDef
        ? " This is a MetaGraphDef: pass its graphDef."
        : "createOp" in graphDef
          ? " This is a Graph: pass graph.asGraphDef()."
          : "";
  throw new TypeError(`graph_def must be a graph_pb2.GraphDef proto.${meant}`);
}

/** Nodes by their names. Throws TfError INVALID_ARGUMENT "Duplicate node names detected for <name>". */
export function nodesByName(nodes: readonly INodeDef[]): Map<string, INodeDef> {
  const byName = new Map<string, INodeDef>();
  for (const node of nodes) {
    const name = node.name ?? "";
    if (byName.has(name))
      throw new TfError("INVALID_ARGUMENT", `Duplicate node names detected for ${name}`, { node: name });
    byName.set(name, node);
  }
  return byName;
}

/** A node like `node` but for `changes`; what is not changed is shared. Field by field, since a node may be a view with accessors. */
export function changedNode(node: INodeDef, changes: Partial<INodeDef>): INodeDef {
  return {
    name: node.name,
    op: node.op,
    input: node.input,
    device: node.device,
    attr: node.attr,
    experimentalDebugInfo: node.experimentalDebugInfo,
    experimentalType: node.experimentalType,
    $unknowns: node.$unknowns,
    ...changes,
  };
}

/** `graphDef` with other nodes: its library and versions stay. */
export function withNodes(graphDef: IGraphDef, node: readonly INodeDef[]): NodeGraph {
  return {
    node,
    ...(graphDef.versions ? { versions: graphDef.versions } : {}),
    ...(graphDef.library ? { library: graphDef.library } : {}),
  };
}

/** A list of node names. Throws a TypeError where it is one string, or holds anything else. */
export function nameList(names: Iterable<string>, argument: string): string[] {
  if (typeof names === "string") throw new TypeError(`${argument} must be a list.`);
  if (names === null || typeof names !== "object" || !(Symbol.iterator in names))
    throw new TypeError(`${argument} must be a list of strings, got ${String(names)}`);
  const list = [...names];
  for (const name of list)
    if (typeof name !== "string") throw new TypeError(`${argument} must hold strings, got ${String(name)}`);
  return list;
}
