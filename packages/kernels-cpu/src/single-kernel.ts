// Prepares fusions of kind single: one instruction with a kernel of its own. Operands are inputs, or constants that
// are put into reserved memory for the launch.
import type { HloInstruction, Opcode, Refusal } from "@org/hlo";
import type { NumericData } from "@org/tensor";
import { prepareArgReduce, prepareCumulative } from "./along-kernel.ts";
import { prepareConvolution } from "./convolution-kernel.ts";
import {
  prepareConcatenate,
  prepareDynamicSlice,
  prepareDynamicUpdateSlice,
  preparePad,
  prepareReshape,
} from "./copy-kernel.ts";
import { prepareGather, prepareScatter } from "./indexed-kernel.ts";
import type { CpuBuffer } from "./memory.ts";
import { withCopies } from "./nest-kernel.ts";
import { preparePhilox } from "./philox-kernel.ts";
import type { Prepared, Preparer, Preparing, Run, Workshop } from "./prepared.ts";
import { prepareReduceWindow } from "./reduce-window-kernel.ts";
import { prepareSort } from "./sort-kernel.ts";

/** Prepares one instruction. Its run gets the operands' buffers in order. `inPlace`: output 0 is operand 0's buffer. */
export type SinglePreparer = (workshop: Workshop, instruction: HloInstruction, inPlace: boolean) => Preparing;

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
  reshape: prepareReshape,
  rngBitGenerator: preparePhilox,
  scatter: prepareScatter,
  sort: prepareSort,
};

/** Opcodes whose kernel may write into operand 0's own buffer. */
const updatesInPlace: ReadonlySet<Opcode> = new Set(["dynamicUpdateSlice", "scatter", "reshape"]);

/** Prepares a fusion of kind single. */
export const prepareSingle: Preparer = (workshop, { computation }, donated) => {
  const instruction = computation.instructions.find(
    ({ opcode }) => opcode !== "parameter" && opcode !== "constant" && opcode !== "getTupleElement",
  );
  const prepare = instruction && singleKernels[instruction.opcode];
  if (!instruction || !prepare)
    return { refused: `CPU has no kernel for ${instruction?.opcode ?? "a single constant"}` };
  const first = instruction.operands[0];
  const firstInput = first ? computation.parameters.indexOf(first) : -1;
  const inPlace = updatesInPlace.has(instruction.opcode) && firstInput >= 0 && donated[0] === firstInput;
  // Which result each root is (of a sort), and back; -1 where a result is not used.
  const order = computation.roots.map(({ opcode, attributes }) =>
    opcode === "getTupleElement" ? (attributes as { index: number }).index : 0,
  );
  const results = instruction.opcode === "sort" ? instruction.operands.map((_, k) => order.indexOf(k)) : [0];
  const arrange = (prepared: Prepared | Refusal): Prepared | Refusal => {
    if ("refused" in prepared) return prepared;
    const operands = operandBuffers(workshop, instruction, computation.parameters);
    const run: Run = (inputs, outputs) => {
      const arranged = results.map((root) => outputs[root]);
      prepared.run(operands(inputs), arranged as readonly CpuBuffer[]);
    };
    const copies = donated.filter((parameter, i) => parameter >= 0 && !(inPlace && i === 0));
    return { ...prepared, run: withCopies(workshop, copies, run) };
  };
  const prepared = prepare(workshop, instruction, inPlace);
  return prepared instanceof Promise ? prepared.then(arrange) : arrange(prepared);
};

/** Gives the operands' buffers from the inputs; constants are written to memory at each launch. */
function operandBuffers(
  { memory, constantOperandsAddress }: Workshop,
  { operands }: HloInstruction,
  parameters: readonly HloInstruction[],
): (inputs: readonly CpuBuffer[]) => readonly CpuBuffer[] {
  const indices = operands.map((operand) => parameters.indexOf(operand));
  if (indices.every((index, i) => index === i)) return (inputs) => inputs;
  let at = constantOperandsAddress;
  const constants = operands.map((operand, i) => {
    if (indices[i]! >= 0) return undefined;
    const { data } = (operand.attributes as { value: { data: NumericData } }).value;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const buffer: CpuBuffer = { address: at, byteLength: bytes.length, references: 1 };
    at += Math.ceil(bytes.length / 16) * 16;
    return { bytes, buffer };
  });
  return (inputs) =>
    operands.map((_, i) => {
      const constant = constants[i];
      if (!constant) return inputs[indices[i]!]!;
      memory.bytes.set(constant.bytes, constant.buffer.address);
      return constant.buffer;
    });
}
