// Sessions that initialize or restore themselves, call hooks, and begin anew where their machine goes away. Source:
// python/training/monitored_session.py of TensorFlow 1.15.
import { isTfError, TfError } from "@org/errors";
import { currentGraph, type Graph } from "@org/graph";
import { HookedSession, isPreemption } from "./hooked-session.ts";
import type {
  HookServices,
  MonitoredRunOptions,
  RunFetches,
  RunSession,
  SessionRunHook,
} from "./run-hook.ts";
import { Scaffold } from "./scaffold.ts";
import { SessionManager, type SessionManagerOptions } from "./session-manager.ts";

/** Makes sessions that are ready to train: again and again, where sessions are lost. */
export interface SessionCreator {
  createSession(): Promise<RunSession>;
}

export interface SessionCreatorOptions
  extends Pick<SessionManagerOptions, "openSession" | "recoveryWaitSecs" | "log"> {
  /** Default: the current graph. */
  readonly graph?: Graph | undefined;
  readonly scaffold?: Scaffold | undefined;
  readonly checkpointDir?: string | undefined;
  readonly checkpointFilenameWithPath?: string | undefined;
  /** How long a worker waits for its chief; default 1800 seconds. */
  readonly maxWaitSecs?: number | undefined;
}

/** The graph that is given, or the current one. Throws a TypeError where there is none. */
function graphFor(graph: Graph | undefined): Graph {
  const found = graph ?? currentGraph();
  if (!found) throw new TypeError("No graph: give one, or call inside graph.asDefault(() => ...)");
  return found;
}

/** What both creators do: the scaffold is finalized with the first session. */
abstract class ScaffoldCreator implements SessionCreator {
  protected readonly graph: Graph;
  protected readonly scaffold: Scaffold;
  protected readonly options: SessionCreatorOptions;

  constructor(options: SessionCreatorOptions) {
    this.options = options;
    this.graph = graphFor(options.graph);
    this.scaffold = options.scaffold ?? new Scaffold();
  }

  protected manager(): SessionManager {
    this.scaffold.finalize(this.graph);
    const { localInitOp, readyOp, readyForLocalInitOp } = this.scaffold;
    const { openSession, recoveryWaitSecs, log } = this.options;
    return new SessionManager(this.graph, {
      openSession,
      localInitOp,
      readyOp,
      readyForLocalInitOp,
      recoveryWaitSecs,
      log,
    });
  }

  abstract createSession(): Promise<RunSession>;
}

/** tf.train.ChiefSessionCreator: restores the model, or initializes it. */
export class ChiefSessionCreator extends ScaffoldCreator {
  /** Throws as `Scaffold.finalize` and `SessionManager.prepareSession`. */
  override async createSession(): Promise<RunSession> {
    const manager = this.manager();
    const { saver, initOp, initFeeds, initFn } = this.scaffold;
    const { checkpointDir, checkpointFilenameWithPath } = this.options;
    return manager.prepareSession({
      saver,
      initOp,
      initFeeds,
      initFn,
      checkpointDir,
      checkpointFilenameWithPath,
    });
  }
}

/** tf.train.WorkerSessionCreator: waits until the chief has made the model ready. */
export class WorkerSessionCreator extends ScaffoldCreator {
  /** Throws as `Scaffold.finalize` and `SessionManager.waitForSession`. */
  override async createSession(): Promise<RunSession> {
    return this.manager().waitForSession({ maxWaitSecs: this.options.maxWaitSecs ?? 1800 });
  }
}

/** Ends a loop of steps without an error: Python's StopIteration. */
export class StopIteration extends Error {
  override readonly name = "StopIteration";
}

/** What a step function gets. */
export interface StepContext {
  /** The session itself: its runs call no hooks. */
  readonly session: RunSession;
  /** A run with hooks. */
  runWithHooks(fetches: RunFetches, options?: MonitoredRunOptions): Promise<unknown>;
  /** Throws StopIteration. */
  requestStop(): never;
}

export interface MonitoredSessionOptions extends Pick<HookServices, "log"> {
  readonly sessionCreator: SessionCreator;
  readonly hooks?: readonly SessionRunHook[] | undefined;
  /** Default: the current graph. */
  readonly graph?: Graph | undefined;
  /** Seconds that queue runners get to end; default 120. */
  readonly stopGracePeriodSecs?: number | undefined;
  /** Whether a lost session (ABORTED, UNAVAILABLE) is replaced; default true. */
  readonly recovers?: boolean | undefined;
}

