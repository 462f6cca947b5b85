// Bad data that a kernel met, as the error that TensorFlow's own kernel raises. Sentences: core/kernels/{gather_op,
// scatter_op,segment_reduction_ops,training_ops,sparse_to_dense_op}.cc, cwise_ops_common.h.
import { TfError } from "@org/errors";
import type { Fusion, HloInstruction, KernelFault } from "@org/hlo";
import type { PlanNode } from "./plan-node.ts";

/** The instruction of a fusion that can meet bad data; undefined where none can. */
export function faultyInstruction(fusion: Fusion): HloInstruction | undefined {
  return fusion.computation.instructions.find(({ opcode, dtype }) => {
    if (opcode === "gather" || opcode === "scatter") return true;
    return (
      (opcode === "divide" || opcode === "remainder") && !dtype.startsWith("float") && dtype !== "bfloat16"
    );
  });
}

/** [1,2] of flat position 5 among dims [2,3]. */
function subscript(position: number, dims: readonly number[]): string {
  const index: number[] = [];
  let rest = position;
  for (let d = dims.length - 1; d >= 0; d--) {
    index.unshift(rest % dims[d]!);
    rest = Math.floor(rest / dims[d]!);
  }
  return index.length === 0 ? "" : `[${index.join(",")}]`;
}

/** The error for `fault`, met by `instruction` that was made for `node`. */
export function faultError(
  fault: KernelFault,
  instruction: HloInstruction | undefined,
  node: PlanNode | undefined,
): TfError {
  const place = node ? { node: node.op.name, op: node.op.type } : {};
  if (fault.reason === "divisionByZero")
    return new TfError("INVALID_ARGUMENT", "Integer division by zero", place);
  const { value, position } = fault;
  const indices = instruction?.operands[1]?.dims ?? [];
  const axis = instruction?.opcode === "gather" ? (instruction.attributes as { axis: number }).axis : 0;
  const limit = instruction?.operands[0]?.dims[axis] ?? 0;
  const at = subscript(position, indices);
  const type = node?.op.type ?? "";
  let sentence = `indices${at} = ${value} is not in [0, ${limit})`;
  if (type.startsWith("UnsortedSegment"))
    sentence = `segment_ids${at} = ${value} is out of range [0, ${limit})`;
  else if (/^(Resource)?SparseApply/.test(type))
    sentence = `Index ${value} at offset ${position} in indices is out of range`;
  return new TfError("INVALID_ARGUMENT", sentence, place);
}
