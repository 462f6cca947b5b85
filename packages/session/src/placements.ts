// Where nodes run, as the plans of a session have it.
import type { Operation } from "@org/graph";
import type { ClusterPlan } from "./cluster-plan.ts";
import type { Device } from "./device.ts";
import { hostDeviceName } from "./device-names.ts";
import type { PassedOver } from "./placement.ts";
import type { PlanNode } from "./plan-node.ts";
import type { RunPlan } from "./run-plan.ts";

/** Where a node runs. */
export interface NodePlacement {
  readonly node: string;
  readonly op: string;
  /** Name of the backend; "HOST" for host kernels and what needs no kernel. */
  readonly backend: string;
  /** The device's full name; host kernels are on CPU:0. */
  readonly device: string;
  /** Backends that come before in order of preference, and why they do not compute what the node needs. */
  readonly passedOver?: readonly PassedOver[];
}

interface Listeners {
  readonly onPlacement?: ((placement: NodePlacement) => void) | undefined;
  readonly logDevicePlacement?: boolean | undefined;
}

/** The placements of one session: what ran last counts. */
export class Placements {
  readonly #byNode: Map<string, NodePlacement> = new Map();
  readonly #listeners: Listeners;
  /** What was noted last. */
  #latest: ClusterPlan["placement"]["deviceOf"] | undefined;

  constructor(listeners: Listeners) {
    this.#listeners = listeners;
  }

  /** Notes the host kernels of a new run plan. */
  planned(plan: RunPlan): void {
    for (const { kind, op } of plan.nodes) if (kind === "host") this.#put(op, undefined);
  }

  /** Notes what a new cluster plan has on devices. */
  clusterPlanned({ placement }: ClusterPlan, nodes: readonly PlanNode[]): void {
    // Plans of other extents share it.
    if (this.#latest === placement.deviceOf) return;
    this.#latest = placement.deviceOf;
    for (const [index, device] of placement.deviceOf)
      this.#put(nodes[index]!.op, device, placement.passedOver.get(index));
  }

  of(node: string): NodePlacement | undefined {
    return this.#byNode.get(node);
  }

  /** All, in order of the nodes' names. */
  all(): readonly NodePlacement[] {
    return [...this.#byNode.values()].sort((a, b) => (a.node < b.node ? -1 : 1));
  }

  #put(op: Operation, on: Device | undefined, passedOver?: readonly PassedOver[]): void {
    const device = on?.fullName ?? hostDeviceName;
    const backend = on?.name ?? "HOST";
    const before = this.#byNode.get(op.name);
    if (before?.device === device && before.backend === backend) return;
    const placement = { node: op.name, op: op.type, backend, device, ...(passedOver && { passedOver }) };
    this.#byNode.set(op.name, placement);
    this.#listeners.onPlacement?.(placement);
    if (this.#listeners.logDevicePlacement) console.info(`${op.name}: (${op.type}): ${device}`);
  }
}
