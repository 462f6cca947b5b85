// Opens sessions on models: restored from a checkpoint, or initialized. Source: python/training/session_manager.py of TensorFlow 1.15.
import { getCheckpointState } from "@org/checkpoint";
import { isTfError, TfError } from "@org/errors";
import { type Graph, isOperation, type Operation, type Tensor } from "@org/graph";
import type { Saver } from "@org/saver";
import { type NdArray, toStrings } from "@org/tensor";
import type { HookServices, RunFeeds, RunSession } from "./run-hook.ts";

export interface SessionManagerOptions extends Pick<HookServices, "log"> {
  /** Opens a session over a graph. */
  readonly openSession: (graph: Graph) => RunSession | Promise<RunSession>;
  readonly localInitOp?: Operation | Tensor | undefined;
  readonly readyOp?: Tensor | undefined;
  readonly readyForLocalInitOp?: Tensor | undefined;
  /** Seconds between looks at a model that others make ready; default 30. */
  readonly recoveryWaitSecs?: number | undefined;
}

/** Where a model is restored from. */
export interface RestoreFrom {
  readonly saver?: Saver | undefined;
  readonly checkpointDir?: string | undefined;
  readonly checkpointFilenameWithPath?: string | undefined;
  /** Waits for a checkpoint, at most `maxWaitSecs`; default false. */
  readonly waitForCheckpoint?: boolean | undefined;
  /** Default 7200. */
  readonly maxWaitSecs?: number | undefined;
}

export interface PrepareOptions extends RestoreFrom {
  readonly initOp?: Operation | Tensor | undefined;
  readonly initFeeds?: RunFeeds | undefined;
  readonly initFn?: ((session: RunSession) => void | Promise<void>) | undefined;
}

const wait = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));

const nameOf = (item: Operation | Tensor | undefined): string => item?.name ?? "None";

/** tf.train.SessionManager. */
export class SessionManager {
  readonly #graph: Graph;
  readonly #options: SessionManagerOptions;

  /** Throws a TypeError where `readyForLocalInitOp` is given without `localInitOp`. */
  constructor(graph: Graph, options: SessionManagerOptions) {
    const { readyForLocalInitOp, localInitOp } = options;
    if (readyForLocalInitOp && !localInitOp)
      throw new TypeError(
        `If you pass a ready_for_local_init_op you must also pass a local_init_op , ready_for_local_init_op [${readyForLocalInitOp}]`,
      );
    this.#graph = graph;
    this.#options = options;
  }

