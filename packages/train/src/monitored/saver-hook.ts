// A hook that saves checkpoints. Source: python/training/basic_session_run_hooks.py (CheckpointSaverHook) of TensorFlow 1.15.
import { GraphKeys } from "@org/collections";
import { TfError } from "@org/errors";
import type { Graph, Tensor } from "@org/graph";
import { joinPath } from "@org/io";
import { SessionLog } from "@org/proto";
import type { Saver } from "@org/saver";
import {
  type HookServices,
  type RunSession,
  type SessionRunArgs,
  type SessionRunContext,
  SessionRunHook,
  type SessionRunValues,
  type SummaryWriter,
} from "./run-hook.ts";
import type { Scaffold } from "./scaffold.ts";
import { globalStepRead, numberOf, stepIn } from "./step-read.ts";
import { SecondOrStepTimer } from "./timer.ts";

/** tf.train.CheckpointSaverListener: hears of checkpoints; override what is wanted. */
export class CheckpointSaverListener {
  begin(): void {}
  beforeSave(_session: RunSession, _globalStep: number): void | Promise<void> {}
  /** True asks for a stop of the training. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a listener that says nothing is most often meant.
  afterSave(_session: RunSession, _globalStep: number): boolean | void | Promise<boolean | void> {}
  end(_session: RunSession, _globalStep: number): void | Promise<void> {}
}

export interface CheckpointSaverOptions extends HookServices {
  readonly saveSecs?: number | undefined;
  readonly saveSteps?: number | undefined;
  /** Default: that of `scaffold`, or the one of the graph's collection. */
  readonly saver?: Saver | undefined;
  readonly scaffold?: Scaffold | undefined;
  /** Default "model.ckpt". */
  readonly checkpointBasename?: string | undefined;
  readonly listeners?: readonly CheckpointSaverListener[] | undefined;
}

/** tf.train.CheckpointSaverHook: saves when a session begins, every so many steps or seconds, and at the end; writes graph.pbtxt and events beside. */
export class CheckpointSaverHook extends SessionRunHook {
  readonly #dir: string;
  readonly #path: string;
  readonly #options: CheckpointSaverOptions;
  readonly #timer: SecondOrStepTimer;
  #writer: SummaryWriter | undefined;
  #read: Tensor | undefined;

  /** Throws a TypeError where both a saver and a scaffold are given, and unless exactly one of `saveSecs` and `saveSteps` is. */
  constructor(checkpointDir: string, options: CheckpointSaverOptions) {
    super();
    const { saver, scaffold, saveSecs, saveSteps, checkpointBasename = "model.ckpt" } = options;
    if (saver && scaffold) throw new TypeError("You cannot provide both saver and scaffold.");
    this.#dir = checkpointDir;
    this.#path = joinPath(checkpointDir, checkpointBasename);
    this.#options = options;
    this.#timer = new SecondOrStepTimer({ everySecs: saveSecs, everySteps: saveSteps });
  }

  override begin(graph: Graph): void {
    this.#writer = this.#options.summaryWriter?.(this.#dir);
    this.#read = globalStepRead(graph, "CheckpointSaverHook");
    for (const listener of this.#listeners) listener.begin();
  }

  override async afterCreateSession(session: RunSession): Promise<void> {
    const { graph } = session;
    const step = await stepIn(session, this.#read!);
    await this.#options.writeGraph?.(graph, this.#dir, "graph.pbtxt");
    this.#writer?.addGraph(graph);
    const saver = this.#saverOf(graph);
    if (saver.saverDef) this.#writer?.addMetaGraph?.(saver.exportMetaGraph({ graph }));
    await this.#save(session, step);
    this.#timer.updateLastTriggeredStep(step);
  }

  override beforeRun(): SessionRunArgs {
    return { fetches: this.#read! };
  }

  override async afterRun(context: SessionRunContext, { results }: SessionRunValues): Promise<void> {
    if (!this.#timer.shouldTriggerForStep(numberOf(results) + 1)) return;
    const step = await stepIn(context.session, this.#read!);
    if (!this.#timer.shouldTriggerForStep(step)) return;
    this.#timer.updateLastTriggeredStep(step);
    if (await this.#save(context.session, step)) context.requestStop();
  }

  override async end(session: RunSession): Promise<void> {
    const step = await stepIn(session, this.#read!);
    if (step !== this.#timer.lastTriggeredStep) await this.#save(session, step);
    for (const listener of this.#listeners) await listener.end(session, step);
    await this.#writer?.flush();
  }

  get #listeners(): readonly CheckpointSaverListener[] {
    return this.#options.listeners ?? [];
  }

  /** Whether a listener asks for a stop. */
  async #save(session: RunSession, step: number): Promise<boolean> {
    this.#options.log?.(`Saving checkpoints for ${step} into ${this.#path}.`);
    for (const listener of this.#listeners) await listener.beforeSave(session, step);
    await this.#saverOf(session.graph).save(session as never, this.#path, { globalStep: step });
    this.#writer?.addSessionLog(
      { status: SessionLog.SessionStatus.CHECKPOINT, checkpointPath: this.#path },
      step,
    );
    let stops = false;
    for (const listener of this.#listeners) stops = (await listener.afterSave(session, step)) || stops;
    return stops;
  }

  #saverOf(graph: Graph): Saver {
    const given = this.#options.saver ?? this.#options.scaffold?.saver;
    if (given) return given;
    const key = GraphKeys.SAVERS;
    const [found, ...more] = graph.getCollection(key) as Saver[];
    if (!found)
      throw new TfError(
        "FAILED_PRECONDITION",
        `No items in collection ${key}. Please add a saver to the collection or provide a saver or scaffold.`,
      );
    if (more.length > 0)
      throw new TfError(
        "FAILED_PRECONDITION",
        `More than one item in collection ${key}. Please indicate which one to use by passing it to the constructor.`,
      );
    return found;
  }
}
