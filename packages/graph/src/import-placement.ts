// What imported nodes take from the graph that they come into: colocation groups renamed, devices merged with device
// scopes, control dependencies and the control-flow context. Source: importer.py (_ProcessNewOps), ops.py (_add_new_tf_operations).
import { TfError } from "@org/errors";
import type { IAttrValue } from "@org/proto";
import { hashBytes, type NodeTable } from "@org/proto/nodes";
import { canonicalDevice } from "./device.ts";
import type { Graph } from "./graph.ts";
import type { NameIndex } from "./name-index.ts";
import type { Operation } from "./operation.ts";

const mark = "loc:@";
const utf8 = new TextDecoder();

function unknownGroup(node: string, op: string, group: string): TfError {
  return new TfError(
    "INVALID_ARGUMENT",
    `Node '${node}' expects to be colocated with unknown node '${group}'`,
    { node, op },
  );
}

/** Throws TfError INVALID_ARGUMENT, "Node 'B' expects to be colocated with unknown node 'A'", for groups `loc:@A` of node `i` that are not in the file. */
export function checkColocation(table: NodeTable, i: number, index: NameIndex): void {
  const { bytes } = table;
  table.visitClass(i, (start, end) => {
    for (let k = 0; k < mark.length; k++) if (bytes[start + k] !== mark.charCodeAt(k)) return;
    const from = start + mark.length;
    if (from > end) return;
    if (index.at(bytes, from, end, hashBytes(bytes, from, end)) < 0)
      throw unknownGroup(table.name(i), table.ops[table.op[i]!]!, utf8.decode(bytes.subarray(from, end)));
  });
}

/** The same for attributes that are decoded already. */
export function checkColocationOf(
  attr: { readonly [key: string]: IAttrValue },
  node: { readonly name: string; readonly op: string },
  index: NameIndex,
): void {
  for (const bytes of (Object.hasOwn(attr, "_class") && attr._class!.list?.s) || []) {
    const text = utf8.decode(bytes);
    if (text.startsWith(mark) && index.find(text.slice(mark.length)) < 0)
      throw unknownGroup(node.name, node.op, text.slice(mark.length));
  }
}

/** Other ops that `op` is colocated with, whatever their attributes lie in. */
function colocated(graph: Graph, op: Operation): Operation[] {
  const found: Operation[] = [];
  const add = (name: string): void => {
    const other = graph.findOperation(name);
    if (other !== undefined && other !== op) found.push(other);
  };
  const { imported } = op;
  if (imported !== undefined) imported.visitGroups(op.position, (group) => add(group.slice(mark.length)));
  else if (op.attrMap.has("_class")) for (const group of op.colocationGroups()) add(group.slice(mark.length));
  return found;
}

/**
 * Applies the scopes that the import happens under. A colocated op is where its group is, whatever the file says of it; an
 * export states the file's device for it again (TensorFlow writes the group's, or forgets it).
 */
export function placeImported(graph: Graph, ops: readonly Operation[], devices: readonly string[]): void {
  const { scopes } = graph;
  const isTrivial = scopes.isTrivial;
  // Nothing to do for most files: neither they nor the program place anything.
  if (isTrivial && devices.every((device) => device === "")) return;
  const waiting: [Operation, Operation[]][] = [];
  const context = graph.controlFlowContext;
  if (!isTrivial) {
    for (const op of ops) scopes.apply(op, false);
    // All of them first: in a loop, an op reads one that comes after it.
    if (context !== undefined) for (const op of ops) op.controlFlowContext = context;
    for (const op of ops) {
      op.addControlInputs(scopes.controlInputsFor(new Set()));
      context?.addOp(op);
    }
  }
  const canonical = new Map(devices.map((device) => [device, device && canonicalDevice(device)]));
  for (const op of ops) {
    const others = colocated(graph, op);
    if (others.length > 0) {
      waiting.push([op, others]);
      continue;
    }
    const own = op.statedDevice;
    const settled = canonical.get(own) ?? own;
    if (settled !== own) op.setDevice(settled);
    if (!isTrivial) scopes.applyDevices(op);
  }
  for (const [op, others] of waiting) {
    const device = others.map((other) => other.device).find((found) => found);
    if (device || op.statedDevice) op.impliedDevice = device ? canonicalDevice(device) : "";
  }
}
