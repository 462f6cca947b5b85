// Which nodes have no kernel on a GPU. Source: python/framework/graph_util_impl.py (must_run_on_cpu), 1.0's graph_util.set_cpu0.
import type { Operation } from "@org/graph";
import type { INodeDef } from "@org/proto";
import { dtypes } from "@org/tensor";

const variableOps: ReadonlySet<string> = new Set([
  "Assign",
  "AssignAdd",
  "AssignSub",
  "Queue",
  "ScatterAdd",
  "ScatterSub",
  "ScatterUpdate",
  "TruncatedNormal",
  "Variable",
  "VariableV2",
]);

/** Op types with the attribute that tells their type and the types of it that only a CPU takes. */
const cpuTypes: { readonly [op: string]: readonly [attr: string, ...types: number[]] } = {
  Const: ["dtype", dtypes.string.number, dtypes.int32.number],
  DynamicStitch: ["T", dtypes.int32.number],
  ParallelDynamicStitch: ["T", dtypes.int32.number],
  Cast: ["SrcT", dtypes.int32.number],
};

/**
 * Whether a node must run on a CPU; with `pinVariablesOnCpu`, what belongs to variables too. As must_run_on_cpu.
 * Throws a TypeError where `node` is neither an Operation nor a NodeDef.
 */
export function mustRunOnCpu(node: Operation | INodeDef, pinVariablesOnCpu = false): boolean {
  if (typeof node !== "object" || node === null) throw new TypeError(`${String(node)} is not a NodeDef`);
  const def: INodeDef = "toNodeDef" in node ? node.toNodeDef() : node;
  const op = def.op ?? "";
  if (pinVariablesOnCpu && variableOps.has(op)) return true;
  if (!Object.hasOwn(cpuTypes, op)) return false;
  const [attr, ...types] = cpuTypes[op]!;
  return types.includes(def.attr?.[attr]?.type ?? 0);
}
