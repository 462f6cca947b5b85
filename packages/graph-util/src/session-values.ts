// Values of variables out of a session: anything that runs tensors by name.
import { TfError } from "@org/errors";
import type { INodeDef } from "@org/proto";
import { isNdArray, type NdArray } from "@org/tensor";
import { checkedValue, type FrozenVariable } from "./frozen-variable.ts";
import { nodeNameFromInput } from "./node-names.ts";

/** What freezing asks of a session: @org/session's is one. */
export interface FreezeSession {
  /** The values of tensors, by their names, in order. */
  run(fetches: readonly string[], options?: { readonly signal?: AbortSignal }): Promise<unknown>;
}

/**
 * Values of `variables` in one run of `session`; `nodes` is the graph that they are from, where reads of resources are looked for.
 * Throws what the run throws (FAILED_PRECONDITION "Attempting to use uninitialized value v"); TfError NOT_FOUND for a resource that nothing reads.
 */
export async function sessionValues(
  session: FreezeSession,
  variables: readonly FrozenVariable[],
  nodes: readonly INodeDef[],
  signal?: AbortSignal,
): Promise<Map<string, NdArray>> {
  if (variables.length === 0) return new Map();
  const reads = variables.some(({ kind }) => kind === "resource") ? resourceReads(nodes) : new Map();
  const fetches = variables.map(({ name, kind }) => {
    if (kind === "ref") return `${name}:0`;
    const read: string | undefined = reads.get(name);
    if (read !== undefined) return `${read}:0`;
    throw new TfError(
      "NOT_FOUND",
      `The name '${name}/Read/ReadVariableOp:0' refers to a Tensor which does not exist. The operation, '${name}/Read/ReadVariableOp', does not exist in the graph.`,
      { node: name, op: "VarHandleOp", hint: "Freeze from a checkpoint: that needs no op that reads." },
    );
  });
  const values = await session.run(fetches, signal ? { signal } : {});
  if (!Array.isArray(values) || values.length !== fetches.length || !values.every(isNdArray))
    throw new TypeError("A session's run must give an NdArray for each name that it is asked for");
  const found: readonly NdArray[] = values;
  return new Map(
    variables.map((variable, i) => [variable.name, checkedValue(variable, found[i]!, variable.name)]),
  );
}

/** For each handle, the op that reads it: `<name>/Read/ReadVariableOp` where there is one, else any that reads it directly. */
function resourceReads(nodes: readonly INodeDef[]): Map<string, string> {
  const reads = new Map<string, string>();
  for (const node of nodes) {
    if (node.op !== "ReadVariableOp" || node.input?.[0] === undefined) continue;
    const handle = nodeNameFromInput(node.input[0]);
    if (node.name === `${handle}/Read/ReadVariableOp` || !reads.has(handle))
      reads.set(handle, node.name ?? "");
  }
  return reads;
}