  /**
   * A session that is ready: restored from a checkpoint if there is one, else initialized.
   * Throws TfError FAILED_PRECONDITION where there is nothing to initialize with, or something is left uninitialized; as `Saver.restore`.
   */
  async prepareSession(options: PrepareOptions = {}): Promise<RunSession> {
    const session = await this.#options.openSession(this.#graph);
    try {
      const { initOp, initFn, initFeeds } = options;
      if (!(await this.#restore(session, options))) {
        if (!initOp && !initFn && !this.#options.localInitOp)
          throw new TfError(
            "FAILED_PRECONDITION",
            "Model is not initialized and no init_op or init_fn or local_init_op was given",
          );
        if (initOp) await runOp(session, initOp, initFeeds);
        await initFn?.(session);
      }
      const local = await this.#tryLocalInit(session);
      if (local !== undefined)
        throw new TfError(
          "FAILED_PRECONDITION",
          `Init operations did not make model ready for local_init.  Init op: ${nameOf(initOp)}, init fn: ${initFn ? "given" : "None"}, error: ${local}`,
        );
      const ready = await this.#ready(session, this.#options.readyOp, "Model not ready");
      if (ready !== undefined)
        throw new TfError(
          "FAILED_PRECONDITION",
          `Init operations did not make model ready.  Init op: ${nameOf(initOp)}, init fn: ${initFn ? "given" : "None"}, local_init_op: ${nameOf(this.#options.localInitOp)}, error: ${ready}`,
        );
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** A session, and whether it was restored and is ready. Throws as `Saver.restore`. */
  async recoverSession(
    options: RestoreFrom = {},
  ): Promise<{ readonly session: RunSession; readonly restored: boolean }> {
    const session = await this.#options.openSession(this.#graph);
    try {
      const loaded = await this.#restore(session, options);
      const local = await this.#tryLocalInit(session);
      if (!loaded) return { session, restored: false };
      const file = options.checkpointDir ?? options.checkpointFilenameWithPath;
      const { log } = this.#options;
      if (local !== undefined) {
        log?.(`Restoring model from ${file} did not make model ready for local init: ${local}`);
        return { session, restored: false };
      }
      const ready = await this.#ready(session, this.#options.readyOp, "Model not ready");
      log?.(
        ready === undefined
          ? `Restored model from ${file}`
          : `Restoring model from ${file} did not make model ready: ${ready}`,
      );
      return { session, restored: ready === undefined };
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** A session on a model that others initialize. Throws TfError DEADLINE_EXCEEDED where it is not ready after `maxWaitSecs`. */
  async waitForSession(options: { readonly maxWaitSecs?: number } = {}): Promise<RunSession> {
    const { maxWaitSecs = Number.POSITIVE_INFINITY } = options;
    const { recoveryWaitSecs = 30, log, openSession, readyOp } = this.#options;
    const end = Date.now() / 1000 + maxWaitSecs;
    for (;;) {
      const session = await openSession(this.#graph);
      const local = await this.#tryLocalInit(session);
      const ready = local === undefined ? await this.#ready(session, readyOp, "Model not ready") : undefined;
      if (local === undefined && ready === undefined) return session;
      await session.close();
      if (end - Date.now() / 1000 < recoveryWaitSecs)
        throw new TfError("DEADLINE_EXCEEDED", `Session was not ready after waiting ${maxWaitSecs} secs.`);
      log?.(
        `Waiting for model to be ready.  Ready_for_local_init_op:  ${local ?? "None"}, ready: ${ready ?? "None"}`,
      );
      await wait(recoveryWaitSecs);
    }
  }

  /** Whether there was a checkpoint. */
  async #restore(session: RunSession, from: RestoreFrom): Promise<boolean> {
    const { saver, checkpointDir, checkpointFilenameWithPath, waitForCheckpoint, maxWaitSecs = 7200 } = from;
    if (checkpointDir && checkpointFilenameWithPath)
      throw new TypeError("Can not provide both checkpoint_dir and checkpoint_filename_with_path.");
    if (!saver || !(checkpointDir || checkpointFilenameWithPath)) return false;
    if (checkpointFilenameWithPath) {
      await saver.restore(session as never, checkpointFilenameWithPath);
      return true;
    }
    const { recoveryWaitSecs = 30, log } = this.#options;
    const files = session.fs ? { fs: session.fs } : {};
    const state = () => getCheckpointState(checkpointDir!, files);
    let found = await state();
    for (let waited = 0; !found?.modelCheckpointPath; waited += recoveryWaitSecs) {
      if (!waitForCheckpoint || waited >= maxWaitSecs) return false;
      log?.("Waiting for checkpoint to be available.");
      await wait(recoveryWaitSecs);
      found = await state();
    }
    await saver.restore(session as never, found.modelCheckpointPath);
    await saver.recoverLastCheckpoints(found.allModelCheckpointPaths ?? [], files);
    return true;
  }

  /** Runs the local init op; the reason where it cannot be run yet. */
  async #tryLocalInit(session: RunSession): Promise<string | undefined> {
    const { localInitOp, readyForLocalInitOp, log } = this.#options;
    if (!localInitOp) return undefined;
    const reason = await this.#ready(session, readyForLocalInitOp, "Model not ready for local init");
    if (reason !== undefined) return reason;
    log?.("Running local_init_op.");
    await runOp(session, localInitOp);
    log?.("Done running local_init_op.");
    return undefined;
  }

  /** Why a model is not ready, or undefined where it is. */
  async #ready(session: RunSession, op: Tensor | undefined, sentence: string): Promise<string | undefined> {
    if (!op) return undefined;
    try {
      const value = (await session.run(op)) as NdArray | null;
      if (value?.dtype !== "string") return undefined;
      const names = toStrings(value);
      return names.length > 0 ? `Variables not initialized: ${names.join(", ")}` : undefined;
    } catch (error) {
      if (!isTfError(error) || error.code !== "FAILED_PRECONDITION") throw error;
      if (error.message.includes("uninitialized")) return error.message;
      this.#options.log?.(`${sentence} : error [${error.message}]`);
      throw error;
    }
  }
}

async function runOp(session: RunSession, op: Operation | Tensor, feeds?: RunFeeds): Promise<void> {
  const target = isOperation(op) ? op : op.op;
  await session.run([], { targets: [target], ...(feeds ? { feeds } : {}) });
}
