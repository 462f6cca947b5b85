// Timeouts of runs. Source: core/common_runtime/direct_session.cc (WaitForNotification).
import { isTfError, TfError } from "@org/errors";

/** When a run has to end. */
export interface RunDeadline {
  /** Aborted when the time is over, or when the caller's own signal is. */
  readonly signal: AbortSignal;
  /** In milliseconds of performance.now(): for runs that never hand the event loop a turn. */
  readonly at: number;
  /** Ends the timer. */
  clear(): void;
}

/** The longest that a timer takes. */
const longest = 2 ** 31 - 1;

/** A deadline `timeoutInMs` from now; undefined where there is none: no positive number, as TensorFlow has it. */
export function runDeadline(timeoutInMs: number, signal: AbortSignal | undefined): RunDeadline | undefined {
  if (!(timeoutInMs > 0)) return undefined;
  const controller = new AbortController();
  const follow = (): void => controller.abort(signal!.reason);
  if (signal?.aborted) follow();
  else signal?.addEventListener("abort", follow, { once: true });
  const timer = setTimeout(() => controller.abort(timedOut()), Math.min(timeoutInMs, longest));
  return {
    signal: controller.signal,
    at: performance.now() + timeoutInMs,
    clear() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", follow);
    },
  };
}

export function timedOut(): TfError {
  return new TfError("DEADLINE_EXCEEDED", "Timed out waiting for notification", {
    hint: "Give the run more time: { options: { timeoutInMs } }, or the session: operationTimeoutInMs.",
  });
}

/** The error of a run whose signal was aborted, after it had failed with `error` or by itself. */
export function cancelled(signal: AbortSignal, error: unknown): TfError {
  const { reason } = signal;
  if (isTfError(reason) && reason.code === "DEADLINE_EXCEEDED") return reason;
  return new TfError("CANCELLED", "Run call was cancelled", { cause: reason ?? error });
}
