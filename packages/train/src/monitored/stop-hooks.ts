// Hooks that stop training, or hold it back. Source: python/training/basic_session_run_hooks.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Graph, Tensor } from "@org/graph";
import {
  type HookServices,
  type RunSession,
  type SessionRunArgs,
  type SessionRunContext,
  SessionRunHook,
  type SessionRunValues,
} from "./run-hook.ts";
import { globalStepRead, numberOf, stepIn } from "./step-read.ts";

export interface StopAtStepOptions {
  /** So many steps from where the session begins. */
  readonly numSteps?: number | undefined;
  /** The global step to stop at. */
  readonly lastStep?: number | undefined;
}

/** tf.train.StopAtStepHook: asks for a stop at a step. */
export class StopAtStepHook extends SessionRunHook {
  readonly #numSteps: number | undefined;
  #lastStep: number | undefined;
  #read: Tensor | undefined;

  /** Throws a TypeError unless exactly one of `numSteps` and `lastStep` is given. */
  constructor({ numSteps, lastStep }: StopAtStepOptions) {
    super();
    if (numSteps === undefined && lastStep === undefined)
      throw new TypeError("One of num_steps or last_step must be specified.");
    if (numSteps !== undefined && lastStep !== undefined)
      throw new TypeError("Only one of num_steps or last_step can be specified.");
    this.#numSteps = numSteps;
    this.#lastStep = lastStep;
  }

  override begin(graph: Graph): void {
    this.#read = globalStepRead(graph, "StopAtStepHook");
  }

  override async afterCreateSession(session: RunSession): Promise<void> {
    this.#lastStep ??= (await stepIn(session, this.#read!)) + this.#numSteps!;
  }

  override beforeRun(): SessionRunArgs {
    return { fetches: this.#read! };
  }

  override async afterRun(context: SessionRunContext, { results }: SessionRunValues): Promise<void> {
    // The fetched step may be from before the run's update: the step itself is asked only where it may be the last.
    if (numberOf(results) + 1 < this.#lastStep!) return;
    if ((await stepIn(context.session, this.#read!)) >= this.#lastStep!) context.requestStop();
  }
}

/** tf.train.NanLossDuringTrainingError: the loss became NaN. */
export class NanLossDuringTrainingError extends TfError {
  constructor() {
    super("INTERNAL", "NaN loss during training.", {
      hint: "Lower the learning rate, clip the gradients, or look for log(0) and division by zero in the loss.",
    });
  }
}

export interface NanTensorOptions extends Pick<HookServices, "log"> {
  /** Default true; false asks for a stop instead. */
  readonly failOnNanLoss?: boolean | undefined;
}

/** tf.train.NanTensorHook: throws NanLossDuringTrainingError, or asks for a stop, when the loss is NaN. */
export class NanTensorHook extends SessionRunHook {
  readonly #loss: Tensor;
  readonly #options: NanTensorOptions;

  constructor(lossTensor: Tensor, options: NanTensorOptions = {}) {
    super();
    this.#loss = lossTensor;
    this.#options = options;
  }

  override beforeRun(): SessionRunArgs {
    return { fetches: this.#loss };
  }

  override afterRun(context: SessionRunContext, { results }: SessionRunValues): void {
    if (!Number.isNaN(numberOf(results))) return;
    this.#options.log?.("Model diverged with loss = NaN.");
    if (this.#options.failOnNanLoss ?? true) throw new NanLossDuringTrainingError();
    context.requestStop();
  }
}

/** tf.train.GlobalStepWaiterHook: the first run waits until the global step, which others drive, has come to a step. */
export class GlobalStepWaiterHook extends SessionRunHook {
  readonly #until: number;
  readonly #log: HookServices["log"];
  #started = false;
  #read: Tensor | undefined;

  constructor(waitUntilStep: number, { log }: Pick<HookServices, "log"> = {}) {
    super();
    this.#until = waitUntilStep;
    this.#log = log;
  }

  override begin(graph: Graph): void {
    this.#started = false;
    this.#read = globalStepRead(graph, "_GlobalStepWaiterHook");
  }

  override async beforeRun({ session }: SessionRunContext): Promise<undefined> {
    if (this.#started) return;
    if (this.#until > 0) this.#log?.(`Waiting for global step ${this.#until} before starting training.`);
    let told = 0;
    while (this.#until > 0) {
      const step = await stepIn(session, this.#read!);
      if (step >= this.#until) break;
      if (step - told > 1000) {
        this.#log?.(
          `Waiting for global step ${this.#until} before starting training. Current step is ${step}.`,
        );
        told = step;
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    this.#started = true;
  }
}
