// What a graph knows of variable scopes and of the variables made through them, and the options that scopes hand down.
// Opening scopes: variable-scope.ts; making variables: get-variable.ts. Source: python/ops/variable_scope.py of TensorFlow 1.15.
import { currentGraph, type Graph, type Tensor } from "@org/graph";
import type { DType, Shape } from "@org/tensor";
import type { PartitionedVariable, ResourceVariable, Variable, VariableOptions } from "@org/variables";
import type { Initializer } from "../random/initializers.ts";
import type { TensorLike } from "../tensor-like.ts";
import type { Partitioner } from "./partitioners.ts";

/** A variable of either kind. */
export type AnyVariable = Variable | ResourceVariable;
/** true: variables must be there; false: must not; AUTO_REUSE: either. */
export type Reuse = boolean | typeof AUTO_REUSE;
/** tf.AUTO_REUSE: make variables that are not there, share those that are. */
export const AUTO_REUSE: unique symbol = Symbol.for("@org/ops.AUTO_REUSE");

/** Makes or changes what getVariable returns; calls `getter` for the variable itself. */
export type CustomGetter = (
  getter: (name: string, options: GetVariableOptions) => Tensor | AnyVariable | PartitionedVariable,
  name: string,
  options: GetVariableOptions,
) => Tensor | AnyVariable | PartitionedVariable;

/** What a scope hands down to the getVariable calls in it. */
export interface ScopeDefaults {
  /** How variables start. A value (number, array, tensor) gives them its shape, too, and but for bare numbers its type. */
  readonly initializer?: Initializer | TensorLike | undefined;
  /** Makes a loss of a new variable; it goes to the collection regularization_losses. */
  readonly regularizer?: ((variable: AnyVariable) => Tensor | undefined) | undefined;
  readonly cachingDevice?: VariableOptions["cachingDevice"];
  readonly customGetter?: CustomGetter | undefined;
  readonly dtype?: DType | undefined;
  /** ResourceVariable instead of Variable. */
  readonly useResource?: boolean | undefined;
  readonly constraint?: ((value: Tensor) => Tensor) | undefined;
  /** Cuts variables (scalars excepted) into parts; getVariable then yields a PartitionedVariable. */
  readonly partitioner?: Partitioner | undefined;
}

export interface VariableScopeOptions extends ScopeDefaults {
  readonly reuse?: Reuse | undefined;
  /** The scope's name where `nameOrScope` is null: made unique. */
  readonly defaultName?: string | undefined;
  /** false: stay in the current name scope. Default true. */
  readonly auxiliaryNameScope?: boolean | undefined;
  readonly graph?: Graph | undefined;
}

export interface GetVariableOptions extends ScopeDefaults {
  readonly shape?: Shape | readonly (number | null)[] | undefined;
  readonly reuse?: Reuse | undefined;
  readonly trainable?: boolean | undefined;
  readonly collections?: readonly string[] | undefined;
  readonly validateShape?: boolean | undefined;
  readonly synchronization?: number | undefined;
  readonly aggregation?: number | undefined;
  readonly graph?: Graph | undefined;
}

/** A variable scope: a name that variables get in front, and what getVariable falls back to. */
export class VariableScope {
  readonly graph: Graph;
  readonly name: string;
  readonly reuse: Reuse;
  readonly defaults: ScopeDefaults;
  /** The name scope that was opened with it, "a/b/". */
  readonly originalNameScope: string;

  constructor(graph: Graph, name: string, reuse: Reuse, defaults: ScopeDefaults, originalNameScope: string) {
    this.graph = graph;
    this.name = name;
    this.reuse = reuse;
    this.defaults = defaults;
    this.originalNameScope = originalNameScope;
  }
}

/** What a graph knows of variable scopes. */
export interface Store {
  /** Parts of partitioned ones included. */
  readonly variables: Map<string, AnyVariable>;
  readonly partitioned: Map<string, PartitionedVariable>;
  /** How often a scope of that name was opened. */
  counts: Map<string, number>;
  current: VariableScope;
}

const stores = new WeakMap<Graph, Store>();

export function storeOf(graph: Graph): Store {
  let store = stores.get(graph);
  if (!store) {
    store = {
      variables: new Map(),
      partitioned: new Map(),
      counts: new Map(),
      current: new VariableScope(graph, "", false, {}, ""),
    };
    stores.set(graph, store);
  }
  return store;
}

export function graphFor(graph: Graph | undefined): Graph {
  let found = graph ?? currentGraph();
  if (!found) throw new TypeError("No graph: pass { graph }, or build inside graph.asDefault(() => ...)");
  // Variables that a function's body asks for are made outside of it.
  while (found.outerGraph) found = found.outerGraph;
  return found;
}

/**
 * The variables that getVariable has made in a graph, by full name; those of partitioned ones are their parts ("v/part_0").
 * As _get_default_variable_store()._vars.
 */
export function variableStore(graph?: Graph): ReadonlyMap<string, AnyVariable> {
  return storeOf(graphFor(graph)).variables;
}

/** A name below a scope's. */
export const joined = (outer: string, name: string): string => (outer === "" ? name : `${outer}/${name}`);
