// The default graph: what functions build in where no graph is given and none is current. Only this package has one.
// Source: python/framework/ops.py (_DefaultGraphStack).
import { Graph as BaseGraph, currentGraph, type GraphOptions } from "@org/graph";
import { standardOps } from "./standard-ops.ts";

/** A graph that may hold every op that TensorFlow 1.0, 1.15 or 2.21 knows. */
export class Graph extends BaseGraph {
  constructor(options: GraphOptions = {}) {
    super({ ...options, ops: options.ops ?? standardOps() });
  }
}

let defaultGraph: BaseGraph | undefined;

/** The current graph (inside `graph.asDefault(...)`), else the default graph, made when it is first asked for. As tf.get_default_graph. */
export function getDefaultGraph(): BaseGraph {
  const current = currentGraph();
  if (current) return current;
  defaultGraph ??= new Graph();
  return defaultGraph;
}

/** Forgets the default graph; the next use makes a new one, with `options` if there are any. Throws TypeError inside `asDefault`. As tf.reset_default_graph. */
export function resetDefaultGraph(options?: GraphOptions): void {
  if (currentGraph())
    throw new TypeError(
      "Do not use resetDefaultGraph() to clear nested graphs. If you need a cleared graph, exit the nesting and create a new graph.",
    );
  defaultGraph = options && new Graph(options);
}

/** Runs `body` with `graph`, or else the default graph, as the current one. */
export function inDefaultGraph<R>(body: () => R, graph?: BaseGraph): R {
  if (graph) return graph.asDefault(body);
  return currentGraph() ? body() : getDefaultGraph().asDefault(body);
}

/** A function of another package that builds in the default graph where it is given none. */
export function lift<F extends (...args: never[]) => unknown>(build: F): F {
  return ((...args: never[]) => inDefaultGraph(() => build(...args))) as F;
}

/** A class of another package whose constructor and methods build in the default graph where they are given none. */
export function liftClass<C extends new (...args: never[]) => object>(base: C): C {
  return new Proxy(base, {
    construct: (target, args, newTarget) =>
      inDefaultGraph(() => Reflect.construct(target, args, newTarget) as object),
  });
}

/** A record of such functions. */
export function liftAll<R extends object>(functions: R): R {
  return Object.fromEntries(
    Object.entries(functions).map(([name, build]) => [name, lift(build as () => unknown)]),
  ) as R;
}
