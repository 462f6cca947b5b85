// Follows variables that become constants through a graph, and gives each node that took a ref or a handle what takes its place
// (frozen-readers.ts). One pass over the edges, however the graph loops.
import { TfError } from "@org/errors";
import type { INodeDef } from "@org/proto";
import type { DType } from "@org/tensor";
import { type ReaderRule, type Replacement, readerRule } from "./frozen-readers.ts";
import type { FrozenVariable } from "./frozen-variable.ts";
import { isControlInput, nodeNameFromInput, outputIndexOf } from "./node-names.ts";

/** What a node hands on: the variable itself, by ref or by handle. */
interface Carrier {
  readonly kind: FrozenVariable["kind"];
  readonly dtype: DType;
  readonly passes: "all" | "first";
}

/**
 * Replacements, by name, of the nodes that take `variables` by ref or by handle.
 * Throws TfError INVALID_ARGUMENT, naming them all, where nodes take one in a way that a constant cannot serve; "Cannot find the variable that is
 * an input to the ReadVariableOp." for a read whose variable is not to be found in the graph.
 */
export function freezeReaders(
  nodes: readonly INodeDef[],
  variables: readonly FrozenVariable[],
): Map<string, Replacement> {
  const byName = new Map(nodes.map((node) => [node.name ?? "", node]));
  const readers = readersOf(nodes);
  const carriers = new Map<string, Carrier>();
  for (const { name, kind, dtype } of variables) carriers.set(name, { kind, dtype, passes: "all" });
  const rules = new Map<string, { readonly rule: ReaderRule; readonly carrier: Carrier }>();
  const refused = new Set<INodeDef>();
  const pending = [...carriers.keys()];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const carrier = carriers.get(name)!;
    for (const { node, input, position } of readers.get(name) ?? []) {
      if (carrier.passes === "first" && outputIndexOf(input) > 0) continue;
      const rule = readerRule(node.op ?? "", carrier.kind);
      const reader = node.name ?? "";
      if (rule === "none" || (rule !== undefined && position > 0 && !takesSeveral(node))) {
        // A value may be assigned from a ref, but a handle goes where a handle is meant.
        if (carrier.kind === "resource" || rule === "none") refused.add(node);
        continue;
      }
      if (rule === undefined) continue;
      const known = rules.get(reader);
      if (known !== undefined && known.carrier.dtype !== carrier.dtype) refused.add(node);
      if (known !== undefined) continue;
      rules.set(reader, { rule, carrier });
      if (rule.passes !== undefined) {
        carriers.set(reader, { kind: carrier.kind, dtype: carrier.dtype, passes: rule.passes });
        pending.push(reader);
      }
    }
  }
  for (const [name, { carrier }] of rules)
    if (carrier.kind === "resource" && mixes(byName.get(name)!, carriers)) refused.add(byName.get(name)!);
  if (refused.size > 0) throw cannotFreeze([...refused]);
  refuseReadsOfNothing(nodes, byName, rules);
  const freshName = freshNames(byName);
  return new Map(
    [...rules].map(([name, { rule, carrier }]) => [
      name,
      rule.replace(byName.get(name)!, carrier.dtype, freshName),
    ]),
  );
}

interface Reader {
  readonly node: INodeDef;
  readonly input: string;
  readonly position: number;
}

function readersOf(nodes: readonly INodeDef[]): Map<string, Reader[]> {
  const readers = new Map<string, Reader[]>();
  for (const node of nodes) {
    const inputs = node.input ?? [];
    for (let position = 0; position < inputs.length; position++) {
      const input = inputs[position]!;
      if (isControlInput(input)) continue;
      const source = nodeNameFromInput(input);
      const list = readers.get(source);
      if (list) list.push({ node, input, position });
      else readers.set(source, [{ node, input, position }]);
    }
  }
  return readers;
}

const takesSeveral = (node: INodeDef): boolean => node.op === "Merge" || node.op === "RefMerge";

/** Whether a Merge of handles has one that stays a handle. */
function mixes(node: INodeDef, carriers: ReadonlyMap<string, Carrier>): boolean {
  return (
    takesSeveral(node) &&
    node.input!.some((input) => !isControlInput(input) && !carriers.has(nodeNameFromInput(input)))
  );
}

function cannotFreeze(nodes: readonly INodeDef[]): TfError {
  const [first] = nodes;
  const shown = nodes.slice(0, 5).map((node) => `${node.name} (${node.op})`);
  const more = nodes.length > shown.length ? ` and ${nodes.length - shown.length} more` : "";
  const calls = nodes.every((node) => /Call|^(Stateless)?(If|While|Case)$/.test(node.op ?? ""));
  return new TfError(
    "INVALID_ARGUMENT",
    `A variable that is to become a constant is taken by ${shown.join(", ")}${more}, which cannot take a constant`,
    {
      node: first!.name ?? "",
      op: first!.op ?? "",
      hint: calls
        ? "These are calls of functions that take variables: convert_variables_to_constants_v2 of TensorFlow 2 can inline them."
        : "Choose output nodes that do not train, or keep the variable with variableNamesBlacklist.",
    },
  );
}

/** As TensorFlow: a read must have its variable in the graph, be it one that is kept. */
function refuseReadsOfNothing(
  nodes: readonly INodeDef[],
  byName: ReadonlyMap<string, INodeDef>,
  frozen: ReadonlyMap<string, unknown>,
): void {
  for (const node of nodes) {
    if (node.op !== "ReadVariableOp" && node.op !== "ResourceGather") continue;
    if (frozen.has(node.name ?? "")) continue;
    const seen = new Set<INodeDef>();
    let source = byName.get(nodeNameFromInput(node.input?.[0] ?? ""));
    while (source !== undefined && handlePassers.has(source.op ?? "") && !seen.has(source)) {
      seen.add(source);
      source = byName.get(nodeNameFromInput(source.input?.[0] ?? ""));
    }
    if (source?.op !== "VarHandleOp")
      throw new TfError(
        "INVALID_ARGUMENT",
        "Cannot find the variable that is an input to the ReadVariableOp.",
        { node: node.name ?? "", op: node.op },
      );
  }
}

const handlePassers: ReadonlySet<string> = new Set([
  "Identity",
  "Switch",
  "Merge",
  "Enter",
  "Exit",
  "NextIteration",
]);

function freshNames(byName: ReadonlyMap<string, INodeDef>): (name: string) => string {
  const taken = new Set<string>();
  return (name) => {
    let fresh = name;
    for (let i = 1; byName.has(fresh) || taken.has(fresh); i++) fresh = `${name}_${i}`;
    taken.add(fresh);
    return fresh;
  };
}
