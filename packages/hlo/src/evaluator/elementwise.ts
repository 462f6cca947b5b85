// Element-wise instructions, one loop over scalar functions. See scalar-functions.ts for what they do.
import { sizeOf } from "@org/tensor";
import type { Attributes, BinaryOpcode, HloDType, HloInstruction, UnaryOpcode } from "../instruction.ts";
import { isBinary, isFloat, isUnary } from "../opcodes.ts";
import { allocate, allocateNumbers, bitsOf, fromNumbers, type HloArray, isWide, numbersOf } from "./array.ts";
import { bitcastArray, convertArray } from "./convert.ts";
import {
  comparisons,
  floatBinary,
  floatUnary,
  narrowBinary,
  narrowUnary,
  wideBinary,
  wideUnary,
} from "./scalar-functions.ts";

/** Told the dividend and the element at fault. */
export type OnDivisionByZero = (dividend: number, position: number) => void;

/** The scalar function of a binary opcode for a type, on what numbersOf gives. Throws a TypeError where there is none. */
export function binaryFunction(
  opcode: BinaryOpcode,
  dtype: HloDType,
  onZeroDivisor: (dividend: number) => void,
): (a: number, b: number) => number {
  const found = isFloat(dtype)
    ? floatBinary[opcode]
    : isWide(dtype)
      ? wideBinary(opcode, onZeroDivisor)
      : narrowBinary(opcode, bitsOf(dtype), onZeroDivisor);
  if (!found) throw new TypeError(`${opcode} does not take ${dtype}`);
  return found as (a: number, b: number) => number; // numbers or bigints, as the arrays hold
}

function unaryFunction(opcode: UnaryOpcode, dtype: HloDType): (x: number) => number {
  const found = isFloat(dtype)
    ? floatUnary[opcode as Exclude<UnaryOpcode, "not">]
    : isWide(dtype)
      ? wideUnary[opcode]
      : narrowUnary(opcode, dtype);
  if (!found) throw new TypeError(`${opcode} does not take ${dtype}`);
  return found as (x: number) => number;
}

/** The result of an element-wise instruction, or undefined for another one. */
export function evaluateElementwise(
  instruction: HloInstruction,
  operands: readonly HloArray[],
  onDivisionByZero: OnDivisionByZero,
): HloArray | undefined {
  const { opcode, dtype, dims } = instruction;
  const count = sizeOf(dims);
  const [x, y, z] = operands;
  if (isUnary(opcode)) {
    const a = numbersOf(x!) as Float32Array;
    const out = allocateNumbers(dtype, count) as Float32Array;
    const apply = unaryFunction(opcode, x!.dtype);
    for (let i = 0; i < count; i++) out[i] = apply(a[i]!);
    return fromNumbers(dtype, dims, out);
  }
  if (isBinary(opcode)) {
    const a = numbersOf(x!) as Float32Array;
    const b = numbersOf(y!) as Float32Array;
    const out = allocateNumbers(dtype, count) as Float32Array;
    let i = 0;
    const apply = binaryFunction(opcode, dtype, (dividend) => onDivisionByZero(dividend, i));
    for (; i < count; i++) out[i] = apply(a[i]!, b[i]!);
    return fromNumbers(dtype, dims, out);
  }
  switch (opcode) {
    case "compare": {
      const compare = comparisons[(instruction.attributes as Attributes["compare"]).direction];
      const a = numbersOf(x!);
      const b = numbersOf(y!);
      const out = new Uint8Array(count);
      for (let i = 0; i < count; i++) out[i] = compare(a[i]!, b[i]!) ? 1 : 0;
      return { dtype, dims, data: out };
    }
    case "select": {
      const predicate = x!.data;
      const a = y!.data as Float32Array;
      const b = z!.data as Float32Array;
      const out = allocate(dtype, count) as Float32Array;
      for (let i = 0; i < count; i++) out[i] = predicate[i] ? a[i]! : b[i]!;
      return { dtype, dims, data: out };
    }
    case "clamp": {
      const [low, a, high] = [numbersOf(x!), numbersOf(y!), numbersOf(z!)] as Float32Array[];
      const out = allocateNumbers(dtype, count) as Float32Array;
      const max = binaryFunction("maximum", dtype, () => {});
      const min = binaryFunction("minimum", dtype, () => {});
      for (let i = 0; i < count; i++) out[i] = min(max(a![i]!, low![i]!), high![i]!);
      return fromNumbers(dtype, dims, out);
    }
    case "convert":
      return convertArray(x!, dtype);
    case "bitcastConvert":
      return bitcastArray(x!, dtype);
    default:
      return undefined;
  }
}
