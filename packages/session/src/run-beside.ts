// Units that run beside each other once one of them has become a promise: what does not need it goes on meanwhile.
import type { Unit } from "./run-plan.ts";

/** What runs units, and is told of the first failure before the others have ended. */
export interface UnitRunner {
  run(unit: Unit): void | Promise<void>;
  onFailure(error: unknown): void;
}

/** Runs the units after `first`, which is `promise`, each as soon as what it waits for is done. Throws the first failure once nothing runs any more. */
export async function runBeside(
  units: readonly Unit[],
  first: number,
  promise: Promise<void>,
  runner: UnitRunner,
): Promise<void> {
  const waitsFor = new Set<number>();
  const inFlight = new Map<number, Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
    runner.onFailure(error);
  };
  const launch = (unit: Unit, running: Promise<void>): void => {
    waitsFor.add(unit.id);
    inFlight.set(
      unit.id,
      running.catch(fail).then(() => {
        waitsFor.delete(unit.id);
        inFlight.delete(unit.id);
      }),
    );
  };
  launch(units[first]!, promise);
  let waiting = units.slice(first + 1);
  for (const unit of waiting) waitsFor.add(unit.id);
  while (failure === undefined && (waiting.length > 0 || inFlight.size > 0)) {
    const blocked: Unit[] = [];
    for (const unit of waiting) {
      if (unit.before.some((id) => waitsFor.has(id))) {
        blocked.push(unit);
        continue;
      }
      try {
        const running = runner.run(unit);
        if (running !== undefined) launch(unit, running);
        else waitsFor.delete(unit.id);
      } catch (error) {
        fail(error);
        break;
      }
    }
    waiting = blocked;
    if (failure === undefined && inFlight.size > 0) await Promise.race(inFlight.values());
  }
  await Promise.all(inFlight.values());
  if (failure !== undefined) throw failure.error;
}
