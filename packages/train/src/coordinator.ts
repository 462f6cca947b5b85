// tf.train.Coordinator: tasks that run beside each other (Python's threads are loops of promises here) stop together, and the error of
// one is everybody's. Source: python/training/coordinator.py of TensorFlow 1.15.
import { type ErrorCode, isTfError, TfError } from "@org/errors";

/** Something that runs: what a thread is in Python. */
export interface Task {
  readonly name: string;
  readonly isAlive: boolean;
  /** Resolves when it has ended, also by an error. */
  readonly done: Promise<void>;
}

/** Starts `run` as a task: an error of it ends it and nothing else. */
export function startTask(name: string, run: () => Promise<void>): Task {
  let alive = true;
  const done = run()
    .catch(() => {})
    .finally(() => {
      alive = false;
    });
  return {
    name,
    done,
    get isAlive() {
      return alive;
    },
  };
}

export interface CoordinatorOptions {
  /** Errors that mean a clean stop; default: OUT_OF_RANGE, the end of the data. */
  readonly cleanStopExceptionTypes?: readonly ErrorCode[];
}

export interface JoinOptions {
  /** Seconds that tasks get to end once a stop was asked for; default 120. */
  readonly stopGracePeriodSecs?: number;
  /** Do not complain of tasks that go on. */
  readonly ignoreLiveThreads?: boolean;
}

export class Coordinator {
  readonly #cleanStops: readonly ErrorCode[];
  readonly #tasks = new Set<Task>();
  #stop = new AbortController();
  #error: { readonly error: unknown } | undefined;
  #joined = false;

  constructor(options: CoordinatorOptions = {}) {
    this.#cleanStops = options.cleanStopExceptionTypes ?? ["OUT_OF_RANGE"];
  }

  /** Aborted when a stop is asked for: for runs that should not outlive it. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }
  get joined(): boolean {
    return this.#joined;
  }

  /** Asks all tasks to stop; the first `error` that is no clean stop is what `join` throws. After `join`, throws it at once. */
  requestStop(error?: unknown): void {
    const isClean = isTfError(error) && this.#cleanStops.includes(error.code);
    const report = error === undefined || isClean ? undefined : { error };
    if (this.#joined && report) throw report.error;
    if (this.shouldStop()) return;
    this.#error ??= report;
    this.#stop.abort();
  }

  /** Forgets a stop and its error: the coordinator can be used again. */
  clearStop(): void {
    this.#joined = false;
    this.#error = undefined;
    if (this.shouldStop()) this.#stop = new AbortController();
  }

  shouldStop(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Runs `body`; an error of it asks for a stop. */
  async stopOnException(body: () => void | Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      this.requestStop(error);
    }
  }

  /** Waits until a stop is asked for, at most `timeoutSecs`; whether it was. */
  waitForStop(timeoutSecs?: number): Promise<boolean> {
    const { signal } = this.#stop;
    if (signal.aborted) return Promise.resolve(true);
    return new Promise((resolve) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const stopped = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      signal.addEventListener("abort", stopped, { once: true });
      if (timeoutSecs !== undefined)
        timer = setTimeout(
          () => {
            signal.removeEventListener("abort", stopped);
            resolve(false);
          },
          Math.max(0, timeoutSecs * 1000),
        );
    });
  }

  /** A task that `join` waits for. */
  registerThread(task: Task): void {
    this.#tasks.add(task);
  }

  /**
   * Waits until all tasks (registered ones and `tasks`) have ended.
   * Throws the error that a stop was asked for with; TfError DEADLINE_EXCEEDED where tasks go on after the grace period.
   */
  async join(tasks: readonly Task[] = [], options: JoinOptions = {}): Promise<void> {
    const all = [...new Set([...this.#tasks, ...tasks])];
    const ended = Promise.all(all.map(({ done }) => done));
    await Promise.race([ended, this.waitForStop()]);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, (options.stopGracePeriodSecs ?? 120) * 1000);
    });
    await Promise.race([ended, grace]);
    clearTimeout(timer);
    this.#joined = true;
    this.#tasks.clear();
    this.raiseRequestedException();
    const left = all.filter(({ isAlive }) => isAlive).map(({ name }) => name);
    if (left.length > 0 && !options.ignoreLiveThreads)
      throw new TfError(
        "DEADLINE_EXCEEDED",
        `Coordinator stopped with threads still running: ${left.join(" ")}`,
      );
  }

  /** Throws the error that a stop was asked for with, if there is one. */
  raiseRequestedException(): void {
    if (this.#error) throw this.#error.error;
  }

  /** Calls `target` every `intervalSecs` (without: again and again) until a stop is asked for. As tf.train.LooperThread.loop. */
  loop(intervalSecs: number | undefined, target: () => void | Promise<void>, name = "LooperThread"): Task {
    const task = startTask(name, () =>
      this.stopOnException(async () => {
        if (intervalSecs === undefined) {
          while (!this.shouldStop()) {
            await target();
            await new Promise((resolve) => setTimeout(resolve, 0));
          }
          return;
        }
        let next = Date.now();
        while (!(await this.waitForStop((next - Date.now()) / 1000))) {
          next += intervalSecs * 1000;
          await target();
        }
      }),
    );
    this.registerThread(task);
    return task;
  }
}
