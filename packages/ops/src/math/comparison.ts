// Comparison, logic and bits. None has a gradient. Source: core/ops/math_ops.cc, core/ops/bitwise_ops.cc.
import type { Tensor } from "@org/graph";
import { dtypes, ndArray, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { broadcastDims, forEachPair } from "../host/broadcast-pairs.ts";
import { broadcastInputs, filled, lowerBinary, lowerCompare, lowerUnary } from "../lowering.ts";
import type { OpEntry } from "../op-entry.ts";
import { broadcastShape, mergeShapes, unchanged } from "../shape-rules.ts";
import type { NameOption } from "../tensor-like.ts";
import { type BinaryBuilder, logicalXor, type Operand, type UnaryBuilder } from "./operator.ts";

type Direction = Parameters<typeof lowerCompare>[0];

function comparison(direction: Direction): OpSpec {
  return { shape: broadcastShape, lower: lowerCompare(direction), gradient: null };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Equality, also of strings and complex numbers (on the host). */
function equality(direction: "EQ" | "NE"): OpSpec {
  return {
    ...comparison(direction),
    host: (c) => {
      const [x, y] = [c.input(0), c.input(1)];
      const dims = broadcastDims(c, x.shape, y.shape);
      const { width } = dtypes[x.dtype];
      const [from, other] = [x.data, y.data] as unknown as [ArrayLike<unknown>, ArrayLike<unknown>];
      const same = (i: number, j: number): boolean => {
        if (x.dtype === "string") return sameBytes(from[i] as Uint8Array, other[j] as Uint8Array);
        for (let k = 0; k < width; k++) if (from[i * width + k] !== other[j * width + k]) return false;
        return true;
      };
      const result = new Uint8Array(sizeOf(dims));
      forEachPair(dims, x.shape, y.shape, (at, i, j) => {
        result[at] = same(i, j) === (direction === "EQ") ? 1 : 0;
      });
      return [ndArray("bool", dims, result)];
    },
  };
}

function bits(opcode: Parameters<typeof lowerBinary>[0]): OpSpec {
  return { shape: broadcastShape, lower: lowerBinary(opcode), gradient: null };
}

const binary = (type: string): BinaryBuilder => {
  return (x, y, options = {}) => applyOne(type, [x, y], options);
};

/** tf.less: x < y. @tfExport less */
export const less: BinaryBuilder = binary("Less");
/** tf.less_equal: x <= y. @tfExport lessEqual */
export const lessEqual: BinaryBuilder = binary("LessEqual");
/** tf.greater: x > y. @tfExport greater */
export const greater: BinaryBuilder = binary("Greater");
/** tf.greater_equal: x >= y. @tfExport greaterEqual */
export const greaterEqual: BinaryBuilder = binary("GreaterEqual");
/** tf.equal: x == y. @tfExport equal */
export const equal: BinaryBuilder = binary("Equal");
/** tf.not_equal: x != y. @tfExport notEqual */
export const notEqual: BinaryBuilder = binary("NotEqual");
/** tf.logical_and: both. @tfExport logicalAnd */
export const logicalAnd: BinaryBuilder = binary("LogicalAnd");
/** tf.logical_or: either. @tfExport logicalOr */
export const logicalOr: BinaryBuilder = binary("LogicalOr");
/** tf.logical_not: the opposite of a boolean. @tfExport logicalNot */
export const logicalNot: UnaryBuilder = (x: Operand, options: NameOption = {}): Tensor =>
  applyOne("LogicalNot", [x], options);
/** tf.bitwise.bitwise_and of integers. @tfExport bitwiseAnd */
export const bitwiseAnd: BinaryBuilder = binary("BitwiseAnd");
/** tf.bitwise.bitwise_or of integers. @tfExport bitwiseOr */
export const bitwiseOr: BinaryBuilder = binary("BitwiseOr");
/** tf.bitwise.bitwise_xor of integers. @tfExport bitwiseXor */
export const bitwiseXor: BinaryBuilder = binary("BitwiseXor");
/** tf.bitwise.invert: all bits of an integer turned. @tfExport invert */
export const invert: UnaryBuilder = (x, options = {}) => applyOne("Invert", [x], options);
/** tf.bitwise.left_shift of integers. @tfExport leftShift */
export const leftShift: BinaryBuilder = binary("LeftShift");
/** tf.bitwise.right_shift of integers: keeps the sign of signed ones. @tfExport rightShift */
export const rightShift: BinaryBuilder = binary("RightShift");

export { logicalXor };

/** Comparison, logic and bits. */
export const comparisonOps: readonly OpEntry[] = defineOps({
  Less: comparison("LT"),
  LessEqual: comparison("LE"),
  Greater: comparison("GT"),
  GreaterEqual: comparison("GE"),
  Equal: equality("EQ"),
  NotEqual: equality("NE"),
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