/** tf.train.MonitoredSession: `await MonitoredSession.open({ sessionCreator, hooks })`. The graph stays final when it is closed. */
export class MonitoredSession {
  readonly graph: Graph;
  readonly #options: MonitoredSessionOptions;
  #current: HookedSession | undefined;
  #closed = false;

  protected constructor(options: MonitoredSessionOptions) {
    this.#options = options;
    this.graph = graphFor(options.graph);
  }

  /** Begins the hooks and makes the first session. Throws as the hooks and the creator do. */
  static async open(options: MonitoredSessionOptions): Promise<MonitoredSession> {
    return new this(options).#begin();
  }

  async #begin(): Promise<this> {
    this.graph.asDefault(() => {
      for (const hook of this.#hooks) hook.begin(this.graph);
    });
    await this.#recovering(async () => {});
    return this;
  }

  get #hooks(): readonly SessionRunHook[] {
    return this.#options.hooks ?? [];
  }

  /** The session that runs now, without hooks; undefined where it was lost, or closed. As SingularMonitoredSession.raw_session. */
  get rawSession(): RunSession | undefined {
    return this.#current?.session;
  }

  /** Runs, with hooks, as `Session.run`. Throws as that and the hooks do; TfError FAILED_PRECONDITION when it is closed, or after a stop. */
  run(fetches: RunFetches, options: MonitoredRunOptions = {}): Promise<unknown> {
    return this.#recovering((session) => session.run(fetches, options));
  }

  /** tf.train.MonitoredSession.run_step_fn: calls `stepFn`, which may run with and without hooks. Throws as it does. */
  runStepFn<R>(stepFn: (context: StepContext) => R | Promise<R>): Promise<R> {
    return this.#recovering(async (session) =>
      stepFn({
        session: session.session,
        runWithHooks: (fetches, options) => session.run(fetches, options),
        requestStop: () => {
          throw new StopIteration("step_fn has requested the iterations to stop.");
        },
      }),
    );
  }

  /** Does something in a session; again in a new one where that was lost. */
  async #recovering<R>(act: (session: HookedSession) => Promise<R>): Promise<R> {
    const { sessionCreator, stopGracePeriodSecs = 120, recovers = true, log } = this.#options;
    for (;;) {
      if (this.#closed) throw new TfError("FAILED_PRECONDITION", "Session is already closed.");
      try {
        this.#current ??= await HookedSession.over(
          await sessionCreator.createSession(),
          this.#hooks,
          stopGracePeriodSecs,
        );
        return await act(this.#current);
      } catch (error) {
        if (!recovers || !isPreemption(error)) throw error;
        log?.(
          `An error was raised. This may be due to a preemption in a connected worker or parameter server. The current session will be closed and a new session will be created. Error: ${(error as Error).message}`,
        );
        await this.#drop();
      }
    }
  }

  async #drop(): Promise<void> {
    const lost = this.#current;
    this.#current = undefined;
    // What it was lost for is known; that queue runners were lost too is no news.
    await lost?.close().catch(() => {});
  }

  /** Whether the loop of steps should end. Throws what the queue runners failed with, where sessions are not replaced. */
  shouldStop(): boolean {
    if (this.#closed) return true;
    if (!this.#current) return false;
    try {
      return this.#current.shouldStop();
    } catch (error) {
      if (!(this.#options.recovers ?? true)) throw error;
      return !isPreemption(error);
    }
  }

  /** Ends the hooks and closes the session. Throws as the hooks do, and what the queue runners failed with. */
  async close(): Promise<void> {
    await this.#close(true);
  }

  async #close(ends: boolean): Promise<void> {
    if (this.#closed) throw new TfError("FAILED_PRECONDITION", "Session is already closed.");
    try {
      const session = this.#current?.session;
      if (ends && session) for (const hook of this.#hooks) await hook.end(session);
    } finally {
      this.#closed = true;
      const last = this.#current;
      this.#current = undefined;
      await last?.close();
    }
  }

  /**
   * Python's `with`: calls `body` and closes the session. OUT_OF_RANGE (the end of the data) and StopIteration end it well: the result is then
   * undefined. Any other error closes the session without ending the hooks, and is thrown.
   */
  async use<R>(body: (session: this) => R | Promise<R>): Promise<R | undefined> {
    let result: R | undefined;
    try {
      result = await body(this);
    } catch (error) {
      const endsWell = error instanceof StopIteration || (isTfError(error) && error.code === "OUT_OF_RANGE");
      if (!endsWell) {
        await this.#close(false).catch(() => {});
        throw error;
      }
    }
    await this.#close(true);
    return result;
  }
}
