// variableScope and getVariable: variables by name, made once and shared. Scopes and the variables made through them
// belong to a graph. Not the cutting of partitioned ones: partitioned-variables.ts.
// Source: python/ops/variable_scope.py of TensorFlow 1.15.

import { GraphKeys } from "@org/collections";
import { TfError } from "@org/errors";
import { currentGraph, type Graph, isTensorLike, type Tensor } from "@org/graph";
import { type DType, dtypes, Shape } from "@org/tensor";
import { type PartitionedVariable, ResourceVariable, Variable, type VariableOptions } from "@org/variables";
import { convertToTensor } from "../convert.ts";
import { glorotUniformInitializer, type Initializer, zerosInitializer } from "../random/initializers.ts";
import type { TensorLike, ValueLike } from "../tensor-like.ts";
import { initialArray } from "./initial-array.ts";
import type { PartitionInfo } from "./partition-info.ts";
import { getPartitioned } from "./partitioned-variables.ts";
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
  readonly cachingDevice?: string | undefined;
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
interface Store {
  /** Parts of partitioned ones included. */
  readonly variables: Map<string, AnyVariable>;
  readonly partitioned: Map<string, PartitionedVariable>;
  /** How often a scope of that name was opened. */
  counts: Map<string, number>;
  current: VariableScope;
}

const stores = new WeakMap<Graph, Store>();

