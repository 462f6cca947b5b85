// Colocation: the attribute `_class` holds "loc:@<node>" for each node that must be on the same device. Source: python/framework/ops.py.
import type { IAttrValue, INodeDef } from "@org/proto";
import { changedNode } from "./graph-nodes.ts";

const prefix = "loc:@";
const utf8 = new TextDecoder();

function classNames(node: INodeDef): readonly Uint8Array[] {
  return node.attr?._class?.list?.s ?? [];
}

/** Names of the nodes that `node` is colocated with. */
export function colocatedWith(node: INodeDef): string[] {
  return classNames(node).flatMap((bytes) => {
    const text = utf8.decode(bytes);
    return text.startsWith(prefix) ? [text.slice(prefix.length)] : [];
  });
}

/** `node` without colocation with nodes for which `isGone` holds; the same object where it has none such. */
export function withoutColocation(node: INodeDef, isGone: (name: string) => boolean): INodeDef {
  const names = classNames(node);
  if (names.length === 0) return node;
  const kept = names.filter((bytes) => {
    const text = utf8.decode(bytes);
    return !text.startsWith(prefix) || !isGone(text.slice(prefix.length));
  });
  if (kept.length === names.length) return node;
  const attr: { [key: string]: IAttrValue } = {};
  for (const [key, value] of Object.entries(node.attr ?? {})) if (key !== "_class") attr[key] = value;
  if (kept.length > 0) attr._class = { list: { s: kept } };
  return changedNode(node, { attr });
}
