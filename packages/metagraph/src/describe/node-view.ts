// The nodes of a GraphDef to look at: what they are called, read and say. Nodes that a reader keeps as bytes stay bytes.
import type { INodeDef } from "@org/proto";
import { lazyNodes, nodeTable } from "@org/proto/nodes";

/** Nodes by number, in the file's order. */
export interface NodeView {
  readonly count: number;
  name(node: number): string;
  op(node: number): string;
  /** As they are written: "n", "n:1", "^n". */
  inputs(node: number): readonly string[];
  attr(node: number): NonNullable<INodeDef["attr"]>;
}

/** A view of `nodes`. Throws what decoding a malformed node throws. */
export function nodeView(nodes: readonly INodeDef[]): NodeView {
  if (lazyNodes(nodes)?.untouched) {
    const table = nodeTable(nodes);
    return {
      count: table.count,
      name: (i) => table.name(i),
      op: (i) => table.ops[table.op[i]!]!,
      inputs(i) {
        const inputs: string[] = [];
        for (let k = table.inputFirst[i]!; k < table.inputFirst[i + 1]!; k++) inputs.push(table.input(k));
        return inputs;
      },
      attr: (i) => table.attrs(i),
    };
  }
  return {
    count: nodes.length,
    name: (i) => nodes[i]!.name ?? "",
    op: (i) => nodes[i]!.op ?? "",
    inputs: (i) => nodes[i]!.input ?? [],
    attr: (i) => nodes[i]!.attr ?? {},
  };
}
