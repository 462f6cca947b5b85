// Gradients against numeric ones, node by node: see @org/ops/testing.
import { checkGradient, type GradientCheck, numericGradient, type RunGraph } from "../src/testing.ts";
import { MiniSession } from "./mini-session.ts";

/** A function of float64 tensors and where it is looked at. */
export interface NumericCheck extends GradientCheck {
  readonly name: string;
}

const nodeByNode: RunGraph = (graph, tensors, feeds) => new MiniSession(graph).run(tensors, feeds);

/** Its gradients are the slopes of a weighted sum of what comes out. */
export async function checkGradients(check: NumericCheck): Promise<void> {
  await checkGradient(check, await numericGradient(check, nodeByNode), nodeByNode);
}
