// tf.FIFOQueue and its kin: queues as a program builds them: the op that makes the queue, and the ones that put in and take out.
// Source: python/ops/data_flow_ops.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import { constantValue, type Graph, type Operation, type Tensor } from "@org/graph";
import { type DType, Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { gather } from "../array/gather.ts";
import { stack } from "../array/pack.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { getSeed } from "../random/seed.ts";
import { numbersOf } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

type Dims = Shape | readonly (number | null)[];
type OneOrMore<T> = T | readonly T[];

export interface QueueOptions extends NameOption {
  /** Of the components, one each; without, elements may have any shapes. */
  readonly shapes?: OneOrMore<Dims> | undefined;
  /** Names of the components: elements are records then. */
  readonly names?: readonly string[] | undefined;
  /** Sessions' queues of one name are one. */
  readonly sharedName?: string | undefined;
}

/** An element: its components in order, one alone, or a record where the queue has names. */
export type QueueValues = TensorLike | readonly TensorLike[] | { readonly [name: string]: TensorLike };
type Dequeued = Tensor & readonly Tensor[] & { readonly [name: string]: Tensor };

function typesOf(dtypes: OneOrMore<DType>): readonly DType[] {
  return typeof dtypes === "string" ? [dtypes] : (dtypes as readonly DType[]);
}

/** Shapes, one a component: a single one may be given without a list around it. */
function shapesOf(shapes: OneOrMore<Dims> | undefined, count: number): readonly Shape[] | undefined {
  if (shapes === undefined) return undefined;
  const isOne =
    shapes instanceof Shape ||
    (shapes as readonly unknown[]).every((dim) => dim === null || typeof dim === "number");
  const isList = !isOne || (count !== 1 && (shapes as readonly unknown[]).length === 0);
  const list = isList ? (shapes as readonly Dims[]) : [shapes as Dims];
  if (list.length !== count)
    throw new TfError("INVALID_ARGUMENT", "Queue shapes must have the same length as dtypes");
  return list.map((shape) => Shape.of(shape));
}

export class QueueBase {
  readonly queueRef: Tensor;
  readonly dtypes: readonly DType[];
  readonly shapes: readonly Shape[];
  readonly names: readonly string[] | undefined;

  /** A queue that is there already. Throws TfError INVALID_ARGUMENT where shapes or names are not as many as types. */
  constructor(
    dtypes: readonly DType[],
    shapes: readonly Shape[] | undefined,
    names: readonly string[] | undefined,
    queueRef: Tensor,
  ) {
    if (names && names.length !== dtypes.length)
      throw new TfError("INVALID_ARGUMENT", "Queue names must have the same length as dtypes");
    if (shapes && shapes.length !== dtypes.length)
      throw new TfError("INVALID_ARGUMENT", "Queue shapes must have the same length as dtypes");
    this.queueRef = queueRef;
    this.dtypes = dtypes;
    this.shapes = shapes ?? dtypes.map(() => Shape.unknown);
    this.names = names;
  }

  /**
   * The one of `queues` at `index`, told when the graph runs.
   * Throws a TypeError where there are none, or their types or names differ. As tf.QueueBase.from_list.
   */
  static fromList(index: TensorLike, queues: readonly QueueBase[]): QueueBase {
    const [first] = queues;
    if (!first) throw new TypeError("A list of queues expected");
    if (queues.some(({ dtypes }) => `${dtypes}` !== `${first.dtypes}`))
      throw new TypeError("Queues do not have matching component dtypes.");
    if (queues.some(({ names }) => `${names}` !== `${first.names}`))
      throw new TypeError("Queues do not have matching component names.");
    const shapes = first.shapes.map((shape, i) =>
      queues.slice(1).reduce((all, queue) => common(all, queue.shapes[i]!), shape),
    );
    const refs = stack(queues.map(({ queueRef }) => queueRef));
    return new QueueBase(first.dtypes, shapes, first.names, gather(refs, index));
  }

  get graph(): Graph {
    return this.queueRef.graph;
  }
  /** Name of the op that yields the queue. */
  get name(): string {
    return this.queueRef.op.name;
  }
  get #stem(): string {
    return this.name.slice(this.name.lastIndexOf("/") + 1);
  }
  get #isResource(): boolean {
    return this.queueRef.dtype === "resource";
  }
  #type(op: string): string {
    return this.#isResource ? `${op}V2` : op;
  }

  /** Puts an element in; waits for room. Throws TfError INVALID_ARGUMENT where it does not fit the queue. */
  enqueue(values: QueueValues, options: NameOption = {}): Operation {
    return withScope(this.graph, options.name, `${this.#stem}_enqueue`, (scope) => {
      const tensors = this.#components(values);
      for (const [i, { shape }] of tensors.entries()) checkShape(shape, this.shapes[i]!);
      return applyOp(this.#type("QueueEnqueue"), [this.queueRef, tensors], { name: scope });
    });
  }

  /** Puts the rows of `values` in as elements; waits for room. Throws as `enqueue`. */
  enqueueMany(values: QueueValues, options: NameOption = {}): Operation {
    return withScope(this.graph, options.name, `${this.#stem}_EnqueueMany`, (scope) => {
      const tensors = this.#components(values);
      let rows: Shape = new Shape([null]);
      for (const [i, { shape }] of tensors.entries()) {
        const { dims } = shape;
        if (dims?.length === 0) throw new TfError("INVALID_ARGUMENT", `Shape () must have rank at least 1`);
        const own = new Shape([dims?.[0] ?? null]);
        const merged = rows.mergeWith(own);
        if (merged === undefined)
          throw new TfError(
            "INVALID_ARGUMENT",
            `Dimensions ${rows.dims![0]} and ${own.dims![0]} are not compatible`,
          );
        rows = merged;
        checkShape(new Shape(dims?.slice(1) ?? null), this.shapes[i]!);
      }
      return applyOp(this.#type("QueueEnqueueMany"), [this.queueRef, tensors], { name: scope });
    });
  }

  /** Takes an element out; waits for one. */
  dequeue(options: NameOption = {}): Dequeued {
    const { outputs } = applyOp(this.#type("QueueDequeue"), [this.queueRef], {
      name: options.name ?? `${this.#stem}_Dequeue`,
      attrs: { component_types: this.dtypes },
    });
    for (const [i, output] of outputs.entries()) output.setShape(this.shapes[i]!);
    return this.#result(outputs);
  }

  /** Takes `n` elements out, as rows; waits for them. */
  dequeueMany(n: TensorLike, options: NameOption = {}): Dequeued {
    const { outputs, inputs } = this.#batch(
      "QueueDequeueMany",
      n,
      options.name ?? `${this.#stem}_DequeueMany`,
    );
    const known = constantValue(inputs[1]!);
    this.#setRows(outputs, known ? numbersOf(known)[0]! : null);
    return this.#result(outputs);
  }

  /** The same, or what is left once the queue is closed. */
  dequeueUpTo(n: TensorLike, options: NameOption = {}): Dequeued {
    const { outputs } = this.#batch("QueueDequeueUpTo", n, options.name ?? `${this.#stem}_DequeueUpTo`);
    this.#setRows(outputs, null);
    return this.#result(outputs);
  }

  /** Nothing more goes in; `cancelPendingEnqueues`: what waits to go in fails. */
  close(options: NameOption & { readonly cancelPendingEnqueues?: boolean } = {}): Operation {
    return applyOp(this.#type("QueueClose"), [this.queueRef], {
      name: options.name ?? `${this.#stem}_Close`,
      attrs: { cancel_pending_enqueues: options.cancelPendingEnqueues ?? false },
    });
  }

  /** Whether it is closed, a bool scalar. */
  isClosed(options: NameOption = {}): Tensor {
    const name = options.name ?? `${this.#stem}_Is_Closed`;
    return applyOne(this.#type("QueueIsClosed"), [this.queueRef], { name });
  }

  /** Number of elements in it, an int32 scalar. */
  size(options: NameOption = {}): Tensor {
    return applyOne(this.#type("QueueSize"), [this.queueRef], { name: options.name ?? `${this.#stem}_Size` });
  }

  #batch(op: string, n: TensorLike, name: string): Operation {
    return applyOp(this.#type(op), [this.queueRef, n], { name, attrs: { component_types: this.dtypes } });
  }

  #setRows(outputs: readonly Tensor[], rows: number | null): void {
    for (const [i, output] of outputs.entries()) {
      const { dims } = this.shapes[i]!;
      if (dims) output.setShape([rows, ...dims]);
    }
  }

  #result(outputs: readonly Tensor[]): Dequeued {
    if (this.names)
      return Object.fromEntries(this.names.map((name, i) => [name, outputs[i]!])) as unknown as Dequeued;
    return (outputs.length === 1 ? outputs[0]! : outputs) as unknown as Dequeued;
  }

  #components(values: QueueValues): readonly Tensor[] {
    const list = this.#inOrder(values);
    return this.dtypes.map((dtype, i) =>
      convertToTensor(list[i]!, { dtype, name: `component_${i}`, graph: this.graph }),
    );
  }

  #inOrder(values: QueueValues): readonly TensorLike[] {
    if (this.names) {
      const record = values as { readonly [name: string]: TensorLike };
      if (typeof values !== "object" || Object.getPrototypeOf(values) !== Object.prototype)
        throw new TfError("INVALID_ARGUMENT", "You must enqueue a dictionary in a Queue with names");
      const [have, want] = [Object.keys(record).sort(), [...this.names].sort()];
      if (`${have}` !== `${want}`)
        throw new TfError(
          "INVALID_ARGUMENT",
          `Keys in dictionary to enqueue do not match names of Queue.  Dictionary: (${have}), Queue: (${want})`,
        );
      return this.names.map((name) => record[name]!);
    }
    return this.dtypes.length === 1 && !(Array.isArray(values) && values.length === 1)
      ? [values as TensorLike]
      : (values as readonly TensorLike[]);
  }
}