function storeOf(graph: Graph): Store {
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

function graphFor(graph: Graph | undefined): Graph {
  const found = graph ?? currentGraph();
  if (!found) throw new TypeError("No graph: pass { graph }, or build inside graph.asDefault(() => ...)");
  return found;
}

/** tf.get_variable_scope: the scope that getVariable works in now. */
export function getVariableScope(graph?: Graph): VariableScope {
  return storeOf(graphFor(graph)).current;
}

/**
 * The variables that getVariable has made in a graph, by full name; those of partitioned ones are their parts ("v/part_0").
 * As _get_default_variable_store()._vars.
 */
export function variableStore(graph?: Graph): ReadonlyMap<string, AnyVariable> {
  return storeOf(graphFor(graph)).variables;
}

/**
 * Runs `fn` in a variable scope, and in a name scope of the same name. `nameOrScope` is a name below the current scope, a scope that
 * is re-entered, or null for a unique name made of `defaultName`. As tf.variable_scope.
 * Throws a TypeError where there is neither a name nor a default one, or where `reuse` is asked of a scope without a name.
 */
export function variableScope<R>(
  nameOrScope: string | VariableScope | null,
  fn: (scope: VariableScope) => R,
  options: VariableScopeOptions = {},
): R {
  const scoped = nameOrScope instanceof VariableScope ? nameOrScope : undefined;
  const graph = graphFor(options.graph ?? scoped?.graph);
  const { reuse, defaultName, auxiliaryNameScope = true, graph: _, ...defaults } = options;
  const given = Object.fromEntries(Object.entries(defaults).filter(([, value]) => value !== undefined));
  if (nameOrScope === null && defaultName === undefined)
    throw new TypeError("If default_name is None then name_or_scope is required");
  if (nameOrScope === null && reuse) throw new TypeError("reuse=True cannot be used without a name_or_scope");
  const store = storeOf(graph);
  const label = scoped ? scoped.name.split("/").at(-1)! : ((nameOrScope as string | null) ?? defaultName!);
  const current = graph.currentNameScope;
  const enter = (body: (nameScope: string) => R): R =>
    auxiliaryNameScope
      ? scoped && label === ""
        ? body("")
        : graph.nameScope(label, body)
      : graph.nameScope(current === "" ? null : `${current}/`, body);
  return graph.asDefault(() =>
    enter((nameScope) => {
      const outer = store.current;
      const own = nameOrScope ?? uniqueScopeName(store, outer.name, defaultName!);
      const name = typeof own === "string" ? joined(outer.name, own) : own.name;
      const before = new Map(store.counts);
      store.counts.set(name, (store.counts.get(name) ?? 0) + 1);
      store.current = scoped
        ? new VariableScope(
            graph,
            name,
            reuse || scoped.reuse,
            { ...scoped.defaults, ...given },
            scoped.originalNameScope,
          )
        : new VariableScope(graph, name, reuse || outer.reuse, inherited(outer, given), nameScope);
      try {
        return fn(store.current);
      } finally {
        for (const key of store.counts.keys()) if (key.startsWith(`${name}/`)) store.counts.set(key, 0);
        if (scoped) store.counts = before;
        store.current = outer;
      }
    }),
  );
}

const joined = (outer: string, name: string): string => (outer === "" ? name : `${outer}/${name}`);

/** An inner getter is called first and gets the outer one as its own getter. */
function inherited(outer: VariableScope, given: ScopeDefaults): ScopeDefaults {
  const wrapped = outer.defaults.customGetter;
  const getter = given.customGetter;
  const customGetter: CustomGetter | undefined =
    getter && wrapped
      ? (inner, name, options) => getter((n, o) => wrapped(inner, n, o), name, options)
      : (getter ?? wrapped);
  return { ...outer.defaults, ...given, ...(customGetter ? { customGetter } : {}) };
}

function uniqueScopeName(store: Store, outer: string, prefix: string): string {
  const name = joined(outer, prefix);
  if ((store.counts.get(name) ?? 0) === 0) return prefix;
  let i = 1;
  while ((store.counts.get(`${name}_${i}`) ?? 0) > 0) i++;
  return `${prefix}_${i}`;
}

/**
 * The variable of that name in the current scope: a new one, or, as the scope's `reuse` says, the one that is there. Floats start as
 * Glorot's uniform numbers unless an initializer says otherwise, others as zeros. With a partitioner, here or in the scope, it is a
 * PartitionedVariable. As tf.get_variable.
 * Throws TfError ALREADY_EXISTS or NOT_FOUND where reuse does not fit, INVALID_ARGUMENT where shape, type or partitions do not.
 */
export function getVariable(
  name: string,
  options: GetVariableOptions & { readonly partitioner: Partitioner },
): PartitionedVariable;
export function getVariable(
  name: string,
  shape: Shape | readonly (number | null)[] | undefined,
  options: GetVariableOptions & { readonly partitioner: Partitioner },
): PartitionedVariable;
export function getVariable(name: string, options?: GetVariableOptions): AnyVariable;
export function getVariable(
  name: string,
  shape: Shape | readonly (number | null)[] | undefined,
  options?: GetVariableOptions,
): AnyVariable;
export function getVariable(
  name: string,
  shapeOrOptions?: Shape | readonly (number | null)[] | GetVariableOptions,
  more: GetVariableOptions = {},
): AnyVariable | PartitionedVariable {
  const shaped = shapeOrOptions instanceof Shape || Array.isArray(shapeOrOptions);
  const options: GetVariableOptions = shaped
    ? { ...more, shape: shapeOrOptions as Shape }
    : ((shapeOrOptions as GetVariableOptions | undefined) ?? more);
  const graph = graphFor(options.graph);
  const store = storeOf(graph);
  const scope = store.current;
  const fullName = joined(scope.name, name);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const merged: GetVariableOptions = { reuse: scope.reuse, dtype: "float32", ...scope.defaults, ...given };
  return graph.asDefault(() =>
    graph.nameScope(null, () => {
      checkInitializerType(options);
      const getter = merged.customGetter;
      const make = (n: string, o: GetVariableOptions): AnyVariable | PartitionedVariable =>
        getWholeOrParts(graph, store, n, { ...merged, ...o });
      return (getter ? getter(make, fullName, merged) : make(fullName, merged)) as AnyVariable;
    }),
  );
}

const isFunction = (initializer: unknown): initializer is Initializer => typeof initializer === "function";

function checkInitializerType({ dtype, initializer }: GetVariableOptions): void {
  if (dtype === undefined || initializer === undefined || isFunction(initializer)) return;
  if (!isTensorLike(initializer)) return;
  const own = convertToTensor(initializer).dtype;
  if (own !== dtype) invalid(`Initializer type '${own}' and explicit dtype '${dtype}' don't match.`);
}

function invalid(sentence: string): never {
  throw new TfError("INVALID_ARGUMENT", sentence);
}

function getWholeOrParts(
  graph: Graph,
  store: Store,
  name: string,
  options: GetVariableOptions,
): AnyVariable | PartitionedVariable {
  const { partitioner, reuse, shape } = options;
  const isScalar = Array.isArray(shape) && shape.length === 0;
  const sharesParts = reuse === true && !partitioner && store.partitioned.has(name);
  if ((partitioner && !isScalar) || sharesParts)
    return getPartitioned(graph, store, name, options, (part, own, partition) =>
      getSingle(graph, store, part, own, partition),
    );
  if (store.variables.has(`${name}/part_0`))
    invalid(
      `No partitioner was provided, but a partitioned version of the variable was found: ${name}/part_0. Perhaps a variable of the same name was already created with partitioning?`,
    );
  return getSingle(graph, store, name, options);
}

function getSingle(
  graph: Graph,
  store: Store,
  name: string,
  options: GetVariableOptions,
  partition?: PartitionInfo,
): AnyVariable {
  const { reuse, dtype = "float32" } = options;
  const shape = Shape.of(options.shape);
  const found = store.variables.get(name);
  if (found) {
    if (!reuse)
      throw new TfError(
        "ALREADY_EXISTS",
        `Variable ${name} already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?`,
        { node: found.op.name, op: found.op.type },
      );
    if (!shape.isCompatibleWith(found.shape))
      invalid(
        `Trying to share variable ${name}, but specified shape ${shape} and found shape ${found.shape}.`,
      );
    if (dtype !== found.dtype)
      invalid(
        `Trying to share variable ${name}, but specified dtype ${dtype} and found dtype ${found.dtype}.`,
      );
    return found;
  }
  if (reuse === true)
    throw new TfError(
      "NOT_FOUND",
      `Variable ${name} does not exist, or was not created with tf.get_variable(). Did you mean to set reuse=tf.AUTO_REUSE in VarScope?`,
      { key: name },
    );
  const variable = create(graph, name, shape, dtype, options, partition);
  store.variables.set(name, variable);
  regularize(graph, variable, name, options.regularizer);
  return variable;
}

function create(
  graph: Graph,
  name: string,
  shape: Shape,
  dtype: DType,
  options: GetVariableOptions,
  partition: PartitionInfo | undefined,
): AnyVariable {
  const initializer = options.initializer ?? defaultInitializer(name, dtype);
  const { trainable, collections, cachingDevice, validateShape, constraint, synchronization, aggregation } =
    options;
  const all: VariableOptions = Object.fromEntries(
    Object.entries({
      graph,
      name,
      trainable,
      collections,
      cachingDevice,
      validateShape,
      constraint,
      synchronization,
      aggregation,
    }).filter(([, value]) => value !== undefined),
  );
  const make = (initial: ConstructorParameters<typeof Variable>[0], more: VariableOptions): AnyVariable =>
    options.useResource ? new ResourceVariable(initial, more) : new Variable(initial, more);
  if (isFunction(initializer)) {
    if (!shape.isFullyDefined())
      invalid(`Shape of a new variable (${name}) must be fully defined, but instead was ${shape}.`);
    const dims = shape.toNumbers();
    return make(() => initializer(dims, dtype, partition), { ...all, dtype });
  }
  if (options.shape !== undefined) invalid("If initializer is a constant, do not specify shape.");
  return make(isTensorLike(initializer) ? initializer : initialArray(initializer as ValueLike, dtype), all);
}

function defaultInitializer(name: string, dtype: DType): Initializer {
  const { kind } = dtypes[dtype];
  if (kind === "float") return glorotUniformInitializer();
  if (["int", "uint", "bool", "string"].includes(kind)) return zerosInitializer();
  return invalid(`An initializer for variable ${name} of ${dtype} is required`);
}

function regularize(
  graph: Graph,
  variable: AnyVariable,
  name: string,
  regularizer: ScopeDefaults["regularizer"],
): void {
  if (!regularizer) return;
  const loss = graph.colocateWith(variable, () =>
    graph.nameScope(`${name}/Regularizer/`, () => regularizer(variable)),
  );
  if (loss) graph.addToCollection(GraphKeys.REGULARIZATION_LOSSES, loss);
}
