// Hooks: what takes part in every run of a monitored session. Source: python/training/session_run_hook.py of TensorFlow 1.15.
import type { Graph, Operation, Tensor } from "@org/graph";
import type { AnyVariable } from "@org/ops";
import type { ISummary } from "@org/proto";
import type { SaverSession } from "@org/saver";
import type { TensorLike } from "@org/tensor";
import type { Coordinator } from "../coordinator.ts";

/** What a session can fetch. */
export type RunFetches =
  | string
  | Tensor
  | Operation
  | AnyVariable
  | readonly RunFetches[]
  | { readonly [key: string]: RunFetches };

/** Values for tensors: by name, or as pairs. */
export type RunFeeds =
  | Readonly<Record<string, TensorLike>>
  | ReadonlyMap<string | Tensor, TensorLike>
  | readonly (readonly [string | Tensor, TensorLike])[];

/** Options of a run; what is not named here goes to the session as it is. */
export interface MonitoredRunOptions {
  readonly feeds?: RunFeeds | undefined;
  readonly targets?: readonly (string | Operation)[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a monitored session needs of the session that it runs. */
export interface RunSession extends Omit<SaverSession, "run"> {
  run(fetches: RunFetches, options?: object): Promise<unknown>;
  close(): void | Promise<void>;
}

/** What a hook adds to a run. */
export interface SessionRunArgs {
  readonly fetches?: RunFetches | undefined;
  readonly feeds?: RunFeeds | undefined;
}

/** What a run gave a hook. */
export interface SessionRunValues {
  /** The values of what the hook asked for, in the same form; undefined where it asked for nothing. */
  readonly results: unknown;
}

/** One run, as its hooks see it. */
export class SessionRunContext {
  /** What the caller asked for. */
  readonly originalArgs: SessionRunArgs;
  /** The session itself: its runs call no hooks. */
  readonly session: RunSession;
  #stopRequested = false;

  constructor(originalArgs: SessionRunArgs, session: RunSession) {
    this.originalArgs = originalArgs;
    this.session = session;
  }

  get stopRequested(): boolean {
    return this.#stopRequested;
  }

  /** The monitored session's `shouldStop()` is true after this run. */
  requestStop(): void {
    this.#stopRequested = true;
  }
}

/** tf.train.SessionRunHook: override what is wanted. */
export class SessionRunHook {
  /** Called once, before the graph is finalized: nodes may be added, in `graph`, which is the current one. */
  begin(_graph: Graph): void {}

  /** Called with each new session, initialized or restored. */
  afterCreateSession(_session: RunSession, _coord: Coordinator): void | Promise<void> {}

  /** What to add to the next run. */
  beforeRun(_context: SessionRunContext): SessionRunArgs | undefined | Promise<SessionRunArgs | undefined> {
    return undefined;
  }

  /** Called after each run that did not throw. */
  afterRun(_context: SessionRunContext, _values: SessionRunValues): void | Promise<void> {}

  /** Called when the monitored session is closed without an error. */
  end(_session: RunSession): void | Promise<void> {}
}

/** What hooks write events with: FileWriter of `@org/summary`. */
export interface SummaryWriter {
  addSummary(summary: ISummary | Uint8Array, globalStep?: number): unknown;
  addSessionLog(
    log: { readonly status?: number; readonly checkpointPath?: string },
    globalStep?: number,
  ): unknown;
  addGraph(graph: Graph): unknown;
  addMetaGraph?(metaGraphDef: object): unknown;
  flush(): Promise<void>;
}

/** What hooks take from the program around them. */
export interface HookServices {
  /** The writer of events in a directory, always the same one for the same directory. */
  readonly summaryWriter?: ((logdir: string) => SummaryWriter) | undefined;
  /** Writes a graph as text into a directory. Default: it is not written. */
  readonly writeGraph?: ((graph: Graph, dir: string, name: string) => Promise<unknown>) | undefined;
  /** Hears what hooks say. Default: nobody. */
  readonly log?: ((message: string) => void) | undefined;
}