function checkShape(shape: Shape, expected: Shape): void {
  if (!shape.isCompatibleWith(expected))
    throw new TfError(
      "INVALID_ARGUMENT",
      `Shapes ${shape.toTuple()} and ${expected.toTuple()} are incompatible`,
    );
}

/** What both shapes say. */
function common(a: Shape, b: Shape): Shape {
  if (!a.dims || a.dims.length !== b.dims?.length) return Shape.unknown;
  return new Shape(a.dims.map((dim, i) => (dim === b.dims![i] ? dim : null)));
}

function made(
  type: string,
  capacity: number,
  dtypes: readonly DType[],
  options: QueueOptions,
  defaultName: string,
  attrs: Record<string, number> = {},
): readonly [Tensor, readonly Shape[] | undefined] {
  const shapes = shapesOf(options.shapes, dtypes.length);
  const ref = applyOne(type, [], {
    name: options.name ?? defaultName,
    attrs: {
      component_types: dtypes,
      shapes: shapes ?? [],
      capacity,
      ...attrs,
      shared_name: options.sharedName,
    },
  });
  return [ref, shapes];
}

/** tf.FIFOQueue: elements come out in the order in which they went in. @tfExport FIFOQueue */
export class FIFOQueue extends QueueBase {
  constructor(capacity: number, dtypes: OneOrMore<DType>, options: QueueOptions = {}) {
    const types = typesOf(dtypes);
    const [ref, shapes] = made("FIFOQueueV2", capacity, types, options, "fifo_queue");
    super(types, shapes, options.names, ref);
  }
}

