// Examples through a queue: the op that puts them in, the queue runner that runs it, the op that takes batches out; what the batching functions share.
// Source: _batch, _batch_join, _shuffle_batch, _shuffle_batch_join in python/training/input.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Operation, Tensor } from "@org/graph";
import * as tf from "@org/ops";
import { Shape } from "@org/tensor";
import { graphOf, scoped } from "./input-graph.ts";
import { addQueueRunner, QueueRunner } from "./queue-runner.ts";
import {
  type Batched,
  restoreSparseTensors,
  smartCond,
  storeSparseTensors,
  storeSparseTensorsJoin,
} from "./stored-sparse.ts";

/** A component of an example: a tensor, or a sparse one. */
export type Component = tf.TensorLike | tf.SparseTensor;

/** An example: its components in order, or by name. */
export type Example = readonly Component[] | { readonly [name: string]: Component };

export interface CommonBatchOptions extends tf.NameOption {
  /** The rows of the components are the examples: false unless given. */
  readonly enqueueMany?: boolean | undefined;
  /** Shapes of an example's components: what is known of them unless given. */
  readonly shapes?: readonly (Shape | readonly (number | null)[])[] | undefined;
  /** The last batch may be smaller, when the queue is closed and too few are left: false unless given. */
  readonly allowSmallerFinalBatch?: boolean | undefined;
  readonly sharedName?: string | undefined;
}

function invalid(sentence: string): never {
  throw new TfError("INVALID_ARGUMENT", sentence);
}

// ---- what goes in

const isList = (example: Example): example is readonly Component[] => Array.isArray(example);

/** The names of an example's components, in the order in which they go through the queue. */
const namesOf = (example: Example): readonly string[] => Object.keys(example).sort();

function listOf(example: Example): readonly Component[] {
  return isList(example) ? example : namesOf(example).map((name) => example[name]!);
}

function listsOf(examples: readonly Example[]): readonly (readonly Component[])[] {
  const [first] = examples;
  if (!first) invalid("Expected at least one set of tensors");
  if (!isList(first))
    for (const other of examples.slice(1))
      if (isList(other) || `${namesOf(other)}` !== `${namesOf(first)}`)
        invalid("All dictionaries in tensors_list must have the same keys");
  return examples.map(listOf);
}

const converted = (list: readonly Component[]): readonly Batched[] =>
  list.map((component) => (tf.isSparseTensor(component) ? component : tf.convertToTensor(component)));

function keepTensor(keepInput: tf.TensorLike, enqueueMany: boolean): Tensor {
  const keep = tf.convertToTensor(keepInput);
  const { rank } = keep.shape;
  if (rank === null) invalid("`keep_input` dimensions must be known at graph construction.");
  if (!enqueueMany && rank === 1) invalid("`keep_input` cannot be a vector when `enqueue_many=False`.");
  if (rank > 1) invalid("`keep_input` must be 0 or 1 dimensions.");
  return keep;
}

/** Shapes of the queue's components: those of the first list, with which the others must agree. */
function shapesOf(
  lists: readonly (readonly Tensor[])[],
  given: CommonBatchOptions["shapes"],
  enqueueMany: boolean,
): readonly Shape[] {
  if (given) return given.map((shape) => Shape.of(shape));
  for (const tensor of lists.flat())
    if (tensor.shape.rank === null) invalid(`Cannot infer Tensor's rank: ${tensor.name}`);
  const own = ({ shape }: Tensor): Shape => {
    if (!enqueueMany) return shape;
    if (shape.rank === 0) invalid("Shape () must have rank at least 1");
    return new Shape(shape.dims!.slice(1));
  };
  return lists[0]!.map((tensor, i) => {
    const shape = own(tensor);
    for (const list of lists.slice(1)) {
      const other = own(list[i]!);
      if (!shape.isCompatibleWith(other))
        invalid(`Shapes ${shape.toTuple()} and ${other.toTuple()} are not compatible`);
    }
    return shape;
  });
}

