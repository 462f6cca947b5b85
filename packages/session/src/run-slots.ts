// Where values lie between the units of one run. A slot is counted down by its users and freed by the last; constants
// and Refs of the plan's template are never freed.
import type { RunPlan, Unit } from "./run-plan.ts";
import { dead, type Value } from "./values.ts";

export class RunSlots {
  /** By slot. */
  readonly values: (Value | undefined)[];
  readonly #template: readonly (Value | undefined)[];
  readonly #uses: Int32Array;
  readonly #left: Int32Array;

  constructor({ template, uses }: RunPlan) {
    this.#template = template;
    this.#uses = uses;
    this.values = template.slice();
    this.#left = uses.slice();
  }

  /** Takes over the caller's reference to `value`; one for slot -1, which nobody uses, is given up. */
  put(slot: number, value: Value): void {
    if (slot >= 0) this.values[slot] = value;
    else if (value.kind === "tensor") value.release();
  }

  clear(slot: number): void {
    const value = this.values[slot];
    this.values[slot] = undefined;
    if (value?.kind === "tensor") value.release();
  }

  /** `unit` has used what it needs. */
  countDown(unit: Unit): void {
    const left = this.#left;
    const { uses } = unit;
    for (let i = 0; i < uses.length; i++) if (--left[uses[i]!]! === 0) this.clear(uses[i]!);
  }

  /** Makes slots of a loop's body ready for another iteration. */
  recount(slots: readonly number[]): void {
    for (let i = 0; i < slots.length; i++) this.#left[slots[i]!] = this.#uses[slots[i]!]!;
  }

  /** Marks what a dead unit would have filled. */
  kill(slots: readonly number[]): void {
    for (let i = 0; i < slots.length; i++) if (slots[i]! >= 0) this.values[slots[i]!] = dead;
  }

  releaseAll(): void {
    const { values } = this;
    for (let slot = 0; slot < values.length; slot++)
      if (this.#template[slot] === undefined && values[slot] !== undefined) this.clear(slot);
  }
}

/** A value with one more reference. */
export function share(value: Value): Value {
  return value.kind === "tensor" ? value.retain() : value;
}
