// The nodes of a graph below a scope, with the scope taken off their names; inputs from outside become unbound.
// Source: python/framework/meta_graph.py (_node_def, _find_extraneous_saver_nodes).
import { stripNameScope } from "@org/graph";
import type { IAttrValue, IGraphDef, INodeDef, ISaverDef } from "@org/proto";
import { shouldInclude, unboundPrefix } from "./to-collection-def.ts";

export interface ScopedNodesOptions {
  readonly exportScope?: string | undefined;
  readonly clearDevices?: boolean | undefined;
  readonly excludeNodes?: ReadonlySet<string> | undefined;
}

const utf8 = new TextDecoder();
const toUtf8 = new TextEncoder();
const mark = "loc:@";

function scopedAttr(node: INodeDef, key: string, value: IAttrValue, scope: string): IAttrValue {
  if (key === "_class" && value.list) {
    const groups = (value.list.s ?? [])
      .map((bytes) => utf8.decode(bytes))
      .filter((text) => (text.startsWith(mark) ? text.slice(mark.length) : text).startsWith(scope));
    return { list: { s: groups.map((text) => toUtf8.encode(stripNameScope(text, scope))) } };
  }
  if (key === "frame_name" && (node.op === "Enter" || node.op === "RefEnter") && value.s)
    return { s: toUtf8.encode(stripNameScope(utf8.decode(value.s), scope)) };
  return value;
}

/** The node under its name within the scope; inputs from outside are added to `unbound`. */
function scopedNode(node: INodeDef, options: ScopedNodesOptions, unbound: Set<string>): INodeDef {
  const scope = options.exportScope;
  const device = options.clearDevices ? "" : (node.device ?? "");
  if (!scope) return { ...node, device };
  // fromEntries: a key like "__proto__" is a key like any other.
  const attr = Object.fromEntries(
    Object.entries(node.attr ?? {}).map(([key, value]) => [key, scopedAttr(node, key, value, scope)]),
  );
  const input = (node.input ?? []).map((name) => {
    const control = name.startsWith("^") ? "^" : "";
    const plain = name.slice(control.length);
    if (plain.startsWith(scope)) return stripNameScope(name, scope);
    const outside = `${control}${unboundPrefix}${plain}`;
    unbound.add(outside);
    return outside;
  });
  return { ...node, name: stripNameScope(node.name ?? "", scope), input, device, attr };
}

/** The part of a GraphDef that an export asks for, and the names of its unbound inputs, each once. */
export function scopedGraphDef(
  def: IGraphDef,
  options: ScopedNodesOptions,
): { readonly graphDef: IGraphDef; readonly unbound: readonly string[] } {
  // Nothing to change: nodes that are still bytes stay so.
  if (!options.exportScope && !options.clearDevices && !options.excludeNodes?.size)
    return { graphDef: def, unbound: [] };
  const unbound = new Set<string>();
  const node = (def.node ?? [])
    .filter((one) => shouldInclude(one.name ?? "", options.exportScope, options.excludeNodes))
    .map((one) => scopedNode(one, options, unbound));
  return { graphDef: { ...def, node }, unbound: [...unbound] };
}

const saverOps: ReadonlySet<string> = new Set(
  "SaveV2 Save SaveSlice SaveSlices LegacySave LegacySaveSlice RestoreV2 Restore RestoreSlice LegacyRestore LegacyRestoreSlice".split(
    " ",
  ),
);

const scopeOf = (name: string): string => {
  const plain = name.replace(/^\^/, "").split(":")[0]!;
  return plain.includes("/") ? plain.slice(0, plain.lastIndexOf("/") + 1) : "";
};

/** Names of the nodes in scopes of Savers other than that of `saverDef`. A Saver at the root is left alone. */
export function extraneousSaverNodes(def: IGraphDef, saverDef: ISaverDef | undefined): Set<string> {
  const scopes = new Set<string>();
  for (const node of def.node ?? []) if (saverOps.has(node.op ?? "")) scopes.add(scopeOf(node.name ?? ""));
  scopes.delete("");
  if (saverDef) {
    scopes.delete(scopeOf(saverDef.saveTensorName ?? ""));
    scopes.delete(scopeOf(saverDef.restoreOpName ?? ""));
  }
  const names = new Set<string>();
  for (const node of def.node ?? []) {
    const name = node.name ?? "";
    for (const scope of scopes) if (name.startsWith(scope)) names.add(name);
  }
  return names;
}
