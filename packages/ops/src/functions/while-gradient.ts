// The gradient of a loop over functions: the loop again as TensorFlow 1 builds one, and the gradient of that, which keeps what it needs on
// stacks. Forward, the loop runs twice, with the same random numbers; python/ops/while_v2.py carries accumulators instead.
import type { Tensor } from "@org/graph";
import { identity } from "../array/constant.ts";
import { dense } from "../gradient.ts";
import { gradients } from "../gradients.ts";
import type { Gradient } from "../op-entry.ts";
import { inlineLoop } from "./inline-function.ts";

export const whileGradient: Gradient = (op, grads) => {
  const goesRound = op.inputs.map((input) => input.dtype !== "resource");
  // Inputs may depend on each other: the loop is differentiated with respect to what stands for each.
  const inputs = op.inputs.map((input, i) => (goesRound[i] ? identity(input) : input));
  const results = inlineLoop(op, inputs, { graph: op.graph, forward: [op.name] });
  const ys: Tensor[] = [];
  const gradYs: Tensor[] = [];
  for (const [i, grad] of grads.entries()) {
    if (!goesRound[i] || grad === undefined) continue;
    ys.push(results[i]!);
    gradYs.push(dense(grad));
  }
  if (ys.length === 0) return op.inputs.map(() => undefined);
  return gradients(ys, inputs, { gradYs, name: "gradients" });
};
