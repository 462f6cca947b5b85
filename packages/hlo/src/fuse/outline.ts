// An outline is what is left of a plan without extents: which instructions each kernel holds, by their places in the computation.
// Another computation of the same structure (a new batch size) gets its plan from it, and nothing is decided again. The kernels
// themselves are made anew for the new extents; where one has another key than it had, the outline does not fit.
import type { FusionKind, FusionPlan, FusionStep } from "../fusion.ts";
import { attributesOf, type HloComputation, type HloDType, type HloInstruction } from "../instruction.ts";
import { canonicalDots } from "./canonical-dots.ts";
import { donationsOf, fusionIfExpressible } from "./make-fusion.ts";

/** An instruction without extents; operands by their places. */
interface Mold {
  readonly opcode: string;
  readonly dtype: HloDType;
  readonly rank: number;
  readonly operands: readonly number[];
}

interface KernelOutline {
  readonly kind: FusionKind;
  readonly name: string;
  readonly key: string;
  /** For each instruction of the kernel the place of what it stands for: of a parameter, what is read. */
  readonly sources: readonly number[];
  /** Places in the kernel. */
  readonly operands: readonly (readonly number[])[];
  readonly parameters: ReadonlySet<number>;
  readonly roots: readonly number[];
  /** Values of the plan. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** What plans of one structure have in common. */
export interface FusionOutline {
  /** Whether the computation was as canonicalDots wants it. */
  readonly isCanonical: boolean;
  readonly molds: readonly Mold[];
  readonly parameters: readonly number[];
  readonly roots: readonly number[];
  readonly kernels: readonly KernelOutline[];
  /** For each value of the plan the place of what it was made for. */
  readonly values: readonly number[];
  readonly plan: {
    readonly parameters: readonly number[];
    /** Values that are constants. */
    readonly constants: readonly number[];
    readonly roots: readonly number[];
  };
}

type Places = ReadonlyMap<HloInstruction, number>;

function placesOf(instructions: readonly HloInstruction[]): Places {
  const places = new Map<HloInstruction, number>();
  for (let i = 0; i < instructions.length; i++) places.set(instructions[i]!, i);
  return places;
}

/** The outline of a plan: `made` is what each of its values was made for, `sources` what each kernel's instructions stand for. */
export function outlineOf(
  computation: HloComputation,
  isCanonical: boolean,
  plan: FusionPlan,
  made: readonly HloInstruction[],
  sources: readonly (readonly HloInstruction[])[],
): FusionOutline {
  const places = placesOf(computation.instructions);
  const at = (instruction: HloInstruction): number => places.get(instruction)!;
  return {
    isCanonical,
    molds: computation.instructions.map(({ opcode, dtype, dims, operands }) => ({
      opcode,
      dtype,
      rank: dims.length,
      operands: operands.map(at),
    })),
    parameters: computation.parameters.map(at),
    roots: computation.roots.map(at),
    kernels: plan.steps.map(({ fusion, inputs, outputs }, i): KernelOutline => {
      const { name, instructions, parameters, roots } = fusion.computation;
      const inside = placesOf(instructions);
      const within = (instruction: HloInstruction): number => inside.get(instruction)!;
      return {
        kind: fusion.kind,
        name,
        key: fusion.key,
        sources: sources[i]!.map(at),
        operands: instructions.map(({ operands }) => operands.map(within)),
        parameters: new Set(parameters.map(within)),
        roots: roots.map(within),
        inputs,
        outputs,
      };
    }),
    values: made.map(at),
    plan: {
      parameters: plan.parameters,
      constants: plan.constants.map(({ value }) => value),
      roots: plan.roots,
    },
  };
}

/**
 * The plan of a computation that differs in extents alone from the one whose outline this is; undefined where it differs in more, or
 * where its extents ask for another kernel. Kernels are grouped as they were there.
 */
export function fuseAlike(outline: FusionOutline, computation: HloComputation): FusionPlan | undefined {
  const canonical = outline.isCanonical ? computation : canonicalDots(computation);
  const { instructions } = canonical;
  if (!fits(outline, canonical)) return undefined;
  const steps: FusionStep[] = [];
  for (const kernel of outline.kernels) {
    const step = stepAlike(kernel, instructions);
    if (step === undefined) return undefined;
    steps.push(step);
  }
  return {
    values: outline.values.map((place) => {
      const { dtype, dims } = instructions[place]!;
      return { dtype, dims };
    }),
    parameters: outline.plan.parameters,
    constants: outline.plan.constants.map((value) => {
      const instruction = instructions[outline.values[value]!]!;
      return { value, data: attributesOf(instruction, "constant").value };
    }),
    steps,
    roots: outline.plan.roots,
  };
}

/** Whether a computation has the outline's structure, but for attributes: kernels' keys hold those that matter. */
function fits(
  { molds, parameters, roots }: FusionOutline,
  { instructions, ...own }: HloComputation,
): boolean {
  const { length } = instructions;
  if (molds.length !== length) return false;
  const places = placesOf(instructions);
  const are = (list: readonly HloInstruction[], wanted: readonly number[]): boolean => {
    if (list.length !== wanted.length) return false;
    for (let i = 0; i < list.length; i++) if (places.get(list[i]!) !== wanted[i]) return false;
    return true;
  };
  for (let i = 0; i < length; i++) {
    const { opcode, dtype, dims, operands } = instructions[i]!;
    const mold = molds[i]!;
    if (mold.opcode !== opcode || mold.dtype !== dtype || mold.rank !== dims.length) return false;
    if (!are(operands, mold.operands)) return false;
  }
  return are(own.parameters, parameters) && are(own.roots, roots);
}

function stepAlike(
  { kind, name, key, sources, operands, parameters, roots, inputs, outputs }: KernelOutline,
  instructions: readonly HloInstruction[],
): FusionStep | undefined {
  const own: HloInstruction[] = [];
  const read: HloInstruction[] = [];
  for (let id = 0; id < sources.length; id++) {
    const source = instructions[sources[id]!]!;
    if (parameters.has(id)) {
      const { dtype, dims } = source;
      const parameter: HloInstruction = {
        id,
        opcode: "parameter",
        dtype,
        dims,
        operands: [],
        attributes: { index: read.length },
      };
      read.push(parameter);
      own.push(parameter);
    } else own.push({ ...source, id, operands: operands[id]!.map((place) => own[place]!) });
  }
  const computation = {
    name,
    parameters: read,
    instructions: own,
    roots: roots.map((place) => own[place]!),
  };
  const made = fusionIfExpressible(kind, computation);
  if (made === undefined || made.fusion.key !== key) return undefined;
  return { fusion: made.fusion, donations: donationsOf(made.fusion, made.nest), inputs, outputs };
}
