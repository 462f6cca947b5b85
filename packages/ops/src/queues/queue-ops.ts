// The queue ops: host kernels over queues of the session. In the older ops (TensorFlow 1.0's files) a queue is a reference to two
// strings, in the V2 ones a resource; here both carry the queue itself.
// Source: tensorflow/core/ops/data_flow_ops.cc, core/kernels/queue_op.cc, queue_ops.cc, padding_fifo_queue.cc.
import type { ShapeFunction } from "@org/graph";
import {
  concatenateRows,
  type DType,
  dtypeString,
  type NdArray,
  ndArray,
  Shape,
  sizeOf,
  sliceRows,
} from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import { resourceOfOp } from "../host/resource-of-op.ts";
import type { HostContext, HostKernel, OpEntry } from "../op-entry.ts";
import { numbersOf } from "../shape-rules.ts";
import { QueueState } from "./queue-state.ts";
import {
  FifoStorage,
  PriorityStorage,
  type QueueElement,
  type QueueStorage,
  ShuffleStorage,
} from "./queue-storage.ts";

const unlimited = 2 ** 31 - 1;

function queueOf(c: HostContext): QueueState {
  const [queue] = c.input(0).data as unknown as readonly unknown[];
  if (queue instanceof QueueState) return queue;
  return c.fail("INVALID_ARGUMENT", `Input 0 of ${c.op} is not a queue`);
}

/** Counts the session's nameless resources, as their names in messages do. */
class Counter {
  readonly kind = "counter";
  readonly name = "resources";
  next = 0;
}

/** The name in messages of a resource of this node that has no shared one. */
export function freshName(c: HostContext): string {
  const counter = c.resource("counter", "resources", () => new Counter());
  return `_${counter.next++}_${c.node}`;
}

function maker(type: string, make: (c: HostContext) => QueueStorage): HostKernel {
  return (c) => {
    const { attrs } = c;
    const shared = attrs.string("shared_name");
    const given = attrs.types("component_types");
    const priority = type === "PriorityQueue";
    const dtypes: readonly DType[] = priority ? ["int64", ...given] : given;
    const shapes = attrs.shapes("shapes");
    if (shapes.length > 0 && shapes.length !== given.length)
      c.fail("INVALID_ARGUMENT", "Queue shapes must have the same length as dtypes");
    if (type !== "PaddingFIFOQueue" && shapes.some((shape) => !shape.isFullyDefined()))
      c.fail("INVALID_ARGUMENT", `${type}: all shapes must be fully defined`);
    const capacity = attrs.int("capacity");
    const create = (): QueueState => {
      const name = shared || freshName(c);
      return new QueueState({
        type,
        name,
        capacity: capacity < 0 ? unlimited : capacity,
        dtypes,
        shapes: priority && (shapes.length > 0 || given.length === 0) ? [Shape.scalar, ...shapes] : shapes,
        storage: make(c),
      });
    };
    const queue = resourceOfOp(c, "queue", create);
    checkShared(c, queue, type, dtypes);
    return [ndArray("resource", [], [queue] as never)];
  };
}

/** A shared queue must be what this op asks for. */
function checkShared(c: HostContext, queue: QueueState, type: string, dtypes: readonly DType[]): void {
  const { settings } = queue;
  if (settings.type !== type)
    c.fail("INVALID_ARGUMENT", `Shared queue '${queue.name}' is a ${settings.type}, and not a ${type}.`);
  if (`${settings.dtypes}` !== `${dtypes}`) {
    const shown = (types: readonly DType[]): string => types.map((dtype) => dtypeString(dtype)).join("-");
    c.fail(
      "INVALID_ARGUMENT",
      `Shared queue '${queue.name}' has component types ${shown(settings.dtypes)} but requested component types were ${shown(dtypes)}`,
    );
  }
}

/** What an enqueue is given: the types must be the queue's. */
function components(c: HostContext, { settings }: QueueState): readonly NdArray[] {
  const values = Array.from({ length: c.inputCount - 1 }, (_, i) => c.input(i + 1));
  const have = values.map(({ dtype }) => dtype);
  checkSignature(c, have, settings.dtypes, (types) => [types, []]);
  return values;
}

