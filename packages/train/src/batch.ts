// tf.train.batch and its kin: examples go through a queue that queue runners fill, and come out in batches.
// Source: python/training/input.py of TensorFlow 1.15.
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

type One<C> = C extends tf.SparseTensor ? tf.SparseTensor : Tensor;

/** A batch of examples: as they are made up, but one component alone is no list. */
export type BatchOf<E> = E extends readonly [infer C]
  ? One<C>
  : E extends readonly unknown[]
    ? { readonly [K in keyof E]: One<E[K]> }
    : { readonly [K in keyof E]: One<E[K]> };

export interface CommonBatchOptions extends tf.NameOption {
  /** The rows of the components are the examples: false unless given. */
  readonly enqueueMany?: boolean | undefined;
  /** Shapes of an example's components: what is known of them unless given. */
  readonly shapes?: readonly (Shape | readonly (number | null)[])[] | undefined;
  /** The last batch may be smaller, when the queue is closed and too few are left: false unless given. */
  readonly allowSmallerFinalBatch?: boolean | undefined;
  readonly sharedName?: string | undefined;
}

export interface BatchJoinOptions extends CommonBatchOptions {
  /** How many examples the queue holds: 32 unless given. */
  readonly capacity?: number | undefined;
  /** Components may have unknown dims, which are filled up within a batch with zeros or empty strings: false unless given. */
  readonly dynamicPad?: boolean | undefined;
}

export interface BatchOptions extends BatchJoinOptions {
  /** How many tasks put examples in: 1 unless given. */
  readonly numThreads?: number | undefined;
}

export interface ShuffleBatchJoinOptions extends CommonBatchOptions {
  readonly seed?: number | undefined;
}

