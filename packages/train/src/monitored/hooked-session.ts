// A session whose runs call hooks, with the coordinator of its queue runners. Source: python/training/monitored_session.py
// (_HookedSession, _CoordinatedSession) of TensorFlow 1.15.
import { GraphKeys } from "@org/collections";
import { isTfError, TfError } from "@org/errors";
import { isTensor, type Tensor } from "@org/graph";
import type { TensorLike } from "@org/tensor";
import { Coordinator } from "../coordinator.ts";
import { startQueueRunners } from "../queue-runner.ts";
import {
  type MonitoredRunOptions,
  type RunFeeds,
  type RunFetches,
  type RunSession,
  SessionRunContext,
  type SessionRunHook,
} from "./run-hook.ts";

/** Whether an error means that the machine went away: a new session may go on. */
export function isPreemption(error: unknown): boolean {
  return isTfError(error) && (error.code === "ABORTED" || error.code === "UNAVAILABLE");
}

export class HookedSession {
  readonly session: RunSession;
  readonly coord: Coordinator;
  readonly #hooks: readonly SessionRunHook[];
  readonly #graceSecs: number;
  #stopRequested = false;

  private constructor(session: RunSession, hooks: readonly SessionRunHook[], graceSecs: number) {
    this.session = session;
    this.coord = new Coordinator({ cleanStopExceptionTypes: [] });
    this.#hooks = hooks;
    this.#graceSecs = graceSecs;
  }

  /** Starts the graph's queue runners and tells the hooks; an error of a hook closes the session. */
  static async over(
    session: RunSession,
    hooks: readonly SessionRunHook[],
    graceSecs: number,
  ): Promise<HookedSession> {
    const hooked = new HookedSession(session, hooks, graceSecs);
    try {
      if (session.graph.getCollection(GraphKeys.QUEUE_RUNNERS).length > 0)
        startQueueRunners(session, { coord: hooked.coord });
      for (const hook of hooks) await hook.afterCreateSession(session, hooked.coord);
    } catch (error) {
      await hooked.close().catch(() => {});
      throw error;
    }
    return hooked;
  }

  /** Whether a hook, or the coordinator, asked for a stop. Throws the error that the coordinator was stopped with. */
  shouldStop(): boolean {
    this.coord.raiseRequestedException();
    return this.coord.shouldStop() || this.#stopRequested;
  }

  /** One run with its hooks. Throws TfError FAILED_PRECONDITION after a stop, INVALID_ARGUMENT where two feed one tensor; as the run. */
  async run(fetches: RunFetches, options: MonitoredRunOptions = {}): Promise<unknown> {
    try {
      return await this.#run(fetches, options);
    } catch (error) {
      // A queue runner's loss of its machine comes before what the run itself says of it.
      if (!isPreemption(error)) this.#raisePreemption();
      throw error;
    }
  }

  async #run(fetches: RunFetches, options: MonitoredRunOptions): Promise<unknown> {
    if (this.#stopRequested)
      throw new TfError("FAILED_PRECONDITION", "Run called even after should_stop requested.");
    const { session } = this;
    const { feeds, ...rest } = options;
    const context = new SessionRunContext({ fetches, feeds }, session);
    const asked: Record<string, RunFetches> = { caller: fetches };
    const hooked = new Map<string | Tensor, TensorLike>();
    for (const [i, hook] of this.#hooks.entries()) {
      const args = await hook.beforeRun(context);
      if (args?.fetches !== undefined) asked[`hook ${i}`] = args.fetches;
      this.#addFeeds(hooked, args?.feeds, "Same tensor is fed by two hooks.");
    }
    const all = new Map(hooked);
    this.#addFeeds(all, feeds, "Same tensor is fed by a SessionRunHook and user.");
    const results = (await session.run(asked, {
      ...rest,
      ...(all.size > 0 ? { feeds: all } : {}),
    })) as Record<string, unknown>;
    for (const [i, hook] of this.#hooks.entries())
      await hook.afterRun(context, { results: results[`hook ${i}`] });
    this.#stopRequested ||= context.stopRequested;
    return results.caller;
  }

  #addFeeds(to: Map<string | Tensor, TensorLike>, feeds: RunFeeds | undefined, message: string): void {
    if (!feeds) return;
    const nameOf = (key: string | Tensor): string => (isTensor(key) ? key.name : key);
    const taken = new Set([...to.keys()].map(nameOf));
    const pairs: Iterable<readonly [string | Tensor, TensorLike]> =
      feeds instanceof Map || Array.isArray(feeds)
        ? (feeds as Iterable<readonly [string | Tensor, TensorLike]>)
        : Object.entries(feeds as Readonly<Record<string, TensorLike>>);
    const found = [...pairs];
    const conflicts = found.map(([key]) => nameOf(key)).filter((name) => taken.has(name));
    if (conflicts.length > 0)
      throw new TfError("INVALID_ARGUMENT", `${message} Conflict(s): ${conflicts.join(", ")}`);
    for (const [key, value] of found) to.set(key, value);
  }

  #raisePreemption(): void {
    try {
      this.coord.raiseRequestedException();
    } catch (error) {
      if (isPreemption(error)) throw error;
    }
  }

  /** Stops the queue runners and closes the session. Throws the error that the coordinator was stopped with. */
  async close(): Promise<void> {
    this.coord.requestStop();
    try {
      await this.coord.join([], { stopGracePeriodSecs: this.#graceSecs, ignoreLiveThreads: true });
    } finally {
      await Promise.resolve(this.session.close()).catch(() => {});
    }
  }
}
