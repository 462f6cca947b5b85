// Which opcodes have kernels here, for which types. What is not here runs on the next backend.
import { type HloDType, isElementwise, type Opcode } from "@org/hlo";
import { elementType, isGpuType } from "./element-types.ts";
import { hasExpression } from "./scalar-expressions.ts";
import { singleKernels } from "./single-kernel.ts";
import { isSortable } from "./sort-kernel.ts";

const looped: ReadonlySet<Opcode> = new Set([
  "iota",
  "broadcast",
  "transpose",
  "reverse",
  "slice",
  "reshape",
  "reduce",
  "getTupleElement",
]);

const isIndex = (dtype: HloDType): boolean => dtype === "int32" || dtype === "int64";
const isWord = (dtype: HloDType): boolean => isGpuType(dtype) && elementType(dtype).perWord === 1;

/** Opcodes that do not take all types of the GPU, or some more. */
const ownTypes: Readonly<Partial<Record<Opcode, (dtypes: readonly HloDType[]) => boolean>>> = {
  // Operands of a kernel may be 64-bit indices.
  parameter: () => true,
  constant: () => true,
  dot: (dtypes) => dtypes.every(isWord),
  cumulative: (dtypes) => dtypes.every(isWord),
  gather: ([x, , indices]) => isGpuType(x!) && isIndex(indices!),
  scatter: ([x, , indices]) => isWord(x!) && isIndex(indices!),
  sort: (dtypes) => isSortable(dtypes[0]!) && dtypes.every(isGpuType),
};

/** Whether instructions of this opcode with these types (result first, then operands) run here. */
export function supports(opcode: Opcode, dtypes: readonly HloDType[]): boolean {
  const own = ownTypes[opcode];
  if (own) return own(dtypes);
  if (!dtypes.every(isGpuType)) return false;
  if (isElementwise(opcode)) return hasExpression(opcode, dtypes);
  return looped.has(opcode) || Object.hasOwn(singleKernels, opcode);
}
