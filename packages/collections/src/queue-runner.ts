// QueueRunner as a record: which ops fill which queue. Running them in threads is `@org/train`'s matter.
// Source: python/training/queue_runner_impl.py.
import { type ErrorCode, errorCodes } from "@org/errors";
import { type Graph, type Operation, prependNameScope, stripNameScope, type Tensor } from "@org/graph";
import { type IQueueRunnerDef, QueueRunnerDef } from "@org/proto";
import type { CollectionType } from "./collection-type.ts";
import { GraphKeys } from "./graph-keys.ts";

/** A queue as far as a file knows it: its name. */
export interface NamedQueue {
  readonly name: string;
}

export interface QueueRunnerParts {
  /** The queue, or the op that makes it. */
  readonly queue: NamedQueue | Operation | Tensor;
  /** One thread each. */
  readonly enqueueOps: readonly (Operation | Tensor)[];
  readonly closeOp?: Operation | undefined;
  /** Closes the queue and cancels what waits. */
  readonly cancelOp?: Operation | undefined;
  /** Errors that mean that the queue is closed; default: OUT_OF_RANGE. */
  readonly queueClosedExceptionTypes?: readonly ErrorCode[];
}

const codeNames = new Map<number, ErrorCode>(
  Object.entries(errorCodes).map(([name, number]) => [number, name as ErrorCode]),
);

export class QueueRunner {
  readonly queue: NamedQueue;
  readonly enqueueOps: readonly (Operation | Tensor)[];
  readonly closeOp: Operation | undefined;
  readonly cancelOp: Operation | undefined;
  readonly queueClosedExceptionTypes: readonly ErrorCode[];

  constructor(parts: QueueRunnerParts) {
    this.queue = parts.queue;
    this.enqueueOps = parts.enqueueOps;
    this.closeOp = parts.closeOp;
    this.cancelOp = parts.cancelOp;
    this.queueClosedExceptionTypes = parts.queueClosedExceptionTypes ?? ["OUT_OF_RANGE"];
  }

  /** The queue's name: what scopes are compared with. */
  get name(): string {
    return this.queue.name;
  }

  /** The message; undefined where the queue lies outside `exportScope`. */
  toProto(exportScope?: string): IQueueRunnerDef | undefined {
    if (exportScope && !this.name.startsWith(exportScope)) return undefined;
    const strip = (item: NamedQueue | undefined): string =>
      item ? stripNameScope(item.name, exportScope) : "";
    return {
      queueName: strip(this.queue),
      enqueueOpName: this.enqueueOps.map(strip),
      closeOpName: strip(this.closeOp),
      cancelOpName: strip(this.cancelOp),
      queueClosedExceptionTypes: this.queueClosedExceptionTypes.map((code) => errorCodes[code]),
    };
  }

  /** From the message. Throws TfError NOT_FOUND where the graph lacks a name. */
  static fromProto(def: IQueueRunnerDef, graph: Graph, importScope?: string): QueueRunner {
    const find = (name: string): Operation | Tensor =>
      graph.asGraphElement(prependNameScope(name, importScope));
    const findOp = (name: string | null | undefined): Operation | undefined =>
      name ? graph.getOperationByName(prependNameScope(name, importScope)) : undefined;
    const types = (def.queueClosedExceptionTypes ?? []).map((number) => codeNames.get(number) ?? "UNKNOWN");
    return new QueueRunner({
      queue: find(def.queueName ?? ""),
      enqueueOps: (def.enqueueOpName ?? []).map(find),
      closeOp: findOp(def.closeOpName),
      cancelOp: findOp(def.cancelOpName),
      ...(types.length > 0 ? { queueClosedExceptionTypes: types } : {}),
    });
  }
}

/** The collection `queue_runners`. */
export const queueRunnersType: CollectionType<QueueRunner, IQueueRunnerDef> = {
  key: GraphKeys.QUEUE_RUNNERS,
  protoType: QueueRunnerDef,
  toProto: (runner, { exportScope }) => runner.toProto(exportScope),
  fromProto: (def, { graph, importScope }) => QueueRunner.fromProto(def, graph, importScope),
  mayNameOutside: true,
  origin: "@org/collections",
};
