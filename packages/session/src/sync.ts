// Whether a plan can run at once. What host kernels return is only known when they run; which backends download and
// prepare at once is known before.
import { TfError } from "@org/errors";
import type { Device } from "./device.ts";
import type { RunPlan } from "./run-plan.ts";

/** Ops whose kernels wait: for files, for other runs. */
const waits =
  /^(Save|Restore|MergeV2|ReadFile|WriteFile|MatchingFiles|Queue|.*Queue|Stage|Unstage|Reader|Barrier|IteratorGetNext)/;

/** Throws TfError FAILED_PRECONDITION, naming the node or backend, where the plan cannot run at once. */
export function checkSync(plan: RunPlan, devices: readonly Device[]): void {
  for (const node of plan.nodes)
    if (node.kind === "host" && waits.test(node.op.type))
      throw new TfError("FAILED_PRECONDITION", `runSync: ${node.op.type} works in its own time`, {
        node: node.op.name,
        op: node.op.type,
        hint: "Use run.",
      });
  if (plan.clusters.length === 0) return;
  for (const { backend, name } of devices)
    if (backend.downloadSync === undefined)
      throw new TfError("FAILED_PRECONDITION", `runSync: the backend ${name} works in its own time`, {
        hint: "Use run, or a session without this backend.",
      });
}