export interface ShuffleBatchOptions extends ShuffleBatchJoinOptions {
  /** How many tasks put examples in: 1 unless given. */
  readonly numThreads?: number | undefined;
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

interface Flow extends CommonBatchOptions {
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
function throughQueue(
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

function inOrder(title: string, { capacity = 32, dynamicPad, ...options }: BatchJoinOptions): Flow {
  return {
    ...options,
    title,
    capacity,
    queue: (dtypes, shapes, sharedName) =>
      new (dynamicPad ? tf.PaddingFIFOQueue : tf.FIFOQueue)(capacity, dtypes, { shapes, sharedName }),
    summarize: (queue) => {
      const full = tf.operator.mul(tf.cast(queue.size(), "float32"), 1 / capacity);
      tf.summary.scalar(`fraction_of_${capacity}_full`, full);
    },
  };
}

function shuffled(
  title: string,
  capacity: number,
  minAfterDequeue: number,
  { seed, ...options }: ShuffleBatchJoinOptions,
): Flow {
  const room = capacity - minAfterDequeue;
  return {
    ...options,
    title,
    capacity,
    queue: (dtypes, shapes, sharedName) =>
      new tf.RandomShuffleQueue(capacity, minAfterDequeue, dtypes, {
        shapes,
        sharedName,
        ...(seed === undefined ? {} : { seed }),
      }),
    summarize: (queue) => {
      const over = tf.maximum(tf.int32(0), tf.operator.sub(queue.size(), tf.int32(minAfterDequeue)));
      const full = tf.operator.mul(tf.cast(over, "float32"), 1 / room);
      tf.summary.scalar(`fraction_over_${minAfterDequeue}_of_${room}_full`, full);
    },
  };
}

function checkRoom(capacity: number, minAfterDequeue: number): void {
  if (capacity <= minAfterDequeue)
    invalid(`capacity ${capacity} must be bigger than min_after_dequeue ${minAfterDequeue}.`);
}

// ---- the functions

/**
 * tf.train.batch: batches of `batchSize` examples, in the order in which they come: `numThreads` tasks of a queue runner evaluate `tensors`
 * and put them into a queue. Each component gets a first dimension more; sparse ones come out sparse. Running it fails with OUT_OF_RANGE
 * when the examples are over.
 * Throws TfError INVALID_ARGUMENT where there are no tensors, or a rank is not known.
 */
export function batch<const E extends Example>(
  tensors: E,
  batchSize: tf.TensorLike,
  options: BatchOptions = {},
): BatchOf<E> {
  return maybeBatch(tensors, true, batchSize, options);
}

/**
 * tf.train.maybe_batch: the same of those examples alone for which `keepInput` is true: a bool scalar, or with `enqueueMany` a vector with
 * one for each row. Throws as `batch`, and where `keepInput` is of another rank, or of one that is not known.
 */
export function maybeBatch<const E extends Example>(
  tensors: E,
  keepInput: tf.TensorLike,
  batchSize: tf.TensorLike,
  options: BatchOptions = {},
): BatchOf<E> {
  const { numThreads = 1, ...rest } = options;
  return throughQueue(
    [tensors],
    batchSize,
    keepInput,
    false,
    numThreads,
    inOrder("batch", rest),
  ) as BatchOf<E>;
}

/**
 * tf.train.batch_join: batches of examples from several sources at once, each with a task of its own.
 * Throws TfError INVALID_ARGUMENT where sources differ in names, shapes or in what is sparse, TypeError where they differ in types.
 */
export function batchJoin<const E extends Example>(
  tensorsList: readonly E[],
  batchSize: tf.TensorLike,
  options: BatchJoinOptions = {},
): BatchOf<E> {
  return maybeBatchJoin(tensorsList, true, batchSize, options);
}

/** tf.train.maybe_batch_join: `batchJoin` of the examples alone for which `keepInput` is true. Throws as `maybeBatch` and `batchJoin`. */
export function maybeBatchJoin<const E extends Example>(
  tensorsList: readonly E[],
  keepInput: tf.TensorLike,
  batchSize: tf.TensorLike,
  options: BatchJoinOptions = {},
): BatchOf<E> {
  return throughQueue(
    tensorsList,
    batchSize,
    keepInput,
    true,
    1,
    inOrder("batch_join", options),
  ) as BatchOf<E>;
}

/**
 * tf.train.shuffle_batch: batches of examples in random order, from a queue of `capacity` that keeps `minAfterDequeue` while it is fed.
 * Throws as `batch`, and where `capacity` is not above `minAfterDequeue`.
 */
export function shuffleBatch<const E extends Example>(
  tensors: E,
  batchSize: tf.TensorLike,
  capacity: number,
  minAfterDequeue: number,
  options: ShuffleBatchOptions = {},
): BatchOf<E> {
  return maybeShuffleBatch(tensors, batchSize, capacity, minAfterDequeue, true, options);
}

/** tf.train.maybe_shuffle_batch: `shuffleBatch` of the examples alone for which `keepInput` is true. Throws as `maybeBatch` and `shuffleBatch`. */
export function maybeShuffleBatch<const E extends Example>(
  tensors: E,
  batchSize: tf.TensorLike,
  capacity: number,
  minAfterDequeue: number,
  keepInput: tf.TensorLike,
  options: ShuffleBatchOptions = {},
): BatchOf<E> {
  checkRoom(capacity, minAfterDequeue);
  const { numThreads = 1, ...rest } = options;
  const flow = shuffled("shuffle_batch", capacity, minAfterDequeue, rest);
  return throughQueue([tensors], batchSize, keepInput, false, numThreads, flow) as BatchOf<E>;
}

/** tf.train.shuffle_batch_join: `shuffleBatch` from several sources at once. Throws as `batchJoin` and `shuffleBatch`. */
export function shuffleBatchJoin<const E extends Example>(
  tensorsList: readonly E[],
  batchSize: tf.TensorLike,
  capacity: number,
  minAfterDequeue: number,
  options: ShuffleBatchJoinOptions = {},
): BatchOf<E> {
  return maybeShuffleBatchJoin(tensorsList, batchSize, capacity, minAfterDequeue, true, options);
}

/** tf.train.maybe_shuffle_batch_join: the same of the examples alone for which `keepInput` is true. Throws as `maybeBatch` and `shuffleBatchJoin`. */
export function maybeShuffleBatchJoin<const E extends Example>(
  tensorsList: readonly E[],
  batchSize: tf.TensorLike,
  capacity: number,
  minAfterDequeue: number,
  keepInput: tf.TensorLike,
  options: ShuffleBatchJoinOptions = {},
): BatchOf<E> {
  checkRoom(capacity, minAfterDequeue);
  const flow = shuffled("shuffle_batch_join", capacity, minAfterDequeue, options);
  return throughQueue(tensorsList, batchSize, keepInput, true, 1, flow) as BatchOf<E>;
}
