// What the opcodes are: their families and the types they take. Data that builder, verifier, evaluator and
// fusion share. Semantics are in OPERATIONS.md; attributes in instruction.ts.
import { dtypes } from "@org/tensor";
import type { BinaryOpcode, HloDType, Opcode, UnaryOpcode } from "./instruction.ts";

/** Which operand types an opcode takes. */
export type Domain = "numeric" | "float" | "logical" | "integer";

/** Every unary opcode and the types that it takes. isFinite, isNan and isInf give bool, all others their operand's type. */
export const unaryOpcodes: Readonly<Record<UnaryOpcode, Domain>> = {
  abs: "numeric",
  negate: "numeric",
  sign: "numeric",
  floor: "float",
  ceil: "float",
  roundNearestEven: "float",
  not: "logical",
  isFinite: "float",
  isNan: "float",
  isInf: "float",
  exp: "float",
  expm1: "float",
  log: "float",
  log1p: "float",
  logistic: "float",
  tanh: "float",
  sqrt: "float",
  rsqrt: "float",
  sin: "float",
  cos: "float",
  tan: "float",
  asin: "float",
  acos: "float",
  atan: "float",
  sinh: "float",
  cosh: "float",
  asinh: "float",
  acosh: "float",
  atanh: "float",
  erf: "float",
  erfc: "float",
  lgamma: "float",
  digamma: "float",
};

/** Every binary opcode and the types that it takes. */
export const binaryOpcodes: Readonly<Record<BinaryOpcode, Domain>> = {
  add: "numeric",
  subtract: "numeric",
  multiply: "numeric",
  divide: "numeric",
  remainder: "numeric",
  power: "numeric",
  maximum: "numeric",
  minimum: "numeric",
  atan2: "float",
  and: "logical",
  or: "logical",
  xor: "logical",
  shiftLeft: "integer",
  shiftRightArithmetic: "integer",
  shiftRightLogical: "integer",
};

/** The types of instructions, in DataType order. */
export const hloDTypes: readonly HloDType[] = [
  "float32",
  "float64",
  "int32",
  "uint8",
  "int16",
  "int8",
  "int64",
  "bool",
  "bfloat16",
  "uint16",
  "float16",
  "uint32",
  "uint64",
];

const hloDTypeSet: ReadonlySet<string> = new Set(hloDTypes);

/** Whether instructions may have this type. */
export function isHloDType(dtype: string): dtype is HloDType {
  return hloDTypeSet.has(dtype);
}

/** Whether `dtype` is float32, float64, float16 or bfloat16. */
export function isFloat(dtype: HloDType): boolean {
  return dtypes[dtype].kind === "float";
}

/** Whether `dtype` is a signed or unsigned integer (bool is neither). */
export function isInteger(dtype: HloDType): boolean {
  return dtypes[dtype].kind === "int" || dtypes[dtype].kind === "uint";
}

/** Whether an opcode of this domain takes `dtype`. */
export function takes(domain: Domain, dtype: HloDType): boolean {
  switch (domain) {
    case "float":
      return isFloat(dtype);
    case "integer":
      return isInteger(dtype);
    case "logical":
      return dtype === "bool" || isInteger(dtype);
    case "numeric":
      return dtype !== "bool";
  }
}

const unarySet: ReadonlySet<string> = new Set(Object.keys(unaryOpcodes));
const binarySet: ReadonlySet<string> = new Set(Object.keys(binaryOpcodes));
const elementwiseSet: ReadonlySet<string> = new Set<Opcode>([
  ...(Object.keys(unaryOpcodes) as UnaryOpcode[]),
  ...(Object.keys(binaryOpcodes) as BinaryOpcode[]),
  "compare",
  "select",
  "clamp",
  "convert",
  "bitcastConvert",
]);

/** Whether `opcode` is in the unary table. */
export function isUnary(opcode: Opcode): opcode is UnaryOpcode {
  return unarySet.has(opcode);
}

/** Whether `opcode` is in the binary table. */
export function isBinary(opcode: Opcode): opcode is BinaryOpcode {
  return binarySet.has(opcode);
}

/** Whether each result element is computed from the operands' elements at the same place. */
export function isElementwise(opcode: Opcode): boolean {
  return elementwiseSet.has(opcode);
}

/** Whether the instruction has several results, which only getTupleElement takes apart. */
export function isTuple(opcode: Opcode): boolean {
  return opcode === "sort" || opcode === "customCall";
}
