// What no kernel computes for itself: views, iotas, scalar constants, and cheap operations that each reader computes anew.
import { dtypes } from "@org/tensor";
import type { HloComputation, HloInstruction, Opcode } from "../instruction.ts";
import { applyView, denseView, iotaView, isView, type View } from "../nest/view.ts";
import { isBinary, isElementwise, isUnary } from "../opcodes.ts";

const cheap: ReadonlySet<Opcode> = new Set<Opcode>([
  "convert",
  "bitcastConvert",
  "negate",
  "abs",
  "not",
  "add",
  "subtract",
  "multiply",
  "maximum",
  "minimum",
  "and",
  "or",
  "xor",
]);

export interface Inlining {
  readonly computation: HloComputation;
  readonly users: ReadonlyMap<HloInstruction, readonly HloInstruction[]>;
  /** False: scalar constants alone. */
  readonly enabled: boolean;
  readonly supported: (instruction: HloInstruction) => boolean;
}

/** The instructions that are read through; a view that strides cannot say stops at a real array. */
export function chooseInlined({ computation, users, enabled, supported }: Inlining): Set<HloInstruction> {
  const inlined = new Set<HloInstruction>();
  const roots = new Set(computation.roots);
  const views = new Map<HloInstruction, View>();
  const viewOf = (instruction: HloInstruction): View =>
    (inlined.has(instruction) ? views.get(instruction) : undefined) ?? denseView(instruction.dims);
  const depths = new Map<HloInstruction, number>();
  const isScalar = (instruction: HloInstruction): boolean => {
    let base = instruction;
    while (isView(base.opcode) && inlined.has(base)) base = base.operands[0]!;
    return base !== instruction && base.opcode === "constant" && base.dims.length === 0;
  };

  /**
   * A cheap operation on one array and scalars with several users: each of them computes it anew, reading no more than its result
   * would be. Gives that array's instruction. At most two in a row.
   */
  const duplicable = (instruction: HloInstruction): HloInstruction | undefined => {
    const { opcode, operands } = instruction;
    const own = users.get(instruction)!;
    if (!cheap.has(opcode) || own.length < 2 || roots.has(instruction)) return undefined;
    if (!(isUnary(opcode) || isBinary(opcode) || opcode === "convert" || opcode === "bitcastConvert"))
      return undefined;
    if (!own.every((user) => isElementwise(user.opcode) || user.opcode === "reduce")) return undefined;
    const full = operands.filter((operand) => !isScalar(operand));
    const [source] = full;
    if (full.length !== 1 || !source || dtypes[source.dtype].bytes > dtypes[instruction.dtype].bytes)
      return undefined;
    const depth = (depths.get(source) ?? 0) + 1;
    if (depth > 2) return undefined;
    depths.set(instruction, depth);
    return source;
  };

  for (const instruction of computation.instructions) {
    const { opcode, dims, operands } = instruction;
    if (opcode === "constant") {
      if (dims.length === 0) inlined.add(instruction);
      continue;
    }
    if (!enabled || !supported(instruction)) continue;
    if (opcode === "iota") {
      inlined.add(instruction);
      views.set(instruction, iotaView(dims, (instruction.attributes as { dimension: number }).dimension));
    } else if (isView(opcode)) {
      const [operand] = operands as [HloInstruction];
      let view = applyView(viewOf(operand), instruction);
      if (!view) {
        inlined.delete(operand);
        view = applyView(denseView(operand.dims), instruction)!;
      }
      inlined.add(instruction);
      views.set(instruction, view);
    } else {
      const source = duplicable(instruction);
      if (!source) continue;
      inlined.add(instruction);
      views.set(instruction, viewOf(source));
    }
  }
  return inlined;
}
