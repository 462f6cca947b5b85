// A run plan: what one set of fetches, feeds and targets makes the executor do, whatever the shapes. Cached by the
// session. Slots are where values lie between units; a slot is counted down by its users and freed by the last.
// How one is made: make-run-plan.ts.
import type { Cluster } from "./cluster.ts";
import type { Frame } from "./frames.ts";
import type { PlanNode } from "./plan-node.ts";
import type { Value } from "./values.ts";
import type { VariableState } from "./variable-state.ts";

/** What all units have. */
export interface UnitBase {
  /** Place in RunPlan.units. */
  readonly id: number;
  /** Units of the same frame that come before. */
  readonly before: readonly number[];
  /** Of those, the ones whose death kills this one: control inputs. */
  readonly controls: readonly number[];
  /** Slots that it uses, to be counted down. */
  readonly uses: readonly number[];
}

export interface ClusterUnit extends UnitBase {
  readonly kind: "cluster";
  readonly cluster: Cluster;
}

export interface NodeUnit extends UnitBase {
  readonly kind: "node";
  readonly node: PlanNode;
  /** Slot of each input, or -1 for a variable that `variables` knows. */
  readonly inputs: readonly number[];
  readonly variables: readonly (VariableState | undefined)[];
  /** Slot of each output, or -1 where nobody uses it. */
  readonly outputs: readonly number[];
  /** Of a loop's Merge: which input closes the loop; otherwise -1. */
  readonly backEdge: number;
}

export interface LoopUnit extends UnitBase {
  readonly kind: "loop";
  readonly body: Body;
}

export type Unit = ClusterUnit | NodeUnit | LoopUnit;

/** What runs in one frame. */
export interface Body {
  readonly frame: Frame;
  readonly units: readonly Unit[];
  /** Slots that its units fill anew in each iteration. */
  readonly slots: readonly number[];
  /** Slots that Enter filled: the same in each iteration. */
  readonly entered: readonly number[];
}

export interface RunPlan {
  readonly nodes: readonly PlanNode[];
  readonly units: readonly Unit[];
  readonly root: Body;
  /** What slots hold before a run: constants, Refs. */
  readonly template: readonly (Value | undefined)[];
  /** Uses of each slot; 0 for those that are never freed by counting. */
  readonly uses: Int32Array;
  /** Slot of each feed, or -1 where nobody uses it. */
  readonly feeds: readonly number[];
  readonly fetches: readonly number[];
  readonly clusters: readonly Cluster[];
  /** Whether a tensor may be dead. */
  readonly branches: boolean;
  /** Of a partial run: for each fetch, the feeds that it needs. */
  readonly fetchFeeds: readonly ReadonlySet<number>[];
  /** How many executions use it, and whether it is kept no longer: see run-plan-use.ts. */
  readonly use: { running: number; dropped: boolean };
}
