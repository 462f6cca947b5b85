// A type and dims without values, and the checks and errors that every opcode's shape inference shares.
import { TfError } from "@org/errors";
import { sizeOf } from "@org/tensor";
import type { HloDType } from "./instruction.ts";
import { isFloat } from "./opcodes.ts";

/** A type and dims: an array without its values. */
export interface Typed {
  readonly dtype: HloDType;
  readonly dims: readonly number[];
}

/** "float32[2,3]", as errors and the printer write it. */
export function typeText(type: Typed): string {
  return `${type.dtype}[${type.dims}]`;
}

/** An INVALID_ARGUMENT error that names the opcode and the operands' types. */
export function shapeError(opcode: string, what: string, operands: readonly Typed[]): TfError {
  return new TfError(
    "INVALID_ARGUMENT",
    `${opcode}: ${what}; operands: ${operands.map(typeText).join(", ")}`,
  );
}

/** What a builder throws for operands whose types an opcode does not take. */
export class OperandTypeError extends TypeError {
  override readonly name: string = "TypeError";
}

/** A TypeError that names the opcode and the operands' types. */
export function dtypeError(opcode: string, what: string, operands: readonly Typed[]): OperandTypeError {
  return new OperandTypeError(`${opcode}: ${what}; operands: ${operands.map(typeText).join(", ")}`);
}

/** Whether two dims are the same. */
export function sameDims(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Throws where dims are not non-negative safe integers, or their product is none. */
export function checkDims(opcode: string, dims: readonly number[]): void {
  if (!dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0) || !Number.isSafeInteger(sizeOf(dims)))
    throw new TfError("INVALID_ARGUMENT", `${opcode}: [${dims}] is not a shape`);
}

/** Throws a TypeError where the operand count is another one. */
export function checkArity(opcode: string, operands: readonly Typed[], count: number): void {
  if (operands.length !== count)
    throw dtypeError(opcode, `takes ${count} operands, got ${operands.length}`, operands);
}

/** Distinct dimensions of `rank`, in any order, or increasing where asked. */
export function areDimensions(dimensions: readonly number[], rank: number, increasing: boolean): boolean {
  for (let i = 0; i < dimensions.length; i++) {
    const d = dimensions[i]!;
    if (!Number.isInteger(d) || d < 0 || d >= rank || dimensions.indexOf(d) < i) return false;
    if (increasing && i > 0 && d <= dimensions[i - 1]!) return false;
  }
  return true;
}

/** Throws a TypeError where a reducer does not take the type: and/or take bool and integers, the others all but bool. */
export function checkReducer(opcode: string, reducer: string, operands: readonly Typed[]): void {
  const dtype = operands[0]!.dtype;
  const logical = reducer === "and" || reducer === "or";
  if (logical ? isFloat(dtype) : dtype === "bool")
    throw dtypeError(opcode, `${reducer} does not take ${dtype}`, operands);
}
