// What keeps a graph from being run here: ops that a registry lacks, functions of a Python program that is not there.
import type { OpRegistry } from "@org/graph";
import type { IFunctionDef } from "@org/proto";
import type { MissingDescription, PyFunctionDescription, UnknownOpDescription } from "./description.ts";
import type { NodeView } from "./node-view.ts";

const pyFunctionOps: ReadonlySet<string> = new Set(["PyFunc", "PyFuncStateless", "EagerPyFunc"]);

/** What is missing; ops only where there is a registry to ask. */
export function describeMissing(
  nodes: NodeView,
  functions: readonly IFunctionDef[],
  ops: OpRegistry | undefined,
): MissingDescription {
  const unknown = new Map<string, { nodes: string[]; functions: string[] }>();
  const known = new Map<string, boolean>(functions.map((fn) => [fn.signature?.name ?? "", true]));
  const isKnown = (op: string): boolean => {
    if (ops === undefined) return true;
    if (!known.has(op)) known.set(op, ops.get(op) !== undefined);
    return known.get(op)!;
  };
  const entry = (op: string) => {
    if (!unknown.has(op)) unknown.set(op, { nodes: [], functions: [] });
    return unknown.get(op)!;
  };
  const pyFunctions: PyFunctionDescription[] = [];
  for (let i = 0; i < nodes.count; i++) {
    const op = nodes.op(i);
    if (!isKnown(op)) entry(op).nodes.push(nodes.name(i));
    if (!pyFunctionOps.has(op)) continue;
    const token = new TextDecoder().decode(nodes.attr(i).token?.s ?? new Uint8Array(0));
    pyFunctions.push({ node: nodes.name(i), op, token });
  }
  for (const fn of functions) {
    const name = fn.signature?.name ?? "";
    for (const node of fn.nodeDef ?? [])
      if (!isKnown(node.op ?? "") && entry(node.op ?? "").functions.at(-1) !== name)
        entry(node.op ?? "").functions.push(name);
  }
  const list: UnknownOpDescription[] = [...unknown].map(([op, where]) => ({ op, ...where }));
  return { ops: list.sort((a, b) => (a.op < b.op ? -1 : 1)), pyFunctions };
}
