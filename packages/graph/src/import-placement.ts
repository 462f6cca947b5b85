// What imported nodes take from the graph that they come into: colocation groups renamed, devices merged with device
// scopes, control dependencies and the control-flow context. Source: importer.py (_ProcessNewOps), ops.py (_add_new_tf_operations).
import { TfError } from "@org/errors";
import { stringListAttr } from "./attr-value.ts";
import { canonicalDevice } from "./device.ts";
import type { Graph } from "./graph.ts";
import type { PreparedNode } from "./import-node.ts";
import type { Operation } from "./operation.ts";

const mark = "loc:@";
const utf8 = new TextDecoder();

/**
 * Rewrites `loc:@n` to the name that the file's node n has in the graph.
 * Throws TfError INVALID_ARGUMENT: "Node 'B' expects to be colocated with unknown node 'A'".
 */
export function prefixColocation(
  prepared: readonly PreparedNode[],
  index: ReadonlyMap<string, number>,
  fullNames: readonly string[],
): void {
  for (const { def, attrs } of prepared) {
    const list = attrs.get("_class")?.list?.s;
    if (!list) continue;
    let renamed = false;
    const groups = list.map((bytes) => {
      const text = utf8.decode(bytes);
      if (!text.startsWith(mark)) return text;
      const at = index.get(text.slice(mark.length));
      if (at === undefined)
        throw new TfError(
          "INVALID_ARGUMENT",
          `Node '${def.name}' expects to be colocated with unknown node '${text.slice(mark.length)}'`,
          { node: def.name ?? "", op: def.op ?? "" },
        );
      const full = mark + fullNames[at]!;
      if (full !== text) renamed = true;
      return full;
    });
    if (renamed) attrs.set("_class", stringListAttr(groups));
  }
}

/** Names of other ops that `op` is colocated with. */
function colocated(op: Operation): string[] {
  return op.rawAttrs.has("_class")
    ? op
        .colocationGroups()
        .map((group) => group.slice(mark.length))
        .filter((name) => name !== op.name)
    : [];
}

/**
 * Applies the scopes that the import happens under. A colocated op is where its group is, whatever the file says of it; an
 * export states the file's device for it again (TensorFlow writes the group's, or forgets it).
 */
export function placeImported(
  graph: Graph,
  ops: readonly Operation[],
  prepared: readonly PreparedNode[],
): void {
  const { scopes } = graph;
  const waiting: [Operation, string[]][] = [];
  const context = graph.controlFlowContext;
  for (const op of ops) scopes.apply(op, false);
  for (const op of ops) {
    op.addControlInputs(scopes.controlInputsFor(new Set()));
    if (context !== undefined) {
      op.controlFlowContext = context;
      context.addOp(op);
    }
  }
  for (const [i, op] of ops.entries()) {
    const own = prepared[i]!.def.device ?? "";
    const names = colocated(op);
    if (names.length > 0) {
      waiting.push([op, names]);
      continue;
    }
    if (own !== "") op.setDevice(canonicalDevice(own));
    scopes.applyDevices(op);
  }
  for (const [op, names] of waiting) {
    const device = names.map((name) => graph.findOperation(name)?.device).find((found) => found);
    op.impliedDevice = device ? canonicalDevice(device) : "";
  }
}
