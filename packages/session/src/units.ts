// Cuts a plan's nodes into units, what the executor steps through: clusters of lowered ops, single other nodes, and the
// whole of an inner frame as one step of its parent.
//
// A cluster lies in one frame, under one predicate, and no path leaves and re-enters it. That is reached by stages: a
// node of a cluster has the stage of what it needs from clusters, one more than what it needs from other units (or
// from values that must be known when it is planned); a unit of another kind has the greatest stage of what it
// needs. Nodes of a cluster with the same frame, predicate and stage are one. Sorting the units verifies it. In a partial run
// they also need the same feeds: what needs more comes later on every path.
import { TfError } from "@org/errors";
import type { Foldability } from "./foldable.ts";
import type { Frame, Frames } from "./frames.ts";
import { isClusterable, type PlanNode } from "./plan-node.ts";
import { topologicalOrder } from "./topological-order.ts";

export interface UnitDraft {
  readonly kind: "cluster" | "node" | "loop";
  /** One for a node, in order for a cluster, none for a loop. */
  readonly nodes: readonly PlanNode[];
  readonly frame: Frame;
  /** The frame that a loop runs. */
  readonly inner: Frame | undefined;
  /** What must be done before, by place in `units`; all are in the same frame. */
  readonly before: readonly number[];
}

export interface Units {
  /** Sorted within each frame. */
  readonly units: readonly UnitDraft[];
  /** By PlanNode.index: the unit that the node is in, or -1. */
  readonly of: readonly number[];
}

/** What grouping needs to know of a plan's sorted nodes, each by PlanNode.index. */
export interface Grouping {
  readonly nodes: readonly PlanNode[];
  readonly frames: Frames;
  readonly predicates: readonly number[];
  readonly foldable: readonly Foldability[];
  /** Known before the run: neither runs nor waits. */
  readonly isStatic: (node: PlanNode) => boolean;
  /** Nodes that only ever are told while planning: in no unit. */
  readonly folded: readonly boolean[];
  /** Nodes that must be alone (their variable is told in the run). */
  readonly isolated: (node: PlanNode) => boolean;
  /** Whether feeds come one after another: nodes of one cluster then need the same ones. */
  readonly partial: boolean;
}

export function groupUnits(grouping: Grouping): Units {
  const { nodes, frames, predicates, folded } = grouping;
  const count = nodes.length + frames.all.length;
  const edges = liftedEdges(grouping);
  const order = topologicalOrder(
    count,
    (item) => edges.after[item]!,
    (item) => nodes[item]?.order ?? -1,
  );
  if (order.length < count) throw cyclic(nodes, order);

  const joins = (item: number): boolean =>
    item < nodes.length &&
    (folded[item]! || (isClusterable(nodes[item]!) && !grouping.isolated(nodes[item]!)));
  const stages = new Int32Array(count).fill(-1);
  for (const item of order) {
    let stage = joins(item) ? 0 : -1;
    for (const from of edges.before[item]!) {
      const steps = joins(item) && (!joins(from) || edges.mustBeKnown(from, item)) ? 1 : 0;
      stage = Math.max(stage, stages[from]! + steps);
    }
    stages[item] = stage;
  }

  const feeds = grouping.partial ? feedKeys(grouping, edges.before, order) : undefined;
  const drafts: { kind: UnitDraft["kind"]; items: number[]; frame: Frame; inner: Frame | undefined }[] = [];
  const unitOf = new Int32Array(count).fill(-1);
  const clusters = new Map<string, number>();
  for (const item of order) {
    const inner = item < nodes.length ? undefined : frames.all[item - nodes.length]!;
    const frame = inner ? inner.parent : frames.of[item]!;
    if (frame === undefined || folded[item] || (inner === undefined && grouping.isStatic(nodes[item]!)))
      continue;
    const cluster = inner === undefined && isClusterable(nodes[item]!);
    const fed = frame.parent === undefined ? (feeds?.[item] ?? "") : "";
    const key = `${frame.index} ${predicates[item]} ${stages[item]} ${fed}`;
    const open = cluster && joins(item) ? clusters.get(key) : undefined;
    if (open !== undefined) {
      drafts[open]!.items.push(item);
      unitOf[item] = open;
      continue;
    }
    unitOf[item] = drafts.length;
    if (cluster && joins(item)) clusters.set(key, drafts.length);
    drafts.push({ kind: inner ? "loop" : cluster ? "cluster" : "node", items: [item], frame, inner });
  }

  const before = drafts.map(() => new Set<number>());
  for (const [unit, draft] of drafts.entries())
    for (const item of draft.items)
      for (const from of unitsBehind(item, edges.before, unitOf)) if (from !== unit) before[unit]!.add(from);
  const after: number[][] = drafts.map(() => []);
  for (const [unit, set] of before.entries()) for (const from of set) after[from]!.push(unit);
  const sorted = topologicalOrder(
    drafts.length,
    (unit) => after[unit]!,
    (unit) => drafts[unit]!.items[0]!,
  );
  if (sorted.length < drafts.length)
    throw new TfError("INTERNAL", "A path leaves a cluster and re-enters it", {
      node: nodes[drafts[0]!.items[0]!]!.op.name,
    });
  const place = new Int32Array(drafts.length);
  for (const [at, unit] of sorted.entries()) place[unit] = at;
  return {
    units: sorted.map((unit) => {
      const { kind, items, frame, inner } = drafts[unit]!;
      return {
        kind,
        nodes: kind === "loop" ? [] : items.map((item) => nodes[item]!),
        frame,
        inner,
        before: [...before[unit]!].map((from) => place[from]!),
      };
    }),
    of: nodes.map((_, i) => (unitOf[i]! < 0 ? -1 : place[unitOf[i]!]!)),
  };
}

