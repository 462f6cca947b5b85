// Which nodes a run needs: from fetches and targets back through data and control edges, stopping at feeds.
// Source: core/graph/subgraph.cc (RewriteGraphForExecution).
import { TfError } from "@org/errors";
import type { Operation, Tensor } from "@org/graph";
import type { OpEntry } from "@org/ops";
import { kindOf, type PlanNode, planNode, readNode, type Source } from "./plan-node.ts";

/** What a run is asked for, resolved to the graph's own objects. */
export interface RunRequest {
  readonly fetches: readonly Tensor[];
  readonly targets: readonly Operation[];
  readonly feeds: readonly Tensor[];
}

export interface Pruned {
  /** In no particular order. */
  readonly nodes: readonly PlanNode[];
  /** Where each fetch comes from; the fetch of a ref is a node of its own. */
  readonly fetches: readonly Source[];
}

/** Ops that only bring values in: those whose values are fed have nothing to do. In TensorFlow that goes for placeholders alone. */
const bringsValues = (op: Operation): boolean =>
  /^(Placeholder(V2)?|QueueDequeue(Many|UpTo)?(V2)?|IteratorGetNext(Sync|AsOptional)?|ReaderRead(UpTo)?(V2)?)$/.test(
    op.type,
  );

/**
 * The nodes of a run and how they hang together.
 * Throws TfError UNIMPLEMENTED that lists every node that nothing here can run.
 */
export function prune(request: RunRequest, lookup: (op: Operation) => OpEntry | undefined): Pruned {
  const feeds = new Map<Tensor, number>(request.feeds.map((tensor, index) => [tensor, index]));
  const nodes = new Map<Operation, PlanNode>();
  const unknown: Operation[] = [];
  const pending: Operation[] = [];

  const nodeOf = (op: Operation): PlanNode => {
    const known = nodes.get(op);
    if (known !== undefined) return known;
    const entry = lookup(op);
    const kind = kindOf(op, entry);
    if (kind === undefined) unknown.push(op);
    const made = planNode(op, kind ?? "noop", entry);
    nodes.set(op, made);
    pending.push(op);
    return made;
  };
  const sourceOf = (tensor: Tensor): Source => {
    const feed = feeds.get(tensor);
    return feed === undefined
      ? { tensor, node: nodeOf(tensor.op), output: tensor.valueIndex, feed: -1 }
      : { tensor, node: undefined, output: 0, feed };
  };

  for (const op of request.targets) nodeOf(op);
  const reads: PlanNode[] = [];
  const fetches = request.fetches.map((tensor): Source => {
    const source = sourceOf(tensor);
    if (source.node === undefined || !tensor.isRef) return source;
    const node = readNode(source);
    reads.push(node);
    return { tensor, node, output: 0, feed: -1 };
  });
  for (let op = pending.pop(); op !== undefined; op = pending.pop()) {
    const node = nodes.get(op)!;
    for (const input of op.inputs) node.inputs.push(sourceOf(input));
    for (const control of op.controlInputs) {
      // Any other fed op still runs for the sake of what follows it.
      if (bringsValues(control) && control.outputs.every((output) => feeds.has(output))) continue;
      node.controls.push(nodeOf(control));
    }
  }
  if (unknown.length > 0) throw cannotRun(unknown);
  return { nodes: [...nodes.values(), ...reads], fetches };
}

/** The error that lists all nodes which nothing here can run. */
function cannotRun(ops: readonly Operation[]): TfError {
  const byType = new Map<string, string[]>();
  for (const { type, name } of ops) {
    const names = byType.get(type);
    if (names) names.push(name);
    else byType.set(type, [name]);
  }
  const listed = [...byType].map(([type, names]) => {
    const shown = names.slice(0, 5).join(", ");
    return `${type} (${shown}${names.length > 5 ? ` and ${names.length - 5} more` : ""})`;
  });
  const first = ops[0]!;
  return new TfError("UNIMPLEMENTED", `Op type not registered: ${listed.join("; ")}`, {
    node: first.name,
    op: first.type,
    hint: "Give createSession an op registry that has them (createOpRegistry of @org/graph adds your own), or fetch and feed around these nodes.",
  });
}
