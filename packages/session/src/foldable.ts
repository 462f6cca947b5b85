// What can be told while a cluster is planned, so that it never cuts one: constants, shapes, and integer arithmetic over
// them and over values that are on the host anyway (feeds, results of host kernels). A symbolic batch size leaves a
// training step full of Shape, Prod, FloorDiv, BroadcastGradientArgs; all of it is told from the step's shapes.
import type { Operation } from "@org/graph";
import { isHloDType } from "@org/hlo";
import type { DType } from "@org/tensor";
import { dtypes } from "@org/tensor";
import { isClusterable, type PlanNode, type Source } from "./plan-node.ts";

/** no: computed in the run; known: told from shapes and constants alone; hosted: from integers on the host too. */
export type Foldability = "no" | "known" | "hosted";

const isIndex = (dtype: DType): boolean => {
  const { kind } = dtypes[dtype];
  return (kind === "int" || kind === "uint" || kind === "bool") && isHloDType(dtype);
};

/** By PlanNode.index. `nodes` are sorted. */
export function foldabilities(nodes: readonly PlanNode[]): readonly Foldability[] {
  const of: Foldability[] = [];
  for (const node of nodes) of.push(foldability(node, of));
  return of;
}

function foldability(node: PlanNode, of: readonly Foldability[]): Foldability {
  if (node.kind === "const") return isHloDType(node.op.outputs[0]!.dtype) ? "known" : "no";
  if (node.kind === "fromShapes") return "known";
  const evaluates = node.kind === "lowered" || node.kind === "alias";
  if (!evaluates && node.kind !== "host") return "no";
  if (node.op.opDef?.isStateful || node.op.outputs.length === 0) return "no";
  if (node.uses.some((use) => use.access !== "value" && use.access !== "host")) return "no";
  const indices = node.op.outputs.every((output) => isIndex(output.dtype));
  if (node.kind === "host" && !(indices && node.op.inputs.every((input) => isIndex(input.dtype))))
    return "no";
  let all: Foldability = "known";
  for (const [i, input] of node.inputs.entries()) {
    const from = input.node;
    const own = from === undefined ? "no" : of[from.index];
    if (own === "known") continue;
    const onHost = own === "hosted" || from === undefined || !isClusterable(from);
    // A host kernel is evaluated while planning only where its inputs cannot change but with shapes.
    if (!onHost || node.kind === "host" || !indices) return "no";
    if (!isIndex(input.tensor.dtype) && node.uses[i]!.access !== "host") return "no";
    all = "hosted";
  }
  // No inputs at all and yet no constant: nothing says that it is the same in every run.
  return node.inputs.length === 0 && node.kind === "host" ? "no" : all;
}

/** By PlanNode.index: whether a node is told while planning alone, wherever it is used. */
export function foldedNodes(
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
