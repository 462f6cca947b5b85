// The computation of a kernel: clones of its members and of what they read through, down to parameters.
import type { FusionKind } from "../fusion.ts";
import type { HloComputation, HloInstruction } from "../instruction.ts";
import { isView } from "../nest/view.ts";

export interface KernelParts {
  readonly kind: FusionKind;
  readonly members: ReadonlySet<HloInstruction>;
  readonly outputs: readonly HloInstruction[];
  /** Read through: not computed for itself, but by everyone who reads it. */
  readonly inlined: ReadonlySet<HloInstruction>;
  /** Of a dot: operands whose views no strides can say. */
  readonly opaque: ReadonlySet<HloInstruction>;
}

export interface Kernel {
  /** Roots are the outputs, parameters whatever the members read. */
  readonly computation: HloComputation;
  /** What the parameters stand for. */
  readonly inputs: readonly HloInstruction[];
  /** What each instruction of the kernel stands for. */
  readonly sources: readonly HloInstruction[];
}

/** The kernel of a group's members. */
export function kernelOf({ kind, members, outputs, inlined, opaque }: KernelParts): Kernel {
  const inputs: HloInstruction[] = [];
  const sources: HloInstruction[] = [];
  const parameters: HloInstruction[] = [];
  const instructions: HloInstruction[] = [];
  const clones = new Map<HloInstruction, HloInstruction>();
  const add = (of: HloInstruction, made: Omit<HloInstruction, "id">): HloInstruction => {
    const clone: HloInstruction = { ...made, id: instructions.length };
    instructions.push(clone);
    sources.push(of);
    clones.set(of, clone);
    return clone;
  };
  /** `through` what is read: below a matrix product only views are, below a convolution nothing. */
  const clone = (instruction: HloInstruction, through: "all" | "views" | "nothing"): HloInstruction => {
    const known = clones.get(instruction);
    if (known) return known;
    const inside =
      members.has(instruction) ||
      (kind !== "single" &&
        inlined.has(instruction) &&
        (through === "all" ||
          (through === "views" && isView(instruction.opcode) && !opaque.has(instruction))));
    if (inside) {
      const { opcode } = instruction;
      const below = opcode === "convolution" ? "nothing" : opcode === "dot" ? "views" : through;
      const operands = instruction.operands.map((operand) => clone(operand, below));
      return add(instruction, { ...instruction, operands });
    }
    const { dtype, dims } = instruction;
    inputs.push(instruction);
    const attributes = { index: parameters.length };
    const parameter = add(instruction, { opcode: "parameter", dtype, dims, operands: [], attributes });
    parameters.push(parameter);
    return parameter;
  };
  const roots = outputs.map((output) => clone(output, "all"));
  return { computation: { name: kind, parameters, instructions, roots }, inputs, sources };
}
