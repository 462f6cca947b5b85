// What becomes of a session when a backend loses its device: the run that notices fails, the next one opens another device and makes all
// plans anew. Values that the host or another device has as well are kept, since they are the last ones; variables whose last value was
// on the lost device alone are uninitialized from then on. Nothing is taken from older copies.
import { isTfError, TfError } from "@org/errors";
import type { DeviceRecovery } from "@org/hlo";
import type { Device } from "./device.ts";
import { type SessionState, VariableState } from "./variable-state.ts";

/** A device that can be lost. */
interface Watched {
  readonly device: Device;
  readonly recovery: DeviceRecovery;
  /** Losses that the session has got over. */
  overcome: number;
  /** Losses that a run has failed for. */
  reported: number;
}

/** Names in a hint. */
const shownNames = 10;

export class DeviceLosses {
  readonly #watched: readonly Watched[];
  readonly #state: SessionState;
  readonly #forgetPlans: () => void;
  /** Variables that have lost their values, by name, with their device's. */
  readonly #lost: Map<string, string> = new Map();
  #recovering: Promise<void> | undefined;

  /** `forgetPlans`: what was prepared on the lost devices is of no use any more. */
  constructor(devices: readonly Device[], state: SessionState, forgetPlans: () => void) {
    this.#watched = devices.flatMap((device): Watched[] => {
      const { recovery } = device.backend;
      if (recovery === undefined) return [];
      const { losses } = recovery;
      return [{ device, recovery, overcome: losses, reported: losses }];
    });
    this.#state = state;
    this.#forgetPlans = forgetPlans;
  }

  /**
   * What `run` yields. Where a device has been lost that no run has failed for, rejects with TfError UNAVAILABLE, which names it and the
   * variables whose values it had; where one has, opens another device first.
   */
  guard<T>(run: () => Promise<T>): Promise<T> {
    if (this.#watched.length === 0) return run();
    const explain = (error: unknown): never => {
      throw this.#explained(error);
    };
    if (!this.#watched.some(isBehind)) return run().catch(explain);
    if (this.#watched.some(isUnreported)) return Promise.reject(this.#report(undefined));
    this.#recovering ??= this.#recover().finally(() => {
      this.#recovering = undefined;
    });
    return this.#recovering.then(run).catch(explain);
  }

  async #recover(): Promise<void> {
    for (const watched of this.#watched) {
      if (!isBehind(watched)) continue;
      await watched.recovery.recover();
      watched.overcome = watched.recovery.losses;
      watched.reported = watched.overcome;
      watched.device.forgetLost();
    }
    this.#forgetPlans();
    for (const [variable, on] of this.#lostVariables()) {
      this.#lost.set(variable.name, on);
      variable.assign(undefined);
    }
    for (const variable of this.#variables()) variable.value?.dropLost();
  }

  *#variables(): Iterable<VariableState> {
    for (const resource of this.#state.resources()) if (resource instanceof VariableState) yield resource;
  }

  /** Variables whose value is nowhere any more, and where it was. */
  #lostVariables(): [VariableState, string][] {
    return [...this.#variables()].flatMap((variable): [VariableState, string][] => {
      const on = variable.value?.lostWith;
      return on === undefined ? [] : [[variable, on.fullName]];
    });
  }

  /** What a failed run says. */
  #explained(error: unknown): unknown {
    if (!isTfError(error)) return error;
    if (error.code === "UNAVAILABLE" && this.#watched.some(isUnreported)) return this.#report(error);
    const name = error.place.key;
    const on = error.code === "FAILED_PRECONDITION" && name !== undefined ? this.#lost.get(name) : undefined;
    if (on === undefined) return error;
    return new TfError(error.code, error.sentence, {
      ...error.place,
      hint: `Its last value was on ${on} alone, which was lost. Restore the last checkpoint, or run its initializer.`,
      cause: error,
    });
  }

  /** The error of the run that is the first to hear of a loss. */
  #report(cause: unknown): TfError {
    const lost = this.#watched.filter(isUnreported);
    for (const watched of lost) watched.reported = watched.recovery.losses;
    const devices = lost.map(({ device }) => device.fullName).join(", ");
    const names = this.#lostVariables().map(([{ name }]) => name);
    const shown = names.slice(0, shownNames).join(", ");
    const more = names.length > shownNames ? ` and ${names.length - shownNames} more` : "";
    const fate =
      names.length === 0
        ? "All variables keep their values."
        : `The last values of these variables were there alone, so restore the last checkpoint or run their initializers then: ${shown}${more}.`;
    return new TfError("UNAVAILABLE", `The device was lost: ${devices}`, {
      hint: `The next run opens another device. ${fate}`,
      cause,
    });
  }
}

const isBehind = ({ recovery, overcome }: Watched): boolean => recovery.losses !== overcome;
const isUnreported = ({ recovery, reported }: Watched): boolean => recovery.losses !== reported;
