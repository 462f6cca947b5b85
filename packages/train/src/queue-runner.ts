// Queue runners: loops that fill queues while a program trains. The record in a graph's collection is `@org/collections`'; what runs
// is here. Source: python/training/queue_runner_impl.py of TensorFlow 1.15.
import { QueueRunner as BaseQueueRunner, GraphKeys, type QueueRunnerParts } from "@org/collections";
import { isTfError } from "@org/errors";
import { currentGraph, type Graph, type Operation, type Tensor } from "@org/graph";
import type { QueueBase } from "@org/ops";
import { type Coordinator, startTask, type Task } from "./coordinator.ts";

/** What a queue runner needs of a session. */
export interface QueueRunnerSession {
  readonly graph: Graph;
  run(
    fetches: readonly [],
    options: { readonly targets: readonly Operation[]; readonly signal?: AbortSignal },
  ): Promise<unknown>;
}

export type QueueRunnerOptions = Partial<
  Pick<QueueRunnerParts, "closeOp" | "cancelOp" | "queueClosedExceptionTypes">
>;

/** tf.train.QueueRunner: `enqueueOps` are run again and again, each in a task of its own; the ops that close the queue are made here. */
export class QueueRunner extends BaseQueueRunner {
  constructor(
    queue: QueueBase,
    enqueueOps: readonly (Operation | Tensor)[],
    options: QueueRunnerOptions = {},
  ) {
    super({
      queue: { name: queue.name },
      enqueueOps,
      closeOp: options.closeOp ?? queue.close(),
      cancelOp: options.cancelOp ?? queue.close({ cancelPendingEnqueues: true }),
      ...(options.queueClosedExceptionTypes
        ? { queueClosedExceptionTypes: options.queueClosedExceptionTypes }
        : {}),
    });
  }
}

/** How many tasks of a runner are alive, by session. */
const running = new WeakMap<object, Map<BaseQueueRunner, number>>();

function countOf(session: QueueRunnerSession): Map<BaseQueueRunner, number> {
  let counts = running.get(session);
  if (!counts) {
    counts = new Map();
    running.set(session, counts);
  }
  return counts;
}

const operationOf = (item: Operation | Tensor): Operation => ("op" in item ? item.op : item);

/**
 * Starts the tasks of one runner; none where they run already. With `coord`, they end when it stops, and it gets their errors; without,
 * `onError` does (default: they are thrown away with the task, as a Python thread's).
 */
export function createThreads(
  runner: BaseQueueRunner,
  session: QueueRunnerSession,
  options: { readonly coord?: Coordinator; readonly onError?: (error: unknown) => void } = {},
): readonly Task[] {
  const counts = countOf(session);
  if ((counts.get(runner) ?? 0) > 0) return [];
  const { coord } = options;
  counts.set(runner, runner.enqueueOps.length);
  const isClosed = (error: unknown): boolean =>
    isTfError(error) && runner.queueClosedExceptionTypes.includes(error.code);
  const end = (): number => {
    const left = counts.get(runner)! - 1;
    counts.set(runner, left);
    return left;
  };
  const run = (target: Operation): Promise<unknown> => session.run([], { targets: [target] });
  const fill = async (enqueue: Operation): Promise<void> => {
    try {
      while (!coord?.shouldStop()) await run(enqueue);
      end();
    } catch (error) {
      const left = end();
      if (!isClosed(error)) {
        if (coord) coord.requestStop(error);
        else options.onError?.(error);
      } else if (left === 0 && runner.closeOp) {
        // Closing what is closed already is no one's concern.
        await run(runner.closeOp).catch(() => {});
      }
    }
  };
  const tasks = runner.enqueueOps.map((item) => {
    const op = operationOf(item);
    return startTask(`QueueRunnerThread-${runner.name}-${op.name}`, () => fill(op));
  });
  if (coord && runner.cancelOp) {
    const { cancelOp } = runner;
    tasks.push(
      startTask(`QueueRunnerThread-${runner.name}-close_on_stop`, async () => {
        await coord.waitForStop();
        await run(cancelOp).catch(() => {});
      }),
    );
  }
  if (coord) for (const task of tasks) coord.registerThread(task);
  return tasks;
}

/** tf.train.add_queue_runner: puts a runner into a collection of its graph. */
export function addQueueRunner(runner: BaseQueueRunner, collection: string = GraphKeys.QUEUE_RUNNERS): void {
  const [enqueue] = runner.enqueueOps;
  const graph = enqueue ? operationOf(enqueue).graph : currentGraph();
  if (!graph) throw new TypeError("addQueueRunner: there is no graph to add the runner to");
  graph.addToCollection(collection, runner);
}

/** tf.train.start_queue_runners: starts all runners of the session's graph; their tasks. */
export function startQueueRunners(
  session: QueueRunnerSession,
  options: {
    readonly coord?: Coordinator;
    readonly collection?: string;
    readonly onError?: (error: unknown) => void;
  } = {},
): readonly Task[] {
  const { collection = GraphKeys.QUEUE_RUNNERS, ...rest } = options;
  const runners = session.graph.getCollection(collection) as readonly BaseQueueRunner[];
  return runners.flatMap((runner) => createThreads(runner, session, rest));
}
