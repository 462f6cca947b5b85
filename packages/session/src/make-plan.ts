// Makes the plan of a cluster for concrete shapes. Where the cluster was planned for other extents before, what was decided then
// (devices, kernels) is taken over: see ClusterOutline.
//
//   lower -> simplify -> place -> fuse -> lay out -> prepare; a refusal places anew
import {
  type FusionOutline,
  type FusionPlan,
  fuseAlike,
  type HloComputation,
  outlinedFusion,
  simplify,
} from "@org/hlo";
import type { Cluster } from "./cluster.ts";
import { type ClusterShapes, type LoweredCluster, lowerCluster } from "./cluster-lowering.ts";
import { type ClusterPlan, keepPlan } from "./cluster-plan.ts";
import type { Device } from "./device.ts";
import { type Placement, type PlacementRules, place, placeAlike, refusalKey } from "./placement.ts";
import { prepareStep } from "./prepare-step.ts";
import { type Donation, layOut, type Segment, type Step } from "./segment.ts";

/** What plans are made by. */
export interface PlanRules extends PlacementRules {
  /** Whether nodes are fused into kernels. */
  readonly fusion: boolean;
}

/** What a plan decided that holds for other extents too. */
export interface ClusterOutline {
  readonly placement: Placement;
  /** Instructions that a device takes no more, and why. */
  readonly refused: ReadonlyMap<string, string>;
  /** By segment. */
  readonly fusions: readonly FusionOutline[];
}

/** A cluster lowered for the shapes that a plan is for. */
interface Draft {
  readonly cluster: Cluster;
  readonly shapes: ClusterShapes;
  readonly lowered: LoweredCluster;
  readonly computation: HloComputation;
  readonly rules: PlanRules;
}

type Planned = ClusterPlan | Promise<ClusterPlan>;

/**
 * Makes the plan for `shapes` and keeps it. A promise only where a backend prepares in its own time. Throws as lowerings do, and as
 * `place`.
 */
export function makePlan(cluster: Cluster, shapes: ClusterShapes, rules: PlanRules): Planned {
  const lowered = lowerCluster(cluster, shapes);
  const draft = { cluster, shapes, lowered, computation: simplify(lowered.computation), rules };
  for (const outline of cluster.outlines) {
    const planned = planAlike(draft, outline);
    if (planned !== undefined) return planned;
  }
  return planAnew(draft, new Map(), new Set(rules.fusion ? [] : rules.devices));
}

/** The plan that has the kernels of `outline`; undefined where that is for computations of another structure. */
function planAlike(draft: Draft, outline: ClusterOutline): Planned | undefined {
  const placement = placeAlike(outline.placement, draft.computation, draft.rules, outline.refused);
  const { length } = placement.segments;
  if (length !== outline.fusions.length) return undefined;
  const plans: FusionPlan[] = [];
  for (let i = 0; i < length; i++) {
    const { device, computation } = placement.segments[i]!;
    if (device !== outline.placement.segments[i]!.device) return undefined;
    const plan = fuseAlike(outline.fusions[i]!, computation);
    if (plan === undefined) return undefined;
    plans.push(plan);
  }
  const segments = laidOut(draft, placement, plans);
  return whenPrepared(segments, (refusals) =>
    refusals.length > 0
      ? planAnew(draft, new Map(), new Set(draft.rules.fusion ? [] : draft.rules.devices))
      : kept(draft, placement, segments, outline),
  );
}

/** `refused` are instructions that a device takes no more, `unfused` devices that get one kernel an instruction. */
function planAnew(draft: Draft, refused: Map<string, string>, unfused: Set<Device>): Planned {
  const placement = place(draft.computation, draft.rules, refused);
  const fused = placement.segments.map(({ device, computation }) =>
    outlinedFusion(computation, {
      enabled: !unfused.has(device),
      supports: (opcode, dtypes) => device.supports(opcode, dtypes),
      alsoFuses: device.backend.alsoFuses,
      maxBuffers: device.backend.maxBuffers,
    }),
  );
  const segments = laidOut(
    draft,
    placement,
    fused.map(({ plan }) => plan),
  );
  const refuse = (device: Device, step: Step): void => {
    if (unfused.has(device)) {
      for (const instruction of step.fusion.computation.instructions)
        if (instruction.opcode !== "parameter" && instruction.opcode !== "constant")
          refused.set(refusalKey(device, instruction), step.refusal ?? "refused");
    } else unfused.add(device);
  };
  return whenPrepared(segments, (refusals) => {
    if (refusals.length === 0)
      return kept(draft, placement, segments, {
        placement,
        refused,
        fusions: fused.map(({ outline }) => outline),
      });
    for (const [device, step] of refusals) refuse(device, step);
    return planAnew(draft, refused, unfused);
  });
}

function laidOut({ lowered }: Draft, placement: Placement, plans: readonly FusionPlan[]): Segment[] {
  const donated = lowered.assigned.filter(
    ({ variable, value }) => value.kind === "root" && !passesOn(lowered, variable),
  );
  return placement.segments.map(({ device, computation, parameters }, segment) => {
    const donations = donated.flatMap(({ variable, value }): Donation[] => {
      const to = placement.roots[(value as { root: number }).root]!;
      if (!("segment" in to) || to.segment !== segment) return [];
      const parameter = parameters.findIndex(
        (from) => "parameter" in from && isVariable(lowered.parameters[from.parameter]!, variable),
      );
      return parameter < 0 ? [] : [{ parameter, root: to.root }];
    });
    return layOut(device, computation, plans[segment]!, donations);
  });
}

/** Whether the value that a variable has at the beginning leaves the cluster as it is. */
function passesOn({ outputs, assigned }: LoweredCluster, variable: number): boolean {
  const isOld = (result: LoweredCluster["outputs"][number]): boolean =>
    result.kind === "variable" && result.variable === variable;
  return outputs.some(isOld) || assigned.some(({ value }) => isOld(value));
}

function isVariable(parameter: LoweredCluster["parameters"][number], variable: number): boolean {
  return "variable" in parameter && parameter.variable === variable;
}

/** Prepares the kernels, and goes on with those that devices refused. */
function whenPrepared(
  segments: readonly Segment[],
  next: (refusals: readonly (readonly [Device, Step])[]) => Planned,
): Planned {
  const refusals: (readonly [Device, Step])[] = [];
  const pending: Promise<void>[] = [];
  for (const { device, steps } of segments)
    for (const step of steps) {
      const prepared = prepareStep(device, step, step.donates);
      if (prepared instanceof Promise)
        pending.push(
          prepared.then((ok) => {
            if (!ok) refusals.push([device, step]);
          }),
        );
      else if (!prepared) refusals.push([device, step]);
    }
  return pending.length > 0 ? Promise.all(pending).then(() => next(refusals)) : next(refusals);
}

function kept(
  { cluster, shapes, lowered }: Draft,
  placement: Placement,
  segments: readonly Segment[],
  outline: ClusterOutline,
): ClusterPlan {
  const { parameters, outputs, assigned } = lowered;
  const { roots, deviceOf, passedOver } = placement;
  const plan: ClusterPlan = {
    shapes,
    lowered: { parameters, outputs, assigned },
    placement: {
      roots,
      deviceOf,
      passedOver,
      parameters: placement.segments.map((segment) => segment.parameters),
    },
    segments,
    running: 0,
    dropped: false,
  };
  keepPlan(cluster, plan, outline);
  return plan;
}
