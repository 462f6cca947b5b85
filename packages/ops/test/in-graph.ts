// What several tests of builders need: a graph to build in, and what a refusal says.
import { isTfError } from "@org/errors";
import { Graph } from "@org/graph";
import { standardOps } from "../src/index.ts";

/** Runs `program` with a new graph as the current one. */
export function inGraph<T>(program: (graph: Graph) => T): T {
  const graph = new Graph({ ops: standardOps });
  return graph.asDefault(() => program(graph));
}

/** "CODE: sentence" of the TfError that `run` throws, another error as it prints, or that there was none. */
export function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return isTfError(error) ? `${error.code}: ${error.sentence}` : `${error}`;
  }
  return "it did not fail";
}
