// What the nodes of one run that do one thing got as their state, execution by execution: whichever comes first goes on from where the last
// run stood, and the others follow it.
import type { RunResource } from "@org/ops";
import type { PlanNode } from "./plan-node.ts";

export class SequenceLog<T> implements RunResource {
  /** States as they were before each execution. */
  readonly #states: T[] = [];
  readonly #counts: Map<PlanNode, number> = new Map();

  /** The state for the next execution of `node`. `begin` gives the one to go on with, and a copy of it as it is now. */
  next(node: PlanNode, begin: () => readonly [state: T, now: T], copy: (state: T) => T): T {
    const at = this.#counts.get(node) ?? 0;
    this.#counts.set(node, at + 1);
    const known = this.#states[at];
    if (known !== undefined) return copy(known);
    const [state, now] = begin();
    this.#states.push(now);
    return state;
  }

  close(): void {
    this.#states.length = 0;
    this.#counts.clear();
  }
}
