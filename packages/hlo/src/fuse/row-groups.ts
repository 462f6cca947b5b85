// Which groups may become one kernel of rows: see FusionKind.
import type { FusionKind } from "../fusion.ts";
import type { HloInstruction } from "../instruction.ts";
import { rowsReduced } from "../nest/build-rows.ts";
import { isFloat } from "../opcodes.ts";
import { sameDims } from "../typed.ts";
import type { Group } from "./groups.ts";

const kinds: readonly FusionKind[] = ["loop", "reduce", "rows"];

/** A fault names an element by the order in which they are computed. */
const mayFault = ({ opcode, dtype }: HloInstruction): boolean =>
  (opcode === "divide" || opcode === "remainder") && !isFloat(dtype);

/** Whether all reductions of both groups are of the same rows, and there is one; and nothing may meet a fault. */
export function shareRows(producer: Group, consumer: Group): boolean {
  if (!kinds.includes(producer.kind) || !kinds.includes(consumer.kind)) return false;
  const members = [...producer.members, ...consumer.members];
  const [first, ...others] = members.filter(({ opcode }) => opcode === "reduce");
  const kept = first && rowsReduced(first);
  if (first === undefined || kept === undefined || members.some(mayFault)) return false;
  const { dims } = first.operands[0]!;
  return others.every((one) => rowsReduced(one) === kept && sameDims(one.operands[0]!.dims, dims));
}