function mismatch(c: HostContext, i: number, expected: Shape, got: readonly number[]): never {
  return c.fail(
    "INVALID_ARGUMENT",
    `Shape mismatch in tuple component ${i}. Expected ${expected}, got ${new Shape(got)}`,
  );
}

const enqueue: HostKernel = (c) => {
  const queue = queueOf(c);
  const element = components(c, queue);
  for (const [i, shape] of queue.settings.shapes.entries())
    if (!shape.isCompatibleWith(new Shape(element[i]!.shape))) mismatch(c, i, shape, element[i]!.shape);
  return after(queue.enqueue([element], c), () => []);
};

const enqueueMany: HostKernel = (c) => {
  const queue = queueOf(c);
  const values = components(c, queue);
  const rows = values[0]!.shape[0];
  for (const [i, { shape }] of values.entries()) {
    if (shape.length === 0)
      c.fail("INVALID_ARGUMENT", `Component ${i} of a batch must have at least one dimension`);
    const expected = queue.settings.shapes[i];
    if (expected && !new Shape([rows!, ...(expected.dims ?? [])]).isCompatibleWith(new Shape(shape)))
      mismatch(c, i, new Shape([rows!, ...(expected.dims ?? [])]), shape);
    if (shape[0] !== rows)
      c.fail(
        "INVALID_ARGUMENT",
        `All input tensors must have the same size in the 0th dimension. Component ${i} has ${shape[0]}, and should have ${rows}`,
      );
  }
  const elements = Array.from({ length: rows! }, (_, row) =>
    values.map((value) => withoutFirst(sliceRows(value, row, 1))),
  );
  return after(queue.enqueue(elements, c), () => []);
};

const withoutFirst = (array: NdArray): NdArray => ({ ...array, shape: array.shape.slice(1) });

/** Goes on at once where there is no promise. */
function after<T, R>(value: T | Promise<T>, use: (value: T) => R): R | Promise<R> {
  return value instanceof Promise ? value.then(use) : use(value);
}

/** The types that a dequeue is to give must be the queue's. */
function checkTypes(c: HostContext, { settings }: QueueState): void {
  const count: readonly DType[] = c.inputCount > 1 ? ["int32"] : [];
  checkSignature(c, c.attrs.types("component_types"), settings.dtypes, (types) => [count, types]);
}

/** `signature` tells what goes in, besides the handle, and what comes out of an op on components of these types. */
function checkSignature(
  c: HostContext,
  have: readonly DType[],
  expected: readonly DType[],
  signature: (types: readonly DType[]) => readonly [inputs: readonly DType[], outputs: readonly DType[]],
): void {
  if (`${have}` === `${expected}`) return;
  const handle = c.inputDType(0) === "resource" ? "resource" : "string_ref";
  const names = (types: readonly DType[]): string[] => types.map((dtype) => dtypeString(dtype));
  const shown = (types: readonly DType[]): string => {
    const [inputs, outputs] = signature(types);
    return `${[handle, ...names(inputs)].join(", ")}->${names(outputs).join(", ")}`;
  };
  c.fail("INVALID_ARGUMENT", `Signature mismatch, have: ${shown(have)} expected: ${shown(expected)}`);
}

const dequeue: HostKernel = (c) => {
  const queue = queueOf(c);
  checkTypes(c, queue);
  return after(queue.dequeue(1, false, c), ([element]) => element!);
};

function dequeueBatch(upTo: boolean): HostKernel {
  return (c) => {
    const queue = queueOf(c);
    checkTypes(c, queue);
    const [count] = numbersOf(c.input(1));
    const { shapes, dtypes, type } = queue.settings;
    if (count! < 0) c.fail("INVALID_ARGUMENT", `DequeueManyOp requested ${count} < 0 elements`);
    if (shapes.length === 0)
      c.fail(
        "INVALID_ARGUMENT",
        `${type}'s DequeueMany and DequeueUpTo require the components to have specified shapes.`,
      );
    if (count === 0)
      return dtypes.map((dtype, i) => ndArray(dtype, [0, ...(shapes[i]!.dims ?? []).map((dim) => dim ?? 0)]));
    return after(queue.dequeue(count!, upTo, c), (elements) => dtypes.map((_, i) => batchOf(elements, i)));
  };
}

