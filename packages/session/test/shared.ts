// What the tests of this package build graphs with.
import { Graph, type Tensor } from "@org/graph";
import { standardOps } from "@org/ops";
import type { NdArray } from "@org/tensor";
import { createSession, type Session, type SessionOptions } from "../src/index.ts";

/** A session on what `build` makes in a new graph. */
export async function sessionOf(
  build: (graph: Graph) => void,
  options: SessionOptions = {},
): Promise<{ graph: Graph; session: Session }> {
  const graph = new Graph({ ops: standardOps });
  graph.asDefault(() => build(graph));
  return { graph, session: await createSession(graph, options) };
}

/** A VariableV2 named `name`, with its initializer `name/Assign`. */
export function variable(graph: Graph, name: string, shape: readonly number[], initial: Tensor): Tensor {
  const made = graph.createOp("VariableV2", [], { name, attrs: { shape: [...shape], dtype: initial.dtype } });
  graph.createOp("Assign", [made.outputs[0]!, initial], { name: `${name}/Assign` });
  return made.outputs[0]!;
}

export const numbers = (array: NdArray): number[] => Array.from(array.data as ArrayLike<number>, Number);
