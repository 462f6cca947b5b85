// What must be fed, and what may not be fed or fetched.
import { TfError } from "@org/errors";
import type { Operation, Tensor } from "@org/graph";
import { dtypeString } from "@org/tensor";
import type { Frame } from "./frames.ts";
import type { PlanNode, Source } from "./plan-node.ts";

/** The error for a placeholder that is reached without a feed. */
export function notFed(op: Operation): TfError {
  const { dims } = op.outputs[0]!.shape;
  const dtype = dtypeString(op.outputs[0]!.dtype);
  const shape = dims === null ? "" : ` and shape ${op.outputs[0]!.shape}`;
  return new TfError(
    "INVALID_ARGUMENT",
    `You must feed a value for placeholder tensor '${op.name}' with dtype ${dtype}${shape}`,
    { node: op.name, op: op.type, hint: `Add it to the feeds: { feeds: { "${op.name}:0": value } }.` },
  );
}

/** Throws TfError INVALID_ARGUMENT where a fetch or feed is inside a loop; `outputOf` are the frames of outputs by PlanNode.index. */
export function checkFetchable(
  fetches: readonly Source[],
  feeds: readonly Tensor[],
  nodes: readonly PlanNode[],
  outputOf: readonly Frame[],
): void {
  for (const { node } of fetches)
    if (node !== undefined && outputOf[node.index]!.parent !== undefined)
      throw new TfError("INVALID_ARGUMENT", `Operation '${node.op.name}' has been marked as not fetchable.`, {
        node: node.op.name,
        op: node.op.type,
        hint: "It is inside a while loop: fetch what the loop returns.",
      });
  const fed = new Set(feeds.map((tensor) => tensor.op));
  for (const node of nodes)
    if (fed.has(node.op) && outputOf[node.index]!.parent !== undefined)
      throw new TfError("INVALID_ARGUMENT", `Tensor ${node.op.name}:0 may not be fed.`, {
        node: node.op.name,
      });
}
