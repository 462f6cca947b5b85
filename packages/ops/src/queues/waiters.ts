// Who waits for something of the session to change: for room, for a tuple. Each tries again, in order, whenever anything has changed.
// Source: the condition variables of core/kernels/{stage_op,map_stage_op}.cc.
import { TfError } from "@org/errors";

/** A run that may have to wait. */
export interface Waiting {
  readonly node: string;
  readonly op: string;
  readonly signal: AbortSignal;
}

interface Waiter {
  tryNow(): boolean;
  fail(error: TfError): void;
}

export class Waiters {
  readonly #what: string;
  readonly #list: Waiter[] = [];

  /** `what` is cancelled, in messages. */
  constructor(what: string) {
    this.#what = what;
  }

  /** What `attempt` gives as soon as it gives anything; at once where it can. Throws what it throws; rejects with CANCELLED where the run is. */
  whenever<R>(waiting: Waiting, attempt: () => { readonly result: R } | undefined): R | Promise<R> {
    const now = attempt();
    if (now) {
      this.proceed();
      return now.result;
    }
    const { signal, node, op } = waiting;
    return new Promise<R>((resolve, reject) => {
      const leave = (): void => {
        signal.removeEventListener("abort", cancel);
        const at = this.#list.indexOf(one);
        if (at >= 0) this.#list.splice(at, 1);
      };
      const settle = (end: () => void): true => {
        leave();
        end();
        return true;
      };
      const one: Waiter = {
        tryNow: () => {
          try {
            const found = attempt();
            return found !== undefined && settle(() => resolve(found.result));
          } catch (error) {
            return settle(() => reject(error));
          }
        },
        fail: (error) => settle(() => reject(error)),
      };
      const cancel = (): void => one.fail(this.#cancelled({ node, op }));
      this.#list.push(one);
      if (signal.aborted) cancel();
      else signal.addEventListener("abort", cancel, { once: true });
    });
  }

  /** Something has changed: everybody tries again, as long as anybody gets on. */
  proceed(): void {
    while (this.#list.some((one) => one.tryNow()));
  }

  /** Nobody waits any more. */
  cancelAll(): void {
    for (const one of [...this.#list]) one.fail(this.#cancelled({}));
  }

  #cancelled(place: { readonly node?: string; readonly op?: string }): TfError {
    return new TfError("CANCELLED", `${this.#what} was cancelled`, place);
  }
}