/** One component of several elements along a new first dim; smaller ones are filled up with zeros (or empty strings). */
function batchOf(elements: readonly QueueElement[], component: number): NdArray {
  const parts = elements.map((element) => element[component]!);
  const [first] = parts;
  const dims = first!.shape.map((_, axis) => Math.max(...parts.map(({ shape }) => shape[axis]!)));
  return concatenateRows(parts.map((part) => ({ ...padded(part, dims), shape: [1, ...dims] })));
}

function padded(part: NdArray, dims: readonly number[]): NdArray {
  if (part.shape.every((dim, axis) => dim === dims[axis])) return part;
  const whole = ndArray(part.dtype, dims);
  const from = part.data as unknown as unknown[];
  const to = whole.data as unknown as unknown[];
  const width = from.length === 0 ? 1 : from.length / sizeOf(part.shape);
  const row = (part.shape.at(-1) ?? 1) * width;
  const rows = row === 0 ? 0 : from.length / row;
  for (let r = 0; r < rows; r++) {
    let rest = r;
    let at = 0;
    let stride = dims.at(-1)! * width;
    for (let axis = dims.length - 2; axis >= 0; axis--) {
      at += (rest % part.shape[axis]!) * stride;
      rest = Math.floor(rest / part.shape[axis]!);
      stride *= dims[axis]!;
    }
    for (let i = 0; i < row; i++) to[at + i] = from[r * row + i];
  }
  return whole;
}

const close: HostKernel = (c) =>
  after(queueOf(c).closeQueue(c.attrs.bool("cancel_pending_enqueues"), c), () => []);
const isClosed: HostKernel = (c) => [ndArray("bool", [], Uint8Array.of(queueOf(c).isClosed ? 1 : 0))];
const size: HostKernel = (c) => [ndArray("int32", [], Int32Array.of(queueOf(c).size))];

const shuffle = (c: HostContext): QueueStorage => {
  const [seed, seed2] = [BigInt(c.attrs.int("seed")), BigInt(c.attrs.int("seed2"))];
  const minimum = c.attrs.int("min_after_dequeue");
  if (seed !== 0n || seed2 !== 0n) return new ShuffleStorage(minimum, seed, seed2);
  const [a, b] = c.randomSeed();
  return new ShuffleStorage(minimum, BigInt(a), BigInt(b));
};

// ---- shapes

const unknownOutputs: ShapeFunction = (c) => c.attrs.types("component_types").map(() => Shape.unknown);

const madeBy = (kernel: HostKernel): OpSpec => ({
  shape: () => [Shape.scalar],
  host: kernel,
  gradient: null,
});

const none: ShapeFunction = () => [];

interface Kernel {
  readonly host: HostKernel;
  readonly shape: ShapeFunction;
}

const kernels: Readonly<Record<string, Kernel>> = {
  QueueEnqueue: { host: enqueue, shape: none },
  QueueEnqueueMany: { host: enqueueMany, shape: none },
  QueueDequeue: { host: dequeue, shape: unknownOutputs },
  QueueDequeueMany: { host: dequeueBatch(false), shape: unknownOutputs },
  QueueDequeueUpTo: { host: dequeueBatch(true), shape: unknownOutputs },
  QueueClose: { host: close, shape: none },
  QueueIsClosed: { host: isClosed, shape: () => [Shape.scalar] },
  QueueSize: { host: size, shape: () => [Shape.scalar] },
};

const makers: Readonly<Record<string, HostKernel>> = {
  FIFOQueue: maker("FIFOQueue", () => new FifoStorage()),
  PaddingFIFOQueue: maker("PaddingFIFOQueue", () => new FifoStorage()),
  RandomShuffleQueue: maker("RandomShuffleQueue", shuffle),
  PriorityQueue: maker("PriorityQueue", () => new PriorityStorage()),
};

const pair: ShapeFunction = () => [new Shape([2])];

/** Queues by resource (V2) and by reference. */
export const queueOps: readonly OpEntry[] = defineOps(
  Object.fromEntries([
    ...Object.entries(makers).flatMap(([op, host]): [string, OpSpec][] => [
      [`${op}V2`, madeBy(host)],
      [op, { ...madeBy(host), shape: pair }],
    ]),
    ...Object.entries(kernels).flatMap(([op, { host, shape }]): [string, OpSpec][] => [
      [`${op}V2`, { host, shape, gradient: null }],
      [op, { host, shape, gradient: null, handles: [0] }],
    ]),
  ]),
);
