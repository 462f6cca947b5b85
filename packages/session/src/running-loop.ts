// A loop that is running: its units in the order that an iteration runs them, and what goes from one iteration to the next.
import type { Body, NodeUnit } from "./run-plan.ts";
import { type RunSlots, share } from "./run-slots.ts";
import { dead, type Value } from "./values.ts";

/** The units of a loop's body by what they do at its ends; the same for all its runs. */
interface LoopParts {
  readonly merges: readonly NodeUnit[];
  readonly nexts: readonly NodeUnit[];
  readonly exits: readonly NodeUnit[];
  /** What runs after the merges. */
  readonly rest: Body;
}

const partsOf: WeakMap<Body, LoopParts> = new WeakMap();

function loopParts(body: Body): LoopParts {
  let parts = partsOf.get(body);
  if (parts === undefined) {
    const nodes = body.units.filter((unit) => unit.kind === "node");
    parts = {
      merges: nodes.filter((unit) => unit.backEdge >= 0),
      nexts: nodes.filter((unit) => unit.node.kind === "nextIteration"),
      exits: nodes.filter((unit) => unit.node.kind === "exit"),
      rest: { ...body, units: body.units.filter((unit) => !(unit.kind === "node" && unit.backEdge >= 0)) },
    };
    partsOf.set(body, parts);
  }
  return parts;
}

export class RunningLoop {
  readonly body: Body;
  readonly parts: LoopParts;
  /** What NextIterations of the last iteration gave, in their order; undefined in the first. */
  #carried: (Value | undefined)[] | undefined;
  /** A list for the next ones. */
  #spare: (Value | undefined)[] = [];
  /** What Exits gave, in their order. */
  readonly #exited: (Value | undefined)[];

  constructor(body: Body) {
    this.body = body;
    this.parts = loopParts(body);
    this.#exited = this.parts.exits.map(() => undefined);
  }

  /** What `merge` takes: what was carried to it, dead where nothing was; undefined in the first iteration. */
  carriedTo(merge: NodeUnit): Value | undefined {
    if (this.#carried === undefined) return undefined;
    const slot = merge.inputs[merge.backEdge]!;
    const { nexts } = this.parts;
    for (let i = 0; i < nexts.length; i++) if (nexts[i]!.outputs[0] === slot) return this.#carried[i] ?? dead;
    return dead;
  }

  /** Takes what goes into the next iteration and what leaves the loop; whether there is a next iteration. `ends`: there is none whatever was carried. */
  endIteration(slots: RunSlots, ends: boolean): boolean {
    const { nexts, exits } = this.parts;
    const next = this.#spare;
    let goesOn = false;
    for (let i = 0; i < nexts.length; i++) {
      const slot = nexts[i]!.outputs[0]!;
      const value = slot >= 0 ? slots.values[slot] : undefined;
      const isAlive = value !== undefined && value !== dead;
      next[i] = isAlive ? share(value) : undefined;
      goesOn ||= isAlive;
    }
    for (let i = 0; i < exits.length; i++) {
      const slot = exits[i]!.outputs[0]!;
      if (slot < 0) continue;
      const value = slots.values[slot];
      if (value !== undefined && value !== dead) {
        const before = this.#exited[i];
        if (before?.kind === "tensor") before.release();
        this.#exited[i] = share(value);
      }
      slots.clear(slot);
    }
    releaseAll(this.#carried);
    this.#spare = this.#carried ?? [];
    this.#carried = next;
    const { slots: own } = this.body;
    for (let i = 0; i < own.length; i++) slots.clear(own[i]!);
    if (goesOn && !ends) return true;
    releaseAll(next);
    this.#carried = undefined;
    for (const slot of this.body.entered) slots.clear(slot);
    for (let i = 0; i < exits.length; i++) {
      const slot = exits[i]!.outputs[0]!;
      if (slot >= 0) slots.values[slot] = this.#exited[i] ?? dead;
    }
    return false;
  }

  /** Gives up what a loop that failed holds. */
  release(): void {
    releaseAll(this.#carried);
    releaseAll(this.#exited);
  }
}

function releaseAll(values: readonly (Value | undefined)[] | undefined): void {
  if (values === undefined) return;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value?.kind === "tensor") value.release();
  }
}
