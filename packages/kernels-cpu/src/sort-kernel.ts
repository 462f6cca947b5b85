// sort, in JavaScript over the backend's memory: a stable merge of row numbers by their keys is what the engine's own
// sort does well. The order is the evaluator's: NaN after everything else, in either direction's sense.
import { attributesOf, type HloDType, type HloInstruction } from "@org/hlo";
import { type NumericData, viewData } from "@org/tensor";
import { elementBytes } from "./lanes.ts";
import type { CpuBuffer, CpuMemory } from "./memory.ts";
import type { SinglePreparer } from "./single-kernel.ts";

const view = ({ bytes }: CpuMemory, dtype: HloDType, { address, byteLength }: CpuBuffer): NumericData =>
  viewData(dtype, bytes.subarray(address, address + byteLength));

/** Whether keys of this type can be compared as they are stored. */
export const isSortable = (dtype: HloDType): boolean => dtype !== "float16" && dtype !== "bfloat16";

/** Sorts rows of the last dimension by the first operand. */
export const prepareSort: SinglePreparer = ({ memory }, instruction) => {
  const { descending } = attributesOf(instruction, "sort");
  const { operands } = instruction;
  const [keysOperand] = operands as [HloInstruction];
  const length = keysOperand.dims.at(-1)!;
  return {
    mayFault: false,
    run: (inputs, outputs) => {
      const keys = view(memory, keysOperand.dtype, inputs[0]!) as Float64Array;
      const isNan = (x: number): number => Number(Number.isNaN(x));
      const ascending = (a: number, b: number): number => {
        const [x, y] = [keys[a]!, keys[b]!];
        return x < y ? -1 : x > y ? 1 : isNan(x) - isNan(y);
      };
      const compare = descending ? (a: number, b: number): number => ascending(b, a) : ascending;
      const from = operands.map(({ dtype }, k) => view(memory, dtype, inputs[k]!) as Float64Array);
      // Results that nobody uses have no buffer.
      const to = operands.map(
        ({ dtype }, k) => outputs[k] && (view(memory, dtype, outputs[k]) as Float64Array),
      );
      const order = new Int32Array(length);
      const rows = length === 0 ? 0 : inputs[0]!.byteLength / elementBytes(keysOperand.dtype) / length;
      for (let row = 0; row < rows; row++) {
        const start = row * length;
        for (let i = 0; i < length; i++) order[i] = start + i;
        order.sort(compare);
        for (let k = 0; k < operands.length; k++) {
          const out = to[k];
          if (out) for (let i = 0; i < length; i++) out[start + i] = from[k]![order[i]!]!;
        }
      }
    },
  };
};
