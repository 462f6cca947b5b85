// What of a plan's units waits for what: units that die with others by control edges, and the unit that stands for another one in a frame.
import type { Frame } from "./frames.ts";
import type { PlanNode } from "./plan-node.ts";
import type { UnitDraft } from "./units.ts";

/** The unit of `frame` that `unit` is, or lies in: the loop around it. */
export function liftUnit(unit: number, frame: Frame, drafts: readonly UnitDraft[]): number {
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
export function controlsOf(
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
