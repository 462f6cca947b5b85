// Which opcodes have kernels here, for which types. What is not here runs on the next backend.
import { type HloDType, isElementwise, type Opcode } from "@org/hlo";

const views: ReadonlySet<Opcode> = new Set([
  "parameter",
  "constant",
  "iota",
  "broadcast",
  "transpose",
  "reverse",
  "slice",
  "reshape",
  "reduce",
]);

/** Whether instructions of this opcode with these types (result first, then operands) run here. */
export function supports(opcode: Opcode, _dtypes: readonly HloDType[]): boolean {
  return isElementwise(opcode) || views.has(opcode) || opcode === "dot";
}