function dtypesOf(lists: readonly (readonly Tensor[])[]): readonly Tensor["dtype"][] {
  const [types, ...others] = lists.map((list) => list.map(({ dtype }) => dtype));
  for (const other of others)
    if (`${other}` !== `${types}`)
      throw new TypeError(`Expected types to be consistent: ${types!.join(", ")} vs. ${other.join(", ")}.`);
  return types!;
}

/** The op that puts one list of components in, those that are to be kept. */
function enqueueOp(
  queue: tf.QueueBase,
  list: readonly Tensor[],
  enqueueMany: boolean,
  keep: Tensor,
): Operation | Tensor {
  const enqueue = (values: readonly Tensor[]): Operation =>
    enqueueMany ? queue.enqueueMany(values) : queue.enqueue(values);
  if (keep.shape.rank === 1) {
    const side = tf.cast(keep, "int32");
    return enqueue(list.map((tensor) => tf.dynamicPartition(tensor, side, 2)[1]!));
  }
  return smartCond<Operation | Tensor>(
    keep,
    () => enqueue(list),
    () => tf.noOp(),
  );
}

// ---- the four ways through a queue

export interface Flow extends CommonBatchOptions {
  /** What messages and scopes call it. */
  readonly title: string;
  readonly capacity: number;
  /** Makes the queue. */
  readonly queue: (
    dtypes: readonly Tensor["dtype"][],
    shapes: readonly Shape[],
    sharedName: string | undefined,
  ) => tf.QueueBase;
  /** Adds the summary of how full it is. */
  readonly summarize: (queue: tf.QueueBase) => void;
}

/** Every list of components goes in by an op of its own, run by `threads` tasks. */
export function throughQueue(
  examples: readonly Example[],
  batchSize: tf.TensorLike,
  keepInput: tf.TensorLike,
  isJoin: boolean,
  threads: number,
  flow: Flow,
): unknown {
  const { title, enqueueMany = false, shapes, sharedName } = flow;
  const lists = isJoin ? listsOf(examples) : examples.map(listOf);
  const graph = graphOf(
    lists.flat().map((component) => (tf.isSparseTensor(component) ? component.values : component)),
    keepInput,
  );
  return scoped(graph, flow.name ?? title, (scope) => {
    const tensors = lists.map(converted);
    if (!isJoin && tensors[0]!.length === 0) invalid("Expected at least one tensor in batch().");
    const keep = keepTensor(keepInput, enqueueMany);
    const { stored, infos } = isJoin
      ? storeSparseTensorsJoin(tensors, enqueueMany, keep)
      : oneStored(tensors[0]!, enqueueMany, keep);
    const types = dtypesOf(stored);
    const queue = flow.queue(types, shapesOf(stored, shapes, enqueueMany), sharedName);
    const ops = stored.map((list) => enqueueOp(queue, list, enqueueMany, keep));
    const enqueueOps = isJoin ? ops : Array.from({ length: threads }, () => ops[0]!);
    addQueueRunner(new QueueRunner(queue, enqueueOps));
    flow.summarize(queue);
    const size = typeof batchSize === "number" ? tf.int32(batchSize) : batchSize;
    const dequeued: Tensor | readonly Tensor[] = flow.allowSmallerFinalBatch
      ? queue.dequeueUpTo(size, { name: scope })
      : queue.dequeueMany(size, { name: scope });
    const list = Array.isArray(dequeued) ? (dequeued as readonly Tensor[]) : [dequeued as Tensor];
    return asExample(examples[0]!, restoreSparseTensors(list, infos));
  });
}

function oneStored(
  components: readonly Batched[],
  enqueueMany: boolean,
  keep: Tensor,
): ReturnType<typeof storeSparseTensorsJoin> {
  const { stored, infos } = storeSparseTensors(components, enqueueMany, keep);
  return { stored: [stored], infos };
}

/** Components as the example that they came from is made up. */
function asExample(example: Example, components: readonly Batched[]): unknown {
  if (isList(example)) return components.length === 1 ? components[0] : components;
  return Object.fromEntries(namesOf(example).map((name, i) => [name, components[i]!]));
}