/** By item: the feeds that must be there before it, as text. A frame needs what anything in it does. */
function feedKeys(
  { nodes, frames }: Grouping,
  before: readonly (readonly number[])[],
  order: readonly number[],
): string[] {
  const needs: Set<number>[] = Array.from({ length: nodes.length + frames.all.length }, () => new Set());
  for (const node of nodes)
    for (const { feed } of node.inputs) {
      if (feed < 0) continue;
      needs[node.index]!.add(feed);
      for (let frame = frames.of[node.index]; frame?.parent !== undefined; frame = frame.parent)
        needs[nodes.length + frame.index]!.add(feed);
    }
  for (const item of order)
    for (const from of before[item]!) for (const feed of needs[from]!) needs[item]!.add(feed);
  return needs.map((feeds) => [...feeds].sort((a, b) => a - b).join());
}

/** Units right behind `item`, seen through folded nodes. */
function unitsBehind(item: number, before: readonly (readonly number[])[], unitOf: Int32Array): Set<number> {
  const found = new Set<number>();
  const seen = new Set<number>();
  const pending = [...before[item]!];
  for (let from = pending.pop(); from !== undefined; from = pending.pop()) {
    if (seen.has(from)) continue;
    seen.add(from);
    if (unitOf[from]! >= 0) found.add(unitOf[from]!);
    else pending.push(...before[from]!);
  }
  return found;
}

interface LiftedEdges {
  readonly before: readonly (readonly number[])[];
  readonly after: readonly (readonly number[])[];
  /** Whether `item` needs a value of `from` that must be on the host when it is planned. */
  mustBeKnown(from: number, item: number): boolean;
}

/**
 * Edges between items (nodes by index, then frames): an edge into or out of an inner frame is one to or from that frame as a whole.
 * A static node has no edges, nor has a constant to what can fold it; what uses it waits for its control inputs.
 */
function liftedEdges({ nodes, frames, foldable, isStatic }: Grouping): LiftedEdges {
  const count = nodes.length + frames.all.length;
  const before: Set<number>[] = Array.from({ length: count }, () => new Set());
  const known = new Set<number>();
  const lift = (node: PlanNode, level: Frame): number => {
    let frame = frames.of[node.index]!;
    if (frame === level) return node.index;
    while (frame.parent !== level) frame = frame.parent!;
    return nodes.length + frame.index;
  };
  const add = (from: PlanNode, to: PlanNode, mustBeKnown: boolean): void => {
    if (isStatic(from) || (from.kind === "const" && !mustBeKnown && isClusterable(to))) {
      for (const control of from.controls) add(control, to, false);
      return;
    }
    let level = frames.of[from.index]!;
    let other = frames.of[to.index]!;
    while (level !== other) {
      if (level.depth >= other.depth) level = level.parent!;
      else other = other.parent!;
    }
    const [a, b] = [lift(from, level), lift(to, level)];
    if (a === b) return;
    before[b]!.add(a);
    if (mustBeKnown) known.add(a * count + b);
  };
  for (const node of nodes) {
    if (isStatic(node)) continue;
    for (const [i, input] of node.inputs.entries()) {
      const from = input.node;
      if (from === undefined || (node.kind === "merge" && from.kind === "nextIteration")) continue;
      const host = node.uses[i]!.access === "host";
      add(from, node, host && foldable[from.index] === "no");
    }
    for (const control of node.controls) add(control, node, false);
    for (const earlier of node.after) add(earlier, node, false);
  }
  const after: number[][] = Array.from({ length: count }, () => []);
  for (const [item, set] of before.entries()) for (const from of set) after[from]!.push(item);
  return {
    before: before.map((set) => [...set]),
    after,
    mustBeKnown: (from, item) => known.has(from * count + item),
  };
}

function cyclic(nodes: readonly PlanNode[], order: readonly number[]): TfError {
  const sorted = new Set(order);
  const left = nodes.filter((node) => !sorted.has(node.index));
  return new TfError(
    "INVALID_ARGUMENT",
    `Graph is invalid, a loop's frame is entered after it was left: ${left
      .slice(0, 3)
      .map((node) => node.op.name)
      .join(", ")}`,
    left[0] ? { node: left[0].op.name, op: left[0].op.type } : {},
  );
}
