// getVariable: variables by name, made once and shared. Not the cutting of partitioned ones: partitioned-variables.ts.
// Source: python/ops/variable_scope.py of TensorFlow 1.15.
import { GraphKeys } from "@org/collections";
import { TfError } from "@org/errors";
import { type Graph, isTensorLike } from "@org/graph";
import { type DType, dtypes, Shape } from "@org/tensor";
import { type PartitionedVariable, ResourceVariable, Variable, type VariableOptions } from "@org/variables";
import { convertToTensor } from "../convert.ts";
import { glorotUniformInitializer, type Initializer, zerosInitializer } from "../random/initializers.ts";
import type { ValueLike } from "../tensor-like.ts";
import { initialArray } from "./initial-array.ts";
import type { PartitionInfo } from "./partition-info.ts";
import { getPartitioned } from "./partitioned-variables.ts";
import type { Partitioner } from "./partitioners.ts";
import {
  type AnyVariable,
  type GetVariableOptions,
  graphFor,
  joined,
  type ScopeDefaults,
  type Store,
  storeOf,
} from "./variable-store.ts";

/**
 * The variable of that name in the current scope: a new one, or, as the scope's `reuse` says, the one that is there. Floats start as
 * Glorot's uniform numbers unless an initializer says otherwise, others as zeros. With a partitioner, here or in the scope, it is a
 * PartitionedVariable. As tf.get_variable.
 * Throws TfError ALREADY_EXISTS or NOT_FOUND where reuse does not fit, INVALID_ARGUMENT where shape, type or partitions do not.
 * @tfExport getVariable
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
