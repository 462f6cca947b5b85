// simplify: the same results by less work. Only identities that are exact in floating point, for NaN, infinities and
// signed zeros too. Looks at no value that came from extents (Attributes.constant), so that another batch size keeps its structure.
import { type DataOf, dtypes, type NdArray, sizeOf } from "@org/tensor";
import { evaluate } from "./evaluator/evaluate.ts";
import { type Attributes, attributesOf, type HloComputation, type HloInstruction } from "./instruction.ts";
import { isElementwise, isFloat } from "./opcodes.ts";
import { rewrite } from "./simplify-rules.ts";

/** Constants of more elements are not computed ahead. */
const foldLimit = 64;

/** Makes instructions that are not there yet: what a rule uses to say its result. */
export interface Rewriter {
  /** An instruction like `model` (its graph node), simplified in turn. */
  make(made: Omit<HloInstruction, "id">): HloInstruction;
}

/**
 * A computation with the same parameters and roots' values: rules of simplify-rules.ts, equal instructions made once,
 * small constants computed ahead (not where an integer division by zero is in them), dead code dropped. Idempotent.
 */
export function simplify(computation: HloComputation): HloComputation {
  const instructions: HloInstruction[] = [];
  const equal = new Map<string, HloInstruction>();
  const mapped = new Map<HloInstruction, HloInstruction>();

  const push = (made: Omit<HloInstruction, "id">): HloInstruction => {
    const key = keyOf(made);
    const known = key === undefined ? undefined : equal.get(key);
    if (known) return known;
    const instruction: HloInstruction = { ...made, id: instructions.length };
    instructions.push(instruction);
    if (key !== undefined) equal.set(key, instruction);
    return instruction;
  };
  const rewriter: Rewriter = {
    make: (made) => {
      // Rules look at no id.
      const candidate = made as HloInstruction;
      const value = folded(candidate);
      if (value) return push({ ...made, opcode: "constant", operands: [], attributes: { value } });
      return rewrite(candidate, rewriter) ?? push(made);
    },
  };
  for (const instruction of computation.instructions) {
    const operands = instruction.operands.map((operand) => mapped.get(operand)!);
    mapped.set(instruction, rewriter.make({ ...instruction, operands }));
  }
  const at = (instruction: HloInstruction): HloInstruction => mapped.get(instruction)!;
  return withoutDeadCode({
    name: computation.name,
    parameters: computation.parameters.map(at),
    instructions,
    roots: computation.roots.map(at),
  });
}

function withoutDeadCode(computation: HloComputation): HloComputation {
  const live = new Set<HloInstruction>(computation.parameters);
  const pending = [...computation.roots];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (live.has(next)) continue;
    live.add(next);
    pending.push(...next.operands);
  }
  return { ...computation, instructions: computation.instructions.filter((i) => live.has(i)) };
}

/** Equal keys: one instruction serves both. None for parameters, custom calls, large constants and what came from extents. */
function keyOf({
  opcode,
  dtype,
  dims,
  operands,
  attributes,
}: Omit<HloInstruction, "id">): string | undefined {
  if (opcode === "parameter" || opcode === "customCall") return undefined;
  if (opcode === "constant") {
    const { value, fromExtents } = attributes as Attributes["constant"];
    if (fromExtents || value.data.length > foldLimit) return undefined;
    const { buffer, byteOffset, byteLength } = value.data as DataOf<"float32">;
    return `constant ${dtype}[${dims}] ${new Uint8Array(buffer, byteOffset, byteLength)}`;
  }
  const ids = operands.map(({ id }) => id);
  return `${opcode} ${dtype}[${dims}] ${ids} ${attributes ? JSON.stringify(attributes) : ""}`;
}

/** The value of an instruction of small constants; undefined where it is none, or reports a fault. */
function folded(instruction: HloInstruction): NdArray | undefined {
  const { opcode, operands, dims } = instruction;
  const movesConstant =
    opcode === "reshape" || opcode === "transpose" || opcode === "slice" || opcode === "reverse";
  if (!(isElementwise(opcode) || opcode === "reduce" || opcode === "concatenate" || movesConstant))
    return undefined;
  const constant = (operand: HloInstruction): boolean =>
    operand.opcode === "constant" &&
    sizeOf(operand.dims) <= foldLimit &&
    !attributesOf(operand, "constant").fromExtents;
  if (operands.length === 0 || sizeOf(dims) > foldLimit || !operands.every(constant)) return undefined;
  let faulty = false;
  const onFault = (): void => {
    faulty = true;
  };
  const program = {
    name: "folded",
    parameters: [],
    instructions: [...new Set(operands), instruction],
    roots: [instruction],
  };
  const [value] = evaluate(program, [], { onFault });
  return faulty ? undefined : { ...value!, data: value!.data.slice() as NdArray["data"] };
}

/** Whether a conversion to `to` loses nothing of `from`. */
export function widens(from: HloInstruction["dtype"], to: HloInstruction["dtype"]): boolean {
  if (from === "bool") return true;
  const [a, b] = [dtypes[from], dtypes[to]];
  if (isFloat(from)) return isFloat(to) && a.bytes < b.bytes;
  if (isFloat(to))
    return (
      a.bytes * 8 <= (to === "float64" ? 53 : to === "float32" ? 24 : 8) &&
      to !== "bfloat16" &&
      to !== "float16"
    );
  return b.kind === a.kind ? b.bytes >= a.bytes : a.kind === "uint" && b.kind === "int" && b.bytes > a.bytes;
}
