// A cluster: nodes that are lowered together, with what they take from outside and give to it. What is folded (see
// foldable.ts) is followed to its own sources. Plans for concrete shapes are made from it: see cluster-plan.ts.
import type { DType } from "@org/tensor";
import type { ClusterPlan } from "./cluster-plan.ts";
import type { Foldability } from "./foldable.ts";
import type { ClusterOutline } from "./make-plan.ts";
import { outputDType, type PlanNode, type Source } from "./plan-node.ts";
import type { VariableState } from "./variable-state.ts";

/** A value from outside. Its shape is part of a plan's key always, its contents where `host`. */
export interface ClusterInput {
  readonly slot: number;
  readonly dtype: DType;
  host: boolean;
  /** Whether kernels may need it; otherwise its shape (and contents, if `host`) are enough. */
  value: boolean;
}

export interface ClusterOutput {
  readonly slot: number;
  readonly node: PlanNode;
  readonly output: number;
  readonly dtype: DType;
  /** Whether nothing but its shape is asked for. */
  readonly shapeOnly: boolean;
  /** Index of the variable that a ref output passes on, or -1. */
  readonly variable: number;
}

/** A variable that nodes of the cluster use: known from the graph, or through a slot in the run. */
export interface ClusterVariable {
  readonly variable: VariableState | undefined;
  readonly slot: number;
}

export interface Cluster {
  readonly id: number;
  readonly nodes: readonly PlanNode[];
  readonly foldable: readonly Foldability[];
  readonly inputs: readonly ClusterInput[];
  /** Index into `inputs` by `sourceKey`. */
  readonly inputAt: ReadonlyMap<string, number>;
  readonly outputs: readonly ClusterOutput[];
  readonly variables: readonly ClusterVariable[];
  /** For nodes that use variables: index into `variables` by input, or -1. */
  readonly variableAt: ReadonlyMap<PlanNode, readonly number[]>;
  /** Slots that kill the cluster when dead, besides inputs and variables. */
  readonly deadSlots: readonly number[];
  /** Plans, the last used first. */
  readonly plans: ClusterPlan[];
  /** What plans of one structure have in common; that of the last one made first. */
  readonly outlines: ClusterOutline[];
}

/** Names a source within its plan. */
export function sourceKey(source: Source): string {
  return source.feed >= 0 ? `feed ${source.feed}` : `${source.node!.index}:${source.output}`;
}

/** What `clusterOf` needs of the plan: slots are numbered as they are asked for. */
export interface SlotTable {
  readonly foldable: readonly Foldability[];
  readonly folded: readonly boolean[];
  /** The slot of a source; what is asked of it is noted. */
  slot(source: Source, demand: "value" | "host" | "shape" | "ref"): number;
  /** The variable behind a source, where the graph tells. */
  variable(source: Source): VariableState | undefined;
}

/** A cluster without outputs: they are known when all consumers are. */
export type OpenCluster = Omit<Cluster, "outputs" | "plans" | "outlines">;

export function openCluster(id: number, nodes: readonly PlanNode[], table: SlotTable): OpenCluster {
  const own = new Set(nodes);
  const inputs: ClusterInput[] = [];
  const inputAt = new Map<string, number>();
  const variables: ClusterVariable[] = [];
  const variableAt = new Map<PlanNode, number[]>();
  const deadSlots = new Set<number>();
  const visited = new Set<string>();

  const input = (source: Source, demand: "value" | "host" | "shape"): void => {
    const slot = table.slot(source, demand);
    const key = sourceKey(source);
    let at = inputAt.get(key);
    if (at === undefined) {
      at = inputs.length;
      const dtype = source.node ? outputDType(source.node, source.output) : source.tensor.dtype;
      inputs.push({ slot, dtype, host: false, value: false });
      inputAt.set(key, at);
    }
    if (demand === "host") inputs[at]!.host = true;
    if (demand === "value") inputs[at]!.value = true;
  };
  const variable = (node: PlanNode, i: number): void => {
    const source = node.inputs[i]!;
    const known = table.variable(source);
    const direct = source.node?.kind === "variable";
    const outside = !direct && !(source.node && own.has(source.node));
    const slot = outside ? table.slot(source, "ref") : -1;
    if (outside && known !== undefined) deadSlots.add(slot);
    let at = variables.findIndex((v) => (known ? v.variable === known : v.slot === slot));
    if (at < 0) at = variables.push({ variable: known, slot }) - 1;
    let row = variableAt.get(node);
    if (row === undefined) {
      row = node.inputs.map(() => -1);
      variableAt.set(node, row);
    }
    row[i] = at;
  };
  const visit = (source: Source, demand: "value" | "host" | "shape"): void => {
    const { node } = source;
    if (node === undefined) {
      input(source, demand);
      return;
    }
    if (node.kind === "const" && table.foldable[node.index] !== "no") return;
    const folds = table.foldable[node.index] !== "no" && (demand === "host" || table.folded[node.index]!);
    if (own.has(node) && !(folds && demand === "host")) return;
    if (folds) fold(node, demand);
    else input(source, demand);
  };
  const fold = (node: PlanNode, demand: "value" | "host" | "shape"): void => {
    const key = `${node.index} ${demand}`;
    if (visited.has(key)) return;
    visited.add(key);
    for (const [i, source] of node.inputs.entries()) {
      const { access } = node.uses[i]!;
      if (access === "variable") variable(node, i);
      else visit(source, node.kind === "fromShapes" ? "shape" : access === "host" ? "host" : demand);
    }
  };
  for (const node of nodes)
    for (const [i, source] of node.inputs.entries()) {
      const { access } = node.uses[i]!;
      if (access === "variable") variable(node, i);
      else if (access === "host") visit(source, "host");
      else visit(source, node.kind === "fromShapes" ? "shape" : "value");
    }
  return {
    id,
    nodes,
    foldable: table.foldable,
    inputs,
    inputAt,
    variables,
    variableAt,
    deadSlots: [...deadSlots],
  };
}
