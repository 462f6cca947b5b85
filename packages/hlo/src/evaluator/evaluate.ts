// The reference evaluator: every opcode in plain TypeScript, obviously right rather than fast. Backends are tested
// against it, constants are folded by it, and it is the backend of last resort. Semantics: OPERATIONS.md.
import { TfError } from "@org/errors";
import type { NdArray } from "@org/tensor";
import type { KernelFault } from "../backend.ts";
import { resultsOf } from "../builder.ts";
import { attributesOf, type HloComputation, type HloInstruction } from "../instruction.ts";
import { sameDims, typeText } from "../typed.ts";
import type { HloArray } from "./array.ts";
import { evaluateElementwise } from "./elementwise.ts";
import { gather, randomBits, scatter, sort } from "./indexed.ts";
import { convolution, dot } from "./products.ts";
import { argReduce, cumulative, reduce, reduceWindow } from "./reductions.ts";
import type { RunningSums } from "./running-sums.ts";
import { evaluateView } from "./views.ts";

/** Computes a customCall's results from its inputs. */
export type CustomCall = (
  inputs: readonly NdArray[],
  attributes: Readonly<Record<string, unknown>>,
  results: readonly { readonly dtype: string; readonly dims: readonly number[] }[],
) => readonly NdArray[];

export interface EvaluateOptions {
  /** Told of bad data, once an element; nothing throws for it. */
  readonly onFault?: (fault: Omit<KernelFault, "site">) => void;
  /** By name. A customCall of another name throws TfError UNIMPLEMENTED. */
  readonly customCalls?: Readonly<Record<string, CustomCall>>;
  /** Sums of columns are made as TensorFlow 1 (1) or 2 (4) makes them, in single precision; default: in double, rounded once. */
  readonly runningSums?: RunningSums;
}

/**
 * Runs a computation on arrays. Results may share memory with inputs. Throws TfError INVALID_ARGUMENT where an input is
 * not of its parameter's type and dims, UNIMPLEMENTED for an unknown customCall.
 */
export function evaluate(
  computation: HloComputation,
  inputs: readonly NdArray[],
  options: EvaluateOptions = {},
): NdArray[] {
  const uses = new Map<HloInstruction, number>();
  const count = (instruction: HloInstruction): void => {
    uses.set(instruction, (uses.get(instruction) ?? 0) + 1);
  };
  for (const instruction of computation.instructions) instruction.operands.forEach(count);
  computation.roots.forEach(count);
  const values = new Map<HloInstruction, readonly HloArray[]>();
  for (const instruction of computation.instructions) {
    const operands = instruction.operands.map((operand) => values.get(operand)!);
    values.set(instruction, evaluateInstruction(instruction, operands, inputs, options));
    for (const operand of instruction.operands) {
      const left = uses.get(operand)! - 1;
      uses.set(operand, left);
      if (left === 0) values.delete(operand);
    }
  }
  return computation.roots.map((root) => {
    const { dtype, dims, data } = values.get(root)![0]!;
    return { dtype, shape: dims, data };
  });
}

function evaluateInstruction(
  instruction: HloInstruction,
  operandResults: readonly (readonly HloArray[])[],
  inputs: readonly NdArray[],
  options: EvaluateOptions,
): readonly HloArray[] {
  const onIndex = (value: number, position: number): void =>
    options.onFault?.({ reason: "indexOutOfRange", value, position });
  const onDivision = (value: number, position: number): void =>
    options.onFault?.({ reason: "divisionByZero", value, position });
  const operands = operandResults.map((results) => results[0]!);
  const [x, y] = operands;
  switch (instruction.opcode) {
    case "parameter":
      return [parameter(instruction, inputs)];
    case "constant": {
      const { value } = attributesOf(instruction, "constant");
      return [{ dtype: instruction.dtype, dims: instruction.dims, data: value.data as HloArray["data"] }];
    }
    case "gather":
      return [gather(instruction, operands, onIndex)];
    case "scatter":
      return [scatter(instruction, operands, onIndex, onDivision)];
    case "reduce":
      return [reduce(instruction, x!, options.runningSums)];
    case "argReduce":
      return [argReduce(instruction, x!)];
    case "reduceWindow":
      return [reduceWindow(instruction, x!)];
    case "cumulative":
      return [cumulative(instruction, x!)];
    case "dot":
      return [dot(instruction, x!, y!)];
    case "convolution":
      return [convolution(instruction, x!, y!)];
    case "rngBitGenerator":
      return [randomBits(instruction, operands)];
    case "sort":
      return sort(instruction, operands);
    case "getTupleElement":
      return [operandResults[0]![attributesOf(instruction, "getTupleElement").index]!];
    case "customCall":
      return customCall(instruction, operands, options);
    default: {
      const result =
        evaluateElementwise(instruction, operands, onDivision) ?? evaluateView(instruction, operands);
      if (!result) throw new TypeError(`Unknown opcode ${instruction.opcode}`);
      return [result];
    }
  }
}

function parameter(instruction: HloInstruction, inputs: readonly NdArray[]): HloArray {
  const { index } = attributesOf(instruction, "parameter");
  const input = inputs[index];
  if (!input || input.dtype !== instruction.dtype || !sameDims(input.shape, instruction.dims))
    throw new TfError(
      "INVALID_ARGUMENT",
      `Parameter ${index} is ${typeText(instruction)}, got ${input ? `${input.dtype}[${input.shape}]` : "nothing"}`,
    );
  return { dtype: instruction.dtype, dims: instruction.dims, data: input.data as HloArray["data"] };
}

function customCall(
  instruction: HloInstruction,
  operands: readonly HloArray[],
  options: EvaluateOptions,
): HloArray[] {
  const { name, attributes } = attributesOf(instruction, "customCall");
  const call =
    options.customCalls && Object.hasOwn(options.customCalls, name) ? options.customCalls[name] : undefined;
  if (!call) throw new TfError("UNIMPLEMENTED", `No kernel named ${name} in the evaluator`);
  const results = resultsOf(instruction);
  const inputs = operands.map(({ dtype, dims, data }) => ({ dtype, shape: dims, data }));
  const made = call(inputs, attributes, results);
  return results.map(({ dtype, dims }, i) => ({ dtype, dims, data: made[i]!.data as HloArray["data"] }));
}
