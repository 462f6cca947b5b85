// The partitioned half of getVariable: asks the partitioner, makes the parts "v/part_0", "v/part_1" ..., each through
// the function that makes single variables, and joins them. Source: python/ops/variable_scope.py (_get_partitioned_variable).
import { TfError } from "@org/errors";
import { type Graph, isTensorLike, type Tensor } from "@org/graph";
import { type DType, Shape } from "@org/tensor";
import { PartitionedVariable, SaveSliceInfo } from "@org/variables";
import { slice } from "../array/slice.ts";
import { convertToTensor } from "../convert.ts";
import type { Initializer } from "../random/initializers.ts";
import type { TensorLike, ValueLike } from "../tensor-like.ts";
import { initialArray } from "./initial-array.ts";
import { PartitionInfo } from "./partition-info.ts";
import type { Partitioner } from "./partitioners.ts";
import type { AnyVariable, GetVariableOptions } from "./variable-store.ts";

/** The variables of a graph's scopes, by full name. */
export interface PartitionStore {
  readonly variables: ReadonlyMap<string, AnyVariable>;
  readonly partitioned: Map<string, PartitionedVariable>;
}

/** Makes or finds one part. */
export type GetPart = (name: string, options: GetVariableOptions, partition: PartitionInfo) => AnyVariable;

function invalid(sentence: string): never {
  throw new TfError("INVALID_ARGUMENT", sentence);
}

/**
 * The partitioned variable `name`: a new one, or, as `reuse` says, the one that is there.
 * Throws TfError INVALID_ARGUMENT where the partitioner's answer, shape or type do not fit; ALREADY_EXISTS, NOT_FOUND where reuse does not.
 */
export function getPartitioned(
  graph: Graph,
  store: PartitionStore,
  name: string,
  options: GetVariableOptions,
  getPart: GetPart,
): PartitionedVariable {
  const { reuse, partitioner, initializer, dtype = "float32" } = options;
  if (store.variables.has(name))
    invalid(
      `A partitioner was provided, but an unpartitioned version of the variable was found: ${name}.  Perhaps a variable of the same name was already created without partitioning?`,
    );
  const shape = wholeShape(options);
  const partitions = !reuse || partitioner ? callPartitioner(partitioner, shape, dtype) : undefined;
  const found = store.partitioned.get(name);
  if (found) {
    if (!reuse)
      throw new TfError(
        "ALREADY_EXISTS",
        `Partitioned variable with name ${name} already exists. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?`,
        { key: name },
      );
    checkSame(found, { shape, dtype, partitions });
    return found;
  }
  if (reuse === true || !partitions)
    throw new TfError(
      "NOT_FOUND",
      `PartitionedVariable ${name} does not exist, or was not created with tf.get_variable(). Did you mean to set reuse=False or reuse=tf.AUTO_REUSE in VarScope?`,
      { key: name },
    );
  const cut = partitions.findIndex((count) => count > 1);
  const [axis, count] = cut < 0 ? [0, 1] : [cut, partitions[cut]!];
  checkShards(store, name, count);
  const fullShape = shape.toNumbers();
  const variables = slicesOf(fullShape, count, axis).map(({ varOffset, varShape }, i) => {
    const partName = `${name}/part_${i}`;
    const partition = new PartitionInfo(fullShape, varOffset);
    const value = initialPart(graph, partName, initializer, dtype, varOffset, varShape);
    const own: GetVariableOptions = value
      ? { ...options, shape: undefined, dtype: value.dtype, initializer: value }
      : { ...options, shape: varShape };
    const variable = graph.nameScope(null, () => getPart(partName, own, partition));
    variable.saveSliceInfo = new SaveSliceInfo({ fullName: name, fullShape, varOffset, varShape });
    return variable;
  });
  const { dtype: made } = variables[0]!;
  const whole = new PartitionedVariable({ name, shape: fullShape, dtype: made, variables, partitions });
  store.partitioned.set(name, whole);
  return whole;
}

