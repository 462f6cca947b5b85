// The global step as hooks read it. Source: python/training/training_util.py (_get_or_create_global_step_read) of TensorFlow 1.15.
import { TfError } from "@org/errors";
import { type Graph, isTensor, type Tensor } from "@org/graph";
import { type AnyVariable, operator } from "@org/ops";
import type { NdArray } from "@org/tensor";
import { getGlobalStep } from "../global-step.ts";
import type { RunSession } from "./run-hook.ts";

const KEY = "global_step_read_op_cache";

/**
 * The tensor that hooks fetch to learn the global step, made once a graph. Throws TfError FAILED_PRECONDITION where there is no
 * global step, in the words of `hook`.
 */
export function globalStepRead(graph: Graph, hook: string): Tensor {
  const [made] = graph.getCollection(KEY) as Tensor[];
  if (made) return made;
  const step = getGlobalStep(graph);
  if (!step)
    throw new TfError("FAILED_PRECONDITION", `Global step should be created to use ${hook}.`, {
      hint: "Call tf.train.getOrCreateGlobalStep() and give it to the optimizer's minimize.",
    });
  return graph.asDefault(() =>
    graph.nameScope(null, () =>
      graph.nameScope(`${step.op.name}/`, () => {
        const value = isTensor(step) ? step : (step as AnyVariable).initializedValue();
        const read = operator.add(value, 0);
        graph.addToCollection(KEY, read);
        return read;
      }),
    ),
  );
}

/** A fetched scalar as a number. */
export function numberOf(value: unknown): number {
  return Number(((value as NdArray).data as ArrayLike<number | bigint>)[0]);
}

/** The global step in a session. */
export async function stepIn(session: RunSession, read: Tensor): Promise<number> {
  return numberOf(await session.run(read));
}
