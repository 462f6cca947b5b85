// The gradient of a loop over functions: the loop again as TensorFlow 1 builds one, with calls of both functions in it, and the gradient
// of that, which keeps what it needs on stacks. Forward, the loop runs twice; python/ops/while_v2.py carries accumulators instead.
import type { Tensor } from "@org/graph";
import { identity } from "../array/constant.ts";
import { whileLoop } from "../control/while-loop.ts";
import { dense } from "../gradient.ts";
import { gradients } from "../gradients.ts";
import type { Gradient } from "../op-entry.ts";
import { callNode, functionAttr } from "./call.ts";
import { truth } from "./expansion-graph.ts";

export const whileGradient: Gradient = (op, grads) => {
  const { graph } = op;
  const [cond, body] = [functionAttr(op, "cond"), functionAttr(op, "body")];
  const goesRound = op.inputs.map((input) => input.dtype !== "resource");
  // Inputs may depend on each other: the loop is differentiated with respect to what stands for each.
  const inputs = op.inputs.map((input, i) => (goesRound[i] ? identity(input) : input));
  const own = inputs.filter((_, i) => goesRound[i]);
  /** All arguments of a call: loop variables, and the handles that stay. */
  const all = (vars: readonly Tensor[]): Tensor[] => {
    let next = 0;
    return op.inputs.map((input, i) => (goesRound[i] ? vars[next++]! : input));
  };
  const results = whileLoop(
    (...vars: Tensor[]) => truth(graph, callNode(graph, cond, all(vars), { name: "cond" }).outputs[0]!),
    (...vars: Tensor[]) =>
      callNode(graph, body, all(vars), { name: "body" }).outputs.filter((_, i) => goesRound[i]),
    own,
    { shapeInvariants: own.map(() => null), returnSameStructure: true },
  ) as readonly Tensor[];
  const ys: Tensor[] = [];
  const gradYs: Tensor[] = [];
  let next = 0;
  for (const [i, grad] of grads.entries()) {
    if (!goesRound[i]) continue;
    const y = results[next++]!;
    if (grad === undefined) continue;
    ys.push(y);
    gradYs.push(dense(grad));
  }
  if (ys.length === 0) return op.inputs.map(() => undefined);
  return gradients(ys, inputs, { gradYs, name: "gradients" });
};