/** tf.PaddingFIFOQueue: shapes may have unknown dims; batches are filled up to their largest element. Throws TfError INVALID_ARGUMENT without shapes. @tfExport PaddingFIFOQueue */
export class PaddingFIFOQueue extends QueueBase {
  constructor(capacity: number, dtypes: OneOrMore<DType>, options: QueueOptions) {
    const types = typesOf(dtypes);
    if (options.shapes === undefined)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Shapes must be provided for all components, but received ${types.length} dtypes and 0 shapes.`,
      );
    const [ref, shapes] = made("PaddingFIFOQueueV2", capacity, types, options, "padding_fifo_queue");
    super(types, shapes, options.names, ref);
  }
}

/** tf.RandomShuffleQueue: elements come out at random; `minAfterDequeue` of them stay while it is open. @tfExport RandomShuffleQueue */
export class RandomShuffleQueue extends QueueBase {
  constructor(
    capacity: number,
    minAfterDequeue: number,
    dtypes: OneOrMore<DType>,
    options: QueueOptions & { readonly seed?: number } = {},
  ) {
    const types = typesOf(dtypes);
    const [seed, seed2] = getSeed(options.seed, resolveGraph([])) ?? [0, 0];
    const attrs = { min_after_dequeue: minAfterDequeue, seed, seed2 };
    const [ref, shapes] = made(
      "RandomShuffleQueueV2",
      capacity,
      types,
      options,
      "random_shuffle_queue",
      attrs,
    );
    super(types, shapes, options.names, ref);
  }
}

/** tf.PriorityQueue: the element with the least first component, an int64, comes out first. `types` are those of the others. @tfExport PriorityQueue */
export class PriorityQueue extends QueueBase {
  constructor(capacity: number, types: OneOrMore<DType>, options: QueueOptions = {}) {
    const own = typesOf(types);
    const [ref, shapes] = made("PriorityQueueV2", capacity, own, options, "priority_queue");
    super(["int64", ...own], shapes && [Shape.scalar, ...shapes], options.names, ref);
  }
}
