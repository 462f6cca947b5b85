// Which units of a run are dead: behind a branch that was not taken. A unit dies with an input or with what it hangs on by a control edge;
// in another turn of a loop it lives again.
import type { ClusterUnit, NodeUnit, Unit } from "./run-plan.ts";
import { dead, type Value } from "./values.ts";

type Values = readonly (Value | undefined)[];

function isAnyDead(slots: readonly number[], values: Values): boolean {
  for (let i = 0; i < slots.length; i++) if (slots[i]! >= 0 && values[slots[i]!] === dead) return true;
  return false;
}

export class DeadUnits {
  /** By Unit.id. */
  readonly #flags: Uint8Array;

  constructor(units: number) {
    this.#flags = new Uint8Array(units);
  }

  /** Lets a unit live, whatever it did in an earlier turn. */
  revive({ id }: Unit): void {
    this.#flags[id] = 0;
  }

  kill({ id }: Unit): void {
    this.#flags[id] = 1;
  }

  /** Whether a cluster dies with what it takes from `values`, or by a control edge. */
  takesCluster(unit: ClusterUnit, values: Values): boolean {
    const { inputs, deadSlots } = unit.cluster;
    if (this.#byControl(unit)) return true;
    for (let i = 0; i < inputs.length; i++) if (values[inputs[i]!.slot] === dead) return true;
    return isAnyDead(deadSlots, values);
  }

  /** The same of a node; a Merge and a ControlTrigger live on. */
  takesNode(unit: NodeUnit, values: Values): boolean {
    const { kind } = unit.node;
    return (
      kind !== "trigger" && kind !== "merge" && (this.#byControl(unit) || isAnyDead(unit.inputs, values))
    );
  }

  #byControl({ controls }: Unit): boolean {
    for (let i = 0; i < controls.length; i++) if (this.#flags[controls[i]!] === 1) return true;
    return false;
  }
}
