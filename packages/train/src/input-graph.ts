// In which graph and scope the input functions build. Source: ops.name_scope with values, python/framework/ops.py.
import { currentGraph, type Graph, isTensorLike, type Tensor } from "@org/graph";

/** The graph of the first tensor among `values`, else the current one. Throws a TypeError where there is neither. */
export function graphOf(...values: readonly unknown[]): Graph {
  const tensor = values.flat().find((value): value is Tensor => isTensorLike(value));
  const graph = tensor?.graph ?? currentGraph();
  if (!graph)
    throw new TypeError("There is no graph: give a tensor, or build inside graph.asDefault(() => ...)");
  return graph;
}

/** Runs `body` in the graph's scope `name`; it gets the scope's name. */
export function scoped<R>(graph: Graph, name: string, body: (scope: string) => R): R {
  return graph.asDefault(() => graph.nameScope(name, body));
}
