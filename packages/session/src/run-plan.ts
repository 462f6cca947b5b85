// A run plan: what one set of fetches, feeds and targets makes the executor do, whatever the shapes. Cached by the
// session. Slots are where values lie between units; a slot is counted down by its users and freed by the last.
//
//   prune -> sort -> frames -> order of variable accesses -> sort -> predicates -> foldable -> units -> slots
import { TfError } from "@org/errors";
import type { Operation, Tensor } from "@org/graph";
import type { OpEntry } from "@org/ops";
import { dtypeString } from "@org/tensor";
import { type Cluster, type OpenCluster, openCluster, type SlotTable, sourceKey } from "./cluster.ts";
import type { Device } from "./device.ts";
import { type Foldability, foldabilities } from "./foldable.ts";
import { assignFrames, type Frame, sortNodes } from "./frames.ts";
import type { Functions } from "./functions.ts";
import { isClusterable, outputDType, type PlanNode, type Source } from "./plan-node.ts";
import { assignPredicates } from "./predicates.ts";
import { prune, type RunRequest } from "./prune.ts";
import { groupUnits, type UnitDraft } from "./units.ts";
import { TensorValue, type Value } from "./values.ts";
import { orderVariableAccess, variableNode, variableOf } from "./variable-access.ts";
import type { SessionState, VariableState } from "./variable-state.ts";

interface UnitBase {
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

interface SlotDraft {
  readonly source: Source;
  readonly users: Set<number>;
  value: boolean;
  fixed: Value | undefined;
}

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
  const variables = new Map<PlanNode, VariableState>();
  const variable = (source: Source): VariableState | undefined => {
    const maker = variableNode(source);
    if (maker === undefined) return undefined;
    let found = variables.get(maker);
    if (found === undefined) {
      found = variableOf(maker.op, state);
      variables.set(maker, found);
    }
    return found;
  };
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

  // Slots.
  const slots: SlotDraft[] = [];
  const slotAt = new Map<string, number>();
  let user = -1;
  const table: SlotTable = {
    foldable,
    folded,
    variable,
    slot(source, demand) {
      const key = sourceKey(source);
      let at = slotAt.get(key);
      if (at === undefined) {
        at = slots.length;
        slotAt.set(key, at);
        slots.push({ source, users: new Set(), value: false, fixed: fixedValue(source) });
      }
      const slot = slots[at]!;
      if (user >= 0) slot.users.add(user);
      if (demand !== "shape") slot.value = true;
      return at;
    },
  };
  const fixedValue = (source: Source): Value | undefined => {
    const { node } = source;
    if (node === undefined || !isStatic(node)) return undefined;
    if (node.kind === "const") {
      const value = node.op.attrs.tensor("value");
      return new TensorValue(devices, value.dtype, value.shape, value);
    }
    const found = variable(source)!;
    return node.op.type === "VarHandleOp"
      ? new TensorValue(devices, "resource", [], { dtype: "resource", shape: [], data: [found] })
      : { kind: "ref", variable: found };
  };

  const open: (OpenCluster | undefined)[] = [];
  const nodeInputs: (readonly number[])[] = [];
  for (const [unit, draft] of drafts.entries()) {
    user = unit;
    if (draft.kind === "cluster") open[unit] = openCluster(unit, draft.nodes, table);
    else if (draft.kind === "node") {
      const [node] = draft.nodes as [PlanNode];
      nodeInputs[unit] = node.inputs.map((source, i) =>
        node.uses[i]!.access === "variable" && source.node?.kind === "variable"
          ? -1
          : table.slot(source, "value"),
      );
    }
  }
  user = -1;
  const fetches = pruned.fetches.map((source) => table.slot(source, "value"));
  const feeds = request.feeds.map((_, feed) => slotAt.get(`feed ${feed}`) ?? -1);

  const uses = new Int32Array(slots.length);
  const usesOf: number[][] = drafts.map(() => []);
  const entered = new Map<Frame, number[]>();
  const filled = new Map<Frame, number[]>();
  for (const [at, slot] of slots.entries()) {
    if (slot.fixed !== undefined) continue;
    const { node } = slot.source;
    const frame = node ? frames.outputOf[node.index]! : frames.all[0]!;
    if (node?.kind === "enter") {
      push(entered, frame, at);
      continue;
    }
    push(filled, frame, at);
    const users = new Set([...slot.users].map((unit) => liftUnit(unit, frame, drafts)));
    for (const unit of users) usesOf[unit]!.push(at);
    uses[at] = users.size;
  }
  for (const at of fetches) if (slots[at]!.fixed === undefined) uses[at]!++;

