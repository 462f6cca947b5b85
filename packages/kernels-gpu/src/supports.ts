// Which opcodes have kernels here, for which types. What is not here runs on the next backend.
import { type HloDType, isElementwise, type Opcode } from "@org/hlo";
import { isGpuType } from "./element-types.ts";
import { hasExpression } from "./scalar-expressions.ts";
import { singleKernels } from "./single-kernel.ts";

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
  "getTupleElement",
]);

/** Whether instructions of this opcode with these types (result first, then operands) run here. */
export function supports(opcode: Opcode, dtypes: readonly HloDType[]): boolean {
  if (!dtypes.every(isGpuType)) return false;
  if (isElementwise(opcode)) return hasExpression(opcode, dtypes);
  return looped.has(opcode) || Object.hasOwn(singleKernels, opcode);
}
