// Matrix products whose operands cannot be seen as batches of matrices (free or contracting dimensions that are not
// neighbours) get them transposed first, so that every dot is one of [batch, m, k] and [batch, k, n].
import { attributesOf, type HloComputation, type HloInstruction } from "../instruction.ts";
import { dotDimensions, matrixDimensions } from "../nest/build-dot.ts";
import { denseView } from "../nest/view.ts";

/** The same computation; itself where nothing is to do. */
export function canonicalDots(computation: HloComputation): HloComputation {
  const odd = computation.instructions.some(
    (instruction) => instruction.opcode === "dot" && orders(instruction).some((order) => order !== undefined),
  );
  if (!odd) return computation;
  const instructions: HloInstruction[] = [];
  const mapped = new Map<HloInstruction, HloInstruction>();
  const add = (made: Omit<HloInstruction, "id">): HloInstruction => {
    const instruction: HloInstruction = { ...made, id: instructions.length };
    instructions.push(instruction);
    return instruction;
  };
  for (const instruction of computation.instructions) {
    let operands = instruction.operands.map((operand) => mapped.get(operand)!);
    let { attributes } = instruction;
    if (instruction.opcode === "dot") {
      const permutations = orders(instruction);
      operands = operands.map((operand, i) => {
        const permutation = permutations[i];
        if (!permutation) return operand;
        const dims = permutation.map((d) => operand.dims[d]!);
        return add({
          ...operand,
          opcode: "transpose",
          dims,
          operands: [operand],
          attributes: { permutation },
        });
      });
      const place = (list: readonly number[], i: number): number[] =>
        list.map((d) => permutations[i]?.indexOf(d) ?? d);
      const dot = attributesOf(instruction, "dot");
      attributes = {
        lhsBatch: place(dot.lhsBatch, 0),
        rhsBatch: place(dot.rhsBatch, 1),
        lhsContracting: place(dot.lhsContracting, 0),
        rhsContracting: place(dot.rhsContracting, 1),
      };
    }
    mapped.set(instruction, add({ ...instruction, operands, attributes }));
  }
  const at = (instruction: HloInstruction): HloInstruction => mapped.get(instruction)!;
  const { name, parameters, roots } = computation;
  return { name, parameters: parameters.map(at), instructions, roots: roots.map(at) };
}

/** For each operand the order that makes it matrices; undefined where it is some already. */
function orders(dot: HloInstruction): readonly (readonly number[] | undefined)[] {
  const { lhs, rhs } = dotDimensions(dot);
  const roles = [
    [lhs.batch, lhs.free, lhs.contracting],
    [rhs.batch, rhs.contracting, rhs.free],
  ] as const;
  return roles.map((role, i) =>
    matrixDimensions(denseView(dot.operands[i]!.dims), role) ? undefined : role.flat(),
  );
}
