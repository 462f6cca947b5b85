// Hooks that feed runs, and one that runs ops at the end. Source: python/training/basic_session_run_hooks.py of TensorFlow 1.15.
import {
  type RunFeeds,
  type RunFetches,
  type RunSession,
  type SessionRunArgs,
  SessionRunHook,
} from "./run-hook.ts";

/** tf.train.FeedFnHook: each run is fed what `feedFn` gives. */
export class FeedFnHook extends SessionRunHook {
  readonly #feedFn: () => RunFeeds | Promise<RunFeeds>;

  constructor(feedFn: () => RunFeeds | Promise<RunFeeds>) {
    super();
    this.#feedFn = feedFn;
  }

  override async beforeRun(): Promise<SessionRunArgs> {
    return { feeds: await this.#feedFn() };
  }
}

/** tf.train.FinalOpsHook: runs ops when the session ends. */
export class FinalOpsHook extends SessionRunHook {
  readonly #ops: RunFetches;
  readonly #feeds: RunFeeds | undefined;
  #values: unknown;

  constructor(finalOps: RunFetches, finalOpsFeeds?: RunFeeds) {
    super();
    this.#ops = finalOps;
    this.#feeds = finalOpsFeeds;
  }

  /** What they gave; undefined before. */
  get finalOpsValues(): unknown {
    return this.#values;
  }

  override async end(session: RunSession): Promise<void> {
    this.#values = await session.run(this.#ops, this.#feeds ? { feeds: this.#feeds } : {});
  }
}
