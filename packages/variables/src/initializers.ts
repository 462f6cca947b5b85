// Ops that initialise variables. Source: python/ops/variables.py.
import { currentGraph, type Graph, isTensor, type Operation, type Tensor } from "@org/graph";
import { globalVariables, localVariables } from "./collections.ts";
import { group } from "./group.ts";
import type { VariableBase } from "./variable-options.ts";

/** Where to build, for functions that may get no variable to tell. */
export interface InitializerOptions {
  readonly graph?: Graph;
  readonly name?: string;
}

/** The graph that is told, or that of the variables, or the current one. Throws a TypeError where there is none. */
export function graphOf(variables: readonly (VariableBase | Tensor)[], graph: Graph | undefined): Graph {
  const found = graph ?? variables[0]?.graph ?? currentGraph();
  if (!found)
    throw new TypeError("No graph to build in: pass { graph }, or build inside graph.asDefault(() => ...)");
  return found;
}

/** An operation named "init" that runs the initializers of `variables`, all at once; a NoOp where there are none. */
export function variablesInitializer(
  variables: readonly VariableBase[],
  options: InitializerOptions = {},
): Operation {
  const graph = graphOf(variables, options.graph);
  const name = options.name ?? "init";
  if (variables.length === 0) return graph.createOp("NoOp", [], { name });
  return group(
    graph,
    variables.map((variable) => variable.initializer),
    { name },
  );
}

/** The initializer of all global variables. */
export function globalVariablesInitializer(graph?: Graph): Operation {
  const where = graphOf([], graph);
  return variablesInitializer(globalVariables(where), { graph: where });
}

/** The initializer of all local variables. */
export function localVariablesInitializer(graph?: Graph): Operation {
  const where = graphOf([], graph);
  return variablesInitializer(localVariables(where), { graph: where });
}

/** A bool scalar: whether a variable, or the ref tensor of one, holds a value. */
export function isVariableInitialized(variable: VariableBase | Tensor, name?: string): Tensor {
  const named = name === undefined ? {} : { name };
  if (isTensor(variable))
    return variable.graph.createOp("IsVariableInitialized", [variable], named).outputs[0]!;
  return variable.isInitialized(name);
}
