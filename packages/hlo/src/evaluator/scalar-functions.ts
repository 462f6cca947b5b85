// What each element-wise opcode does to one element: floats and narrow integers as numbers, 64-bit integers as bigints.
// Results are rounded or wrapped when they are stored. NaN: arithmetic, maximum, minimum and clamp pass it on; every
// comparison with it is false but NE.
import type { BinaryOpcode, Direction, HloDType, UnaryOpcode } from "../instruction.ts";
import { roundEven } from "./half.ts";
import { digamma, erf, erfc, lgamma } from "./special-functions.ts";

type Unary<T> = (x: T) => T;
type Binary<T> = (a: T, b: T) => T;

/** Unary opcodes on floats. isFinite, isNan and isInf give 0 or 1. */
export const floatUnary: Readonly<Record<Exclude<UnaryOpcode, "not">, Unary<number>>> = {
  abs: Math.abs,
  negate: (x) => -x,
  sign: Math.sign,
  floor: Math.floor,
  ceil: Math.ceil,
  roundNearestEven: roundEven,
  isFinite: (x) => (Number.isFinite(x) ? 1 : 0),
  isNan: (x) => (Number.isNaN(x) ? 1 : 0),
  isInf: (x) => (Math.abs(x) === Number.POSITIVE_INFINITY ? 1 : 0),
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  logistic: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  erf,
  erfc,
  lgamma,
  digamma,
};

/** Binary opcodes on floats. */
export const floatBinary: Readonly<Partial<Record<BinaryOpcode, Binary<number>>>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  remainder: (a, b) => a % b,
  power: floatPower,
  maximum: Math.max,
  minimum: Math.min,
  atan2: Math.atan2,
};

/** C's pow, which has 1 where ECMAScript has NaN. */
function floatPower(a: number, b: number): number {
  if (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY)) return 1;
  return a ** b;
}

/** What an integer division by zero does: is told the dividend, and the result is 0. */
export type OnZeroDivisor = (dividend: number) => void;

/** Unary opcodes on integers of at most 32 bits, and `not` of bool. */
export function narrowUnary(opcode: UnaryOpcode, dtype: HloDType): Unary<number> | undefined {
  switch (opcode) {
    case "abs":
      return Math.abs;
    case "negate":
      return (x) => -x;
    case "sign":
      return Math.sign;
    case "not":
      return dtype === "bool" ? (x) => x ^ 1 : (x) => ~x;
    default:
      return undefined;
  }
}

/** Binary opcodes on integers of `bits` <= 32, and on bool (and, or, xor). */
export function narrowBinary(
  opcode: BinaryOpcode,
  bits: number,
  onZeroDivisor: OnZeroDivisor,
): Binary<number> | undefined {
  switch (opcode) {
    case "add":
      return (a, b) => a + b;
    case "subtract":
      return (a, b) => a - b;
    case "multiply":
      return Math.imul;
    case "divide":
      return (a, b) => (b === 0 ? zeroDivisor(a, onZeroDivisor) : Math.trunc(a / b));
    case "remainder":
      return (a, b) => (b === 0 ? zeroDivisor(a, onZeroDivisor) : a % b);
    case "power":
      return narrowPower;
    case "maximum":
      return Math.max;
    case "minimum":
      return Math.min;
    case "and":
      return (a, b) => a & b;
    case "or":
      return (a, b) => a | b;
    case "xor":
      return (a, b) => a ^ b;
    case "shiftLeft":
      return (a, b) => (b >= 0 && b < bits ? a << b : 0);
    case "shiftRightArithmetic":
      return (a, b) => (signed(a, bits) >> (b >= 0 && b < bits ? b : 31)) | 0;
    case "shiftRightLogical":
      return (a, b) => (b >= 0 && b < bits ? (a & (2 ** bits - 1)) >>> b : 0);
    default:
      return undefined;
  }
}

function zeroDivisor(dividend: number, onZeroDivisor: OnZeroDivisor): number {
  onZeroDivisor(dividend);
  return 0;
}

/** The lowest `bits` of an integer as a signed number. */
function signed(value: number, bits: number): number {
  return (value << (32 - bits)) >> (32 - bits);
}

/** Wraps; a negative exponent gives 1 or -1 for those bases, else 0. */
function narrowPower(base: number, exponent: number): number {
  if (exponent < 0) return base === 1 ? 1 : base === -1 ? (exponent % 2 === 0 ? 1 : -1) : 0;
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}

/** Unary opcodes on 64-bit integers. */
export const wideUnary: Readonly<Partial<Record<UnaryOpcode, Unary<bigint>>>> = {
  abs: (x) => (x < 0n ? -x : x),
  negate: (x) => -x,
  sign: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n),
  not: (x) => ~x,
};

/** Binary opcodes on 64-bit integers. */
export function wideBinary(opcode: BinaryOpcode, onZeroDivisor: OnZeroDivisor): Binary<bigint> | undefined {
  const inRange = (shift: bigint): boolean => shift >= 0n && shift < 64n;
  const dividing =
    (operation: Binary<bigint>): Binary<bigint> =>
    (a, b) => {
      if (b !== 0n) return operation(a, b);
      onZeroDivisor(Number(a));
      return 0n;
    };
  switch (opcode) {
    case "add":
      return (a, b) => a + b;
    case "subtract":
      return (a, b) => a - b;
    case "multiply":
      return (a, b) => a * b;
    case "divide":
      return dividing((a, b) => a / b);
    case "remainder":
      return dividing((a, b) => a % b);
    case "power":
      return widePower;
    case "maximum":
      return greater;
    case "minimum":
      return (a, b) => (greater(a, b) === a ? b : a);
    case "and":
      return (a, b) => a & b;
    case "or":
      return (a, b) => a | b;
    case "xor":
      return (a, b) => a ^ b;
    case "shiftLeft":
      return (a, b) => (inRange(b) ? a << b : 0n);
    case "shiftRightArithmetic":
      return (a, b) => BigInt.asIntN(64, a) >> (inRange(b) ? b : 63n);
    case "shiftRightLogical":
      return (a, b) => (inRange(b) ? BigInt.asUintN(64, a) >> b : 0n);
    default:
      return undefined;
  }
}

function greater(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

function widePower(base: bigint, exponent: bigint): bigint {
  if (exponent < 0n) return base === 1n ? 1n : base === -1n ? (exponent % 2n === 0n ? 1n : -1n) : 0n;
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = BigInt.asUintN(64, result * square);
    square = BigInt.asUintN(64, square * square);
  }
  return result;
}

/** Whether a pair compares so; for numbers and bigints. */
export const comparisons: Readonly<Record<Direction, (a: number | bigint, b: number | bigint) => boolean>> = {
  EQ: (a, b) => a === b,
  NE: (a, b) => a !== b,
  LT: (a, b) => a < b,
  LE: (a, b) => a <= b,
  GT: (a, b) => a > b,
  GE: (a, b) => a >= b,
};
