// The resource that an op makes when the session first runs it, or finds under its shared name.
// Source: ContainerInfo in core/framework/resource_mgr.cc.
import type { HostContext, Resource } from "../op-entry.ts";

/**
 * By `container` and `shared_name`; without one, by the node's name where `use_node_name_sharing` says so, else the node's own.
 * The session closes it.
 */
export function resourceOfOp<R extends Resource>(c: HostContext, kind: string, create: () => R): R {
  const shared = c.attrs.string("shared_name");
  const byNodeName = c.attrs.has("use_node_name_sharing") && c.attrs.bool("use_node_name_sharing");
  if (shared === "" && !byNodeName) return c.state(() => c.resource(kind, `_${c.node}`, create));
  const container = c.attrs.string("container");
  const name = shared || c.node;
  return c.resource(kind, container === "" ? name : `${container}/${name}`, create);
}
