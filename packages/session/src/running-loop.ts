// A loop that is running: its units in the order that an iteration runs them, and what goes from one iteration to the next.
import type { Body, NodeUnit } from "./run-plan.ts";
import type { Value } from "./values.ts";

export class RunningLoop {
  readonly merges: readonly NodeUnit[];
  readonly nexts: readonly NodeUnit[];
  readonly exits: readonly NodeUnit[];
  /** What runs after the merges. */
  readonly rest: Body;
  /** What NextIterations of the last iteration gave, by their slot; undefined in the first. */
  carried: Map<number, Value> | undefined;
  readonly exited: Map<number, Value> = new Map();

  constructor(body: Body) {
    const nodes = body.units.filter((unit) => unit.kind === "node");
    this.merges = nodes.filter((unit) => unit.backEdge >= 0);
    this.nexts = nodes.filter((unit) => unit.node.kind === "nextIteration");
    this.exits = nodes.filter((unit) => unit.node.kind === "exit");
    this.rest = {
      ...body,
      units: body.units.filter((unit) => !(unit.kind === "node" && unit.backEdge >= 0)),
    };
  }

  /** Gives up what a loop that failed holds. */
  release(): void {
    for (const values of [this.carried ?? new Map<number, Value>(), this.exited])
      for (const value of values.values()) if (value.kind === "tensor") value.release();
  }
}
