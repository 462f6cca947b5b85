// Cluster plans: a cluster made ready for concrete shapes (and for the values that become shapes), kept for the next run with the same,
// bounded. How one is made: make-plan.ts.
import type { NdArray } from "@org/tensor";
import type { Cluster } from "./cluster.ts";
import type { ClusterShapes, LoweredCluster } from "./cluster-lowering.ts";
import type { ClusterOutline } from "./make-plan.ts";
import type { Placement } from "./placement.ts";
import { dropConstants, holdConstants, type Segment } from "./segment.ts";
import type { TensorValue } from "./values.ts";

export interface ClusterPlan {
  readonly shapes: ClusterShapes;
  readonly lowered: Pick<LoweredCluster, "parameters" | "outputs" | "assigned">;
  readonly placement: Pick<Placement, "roots" | "deviceOf" | "passedOver"> & {
    readonly parameters: readonly Placement["segments"][number]["parameters"][];
  };
  readonly segments: readonly Segment[];
  /** How often it is running now: it may be dropped meanwhile, and frees its constants when the last run ends. */
  running: number;
  dropped: boolean;
}

/** Plans of one cluster that are kept. */
const planLimit = 64;

/** Structures of one cluster whose outlines are kept. */
const outlineLimit = 4;

/** Whether a plan is for inputs and variables of these shapes, and for these host values. */
function serves(
  plan: ClusterPlan,
  { inputs: uses }: Cluster,
  inputs: readonly TensorValue[],
  variables: readonly (TensorValue | undefined)[],
): boolean {
  const { inputDims, inputArrays, variableDims } = plan.shapes;
  for (let i = 0; i < inputs.length; i++) if (!sameNumbers(inputDims[i]!, inputs[i]!.dims)) return false;
  for (let i = 0; i < variables.length; i++) {
    const dims = variableDims[i];
    const other = variables[i]?.dims;
    if (dims === undefined || other === undefined ? dims !== other : !sameNumbers(dims, other)) return false;
  }
  for (let i = 0; i < uses.length; i++)
    if (uses[i]!.host && !sameData(inputArrays[i]!, inputs[i]!.host!)) return false;
  return true;
}

function sameNumbers(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function sameData(a: NdArray, b: NdArray): boolean {
  return a === b || sameNumbers(a.data as ArrayLike<unknown>, b.data as ArrayLike<unknown>);
}

/** The kept plan for inputs and values of variables like these, moved to the front. */
export function findPlan(
  cluster: Cluster,
  inputs: readonly TensorValue[],
  variables: readonly (TensorValue | undefined)[],
): ClusterPlan | undefined {
  const { plans } = cluster;
  const first = plans[0];
  if (first !== undefined && serves(first, cluster, inputs, variables)) return first;
  for (let i = 1; i < plans.length; i++) {
    const plan = plans[i]!;
    if (!serves(plan, cluster, inputs, variables)) continue;
    plans.splice(i, 1);
    plans.unshift(plan);
    return plan;
  }
  return undefined;
}

/** Keeps a new plan, and the outline that it was made by or gave. */
export function keepPlan({ plans, outlines }: Cluster, plan: ClusterPlan, outline: ClusterOutline): void {
  for (const segment of plan.segments) holdConstants(segment);
  plans.unshift(plan);
  while (plans.length > planLimit) dropPlan(plans.pop()!);
  const known = outlines.indexOf(outline);
  if (known === 0) return;
  if (known > 0) outlines.splice(known, 1);
  outlines.unshift(outline);
  if (outlines.length > outlineLimit) outlines.pop();
}

/** Frees a plan's constants, now or when it has run. */
export function dropPlan(plan: ClusterPlan): void {
  plan.dropped = true;
  if (plan.running === 0) for (const segment of plan.segments) dropConstants(segment);
}

/** Marks the end of a run of `plan`. */
export function leavePlan(plan: ClusterPlan): void {
  plan.running--;
  if (plan.dropped && plan.running === 0) for (const segment of plan.segments) dropConstants(segment);
}
