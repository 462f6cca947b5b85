// A cluster plan: a cluster made ready for concrete shapes (and for the values that become shapes). Made when the cluster
// is about to run, kept for the next run with the same key, bounded.
//
//   lower -> simplify -> place -> fuse -> lay out -> prepare; a refusal places anew
import { type Executable, fuse, type HloComputation, simplify } from "@org/hlo";
import type { NdArray } from "@org/tensor";
import type { Cluster } from "./cluster.ts";
import { type ClusterShapes, type LoweredCluster, lowerCluster } from "./cluster-lowering.ts";
import type { Device } from "./device.ts";
import { type Placement, type PlacementRules, place, refusalKey } from "./placement.ts";
import {
  type Donation,
  dropConstants,
  holdConstants,
  isRefusal,
  layOut,
  type Segment,
  type Step,
} from "./segment.ts";
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

/** What plans are made by. */
export interface PlanRules extends PlacementRules {
  /** Whether nodes are fused into kernels. */
  readonly fusion: boolean;
}

/** Plans of one cluster that are kept. */
const planLimit = 64;

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

/** Makes the plan for `shapes` and keeps it. A promise only where a backend prepares in its own time. */
export function makePlan(
  cluster: Cluster,
  shapes: ClusterShapes,
  rules: PlanRules,
): ClusterPlan | Promise<ClusterPlan> {
  const lowered = lowerCluster(cluster, shapes);
  const computation = simplify(lowered.computation);
  const keep = (plan: ClusterPlan): ClusterPlan => {
    for (const segment of plan.segments) holdConstants(segment);
    cluster.plans.unshift(plan);
    while (cluster.plans.length > planLimit) dropPlan(cluster.plans.pop()!);
    return plan;
  };
  const unfused = new Set(rules.fusion ? [] : rules.devices);
  const planned = attempt(lowered, shapes, computation, rules, new Map(), unfused);
  return planned instanceof Promise ? planned.then(keep) : keep(planned);
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

/** `refused` are instructions that a device takes no more, `unfused` devices that get one kernel an instruction. */
function attempt(
  lowered: LoweredCluster,
  shapes: ClusterShapes,
  computation: HloComputation,
  rules: PlanRules,
  refused: Map<string, string>,
  unfused: Set<Device>,
): ClusterPlan | Promise<ClusterPlan> {
  const placement = place(computation, rules, refused);
  const segments = placement.segments.map(({ device, computation: own, parameters }, segment) => {
    const plan = fuse(own, {
      enabled: !unfused.has(device),
      supports: (opcode, dtypes) => device.supports(opcode, dtypes),
      alsoFuses: device.backend.alsoFuses,
      maxBuffers: device.backend.maxBuffers,
    });
    const donations = lowered.assigned.flatMap(({ variable, value }): Donation[] => {
      if (value.kind !== "root" || passesOn(lowered, variable)) return [];
      const to = placement.roots[value.root]!;
      if (!("segment" in to) || to.segment !== segment) return [];
      const parameter = parameters.findIndex(
        (from) => "parameter" in from && isVariable(lowered.parameters[from.parameter]!, variable),
      );
      return parameter < 0 ? [] : [{ parameter, root: to.root }];
    });
    return layOut(device, own, plan, donations);
  });
  const refuse = (device: Device, step: Step): void => {
    if (unfused.has(device)) {
      for (const instruction of step.fusion.computation.instructions)
        if (instruction.opcode !== "parameter" && instruction.opcode !== "constant")
          refused.set(refusalKey(device, instruction), step.refusal ?? "refused");
    } else unfused.add(device);
  };
  const finish = (refusals: readonly (readonly [Device, Step])[]): ClusterPlan | Promise<ClusterPlan> => {
    if (refusals.length > 0) {
      for (const [device, step] of refusals) refuse(device, step);
      return attempt(lowered, shapes, computation, rules, refused, unfused);
    }
    return {
      shapes,
      lowered: { parameters: lowered.parameters, outputs: lowered.outputs, assigned: lowered.assigned },
      placement: {
        roots: placement.roots,
        deviceOf: placement.deviceOf,
        passedOver: placement.passedOver,
        parameters: placement.segments.map(({ parameters }) => parameters),
      },
      segments,
      running: 0,
      dropped: false,
    };
  };
  const refusals: (readonly [Device, Step])[] = [];
  const pending: Promise<void>[] = [];
  for (const segment of segments)
    for (const step of segment.steps) {
      const prepared = prepareStep(segment.device, step, step.donates);
      if (prepared instanceof Promise)
        pending.push(
          prepared.then((ok) => {
            if (!ok) refusals.push([segment.device, step]);
          }),
        );
      else if (!prepared) refusals.push([segment.device, step]);
    }
  return pending.length > 0 ? Promise.all(pending).then(() => finish(refusals)) : finish(refusals);
}

/** Whether the value that a variable has at the beginning leaves the cluster as it is. */
function passesOn({ outputs, assigned }: LoweredCluster, variable: number): boolean {
  return [...outputs, ...assigned.map(({ value }) => value)].some(
    (result) => result.kind === "variable" && result.variable === variable,
  );
}

function isVariable(parameter: LoweredCluster["parameters"][number], variable: number): boolean {
  return "variable" in parameter && parameter.variable === variable;
}

/** Prepares a step's kernel, with or without donation; false where the device refuses. */
export function prepareStep(device: Device, step: Step, inPlace: boolean): boolean | Promise<boolean> {
  const donated = inPlace ? step.donated : step.outputs.map(() => -1);
  const take = (prepared: Executable | { refused: string }): boolean => {
    if (isRefusal(prepared)) {
      step.refusal = prepared.refused;
      return false;
    }
    if (inPlace) step.inPlace = prepared;
    else step.copying = prepared;
    return true;
  };
  const prepared = device.backend.prepare(step.fusion, donated);
  return prepared instanceof Promise ? prepared.then(take) : take(prepared);
}
