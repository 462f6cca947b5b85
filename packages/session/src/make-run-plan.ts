// Makes run plans.
//
//   prune -> sort -> frames -> order of variable accesses -> sort -> predicates -> foldable -> units -> slots
import type { Operation } from "@org/graph";
import type { OpEntry } from "@org/ops";
import { type Cluster, type OpenCluster, openCluster } from "./cluster.ts";
import type { Device } from "./device.ts";
import { checkFetchable, notFed } from "./feedable.ts";
import { feedsBehind } from "./feeds-behind.ts";
import { foldabilities, foldedNodes } from "./foldable.ts";
import { assignFrames, type Frame, sortNodes } from "./frames.ts";
import type { Functions } from "./functions.ts";
import type { PlanNode, Source } from "./plan-node.ts";
import { PlanSlots } from "./plan-slots.ts";
import { assignPredicates } from "./predicates.ts";
import { prune, type RunRequest } from "./prune.ts";
import type { Body, RunPlan, Unit, UnitBase } from "./run-plan.ts";
import { controlsOf } from "./unit-controls.ts";
import { groupUnits } from "./units.ts";
import { orderVariableAccess, variableNode, variableOf } from "./variable-access.ts";
import type { SessionState, VariableState } from "./variable-state.ts";

/** Makes the plan of a request, which lies below calls with the keys `path`. Throws TfErrors for what can be told without running. */
export function makeRunPlan(
  request: RunRequest,
  lookup: (op: Operation) => OpEntry | undefined,
  state: SessionState,
  devices: readonly Device[],
  functions: Functions,
  path: readonly string[] = [],
): RunPlan {
  const pruned = prune(request, lookup, functions, path);
  let nodes = sortNodes(pruned.nodes);
  let frames = assignFrames(nodes);
  orderVariableAccess(nodes, state, (node) => frames.of[node.index]);
  if (nodes.some((node) => node.after.length > 0)) {
    nodes = sortNodes(nodes);
    frames = assignFrames(nodes);
  }
  const branches = nodes.some(
    (node) => node.kind === "switch" || node.kind === "merge" || node.kind === "enter",
  );
  const partial = request.partial === true;
  if (!branches && !partial) for (const node of nodes) if (node.kind === "placeholder") throw notFed(node.op);
  checkFetchable(pruned.fetches, request.feeds, nodes, frames.outputOf);
  const predicates = branches ? assignPredicates(nodes, frames) : nodes.map(() => 0);
  const foldable = foldabilities(nodes);
  const isStatic = (node: PlanNode): boolean =>
    node.kind === "variable" || (node.kind === "const" && !(branches && node.controls.length > 0));
  const folded = foldedNodes(nodes, pruned.fetches, request.targets, foldable);
  const variable = variablesIn(state);
  const isolated = (node: PlanNode): boolean =>
    node.uses.some((use, i) => use.access === "variable" && variable(node.inputs[i]!) === undefined);
  const { units: drafts, of: unitOf } = groupUnits({
    nodes,
    frames,
    predicates,
    foldable,
    isStatic,
    folded,
    isolated,
    partial,
  });

  const slots = new PlanSlots({ devices, foldable, folded, variable, isStatic });
  const open: (OpenCluster | undefined)[] = [];
  const nodeInputs: (readonly number[])[] = [];
  for (const [unit, draft] of drafts.entries()) {
    slots.user = unit;
    if (draft.kind === "cluster") open[unit] = openCluster(unit, draft.nodes, slots);
    else if (draft.kind === "node") {
      const [node] = draft.nodes as [PlanNode];
      nodeInputs[unit] = node.inputs.map((source, i) =>
        node.uses[i]!.access === "variable" && source.node?.kind === "variable"
          ? -1
          : slots.slot(source, "value"),
      );
    }
  }
  slots.user = -1;
  const fetches = pruned.fetches.map((source) => slots.slot(source, "value"));
  const feeds = request.feeds.map((_, feed) => slots.find(`feed ${feed}`));

  const { uses, ofUnit, entered, filled } = slots.count(frames, drafts, fetches);

  const clusters: Cluster[] = [];
  const bodies = new Map<Frame, Unit[]>(frames.all.map((frame) => [frame, []]));
  const bodyOf = (frame: Frame): Body => ({
    frame,
    units: bodies.get(frame)!,
    slots: filled.get(frame) ?? [],
    entered: entered.get(frame) ?? [],
  });
  const units = drafts.map((draft, id): Unit => {
    const base: UnitBase = {
      id,
      before: draft.before,
      controls: branches ? controlsOf(draft, unitOf, isStatic, drafts) : [],
      uses: ofUnit[id]!,
    };
    let unit: Unit;
    if (draft.kind === "loop") unit = { ...base, kind: "loop", body: bodyOf(draft.inner!) };
    else if (draft.kind === "cluster") {
      const cluster = slots.closeCluster(open[id]!);
      clusters.push(cluster);
      unit = { ...base, kind: "cluster", cluster };
    } else {
      const [node] = draft.nodes as [PlanNode];
      unit = {
        ...base,
        kind: "node",
        node,
        inputs: nodeInputs[id]!,
        variables: node.uses.map((use, i) =>
          use.access === "variable" ? variable(node.inputs[i]!) : undefined,
        ),
        outputs: node.op.outputs.map((_, output) => slots.find(`${node.index}:${output}`)),
        backEdge:
          node.kind === "merge" ? node.inputs.findIndex((input) => input.node?.kind === "nextIteration") : -1,
      };
    }
    bodies.get(draft.frame)!.push(unit);
    return unit;
  });
  return {
    nodes,
    units,
    root: bodyOf(frames.all[0]!),
    template: slots.template,
    uses,
    feeds,
    fetches,
    clusters,
    branches,
    fetchFeeds: partial ? pruned.fetches.map(feedsBehind) : [],
    use: { running: 0, dropped: false },
  };
}

/** The variable behind a source, where the graph tells: made when it is first asked for. */
function variablesIn(state: SessionState): (source: Source) => VariableState | undefined {
  const variables = new Map<PlanNode, VariableState>();
  return (source) => {
    const maker = variableNode(source);
    if (maker === undefined) return undefined;
    let found = variables.get(maker);
    if (found === undefined) {
      found = variableOf(maker.op, state);
      variables.set(maker, found);
    }
    return found;
  };
}
