// Which variable a ref edge or handle leads to, told from the graph; and the order of reads and writes: without
// control edges, reads of a variable come before its writes, and writes come in graph order, within a frame,
// wherever that makes no cycle. TensorFlow leaves this order open; here it is fixed. The fetch of a ref itself comes after
// all writes: TensorFlow hands out the variable's own memory, which is looked at when the run is over.
import type { Operation } from "@org/graph";
import { Shape } from "@org/tensor";
import type { PlanNode, Source } from "./plan-node.ts";
import { type SessionState, VariableState } from "./variable-state.ts";

/** The variable of a VariableV2, Variable or VarHandleOp node in this session. */
export function variableOf(op: Operation, state: SessionState): VariableState {
  const text = (attr: string): string => (op.attrs.has(attr) ? op.attrs.string(attr) : "");
  const shared = text("shared_name") || op.name;
  const container = text("container");
  const kind = op.type === "VarHandleOp" ? "resource variable" : "variable";
  return state.resource(kind, container ? `${container}/${shared}` : shared, () => {
    const unknown = op.type === "Variable" && op.attrs.shape("shape").rank === 0;
    return new VariableState(
      kind,
      shared,
      op.attrs.type("dtype"),
      unknown ? Shape.unknown : op.attrs.shape("shape"),
    );
  });
}

/** The node that makes the variable at the end of a ref edge or handle; undefined where that depends on the run. */
export function variableNode(source: Source): PlanNode | undefined {
  const seen = new Set<PlanNode>();
  const trace = (from: Source): PlanNode | undefined | "loop" => {
    const { node } = from;
    if (node === undefined) return undefined;
    if (node.kind === "variable") return node;
    if (seen.has(node)) return "loop";
    seen.add(node);
    switch (node.kind) {
      case "switch":
      case "enter":
      case "exit":
      case "nextIteration":
      case "forward":
        return node.inputs[0] && trace(node.inputs[0]);
      case "merge": {
        const found = new Set(node.inputs.map(trace));
        found.delete("loop");
        return found.size === 1 ? ([...found][0] as PlanNode | undefined) : undefined;
      }
      default: {
        // A ref output passes on the ref input (Assign, ApplyMomentum); where there are several, the first.
        if (!from.tensor.isRef) return undefined;
        const passed = node.inputs.find((input) => input.tensor.isRef);
        return passed && trace(passed);
      }
    }
  };
  const found = trace(source);
  return found === "loop" ? undefined : found;
}

interface Access {
  readonly node: PlanNode;
  readonly writes: boolean;
}

/** Adds `after` edges between the nodes that read and write one variable. `frameOf` tells the frame of a node. */
export function orderVariableAccess(
  nodes: readonly PlanNode[],
  state: SessionState,
  frameOf: (node: PlanNode) => unknown,
): void {
  const byVariable = new Map<VariableState, Map<PlanNode, Access>>();
  for (const node of nodes)
    for (const [i, use] of node.uses.entries()) {
      if (use.access !== "variable") continue;
      const maker = variableNode(node.inputs[i]!);
      if (maker === undefined) continue;
      const variable = variableOf(maker.op, state);
      let accesses = byVariable.get(variable);
      if (accesses === undefined) {
        accesses = new Map();
        byVariable.set(variable, accesses);
      }
      accesses.set(node, { node, writes: use.writes || (accesses.get(node)?.writes ?? false) });
    }
  let successors: Map<PlanNode, PlanNode[]> | undefined;
  for (const accesses of byVariable.values()) {
    const all = [...accesses.values()];
    const writers = all.filter((access) => access.writes).sort((a, b) => a.node.order - b.node.order);
    if (writers.length === 0 || all.length === 1) continue;
    successors ??= successorsOf(nodes);
    for (const writer of writers) {
      const behind = reach(writer.node, successors);
      for (const other of all) {
        const { node } = other;
        if (node.isFetch) {
          node.after.push(writer.node);
          continue;
        }
        if (node === writer.node || behind.has(node) || frameOf(node) !== frameOf(writer.node)) continue;
        if (other.writes && node.order > writer.node.order) continue;
        writer.node.after.push(node);
        successors.get(node)!.push(writer.node);
      }
    }
  }
}

/** Edges forward, without those that close loops. */
function successorsOf(nodes: readonly PlanNode[]): Map<PlanNode, PlanNode[]> {
  const successors = new Map<PlanNode, PlanNode[]>(nodes.map((node) => [node, []]));
  for (const node of nodes) {
    for (const { node: from } of node.inputs)
      if (from !== undefined && from.kind !== "nextIteration") successors.get(from)!.push(node);
    for (const from of node.controls) successors.get(from)!.push(node);
    for (const from of node.after) successors.get(from)!.push(node);
  }
  return successors;
}

function reach(from: PlanNode, successors: Map<PlanNode, PlanNode[]>): Set<PlanNode> {
  const reached = new Set<PlanNode>();
  const pending = [from];
  for (let node = pending.pop(); node !== undefined; node = pending.pop())
    for (const next of successors.get(node)!)
      if (!reached.has(next)) {
        reached.add(next);
        pending.push(next);
      }
  return reached;
}
