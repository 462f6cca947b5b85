// Shape inference: what type and dims an instruction's result has, and whether its operands allow it. The
// builder asks before it makes an instruction, the verifier asks again. Knows nothing of values.
import { dtypes } from "@org/tensor";
import { inferIndexed } from "./infer-indexed.ts";
import { inferShaped } from "./infer-shaped.ts";
import type { Attributes, Opcode } from "./instruction.ts";
import { binaryOpcodes, isBinary, isHloDType, isUnary, takes, unaryOpcodes } from "./opcodes.ts";
import { checkArity, checkDims, dtypeError, sameDims, shapeError, type Typed } from "./typed.ts";

/**
 * The result of an instruction; for sort and customCall that of result 0. `requested` is the result that the
 * caller asks for where operands do not say it: parameter, iota, rngBitGenerator, broadcast, reshape, convert, bitcastConvert.
 * Throws a TypeError for operand counts and types, TfError INVALID_ARGUMENT for dims and attributes.
 */
export function inferResult(
  opcode: Opcode,
  operands: readonly Typed[],
  attributes: Attributes[keyof Attributes] | undefined,
  requested: Typed | undefined,
): Typed {
  const elementwise = inferElementwise(opcode, operands, requested);
  if (elementwise) return elementwise;
  const result =
    inferShaped(opcode, operands, attributes, requested) ?? inferIndexed(opcode, operands, attributes);
  if (!result) throw new TypeError(`Unknown opcode ${opcode}`);
  checkDims(opcode, result.dims);
  return result;
}

function inferElementwise(
  opcode: Opcode,
  operands: readonly Typed[],
  requested: Typed | undefined,
): Typed | undefined {
  if (isUnary(opcode)) {
    checkArity(opcode, operands, 1);
    const [x] = operands as [Typed];
    if (!takes(unaryOpcodes[opcode], x.dtype))
      throw dtypeError(opcode, `takes ${unaryOpcodes[opcode]} types`, operands);
    const predicate = opcode === "isFinite" || opcode === "isNan" || opcode === "isInf";
    return { dtype: predicate ? "bool" : x.dtype, dims: x.dims };
  }
  if (isBinary(opcode)) {
    const x = same(opcode, operands, 2);
    if (!takes(binaryOpcodes[opcode], x.dtype))
      throw dtypeError(opcode, `takes ${binaryOpcodes[opcode]} types`, operands);
    return x;
  }
  switch (opcode) {
    case "compare":
      return { dtype: "bool", dims: same(opcode, operands, 2).dims };
    case "clamp": {
      const x = same(opcode, operands, 3);
      if (x.dtype === "bool") throw dtypeError(opcode, "takes numeric types", operands);
      return x;
    }
    case "select": {
      checkArity(opcode, operands, 3);
      const [predicate, onTrue, onFalse] = operands as [Typed, Typed, Typed];
      if (predicate.dtype !== "bool") throw dtypeError(opcode, "the predicate must be bool", operands);
      if (!sameDims(predicate.dims, onTrue.dims))
        throw shapeError(opcode, "operands must have one shape", operands);
      return same(opcode, [onTrue, onFalse], 2);
    }
    case "convert":
    case "bitcastConvert": {
      checkArity(opcode, operands, 1);
      const [x] = operands as [Typed];
      const dtype = requested!.dtype;
      if (!isHloDType(dtype)) throw new TypeError(`${opcode}: ${dtype} is no type of instructions`);
      if (opcode === "bitcastConvert") {
        if (dtypes[dtype].bytes !== dtypes[x.dtype].bytes)
          throw dtypeError(opcode, `${dtype} has another width`, operands);
        if ((dtype === "bool") !== (x.dtype === "bool"))
          throw dtypeError(opcode, `no bits pass to or from bool`, operands);
      }
      return { dtype, dims: x.dims };
    }
    default:
      return undefined;
  }
}

function same(opcode: string, operands: readonly Typed[], count: number): Typed {
  checkArity(opcode, operands, count);
  const first = operands[0]!;
  for (const operand of operands) {
    if (operand.dtype !== first.dtype) throw dtypeError(opcode, "operands must have one type", operands);
    if (!sameDims(operand.dims, first.dims))
      throw shapeError(opcode, "operands must have one shape", operands);
  }
  return { dtype: first.dtype, dims: first.dims };
}
