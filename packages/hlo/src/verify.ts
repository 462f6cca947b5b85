// The verifier: whether a computation is one. What a pass or a third party made goes through it in tests.
import { TfError } from "@org/errors";
import { resultsOf } from "./builder.ts";
import { inferResult } from "./infer.ts";
import { attributesOf, type HloComputation, type HloInstruction } from "./instruction.ts";
import { isTuple } from "./opcodes.ts";
import { sameDims, typeText } from "./typed.ts";

/**
 * Checks order (operands before their users, each instruction once), parameters (index i at place i), that every result is what
 * its operands and attributes infer, that only getTupleElement reads tuples, and that roots are there.
 * Throws TfError INTERNAL that names the instruction; its `cause` is what the inference threw, if it did.
 */
export function verifyComputation(computation: HloComputation): void {
  const seen = new Set<HloInstruction>();
  const parameters = new Set(computation.parameters);
  for (const instruction of computation.instructions) {
    const fail = (what: string, cause?: unknown): never => {
      const place = `${computation.name}: instruction ${instruction.id} (${instruction.opcode} ${typeText(instruction)})`;
      throw new TfError("INTERNAL", `${place} ${what}`, cause === undefined ? {} : { cause });
    };
    if (seen.has(instruction)) fail("is there twice");
    for (const operand of instruction.operands) {
      if (!seen.has(operand)) fail(`comes before its operand ${operand.id}`);
      if (isTuple(operand.opcode) !== (instruction.opcode === "getTupleElement"))
        fail(`reads ${operand.opcode} ${operand.id}`);
    }
    if (instruction.opcode === "parameter" && !parameters.has(instruction)) fail("is not in parameters");
    let result = instruction as { dtype: string; dims: readonly number[] };
    try {
      const types =
        instruction.opcode === "getTupleElement"
          ? resultsOf(instruction.operands[0]!)
              .slice(attributesOf(instruction, "getTupleElement").index)
              .slice(0, 1)
          : instruction.operands;
      result = inferResult(instruction.opcode, types, instruction.attributes, instruction);
    } catch (cause) {
      fail(`is wrong: ${(cause as Error).message}`, cause);
    }
    if (result.dtype !== instruction.dtype || !sameDims(result.dims, instruction.dims))
      fail(`should be ${result.dtype}[${result.dims}]`);
    seen.add(instruction);
  }
  computation.parameters.forEach((parameter, i) => {
    if (
      parameter.opcode !== "parameter" ||
      attributesOf(parameter, "parameter").index !== i ||
      !seen.has(parameter)
    )
      throw new TfError("INTERNAL", `${computation.name}: parameter ${i} is not in its place`);
  });
  for (const root of computation.roots)
    if (!seen.has(root) || isTuple(root.opcode))
      throw new TfError("INTERNAL", `${computation.name}: root ${root.id} is no value of it`);
}