  const clusters: Cluster[] = [];
  const bodies = new Map<Frame, Unit[]>(frames.all.map((frame) => [frame, []]));
  const bodyOf = (frame: Frame): Body => ({
    frame,
    units: bodies.get(frame)!,
    slots: filled.get(frame) ?? [],
    entered: entered.get(frame) ?? [],
  });
  const outputsOf = outputSlots(slots);
  const units = drafts.map((draft, id): Unit => {
    const base: UnitBase = {
      id,
      before: draft.before,
      controls: branches ? controlsOf(draft, unitOf, isStatic, drafts) : [],
      uses: usesOf[id]!,
    };
    let unit: Unit;
    if (draft.kind === "loop") unit = { ...base, kind: "loop", body: bodyOf(draft.inner!) };
    else if (draft.kind === "cluster") {
      const cluster = closeCluster(open[id]!, outputsOf, slots);
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
        outputs: node.op.outputs.map((_, output) => slotAt.get(`${node.index}:${output}`) ?? -1),
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
    template: slots.map((slot) => slot.fixed),
    uses,
    feeds,
    fetches,
    clusters,
    branches,
    fetchFeeds: partial ? pruned.fetches.map(feedsBehind) : [],
    use: { running: 0, dropped: false },
  };
}

/** The feeds that a source needs, over all edges. */
function feedsBehind(source: Source): Set<number> {
  const feeds = new Set<number>();
  const seen = new Set<PlanNode>();
  const pending: PlanNode[] = [];
  const meet = ({ node, feed }: Pick<Source, "node" | "feed">): void => {
    if (node === undefined) feeds.add(feed);
    else if (!seen.has(node)) {
      seen.add(node);
      pending.push(node);
    }
  };
  meet(source);
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const input of node.inputs) meet(input);
    for (const earlier of [...node.controls, ...node.after]) meet({ node: earlier, feed: -1 });
  }
  return feeds;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** The error for a placeholder that is reached without a feed. */
export function notFed(op: Operation): TfError {
  const { dims } = op.outputs[0]!.shape;
  const dtype = dtypeString(op.outputs[0]!.dtype);
  const shape = dims === null ? "" : ` and shape ${op.outputs[0]!.shape}`;
  return new TfError(
    "INVALID_ARGUMENT",
    `You must feed a value for placeholder tensor '${op.name}' with dtype ${dtype}${shape}`,
    { node: op.name, op: op.type, hint: `Add it to the feeds: { feeds: { "${op.name}:0": value } }.` },
  );
}

function checkFetchable(
  fetches: readonly Source[],
  feeds: readonly Tensor[],
  nodes: readonly PlanNode[],
  outputOf: readonly Frame[],
): void {
  for (const { node } of fetches)
    if (node !== undefined && outputOf[node.index]!.parent !== undefined)
      throw new TfError("INVALID_ARGUMENT", `Operation '${node.op.name}' has been marked as not fetchable.`, {
        node: node.op.name,
        op: node.op.type,
        hint: "It is inside a while loop: fetch what the loop returns.",
      });
  const fed = new Set(feeds.map((tensor) => tensor.op));
  for (const node of nodes)
    if (fed.has(node.op) && outputOf[node.index]!.parent !== undefined)
      throw new TfError("INVALID_ARGUMENT", `Tensor ${node.op.name}:0 may not be fed.`, {
        node: node.op.name,
      });
}

/** By PlanNode.index: whether a node is told while planning alone, wherever it is used. */
function foldedNodes(
  nodes: readonly PlanNode[],
  fetches: readonly Source[],
  targets: readonly Operation[],
  foldable: readonly Foldability[],
): boolean[] {
  const folded = foldable.map((own) => own !== "no");
  const runs = (node: PlanNode | undefined): void => {
    if (node !== undefined) folded[node.index] = false;
  };
  for (const { node } of fetches) runs(node);
  const targetOps = new Set(targets);
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    if (targetOps.has(node.op)) runs(node);
    for (const control of node.controls) if (!folded[i] || control.kind !== "const") runs(control);
    for (const earlier of node.after) runs(earlier);
    if (folded[i]) continue;
    const clusterable = isClusterable(node);
    for (const [at, { node: from }] of node.inputs.entries()) {
      const told = clusterable && (node.uses[at]!.access === "host" || node.kind === "fromShapes");
      if (!told && !(clusterable && from?.kind === "const")) runs(from);
    }
  }
  return folded;
}

function liftUnit(unit: number, frame: Frame, drafts: readonly UnitDraft[]): number {
  let at = unit;
  while (drafts[at]!.frame !== frame) {
    const inner = drafts[at]!.frame;
    const up = drafts.findIndex((draft) => draft.inner === inner);
    if (up < 0) return unit;
    at = up;
  }
  return at;
}

/** Units whose death kills this one by a control edge. */
function controlsOf(
  draft: UnitDraft,
  unitOf: readonly number[],
  isStatic: (node: PlanNode) => boolean,
  drafts: readonly UnitDraft[],
): number[] {
  const own = new Set(draft.nodes);
  const found = new Set<number>();
  const seen = new Set<PlanNode>();
  const inherit = (node: PlanNode): void => {
    if (seen.has(node)) return;
    seen.add(node);
    for (const control of node.controls) {
      const unit = unitOf[control.index]!;
      // A cluster waits for no constant, but for what that waits for.
      if (unit < 0 || (draft.kind === "cluster" && control.kind === "const")) inherit(control);
      else if (!own.has(control) && drafts[unit]!.frame === draft.frame) found.add(unit);
    }
    // What has no unit of its own, or is folded here, hands on what kills it.
    for (const { node: from } of node.inputs)
      if (from !== undefined && (unitOf[from.index]! < 0 || (from.kind === "const" && !isStatic(from))))
        inherit(from);
  };
  for (const node of draft.nodes) inherit(node);
  return [...found];
}

function outputSlots(slots: readonly SlotDraft[]): Map<PlanNode, number[]> {
  const byNode = new Map<PlanNode, number[]>();
  for (const [at, { source }] of slots.entries()) if (source.node) push(byNode, source.node, at);
  return byNode;
}

function closeCluster(
  open: OpenCluster,
  outputsOf: ReadonlyMap<PlanNode, readonly number[]>,
  slots: readonly SlotDraft[],
): Cluster {
  const outputs = open.nodes.flatMap((node) =>
    (outputsOf.get(node) ?? []).map((slot) => {
      const { source, value } = slots[slot]!;
      const passed =
        source.tensor.isRef && node.kind !== "read"
          ? node.inputs.findIndex((input) => input.tensor.isRef)
          : -1;
      return {
        slot,
        node,
        output: source.output,
        dtype: outputDType(node, source.output),
        shapeOnly: !value,
        variable: passed < 0 ? -1 : open.variableAt.get(node)![passed]!,
      };
    }),
  );
  return { ...open, outputs, plans: [], outlines: [] };
}
