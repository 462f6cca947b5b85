// What a Saver's restore ops say of where each variable lies in a checkpoint: keys that differ from names, slices of partitioned variables.
// Source: the graphs that python/training/saver.py builds (BaseSaverBuilder.restore_op, _AddRestoreOps).
import { parseShapeAndSlice } from "@org/checkpoint";
import type { IGraphDef, INodeDef, ISaverDef } from "@org/proto";
import { tensorFromProto } from "@org/tensor";
import type { CheckpointKey } from "./checkpoint-values.ts";
import { nodesOf } from "./graph-nodes.ts";
import { nodeNameFromInput, outputIndexOf } from "./node-names.ts";

const assigns: ReadonlySet<string> = new Set(["Assign", "AssignVariableOp"]);
/** Ops between what was read and what is assigned. */
const passing: ReadonlySet<string> = new Set(["Identity", "Reshape"]);

/** Where the Saver of `saverDef` restores each variable from, by the variable's name; empty where its restore op is not in the graph. */
export function restoredKeys(graphDef: IGraphDef, saverDef: ISaverDef): Map<string, CheckpointKey> {
  const byName = new Map(nodesOf(graphDef).map((node) => [node.name ?? "", node]));
  const keys = new Map<string, CheckpointKey>();
  const strings = new Map<INodeDef, readonly string[]>();
  const stringsOf = (name: string): readonly string[] => {
    const node = byName.get(nodeNameFromInput(name));
    if (node === undefined) return [];
    if (!strings.has(node)) strings.set(node, constantStrings(node));
    return strings.get(node)!;
  };
  const start = nodeNameFromInput(saverDef.restoreOpName ?? "");
  const seen = new Set([start]);
  const pending = [start];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const node = byName.get(name);
    if (node === undefined) continue;
    if (assigns.has(node.op ?? "")) {
      const key = restoredKey(node, byName, stringsOf);
      const variable = nodeNameFromInput(node.input?.[0] ?? "");
      if (key !== undefined && byName.has(variable)) keys.set(variable, key);
      continue;
    }
    for (const input of node.input ?? []) {
      const source = nodeNameFromInput(input);
      if (!seen.has(source)) {
        seen.add(source);
        pending.push(source);
      }
    }
  }
  return keys;
}

/** The key behind the value that an Assign is given. */
function restoredKey(
  assign: INodeDef,
  byName: ReadonlyMap<string, INodeDef>,
  stringsOf: (name: string) => readonly string[],
): CheckpointKey | undefined {
  let input = assign.input?.[1] ?? "";
  let node = byName.get(nodeNameFromInput(input));
  for (let steps = 0; node !== undefined && passing.has(node.op ?? "") && steps < 16; steps++) {
    input = node.input?.[0] ?? "";
    node = byName.get(nodeNameFromInput(input));
  }
  const index = outputIndexOf(input);
  if (node?.op !== "RestoreV2" && node?.op !== "RestoreSlice" && node?.op !== "Restore") return undefined;
  const key = stringsOf(node.input?.[1] ?? "")[index];
  if (key === undefined) return undefined;
  const part = node.op === "Restore" ? "" : (stringsOf(node.input?.[2] ?? "")[index] ?? "");
  return part === "" ? { key } : { key, slice: parseShapeAndSlice(part).slice };
}

function constantStrings(node: INodeDef): readonly string[] {
  const tensor = node.attr?.value?.tensor;
  if (node.op !== "Const" || !tensor) return [];
  const { dtype, data } = tensorFromProto(tensor);
  const utf8 = new TextDecoder();
  return dtype === "string" ? (data as Uint8Array[]).map((bytes) => utf8.decode(bytes)) : [];
}
