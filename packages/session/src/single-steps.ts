// The plan of a computation with one kernel for each instruction: what a segment falls back to when a device refuses a
// fusion.
import { type Fusion, type FusionPlan, HloBuilder, type HloComputation, type HloInstruction, isElementwise, isTuple, type PlannedValue, resultsOf } from "@org/hlo";

const loops: ReadonlySet<string> = new Set(["broadcast", "transpose", "reverse", "slice", "reshape", "iota"]);

function kindOf({ opcode }: HloInstruction): Fusion["kind"] {
  if (isElementwise(opcode) || loops.has(opcode)) return "loop";
  if (opcode === "reduce" || opcode === "dot") return opcode;
  return "single";
}

/** The structure of one instruction: see Fusion.key. Attributes are in it whole, extents included. */
function keyOf(instruction: HloInstruction): string {
  const attributes = JSON.stringify(instruction.attributes ?? {}, (_, value) =>
    typeof value === "bigint" ? `${value}n` : ArrayBuffer.isView(value) ? [...(value as Uint8Array)].map(String) : value,
  );
  const operands = instruction.operands.map(({ dtype, dims }) => `${dtype}[${dims}]`);
  return `one ${instruction.opcode} ${instruction.dtype}[${instruction.dims}] ${operands} ${attributes}`;
}

/** One step for each instruction; getTupleElements belong to what they take apart. */
export function singleSteps(computation: HloComputation): FusionPlan {
  const values: PlannedValue[] = [];
  const valueOf = new Map<HloInstruction, number>();
  const constants: { value: number; data: FusionPlan["constants"][number]["data"] }[] = [];
  const steps: FusionPlan["steps"][number][] = [];
  const value = (instruction: HloInstruction): number => {
    const at = values.push({ dtype: instruction.dtype, dims: instruction.dims }) - 1;
    valueOf.set(instruction, at);
    return at;
  };
  for (const parameter of computation.parameters) value(parameter);
  for (const instruction of computation.instructions) {
    if (instruction.opcode === "parameter" || instruction.opcode === "getTupleElement") continue;
    if (instruction.opcode === "constant") {
      constants.push({
        value: value(instruction),
        data: (instruction.attributes as { value: FusionPlan["constants"][number]["data"] }).value,
      });
      continue;
    }
    const parts = isTuple(instruction.opcode)
      ? computation.instructions.filter((other) => other.opcode === "getTupleElement" && other.operands[0] === instruction)
      : [instruction];
    const builder = new HloBuilder(`${computation.name}.${instruction.id}`);
    builder.site = instruction.site;
    const local = new Map<HloInstruction, HloInstruction>();
    const inputs: number[] = [];
    const operands = instruction.operands.map((operand) => {
      let parameter = local.get(operand);
      if (parameter === undefined) {
        parameter = builder.parameter(operand.dtype, operand.dims);
        local.set(operand, parameter);
        inputs.push(valueOf.get(operand)!);
      }
      return parameter;
    });
    const first = resultsOf(instruction)[0]!;
    const made = builder.instruction(instruction.opcode, operands, instruction.attributes, first);
    const roots = isTuple(instruction.opcode)
      ? parts.map((part) => builder.getTupleElement(made, (part.attributes as { index: number }).index))
      : [made];
    steps.push({
      fusion: { kind: kindOf(instruction), computation: builder.build(roots), key: keyOf(instruction) },
      inputs,
      outputs: parts.map(value),
    });
  }
  return {
    values,
    parameters: computation.parameters.map((parameter) => valueOf.get(parameter)!),
    constants,
    steps,
    roots: computation.roots.map((root) => valueOf.get(root)!),
  };
}
