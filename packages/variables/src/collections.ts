// The variable collections of a graph by name. Source: python/ops/variables.py (global_variables and its relatives).
import { GraphKeys } from "@org/collections";
import type { Graph } from "@org/graph";
import type { VariableBase } from "./variable-options.ts";

const collection = (graph: Graph, key: string, scope?: string): VariableBase[] =>
  graph.getCollection(key, scope) as VariableBase[];

/** The collection `variables`; `scope` filters by name as re.match does (a prefix, where it has no special characters). */
export function globalVariables(graph: Graph, scope?: string): VariableBase[] {
  return collection(graph, GraphKeys.GLOBAL_VARIABLES, scope);
}

/** The collection `trainable_variables`. */
export function trainableVariables(graph: Graph, scope?: string): VariableBase[] {
  return collection(graph, GraphKeys.TRAINABLE_VARIABLES, scope);
}

/** The collection `local_variables`. */
export function localVariables(graph: Graph, scope?: string): VariableBase[] {
  return collection(graph, GraphKeys.LOCAL_VARIABLES, scope);
}

/** The collection `model_variables`. */
export function modelVariables(graph: Graph, scope?: string): VariableBase[] {
  return collection(graph, GraphKeys.MODEL_VARIABLES, scope);
}

/** The collection `moving_average_variables`. */
export function movingAverageVariables(graph: Graph, scope?: string): VariableBase[] {
  return collection(graph, GraphKeys.MOVING_AVERAGE_VARIABLES, scope);
}

/** What a Saver saves by default: the collections `variables` and `saveable_objects`. */
export function allSaveableObjects(graph: Graph, scope?: string): unknown[] {
  return [
    ...graph.getCollection(GraphKeys.GLOBAL_VARIABLES, scope),
    ...graph.getCollection(GraphKeys.SAVEABLE_OBJECTS, scope),
  ];
}
