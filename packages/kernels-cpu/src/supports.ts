// Which opcodes have kernels here, for which types. What is not here (customCall, sorting halves) runs on the next backend.
import { type HloDType, isElementwise, type Opcode } from "@org/hlo";
import { singleKernels } from "./single-kernel.ts";
import { isSortable } from "./sort-kernel.ts";

const looped: ReadonlySet<Opcode> = new Set([
  "parameter",
  "constant",
  "iota",
  "broadcast",
  "transpose",
  "reverse",
  "slice",
  "reshape",
  "reduce",
  "dot",
  "getTupleElement",
]);

/** Whether instructions of this opcode with these types (result first, then operands) run here. */
export function supports(opcode: Opcode, dtypes: readonly HloDType[]): boolean {
  if (opcode === "sort") return isSortable(dtypes[1] ?? dtypes[0]!);
  return isElementwise(opcode) || looped.has(opcode) || Object.hasOwn(singleKernels, opcode);
}
