// Fusions of kind single: one instruction with a kernel of its own. Operands are inputs, or scalar constants.
import type { HloInstruction, Opcode } from "@org/hlo";
import type { NumericData } from "@org/tensor";
import { prepareArgReduce } from "./arg-reduce-kernel.ts";
import type { GpuBuffer } from "./buffers.ts";
import { prepareConcatenate } from "./concatenate-kernel.ts";
import { prepareConvolution } from "./convolution-kernel.ts";
import { withCopies } from "./copies.ts";
import { prepareCumulative } from "./cumulative-kernel.ts";
import { prepareGather } from "./gather-kernel.ts";
import { prepareDynamicSlice, prepareDynamicUpdateSlice, preparePad } from "./moving-kernels.ts";
import { preparePhilox } from "./philox-kernel.ts";
import { andThen, type Preparer, type Preparing, type Run, type Workshop } from "./prepared.ts";
import { prepareReduceWindow } from "./reduce-window-kernel.ts";
import { prepareScatter } from "./scatter-kernel.ts";
import { prepareSort } from "./sort-kernel.ts";

/**
 * Prepares one instruction. Its run gets the operands' buffers in order, and the results'. `key` is the fusion's; `inPlace`:
 * output 0 is operand 0's buffer.
 */
export type SinglePreparer = (
  workshop: Workshop,
  instruction: HloInstruction,
  key: string,
  inPlace: boolean,
) => Preparing;

/** Opcodes with a kernel here. */
export const singleKernels: Readonly<Partial<Record<Opcode, SinglePreparer>>> = {
  argReduce: prepareArgReduce,
  concatenate: prepareConcatenate,
  convolution: prepareConvolution,
  cumulative: prepareCumulative,
  dynamicSlice: prepareDynamicSlice,
  dynamicUpdateSlice: prepareDynamicUpdateSlice,
  gather: prepareGather,
  pad: preparePad,
  reduceWindow: prepareReduceWindow,
  rngBitGenerator: preparePhilox,
  scatter: prepareScatter,
  sort: prepareSort,
};

/** Opcodes whose kernel may write into operand 0's own buffer. */
const updatesInPlace: ReadonlySet<Opcode> = new Set(["dynamicUpdateSlice", "scatter"]);

/** Prepares a fusion of kind single. */
export const prepareSingle: Preparer = (workshop, { computation, key }, donated) => {
  const { instructions, parameters, roots } = computation;
  const instruction = instructions.find(
    ({ opcode }) => opcode !== "parameter" && opcode !== "constant" && opcode !== "getTupleElement",
  );
  const prepare = instruction && singleKernels[instruction.opcode];
  if (!instruction || !prepare)
    return { refused: `GPU has no kernel for ${instruction?.opcode ?? "a single constant"}` };
  const first = instruction.operands[0];
  const firstInput = first ? parameters.indexOf(first) : -1;
  const inPlace = updatesInPlace.has(instruction.opcode) && firstInput >= 0 && donated[0] === firstInput;
  const operands = operandBuffers(workshop, instruction, parameters);
  // Which root each result is (of a sort); -1 where a result is not used.
  const order = roots.map(({ opcode, attributes }) =>
    opcode === "getTupleElement" ? (attributes as { index: number }).index : 0,
  );
  const results = instruction.opcode === "sort" ? instruction.operands.map((_, k) => order.indexOf(k)) : [0];
  return andThen(prepare(workshop, instruction, key, inPlace), (prepared) => {
    if ("refused" in prepared) return prepared;
    const run: Run = (inputs, outputs, site) => {
      const arranged = results.map((root) => outputs[root]) as GpuBuffer[];
      prepared.run(operands(inputs), arranged, site);
    };
    const { recorder, memory } = workshop;
    return { run: withCopies(recorder, memory, (input) => inPlace && input === firstInput, run) };
  });
};

/** Gives the operands' buffers from the inputs. */
function operandBuffers(
  { constants }: Workshop,
  { operands }: HloInstruction,
  parameters: readonly HloInstruction[],
): (inputs: readonly GpuBuffer[]) => readonly GpuBuffer[] {
  const indices = operands.map((operand) => parameters.indexOf(operand));
  if (indices.every((index, i) => index === i)) return (inputs) => inputs;
  return (inputs) =>
    operands.map((operand, i) => {
      const index = indices[i]!;
      if (index >= 0) return inputs[index]!;
      return constants.get((operand.attributes as { value: { data: NumericData } }).value.data);
    });
}
