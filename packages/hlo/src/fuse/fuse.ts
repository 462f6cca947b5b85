// fuse: a computation cut into kernels and the values between them. What goes into which kernel is decided in
// groups.ts; here only what is needed is put in order. Placement and memory are the session's.
import { TfError } from "@org/errors";
import type { FusionPlan, FusionStep, PlannedValue } from "../fusion.ts";
import { attributesOf, type HloComputation, type HloInstruction } from "../instruction.ts";
import { isTuple } from "../opcodes.ts";
import { canonicalDots } from "./canonical-dots.ts";
import { type FusionOptions, type Group, Groups } from "./groups.ts";
import { donationsOf, fusionAndNest } from "./make-fusion.ts";
import { type FusionOutline, outlineOf } from "./outline.ts";

/**
 * Plans a computation as kernels: element-wise chains and views in one loop with all their outputs, reductions with what
 * feeds them and what follows, matrix products with what follows, everything else alone. Simplify it first. Values are
 * made once, in an order in which each step's inputs are there before it; what no root needs is left out.
 */
export function fuse(computation: HloComputation, options: FusionOptions = {}): FusionPlan {
  return outlinedFusion(computation, options).plan;
}

/** `fuse`, and the outline that plans computations of the same structure: see outline.ts. */
export function outlinedFusion(
  computation: HloComputation,
  options: FusionOptions = {},
): { readonly plan: FusionPlan; readonly outline: FusionOutline } {
  const canonical = canonicalDots(computation);
  const groups = new Groups(canonical, options);
  const values: PlannedValue[] = [];
  const constants: { value: number; data: FusionPlan["constants"][number]["data"] }[] = [];
  const steps: FusionStep[] = [];
  const located = new Map<HloInstruction, number>();
  const made: HloInstruction[] = [];
  const kernels: (readonly HloInstruction[])[] = [];
  const newValue = (instruction: HloInstruction): number => {
    const { dtype, dims } = instruction;
    const value = values.push({ dtype, dims }) - 1;
    located.set(instruction, value);
    made.push(instruction);
    return value;
  };
  const parameters = canonical.parameters.map(newValue);
  const pieces = new Map<Group, Piece>();
  const copies = new Map<HloInstruction, Group>();

  /** The kernel that makes a value which is none yet. */
  const makerOf = (instruction: HloInstruction): Group => {
    const group = groups.groupOf(instruction);
    if (group) return group;
    const copy = copies.get(instruction) ?? { kind: "loop", members: new Set([instruction]) };
    copies.set(instruction, copy);
    return copy;
  };

  /** Makes the values of `wanted`, and before them whatever they need; a stack, since graphs can be deep. */
  const make = (wanted: HloInstruction): number => {
    const pending = [storage(wanted)];
    for (let next = pending.at(-1); next; next = pending.at(-1)) {
      if (located.has(next)) {
        pending.pop();
      } else if (next.opcode === "constant") {
        constants.push({ value: newValue(next), data: attributesOf(next, "constant").value });
      } else {
        const group = makerOf(next);
        const piece = pieces.get(group) ?? pieceOf(groups, group, next);
        pieces.set(group, piece);
        const missing = piece.inputs.map(storage).filter((input) => !located.has(input));
        if (missing.length) pending.push(...missing);
        else {
          steps.push(stepOf(piece, (input) => located.get(storage(input))!, newValue));
          kernels.push(piece.sources);
        }
      }
    }
    return located.get(storage(wanted))!;
  };

  const plan = { values, parameters, constants, steps, roots: canonical.roots.map(make) };
  return { plan, outline: outlineOf(canonical, canonical === computation, plan, made, kernels) };
}

/** What holds the elements of an instruction: below reshapes, which move none. */
function storage(instruction: HloInstruction): HloInstruction {
  let at = instruction;
  while (at.opcode === "reshape") at = at.operands[0]!;
  return at;
}

interface Piece {
  readonly group: Group;
  readonly outputs: readonly HloInstruction[];
  readonly computation: HloComputation;
  readonly inputs: readonly HloInstruction[];
  readonly sources: readonly HloInstruction[];
}

function pieceOf(groups: Groups, group: Group, wanted: HloInstruction): Piece {
  const outputs = groups.groupOf(wanted) ? groups.outputsOf(group.members) : [wanted];
  if (!outputs.includes(wanted))
    throw new TfError("INTERNAL", `fuse: a kernel does not give instruction ${wanted.id} (${wanted.opcode})`);
  return { group, outputs, ...groups.kernel(group.kind, group.members, outputs) };
}

function stepOf(
  { group, outputs, computation, inputs }: Piece,
  located: (input: HloInstruction) => number,
  newValue: (output: HloInstruction) => number,
): FusionStep {
  const { fusion, nest } = fusionAndNest(group.kind, { ...computation, name: nameOf(computation) });
  const donations = donationsOf(fusion, nest);
  return { fusion, donations, inputs: inputs.map(located), outputs: outputs.map(newValue) };
}

/** The opcodes that compute, for people: "dot.add.maximum". */
function nameOf({ instructions }: HloComputation): string {
  const silent = new Set(["parameter", "constant", "broadcast", "reshape", "getTupleElement"]);
  const names = instructions
    .filter(({ opcode }) => !silent.has(opcode) || isTuple(opcode))
    .map((i) => i.opcode);
  return names.length === 0 ? "copy" : names.slice(0, 6).join(".") + (names.length > 6 ? ".etc" : "");
}
