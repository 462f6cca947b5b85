// How long what a run plan holds on devices stays there: until it is kept no longer and no execution uses it.
import { dropPlan } from "./cluster-plan.ts";
import type { RunPlan } from "./run-plan.ts";

/** Marks the beginning of an execution. */
export function enterRunPlan({ use }: RunPlan): void {
  use.running++;
}

/** Marks the end of an execution. */
export function leaveRunPlan(plan: RunPlan): void {
  if (--plan.use.running === 0 && plan.use.dropped) free(plan);
}

/** Frees what the plan holds: constants, and plans of its clusters; if it is running, when the last execution ends. */
export function dropRunPlan(plan: RunPlan): void {
  if (plan.use.dropped) return;
  plan.use.dropped = true;
  if (plan.use.running === 0) free(plan);
}

function free({ clusters, template }: RunPlan): void {
  for (const cluster of clusters) for (const made of cluster.plans.splice(0)) dropPlan(made);
  for (const value of template) if (value?.kind === "tensor") value.release();
}
