// What initializer nodes would do before a graph is frozen: give variables their first values, and fill tables. Values that constants tell
// are worked out here; for others a session is asked. Tables cannot be frozen: their initializers stay in the graph, to be run.
import { TfError } from "@org/errors";
import { evaluateConstant, Graph, importGraphDef } from "@org/graph";
import type { IGraphDef, INodeDef } from "@org/proto";
import { isNdArray, type NdArray } from "@org/tensor";
import { extractSubGraph, presentName } from "./extract-sub-graph.ts";
import { nodesByName, nodesOf } from "./graph-nodes.ts";
import { nodeNameFromInput, outputIndexOf } from "./node-names.ts";
import type { FreezeSession } from "./session-values.ts";

export interface Initializers {
  /** Tensors that variables are given, by the variable's name. */
  readonly assigned: ReadonlyMap<string, string>;
  /** Nodes that fill tables. */
  readonly tables: readonly string[];
}

const assigns: ReadonlySet<string> = new Set(["Assign", "AssignVariableOp"]);
const fillsTable = (op: string): boolean => /^(InitializeTable|LookupTableImport|LookupTableInsert)/.test(op);

/** What the nodes of `names` initialize. Throws TfError NOT_FOUND "<name> is not in graph". */
export function initializersOf(graphDef: IGraphDef, names: readonly string[]): Initializers {
  const nodes = nodesOf(graphDef);
  const byName = nodesByName(nodes);
  const assigned = new Map<string, string>();
  const tables: string[] = [];
  const pending = names.map((name) => presentName(name, byName, nodes));
  const seen = new Set(pending);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const node: INodeDef | undefined = byName.get(name);
    if (node === undefined) continue;
    if (assigns.has(node.op ?? "")) {
      const [variable, value] = node.input ?? [];
      if (variable !== undefined && value !== undefined) assigned.set(nodeNameFromInput(variable), value);
    } else if (fillsTable(node.op ?? "")) tables.push(name);
    else
      for (const input of node.input ?? []) {
        const source = nodeNameFromInput(input);
        if (!seen.has(source)) {
          seen.add(source);
          pending.push(source);
        }
      }
  }
  return { assigned, tables };
}

/**
 * Values of the tensors that `variables` are given.
 * Throws TfError FAILED_PRECONDITION where constants do not tell one and there is no session.
 */
export async function initialValues(
  graphDef: IGraphDef,
  assigned: ReadonlyMap<string, string>,
  variables: readonly string[],
  session: FreezeSession | undefined,
): Promise<Map<string, NdArray>> {
  const values = new Map<string, NdArray>();
  const asked: string[] = [];
  for (const name of variables) {
    const value = constantValueOf(graphDef, assigned.get(name)!);
    if (value) values.set(name, value);
    else asked.push(name);
  }
  if (asked.length === 0) return values;
  if (session === undefined)
    throw new TfError(
      "FAILED_PRECONDITION",
      `The initial value of ${asked.slice(0, 5).join(", ")}${asked.length > 5 ? " ..." : ""} has to be computed`,
      { node: asked[0]!, hint: "Pass a session over the graph as `session`." },
    );
  const found = await session.run(asked.map((name) => tensorName(assigned.get(name)!)));
  if (!Array.isArray(found) || !found.every(isNdArray))
    throw new TypeError("A session's run must give an NdArray for each name that it is asked for");
  for (const [i, name] of asked.entries()) values.set(name, found[i] as NdArray);
  return values;
}

const tensorName = (input: string): string => (/:\d+$/.test(input) ? input : `${input}:0`);

function constantValueOf(graphDef: IGraphDef, input: string): NdArray | undefined {
  const graph = new Graph();
  importGraphDef(extractSubGraph(graphDef, [input]), { graph, name: "" });
  // An op that is not known here has no outputs to ask.
  const tensor = graph.getOperationByName(nodeNameFromInput(input)).outputs[outputIndexOf(input)];
  return tensor && evaluateConstant(tensor);
}
