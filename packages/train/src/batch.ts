// tf.train.batch and its kin: examples go through a queue that queue runners fill, and come out in batches.
// Source: python/training/input.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import * as tf from "@org/ops";
import { type CommonBatchOptions, type Example, type Flow, throughQueue } from "./through-queue.ts";

type One<C> = C extends tf.SparseTensor ? tf.SparseTensor : Tensor;

/** A batch of examples: as they are made up, but one component alone is no list. */
export type BatchOf<E> = E extends readonly [infer C]
  ? One<C>
  : E extends readonly unknown[]
    ? { readonly [K in keyof E]: One<E[K]> }
    : { readonly [K in keyof E]: One<E[K]> };

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
    throw new TfError(
      "INVALID_ARGUMENT",
      `capacity ${capacity} must be bigger than min_after_dequeue ${minAfterDequeue}.`,
    );
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
