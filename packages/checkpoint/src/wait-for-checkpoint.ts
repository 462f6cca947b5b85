// Waiting for checkpoints that another program writes: evaluation beside training. Looks at the state file now and then.
// Source: python/training/checkpoint_utils.py (wait_for_new_checkpoint, checkpoints_iterator).
import { TfError } from "@org/errors";
import { latestCheckpoint } from "./checkpoint-management.ts";
import type { StateOptions } from "./checkpoint-state.ts";

interface Waiting extends StateOptions {
  /** Seconds between looks at the directory. Default 1. */
  readonly secondsToSleep?: number;
  /** Seconds after which to give up; undefined: never. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Seconds since some moment. Default: the machine's clock. */
  readonly clock?: () => number;
  /** Waits so many seconds, or less where the signal is aborted. Default: a timer. */
  readonly sleep?: (seconds: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** What `waitForNewCheckpoint` takes. */
export interface WaitOptions extends Waiting {
  /** The checkpoint that is known already; undefined: any is new. */
  readonly lastCheckpoint?: string | undefined;
}

/** What `checkpointsIterator` takes. */
export interface CheckpointsIteratorOptions extends Waiting {
  /** Least seconds from one checkpoint to the next look for another. Default 0. */
  readonly minIntervalSecs?: number;
  /** Asked when `timeout` has passed: true ends the iteration, false goes on waiting. Without it, the iteration ends. */
  readonly timeoutFn?: (() => boolean | Promise<boolean>) | undefined;
}

const machineClock = () => Date.now() / 1000;

function timer(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(handle);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const handle = setTimeout(done, seconds * 1000);
    signal?.addEventListener("abort", done);
  });
}

function throwIfAborted(signal: AbortSignal | undefined, directory: string): void {
  if (signal?.aborted)
    throw new TfError("CANCELLED", "Waiting for a checkpoint was cancelled.", {
      file: directory,
      cause: signal.reason,
    });
}

/**
 * The newest checkpoint of `directory`, once it is another than `lastCheckpoint`; undefined where `timeout` has passed. A directory that is
 * not there yet has none. As wait_for_new_checkpoint, but that gives up where another whole sleep would be too long. Throws TfError CANCELLED, and as `latestCheckpoint` does.
 */
export async function waitForNewCheckpoint(
  directory: string,
  options: WaitOptions = {},
): Promise<string | undefined> {
  const { secondsToSleep = 1, timeout, signal, clock = machineClock, sleep = timer } = options;
  const stop = timeout === undefined ? undefined : clock() + timeout;
  while (true) {
    throwIfAborted(signal, directory);
    const latest = await latestCheckpoint(directory, options);
    if (latest !== undefined && latest !== options.lastCheckpoint) return latest;
    const left = stop === undefined ? secondsToSleep : stop - clock();
    if (stop !== undefined && left <= 0) return undefined;
    await sleep(Math.min(secondsToSleep, left), signal);
  }
}

/**
 * Yields the prefix of each new checkpoint of `directory` as it appears; it looks for the next one when it is asked for it, so that
 * a slow reader may miss some. As tf.train.checkpoints_iterator. Throws as `waitForNewCheckpoint` does.
 *
 *     for await (const prefix of checkpointsIterator("train", { timeout: 600 })) await evaluate(prefix);
 */
export async function* checkpointsIterator(
  directory: string,
  options: CheckpointsIteratorOptions = {},
): AsyncGenerator<string, void, undefined> {
  const {
    minIntervalSecs = 0,
    secondsToSleep = 1,
    timeoutFn,
    signal,
    clock = machineClock,
    sleep = timer,
  } = options;
  let lastCheckpoint: string | undefined;
  while (true) {
    const latest = await waitForNewCheckpoint(directory, { ...options, lastCheckpoint });
    if (latest === undefined) {
      if (!timeoutFn || (await timeoutFn())) return;
      if (options.timeout === 0) await sleep(secondsToSleep, signal);
      continue;
    }
    const start = clock();
    lastCheckpoint = latest;
    yield latest;
    const remaining = start + minIntervalSecs - clock();
    if (remaining > 0) await sleep(remaining, signal);
  }
}
