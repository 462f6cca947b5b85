// tf.train.string_input_producer and its kin: queues of file names or numbers, filled by queue runners, for a number of epochs.
// Source: python/training/input.py of TensorFlow 1.15.
import { GraphKeys } from "@org/collections";
import { TfError } from "@org/errors";
import type { Operation, Tensor } from "@org/graph";
import * as tf from "@org/ops";
import { ndArray, Shape } from "@org/tensor";
import { Variable } from "@org/variables";
import { graphOf, scoped } from "./input-graph.ts";
import { addQueueRunner, QueueRunner } from "./queue-runner.ts";

export interface ProducerOptions extends tf.NameOption {
  /** How often each element comes; without, without end. Counted in a local variable. */
  readonly numEpochs?: number | undefined;
  /** Another order in each epoch: true unless given. */
  readonly shuffle?: boolean | undefined;
  readonly seed?: number | undefined;
  /** How many elements the queue holds: 32 unless given. */
  readonly capacity?: number | undefined;
  readonly sharedName?: string | undefined;
}

export interface InputProducerOptions extends ProducerOptions {
  /** Of an element, where the tensor does not tell. */
  readonly elementShape?: Shape | readonly (number | null)[] | undefined;
  /** Name of a summary of how full the queue is. */
  readonly summaryName?: string | undefined;
  /** What the queue runner runs when it is stopped. */
  readonly cancelOp?: Operation | undefined;
}

function invalid(sentence: string): never {
  throw new TfError("INVALID_ARGUMENT", sentence);
}

/** tf.Assert with a sentence. */
function assertion(condition: Tensor, sentence: string): Operation {
  return scoped(condition.graph, "Assert", () => {
    // Python converts what is shown once to learn its type, and again for the op.
    tf.convertToTensor(sentence);
    return tf.applyOp("Assert", [condition, [sentence]], { name: "Assert" });
  });
}

/**
 * tf.train.match_filenames_once: a local variable with the names of the files that match a pattern, or one of several (a string vector),
 * when it is initialized; sorted.
 */
export function matchFilenamesOnce(pattern: tf.TensorLike, options: tf.NameOption = {}): Variable {
  const graph = graphOf(pattern);
  return scoped(
    graph,
    options.name ?? "matching_filenames",
    (scope) =>
      new Variable(tf.matchingFiles(pattern), {
        name: scope,
        trainable: false,
        validateShape: false,
        collections: [GraphKeys.LOCAL_VARIABLES],
      }),
  );
}

/**
 * tf.train.limit_epochs: the tensor, which fails with OUT_OF_RANGE when it is asked for once more than `numEpochs` times. They are counted in
 * a local variable, "epochs". Throws TfError INVALID_ARGUMENT for a number that is not above 0.
 */
export function limitEpochs(tensor: Tensor, numEpochs?: number, options: tf.NameOption = {}): Tensor {
  if (numEpochs === undefined) return tensor;
  if (numEpochs <= 0) invalid(`num_epochs must be > 0 not ${numEpochs}.`);
  const { graph } = tensor;
  return scoped(graph, options.name ?? "limit_epochs", (scope) => {
    const zero = tf.constant(0, "int64");
    const epochs = new Variable(zero, {
      name: "epochs",
      trainable: false,
      collections: [GraphKeys.LOCAL_VARIABLES],
    });
    const counter = tf.countUpTo(epochs, numEpochs);
    return graph.controlDependencies([counter], () => tf.identity(tensor, { name: scope }));
  });
}

/**
 * tf.train.input_producer: a queue that is filled with the rows of a tensor, epoch after epoch.
 * Throws TfError INVALID_ARGUMENT where the shape of a row is not known.
 */
export function inputProducer(input: tf.TensorLike, options: InputProducerOptions = {}): tf.FIFOQueue {
  const { numEpochs, shuffle = true, seed, capacity = 32, sharedName, summaryName, cancelOp } = options;
  const graph = graphOf(input);
  return scoped(graph, options.name ?? "input_producer", () => {
    let tensor = tf.convertToTensor(input, { name: "input_tensor" });
    const given = Shape.of(options.elementShape);
    const row = tensor.shape.dims ? new Shape(tensor.shape.dims.slice(1)) : Shape.unknown;
    const shape =
      row.mergeWith(given) ?? invalid(`Shapes ${row.toTuple()} and ${given.toTuple()} are not compatible`);
    if (!shape.isFullyDefined())
      invalid("Either `input_tensor` must have a fully defined shape or `element_shape` must be specified");
    if (shuffle) tensor = tf.randomShuffle(tensor, { seed });
    tensor = limitEpochs(tensor, numEpochs);
    const queue = new tf.FIFOQueue(capacity, [tensor.dtype], {
      shapes: [shape],
      sharedName,
      name: options.name,
    });
    const enqueue = queue.enqueueMany([tensor]);
    addQueueRunner(new QueueRunner(queue, [enqueue], cancelOp ? { cancelOp } : {}));
    if (summaryName !== undefined) {
      const full = tf.operator.mul(tf.cast(queue.size(), "float32"), 1 / capacity);
      tf.summary.scalar(summaryName, full);
    }
    return queue;
  });
}

/**
 * tf.train.string_input_producer: a queue of strings (names of files, for a reader), filled epoch after epoch.
 * Throws TfError INVALID_ARGUMENT for an empty list; running it fails so for an empty tensor.
 */
export function stringInputProducer(
  strings: tf.TensorLike,
  options: ProducerOptions & Pick<InputProducerOptions, "cancelOp"> = {},
): tf.FIFOQueue {
  const sentence = "string_input_producer requires a non-null input tensor";
  if (Array.isArray(strings) && strings.length === 0) invalid(sentence);
  const { capacity = 32 } = options;
  const graph = graphOf(strings);
  return scoped(graph, options.name ?? "input_producer", (scope) => {
    const tensor = tf.convertToTensor(strings, { dtype: "string" });
    const isThere = tf.greater(tf.size(tensor), 0);
    const checked = graph.controlDependencies([assertion(isThere, sentence)], () => tf.identity(tensor));
    return inputProducer(checked, {
      ...options,
      elementShape: [],
      name: scope,
      summaryName: `fraction_of_${capacity}_full`,
    });
  });
}

/** tf.train.range_input_producer: a queue of the numbers from 0 to below `limit`, filled epoch after epoch. */
export function rangeInputProducer(limit: tf.TensorLike, options: ProducerOptions = {}): tf.FIFOQueue {
  const { capacity = 32 } = options;
  const graph = graphOf(limit);
  return scoped(graph, options.name ?? "input_producer", (scope) => {
    const numbers = tf.range(typeof limit === "number" ? ndArray("int32", [], Int32Array.of(limit)) : limit);
    return inputProducer(numbers, {
      ...options,
      elementShape: [],
      name: scope,
      summaryName: `fraction_of_${capacity}_full`,
    });
  });
}

/** tf.train.slice_input_producer: one row of each tensor at a time, the same of all: tensors without the first dimension. */
export function sliceInputProducer(
  tensors: readonly tf.TensorLike[],
  options: ProducerOptions = {},
): readonly Tensor[] {
  if (tensors.length === 0) invalid("Expected at least one tensor in slice_input_producer().");
  const graph = graphOf(tensors);
  return scoped(graph, options.name ?? "input_producer", () => {
    const list = tensors.map((value) => tf.convertToTensor(value));
    const count = tf.getItem(tf.shape(list[0]!), 0);
    const { name: _, ...rest } = options;
    const index = rangeInputProducer(count, rest).dequeue();
    return list.map((tensor) => tf.gather(tensor, index));
  });
}
