// Hooks that write events. Source: python/training/basic_session_run_hooks.py (StepCounterHook, SummarySaverHook) of TensorFlow 1.15.
import type { Graph, Tensor } from "@org/graph";
import { SessionLog } from "@org/proto";
import type { NdArray } from "@org/tensor";
import { getGlobalStep } from "../global-step.ts";
import {
  type HookServices,
  type RunFetches,
  type SessionRunArgs,
  type SessionRunContext,
  SessionRunHook,
  type SessionRunValues,
  type SummaryWriter,
} from "./run-hook.ts";
import type { Scaffold } from "./scaffold.ts";
import { globalStepRead, numberOf, stepIn } from "./step-read.ts";
import { SecondOrStepTimer } from "./timer.ts";

/** Where a hook's events go: a writer, or the one of a directory. */
interface EventsOptions extends HookServices {
  readonly outputDir?: string | undefined;
  readonly writer?: SummaryWriter | undefined;
}

function writerOf({ writer, outputDir, summaryWriter }: EventsOptions): SummaryWriter | undefined {
  return writer ?? (outputDir ? summaryWriter?.(outputDir) : undefined);
}

export interface StepCounterOptions extends EventsOptions {
  /** Default 100, unless `everyNSecs` is given. */
  readonly everyNSteps?: number | undefined;
  readonly everyNSecs?: number | undefined;
}

/** tf.train.StepCounterHook: says, and writes, how many steps a second there are: "global_step/sec". */
export class StepCounterHook extends SessionRunHook {
  readonly #options: StepCounterOptions;
  readonly #timer: SecondOrStepTimer;
  #writer: SummaryWriter | undefined;
  #read: Tensor | undefined;
  #tag = "";
  #lastStep: number | undefined;
  #warned = 0;

  /** Throws a TypeError where both `everyNSteps` and `everyNSecs` are given. */
  constructor(options: StepCounterOptions = {}) {
    super();
    const { everyNSecs, everyNSteps = everyNSecs === undefined ? 100 : undefined } = options;
    if ((everyNSteps === undefined) === (everyNSecs === undefined))
      throw new TypeError("exactly one of every_n_steps and every_n_secs should be provided.");
    this.#options = options;
    this.#timer = new SecondOrStepTimer({ everySteps: everyNSteps, everySecs: everyNSecs });
  }

  override begin(graph: Graph): void {
    this.#writer = writerOf(this.#options);
    this.#read = globalStepRead(graph, "StepCounterHook");
    this.#tag = `${getGlobalStep(graph)!.op.name}/sec`;
  }

  override beforeRun(): SessionRunArgs {
    return { fetches: this.#read! };
  }

  override async afterRun(context: SessionRunContext, { results }: SessionRunValues): Promise<void> {
    const stale = numberOf(results);
    const { log } = this.#options;
    if (this.#timer.shouldTriggerForStep(stale + 1)) {
      const step = await stepIn(context.session, this.#read!);
      if (this.#timer.shouldTriggerForStep(step)) {
        const elapsed = this.#timer.updateLastTriggeredStep(step);
        if (elapsed) {
          const perSecond = elapsed.elapsedSteps / Math.max(elapsed.elapsedSecs, 1e-3);
          this.#writer?.addSummary({ value: [{ tag: this.#tag, simpleValue: perSecond }] }, step);
          log?.(`${this.#tag}: ${Number(perSecond.toPrecision(6))}`);
        }
      }
    }
    if (stale === this.#lastStep && this.#warned < 5) {
      this.#warned += 1;
      log?.(
        `It seems that global step (tf.train.get_global_step) has not been increased. Current value (could be stable): ${stale} vs previous value: ${this.#lastStep}. You could increase the global step by passing tf.train.get_global_step() to Optimizer.apply_gradients or Optimizer.minimize.`,
      );
    }
    this.#lastStep = stale;
  }

  override async end(): Promise<void> {
    await this.#writer?.flush();
  }
}

export interface SummarySaverOptions extends EventsOptions {
  readonly saveSteps?: number | undefined;
  readonly saveSecs?: number | undefined;
  /** Whose summary op is run; or the op itself. */
  readonly scaffold?: Scaffold | undefined;
  readonly summaryOp?: Tensor | readonly Tensor[] | undefined;
}

/** tf.train.SummarySaverHook: writes summaries at the first run, and then every so many steps or seconds. */
export class SummarySaverHook extends SessionRunHook {
  readonly #options: SummarySaverOptions;
  readonly #timer: SecondOrStepTimer;
  #writer: SummaryWriter | undefined;
  #read: Tensor | undefined;
  #nextStep: number | undefined;
  #requested = false;

  /** Throws a TypeError unless exactly one of `scaffold` and `summaryOp`, and one of `saveSteps` and `saveSecs`, is given. */
  constructor(options: SummarySaverOptions) {
    super();
    const { scaffold, summaryOp, saveSecs, saveSteps } = options;
    if ((scaffold === undefined) === (summaryOp === undefined))
      throw new TypeError("Exactly one of scaffold or summary_op must be provided.");
    this.#options = options;
    this.#timer = new SecondOrStepTimer({ everySecs: saveSecs, everySteps: saveSteps });
  }

  override begin(graph: Graph): void {
    this.#writer = writerOf(this.#options);
    this.#nextStep = undefined;
    this.#read = globalStepRead(graph, "SummarySaverHook");
  }

  override beforeRun(): SessionRunArgs {
    this.#requested = this.#nextStep === undefined || this.#timer.shouldTriggerForStep(this.#nextStep);
    const { summaryOp, scaffold } = this.#options;
    const given = summaryOp ?? scaffold?.summaryOp;
    const summary: RunFetches | undefined = given && [given].flat();
    return { fetches: { step: this.#read!, ...(this.#requested && summary ? { summary } : {}) } };
  }

  override async afterRun(context: SessionRunContext, { results }: SessionRunValues): Promise<void> {
    if (!this.#writer) return;
    const { step: stale, summary = [] } = results as { step: NdArray; summary?: NdArray[] };
    const step = this.#requested ? await stepIn(context.session, this.#read!) : numberOf(stale) + 1;
    if (this.#nextStep === undefined)
      this.#writer.addSessionLog({ status: SessionLog.SessionStatus.START }, step);
    if (this.#requested) {
      this.#timer.updateLastTriggeredStep(step);
      for (const value of summary)
        for (const bytes of value.data as readonly Uint8Array[]) this.#writer.addSummary(bytes, step);
    }
    this.#nextStep = step + 1;
  }

  override async end(): Promise<void> {
    await this.#writer?.flush();
  }
}
