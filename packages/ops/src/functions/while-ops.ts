// While, whose condition and body are functions: a loop of Enter, Merge, Switch, NextIteration and Exit around calls of both. Handles of
// resources go round no loop: they are entered once, since a body gives back those that it is given.
// Source: core/common_runtime/lower_while_op.cc, core/kernels/functional_ops.cc.
import { TfError } from "@org/errors";
import type { Graph, Operation, OpRegistry, Tensor } from "@org/graph";
import { defineOps, type OpSpec } from "../define.ts";
import type { Expansion, OpEntry } from "../op-entry.ts";
import { callNode, functionAttr } from "./call.ts";
import { inExpansion, made, truth } from "./expansion-graph.ts";
import { statedOutputs } from "./stated-outputs.ts";
import { whileGradient } from "./while-gradient.ts";

/** A loop variable within the loop; a constant one is entered once and does not go round. */
interface LoopVariable {
  readonly merged: Tensor;
  readonly isConstant: boolean;
}

/** A loop's frame, and what all that enters it waits for: they are entered from one place, or not at all. */
interface Frame {
  readonly name: string;
  readonly start: Operation;
}

function enter(graph: Graph, frame: Frame, value: Tensor, isConstant: boolean): LoopVariable {
  const attrs = { frame_name: frame.name, is_constant: isConstant, parallel_iterations: 1 };
  const entered = made(graph, "Enter", [value], { attrs, controlInputs: [frame.start] });
  if (isConstant) entered.op.setHandle(0, value.op.handles[value.valueIndex]);
  return { merged: isConstant ? entered : made(graph, "Merge", [[entered, entered]]), isConstant };
}

const expandWhile = (op: Operation, ops: OpRegistry): Expansion =>
  inExpansion(op, ops, (graph, inputs) => {
    const start = graph.createOp("NoOp", [], {
      name: "LoopControlInputs",
      controlInputs: inputs.map((input) => input.op),
    });
    const frame = { name: op.name, start };
    const variables = inputs.map((input) => enter(graph, frame, input, input.dtype === "resource"));
    // Goes round with the loop whatever its variables are; what has no inputs hangs on it.
    const first = made(graph, "Const", [], {
      name: "turn",
      attrs: { dtype: "bool", value: { dtype: "bool", shape: [], data: Uint8Array.of(1) } },
    });
    const turn = enter(graph, frame, first, false).merged;
    const condition = callNode(
      graph,
      functionAttr(op, "cond"),
      variables.map(({ merged }) => merged),
      { name: "cond", controlInputs: [turn.op] },
    );
    if (condition.outputs.length !== 1)
      throw new TfError(
        "INVALID_ARGUMENT",
        `While loop condition must return exactly one value, got ${condition.outputs.length}`,
        { node: op.name, op: op.type },
      );
    const going = made(graph, "LoopCond", [truth(graph, condition.outputs[0]!)]);
    const [turnOut, turnIn] = graph.createOp("Switch", [turn, going]).outputs;
    const pivot = made(graph, "Identity", [turnIn!], { name: "loop_body_control" });
    const sides = variables.map(({ merged, isConstant }) =>
      isConstant ? undefined : graph.createOp("Switch", [merged, going]).outputs,
    );
    const body = callNode(
      graph,
      functionAttr(op, "body"),
      variables.map(({ merged }, i) => sides[i]?.[1] ?? merged),
      { name: "body", controlInputs: [pivot.op] },
    );
    if (body.outputs.length !== variables.length)
      throw new TfError(
        "INVALID_ARGUMENT",
        `While loop body returned ${body.outputs.length} arguments. Expected: ${variables.length}`,
        { node: op.name, op: op.type },
      );
    const again = (merged: Tensor, value: Tensor, after: readonly Operation[]): void => {
      const next = made(graph, "NextIteration", [value], { controlInputs: after });
      merged.op.updateInput(1, next, { keepShapes: true });
    };
    for (const [i, { merged, isConstant }] of variables.entries())
      if (!isConstant) again(merged, body.outputs[i]!, []);
    again(turn, pivot, [body]);
    const exit = made(graph, "Exit", [turnOut!], { name: "loop_executed" }).op;
    return {
      graph,
      inputs,
      outputs: sides.map((side, i) => (side === undefined ? inputs[i]! : made(graph, "Exit", [side[0]!]))),
      effects: [exit],
      done: [exit],
    };
  });

// A loop that states no shapes is taken to keep those of what enters it.
const loop: OpSpec = {
  shape: statedOutputs("T", (c, i) => c.input(i)),
  expand: expandWhile,
  gradient: whileGradient,
};

/** Entries of loops over functions. */
export const whileOps: readonly OpEntry[] = defineOps({ While: loop, StatelessWhile: loop });
