// The frames of a plan's while loops, and which frame each node runs in. Enter makes a frame (one for each frame_name
// and parent), Exit leaves it. Source: core/graph/control_flow.cc (BuildControlFlowInfo); a value of an outer frame may
// be used inside without an Enter here: it is the same in every iteration.
import { TfError } from "@org/errors";
import type { Graph } from "@org/graph";
import type { PlanNode } from "./plan-node.ts";
import { topologicalOrder } from "./topological-order.ts";

/** A loop (or, without parent, the run itself). */
export interface Frame {
  readonly index: number;
  readonly name: string;
  readonly parent: Frame | undefined;
  readonly depth: number;
}

export interface Frames {
  /** Root first, parents before children. */
  readonly all: readonly Frame[];
  /** By PlanNode.index: where the node runs. Enter runs in the parent, Exit in the child. */
  readonly of: readonly Frame[];
  /** By PlanNode.index: where its outputs are. */
  readonly outputOf: readonly Frame[];
}

/** Sorts nodes so that what they need comes first (NextIteration -> Merge apart) and numbers them. Throws TfError INVALID_ARGUMENT for a cycle. */
export function sortNodes(nodes: readonly PlanNode[]): PlanNode[] {
  const at = new Map<PlanNode, number>(nodes.map((node, i) => [node, i]));
  const successors: number[][] = nodes.map(() => []);
  for (const [i, node] of nodes.entries()) {
    const from = new Set<PlanNode>();
    for (const input of node.inputs)
      if (input.node !== undefined && !(node.kind === "merge" && input.node.kind === "nextIteration"))
        from.add(input.node);
    for (const control of node.controls) from.add(control);
    for (const before of node.after) from.add(before);
    for (const before of from) successors[at.get(before)!]!.push(i);
  }
  const order = topologicalOrder(
    nodes.length,
    (i) => successors[i]!,
    (i) => nodes[i]!.order,
  );
  if (order.length < nodes.length) {
    const sorted = new Set(order);
    const left = nodes.filter((_, i) => !sorted.has(i));
    throw new TfError(
      "INVALID_ARGUMENT",
      `Graph is invalid, contains a cycle with ${left.length} nodes, including: ${left
        .slice(0, 3)
        .map((node) => node.op.name)
        .join(", ")}`,
      { node: left[0]!.op.name, op: left[0]!.op.type },
    );
  }
  return order.map((i, index) => {
    const node = nodes[i]!;
    node.index = index;
    return node;
  });
}

/** Whether `outer` is `inner` or one of its parents. */
export function encloses(outer: Frame, inner: Frame): boolean {
  let frame: Frame | undefined = inner;
  while (frame !== undefined && frame.depth > outer.depth) frame = frame.parent;
  return frame === outer;
}

/** Tells the frame of each of `nodes`, which are sorted. Throws TfError INVALID_ARGUMENT where a node's inputs are of unrelated frames. */
export function assignFrames(nodes: readonly PlanNode[]): Frames {
  const root: Frame = { index: 0, name: "", parent: undefined, depth: 0 };
  const all: Frame[] = [root];
  const children = new Map<string, Frame>();
  const spaces = new Map<Graph, number>();
  const spaceOf = (graph: Graph): number => {
    const space = spaces.get(graph) ?? spaces.size;
    spaces.set(graph, space);
    return space;
  };
  const of: Frame[] = [];
  const outputOf: Frame[] = [];
  for (const node of nodes) {
    let frame = root;
    let because: PlanNode | undefined;
    const meet = (from: PlanNode): void => {
      const other = outputOf[from.index];
      if (other === undefined || other === frame || encloses(other, frame)) return;
      if (!encloses(frame, other)) throw unrelated(node, because!, frame, from, other);
      frame = other;
      because = from;
    };
    for (const input of node.inputs) if (input.node !== undefined) meet(input.node);
    for (const control of node.controls) meet(control);
    of.push(frame);
    outputOf.push(frame);
    if (node.kind === "enter") {
      const name = node.op.attrs.string("frame_name");
      // Every call of a function has loops of its own.
      const key = `${frame.index} ${spaceOf(node.op.graph)} ${name}`;
      let child = children.get(key);
      if (child === undefined) {
        child = { index: all.length, name, parent: frame, depth: frame.depth + 1 };
        all.push(child);
        children.set(key, child);
      }
      outputOf[node.index] = child;
    } else if (node.kind === "exit") {
      if (frame.parent === undefined)
        throw new TfError("INVALID_ARGUMENT", `Exit node '${node.op.name}' is in no frame`, {
          node: node.op.name,
          op: node.op.type,
        });
      outputOf[node.index] = frame.parent;
    }
  }
  return { all, of, outputOf };
}

function unrelated(node: PlanNode, a: PlanNode, inA: Frame, b: PlanNode, inB: Frame): TfError {
  return new TfError(
    "INVALID_ARGUMENT",
    `The node '${node.op.name}' has inputs from different frames. The input '${a.op.name}' is in frame '${inA.name}'. The input '${b.op.name}' is in frame '${inB.name}'.`,
    { node: node.op.name, op: node.op.type },
  );
}
