// Comparison, logic and bits. None has a gradient. Source: core/ops/math_ops.cc, core/ops/bitwise_ops.cc.
import type { Tensor } from "@org/graph";
import { applyOne } from "../apply-op.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { broadcastInputs, filled, lowerBinary, lowerCompare, lowerUnary } from "../lowering.ts";
import type { OpEntry } from "../op-entry.ts";
import { broadcastShape, mergeShapes, unchanged } from "../shape-rules.ts";
import type { NameOption } from "../tensor-like.ts";
import { type BinaryBuilder, logicalXor, type Operand, type UnaryBuilder } from "./operator.ts";

type Direction = Parameters<typeof lowerCompare>[0];

function comparison(direction: Direction): OpSpec {
  return { shape: broadcastShape, lower: lowerCompare(direction), gradient: null };
}

function bits(opcode: Parameters<typeof lowerBinary>[0]): OpSpec {
  return { shape: broadcastShape, lower: lowerBinary(opcode), gradient: null };
}

const binary = (type: string): BinaryBuilder => {
  return (x, y, options = {}) => applyOne(type, [x, y], options);
};

/** tf.less: x < y. */
export const less: BinaryBuilder = binary("Less");
/** tf.less_equal: x <= y. */
export const lessEqual: BinaryBuilder = binary("LessEqual");
/** tf.greater: x > y. */
export const greater: BinaryBuilder = binary("Greater");
/** tf.greater_equal: x >= y. */
export const greaterEqual: BinaryBuilder = binary("GreaterEqual");
/** tf.equal: x == y. */
export const equal: BinaryBuilder = binary("Equal");
/** tf.not_equal: x != y. */
export const notEqual: BinaryBuilder = binary("NotEqual");
/** tf.logical_and: both. */
export const logicalAnd: BinaryBuilder = binary("LogicalAnd");
/** tf.logical_or: either. */
export const logicalOr: BinaryBuilder = binary("LogicalOr");
/** tf.logical_not: the opposite of a boolean. */
export const logicalNot: UnaryBuilder = (x: Operand, options: NameOption = {}): Tensor =>
  applyOne("LogicalNot", [x], options);
/** tf.bitwise.bitwise_and of integers. */
export const bitwiseAnd: BinaryBuilder = binary("BitwiseAnd");
/** tf.bitwise.bitwise_or of integers. */
export const bitwiseOr: BinaryBuilder = binary("BitwiseOr");
/** tf.bitwise.bitwise_xor of integers. */
export const bitwiseXor: BinaryBuilder = binary("BitwiseXor");
/** tf.bitwise.invert: all bits of an integer turned. */
export const invert: UnaryBuilder = (x, options = {}) => applyOne("Invert", [x], options);
/** tf.bitwise.left_shift of integers. */
export const leftShift: BinaryBuilder = binary("LeftShift");
/** tf.bitwise.right_shift of integers: keeps the sign of signed ones. */
export const rightShift: BinaryBuilder = binary("RightShift");

export { logicalXor };

/** Comparison, logic and bits. */
export const comparisonOps: readonly OpEntry[] = defineOps({
  Less: comparison("LT"),
  LessEqual: comparison("LE"),
  Greater: comparison("GT"),
  GreaterEqual: comparison("GE"),
  Equal: comparison("EQ"),
  NotEqual: comparison("NE"),
  ApproximateEqual: {
    shape: (c) => [mergeShapes(c.input(0), c.input(1))],
    lower: (c) => {
      const [x, y] = broadcastInputs(c);
      const distance = c.builder.unary("abs", c.builder.binary("subtract", x, y));
      return c.builder.compare("LT", distance, filled(c, distance, c.attrs.float("tolerance")));
    },
    gradient: null,
  },
  LogicalNot: { shape: unchanged, lower: lowerUnary("not"), gradient: null },
  LogicalAnd: bits("and"),
  LogicalOr: bits("or"),
  BitwiseAnd: bits("and"),
  BitwiseOr: bits("or"),
  BitwiseXor: bits("xor"),
  Invert: { shape: unchanged, lower: lowerUnary("not"), gradient: null },
  LeftShift: bits("shiftLeft"),
  RightShift: {
    shape: broadcastShape,
    lower: (c) => {
      const [x, y] = broadcastInputs(c);
      return c.builder.binary(x.dtype.startsWith("u") ? "shiftRightLogical" : "shiftRightArithmetic", x, y);
    },
    gradient: null,
  },
});
