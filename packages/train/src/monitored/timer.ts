// When hooks act. Source: python/training/basic_session_run_hooks.py (SecondOrStepTimer) of TensorFlow 1.15.

export interface TimerOptions {
  readonly everySecs?: number | undefined;
  readonly everySteps?: number | undefined;
  /** The time in seconds; default: the clock's. */
  readonly clock?: (() => number) | undefined;
}

/** tf.train.SecondOrStepTimer: triggers at the first step, and then every so many seconds or steps. */
export class SecondOrStepTimer {
  readonly #options: TimerOptions;
  readonly #clock: () => number;
  #last: { readonly step: number; readonly time: number } | undefined;

  /** Throws a TypeError unless exactly one of `everySecs` and `everySteps` is given. */
  constructor(options: TimerOptions) {
    const { everySecs, everySteps } = options;
    if (everySecs === undefined && everySteps === undefined)
      throw new TypeError("Either every_secs or every_steps should be provided.");
    if (everySecs !== undefined && everySteps !== undefined)
      throw new TypeError("Can not provide both every_secs and every_steps.");
    this.#options = options;
    this.#clock = options.clock ?? (() => Date.now() / 1000);
  }

  /** Forgets when it triggered. */
  reset(): void {
    this.#last = undefined;
  }

  /** Whether it should trigger at `step`. Once a step, at most. */
  shouldTriggerForStep(step: number): boolean {
    if (!this.#last) return true;
    if (this.#last.step === step) return false;
    const { everySecs, everySteps } = this.#options;
    if (everySecs !== undefined && this.#clock() >= this.#last.time + everySecs) return true;
    return everySteps !== undefined && step >= this.#last.step + everySteps;
  }

  /** Notes that it triggered at `step`: the seconds and steps since the last time, undefined the first time. */
  updateLastTriggeredStep(
    step: number,
  ): { readonly elapsedSecs: number; readonly elapsedSteps: number } | undefined {
    const time = this.#clock();
    const last = this.#last;
    this.#last = { step, time };
    return last && { elapsedSecs: time - last.time, elapsedSteps: step - last.step };
  }

  get lastTriggeredStep(): number | undefined {
    return this.#last?.step;
  }
}
