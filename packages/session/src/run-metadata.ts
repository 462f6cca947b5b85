// What a run tells of itself when it is over: RunMetadata. Source: core/common_runtime/direct_session.cc (RunInternal).

import type { Graph, Tensor } from "@org/graph";
import { create, GraphDef, type RunMetadata, RunOptions as RunOptionsProto } from "@org/proto";
import { hostDeviceName } from "./device-names.ts";
import type { Placements } from "./placements.ts";
import type { RunPlan } from "./run-plan.ts";
import type { RunOptions } from "./session-options.ts";
import { StepTrace } from "./step-trace.ts";

/** What is traced of a run that asks for it and has somewhere to put it. */
export function traceOf(options: RunOptions, plan: RunPlan, feeds: readonly Tensor[]): StepTrace | undefined {
  const level = options.options?.traceLevel;
  const number = typeof level === "string" ? RunOptionsProto.TraceLevel[level] : (level ?? 0);
  return options.runMetadata !== undefined && number > 0 ? new StepTrace(plan, feeds) : undefined;
}

/** Fills `metadata`, as if it were parsed anew. */
export function fillRunMetadata(
  metadata: RunMetadata,
  { options }: RunOptions,
  trace: StepTrace | undefined,
  plan: RunPlan,
  graph: Graph,
  placements: Placements,
): void {
  metadata.stepStats = trace?.stepStats() ?? null;
  metadata.partitionGraphs = options?.outputPartitionGraphs ? [partitionGraph(plan, graph, placements)] : [];
  metadata.costGraph = null;
  metadata.functionGraphs = [];
  metadata.sessionMetadata = null;
}

/** The part of the graph that was run, in one piece, each node on the device that it ran on. */
function partitionGraph(plan: RunPlan, graph: Graph, placements: Placements): GraphDef {
  const nodes = plan.nodes.filter(({ isFetch }) => !isFetch);
  return create(GraphDef, {
    node: nodes.map(({ op }) => ({
      ...op.toNodeDef(),
      device: placements.of(op.name)?.device ?? hostDeviceName,
    })),
    versions: graph.exportedVersions,
    ...(graph.library.isEmpty ? {} : { library: graph.library.toProto() }),
  });
}