/** The shape that is asked for, or else that of an initializer which is a value. */
function wholeShape({ shape, dtype, initializer }: GetVariableOptions): Shape {
  const asked = Shape.of(shape);
  if (initializer === undefined || typeof initializer === "function") return asked;
  if (!isTensorLike(initializer))
    return shape === undefined
      ? new Shape(initialArray(initializer as ValueLike, dtype ?? "float32").shape)
      : asked;
  const own = convertToTensor(initializer).shape;
  if (!asked.isCompatibleWith(own)) invalid(`Shapes ${asked} and ${own} are not compatible`);
  return own;
}

function callPartitioner(partitioner: Partitioner | undefined, shape: Shape, dtype: DType): number[] {
  if (typeof partitioner !== "function")
    throw new TypeError(`Partitioner must be callable, but received: ${String(partitioner)}`);
  if (!shape.isFullyDefined())
    invalid(`Shape of a new partitioned variable must be fully defined, but instead was ${shape}.`);
  const rank = shape.toNumbers().length;
  if (rank < 1) invalid(`A partitioned Variable must have rank at least 1, shape: ${shape}`);
  const slicing = partitioner(shape, dtype);
  if (!Array.isArray(slicing)) invalid(`Partitioner must return a sequence, but saw: ${String(slicing)}`);
  if (slicing.length !== rank)
    invalid(
      `Partitioner returned a partition list that does not match the Variable's rank: [${slicing}] vs. ${shape}`,
    );
  if (!slicing.every((count: number) => Number.isInteger(count) && count >= 1))
    invalid(`Partitioner returned zero partitions for some axes: [${slicing}]`);
  if (slicing.filter((count: number) => count > 1).length > 1)
    invalid(`Can only slice a variable along one dimension: shape: ${shape}, partitioning: [${slicing}]`);
  return [...slicing];
}

function checkSame(
  found: PartitionedVariable,
  asked: { shape: Shape; dtype: DType; partitions: readonly number[] | undefined },
): void {
  const { name } = found;
  if (!asked.shape.isCompatibleWith(found.shape))
    invalid(
      `Trying to reuse partitioned variable ${name}, but specified shape ${asked.shape} and found shape ${found.shape}.`,
    );
  if (asked.dtype !== found.dtype)
    invalid(
      `Trying to reuse partitioned variable ${name}, but specified dtype ${asked.dtype} and found dtype ${found.dtype}.`,
    );
  if (asked.partitions && asked.partitions.join() !== found.partitions.join())
    invalid(
      `Trying to reuse partitioned variable ${name}, but specified partitions [${asked.partitions}] and found partitions [${found.partitions}].`,
    );
}

/** Parts that are there already, made one by one, must be as many. */
function checkShards(store: PartitionStore, name: string, count: number): void {
  const has = (i: number) => store.variables.has(`${name}/part_${i}`);
  if (!has(0)) return;
  const differ = `Partitioner returned a different partitioning than what was already found.  Partitioner returned ${count} shards, and shard ${name}/part_0 was found, but`;
  if (!has(count - 1)) invalid(`${differ} ${name}/part_${count - 1} was not.`);
  if (has(count)) invalid(`${differ} so was the extra shard ${name}/part_${count}.`);
}

/** `count` slices along `axis`; the first ones are longer by one where the division leaves a rest. */
function slicesOf(
  fullShape: readonly number[],
  count: number,
  axis: number,
): { varOffset: number[]; varShape: number[] }[] {
  const [length, longer] = [Math.floor(fullShape[axis]! / count), fullShape[axis]! % count];
  let at = 0;
  return Array.from({ length: count }, (_, i) => {
    const own = length + (i < longer ? 1 : 0);
    const varOffset = fullShape.map((_, dim) => (dim === axis ? at : 0));
    at += own;
    return { varOffset, varShape: fullShape.map((dim, j) => (j === axis ? own : dim)) };
  });
}

/** The part of an initializer that is a value; undefined for one that is a function. The name scope is TensorFlow's. */
function initialPart(
  graph: Graph,
  partName: string,
  initializer: Initializer | TensorLike | undefined,
  dtype: DType,
  varOffset: readonly number[],
  varShape: readonly number[],
): Tensor | undefined {
  return graph.nameScope(`${partName}/PartitionedInitializer`, () => {
    if (initializer === undefined || typeof initializer === "function") return undefined;
    const whole = convertToTensor(
      isTensorLike(initializer) ? initializer : initialArray(initializer as ValueLike, dtype),
    );
    return slice(whole, varOffset, varShape);
  });
}
