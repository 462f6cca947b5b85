// Which tensors an op may read: not those within a loop that it is not in. Source: control_flow_util.CheckInputFromValidContext.
import { TfError } from "@org/errors";
import {
  type ControlFlowContext,
  isLoopEnter,
  isSwitch,
  outputContext,
  whileContextAround,
} from "./control-flow-context.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Throws TfError INVALID_ARGUMENT where an op outside of loops reads a tensor within one: only a loop's exits leave it.
 * Between loops nothing is checked here: which of them belong together only gradients know.
 */
export function checkInputContext(
  node: { readonly name: string; readonly type: string; readonly inputs: readonly Tensor[] },
  context: ControlFlowContext | undefined,
): void {
  if (whileContextAround(context) !== undefined || isLoopEnter(node) || isSwitch(node)) return;
  for (const { op: source } of node.inputs)
    if (whileContextAround(outputContext(source)) !== undefined)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Cannot use '${source.name}' as input to '${node.name}' because '${source.name}' is in a while loop.`,
        {
          node: node.name,
          op: node.type,
          hint: "Return the value from the loop's body, and use what the loop returns.",
        },
      );
}
