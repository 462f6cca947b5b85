// Quotients and remainders: true, floored, truncated, and 0 for division by zero.
// Source: core/kernels/cwise_ops.h (google_floor_div, google_floor_mod, div_no_nan), python/ops/math_grad.py.
// Integer division by zero is an error in TensorFlow; here its result is the backend's.

import type { Operation, Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { dtypes } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { reshape } from "../array/reshape.ts";
import { withComplexFunctions } from "../complex/kernels.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { type Grad, noGradient, single } from "../gradient.ts";
import { broadcastInputs, filled, isFloating, type Lower, lowerBinary } from "../lowering.ts";
import type { Gradient, LoweringContext, OpEntry } from "../op-entry.ts";
import { broadcastShape } from "../shape-rules.ts";
import type { NameOption } from "../tensor-like.ts";
import { broadcastGradientArgs } from "./broadcast-gradient.ts";
import { conj } from "./conj.ts";
import { type BinaryBuilder, div, type Operand, operator, truediv } from "./operator.ts";
import { reduceSum } from "./reductions.ts";

const { mul, neg } = operator;

function lowerPair(f: (c: LoweringContext, a: HloInstruction, b: HloInstruction) => HloInstruction): Lower {
  return (c) => f(c, ...broadcastInputs(c));
}

/** Whether x and y have different signs, element by element. */
function signsDiffer(c: LoweringContext, x: HloInstruction, y: HloInstruction): HloInstruction {
  const negative = (v: HloInstruction): HloInstruction => c.builder.compare("LT", v, filled(c, v, 0));
  return c.builder.compare("NE", negative(x), negative(y));
}

/** The quotient rounded towards minus infinity. */
const floorDivide = lowerPair((c, x, y) => {
  const b = c.builder;
  const quotient = b.binary("divide", x, y);
  if (isFloating(x.dtype)) return b.unary("floor", quotient);
  if (dtypes[x.dtype].kind === "uint") return quotient;
  const inexact = b.compare("NE", b.binary("remainder", x, y), filled(c, x, 0));
  const down = b.binary("and", inexact, signsDiffer(c, x, y));
  return b.select(down, b.binary("subtract", quotient, filled(c, x, 1)), quotient);
});

/** The remainder with the divisor's sign. */
const floorRemainder = lowerPair((c, x, y) => {
  const b = c.builder;
  const remainder = b.binary("remainder", x, y);
  if (dtypes[x.dtype].kind === "uint") return remainder;
  const inexact = b.compare("NE", remainder, filled(c, x, 0));
  const up = b.binary("and", inexact, signsDiffer(c, remainder, y));
  return b.select(up, b.binary("add", remainder, y), remainder);
});

function entry(lower: Lower, gradient: Gradient): OpSpec {
  return { shape: broadcastShape, lower, gradient };
}

// (x / y)' = x' / y - y' x / y / y, with the op's own division
function quotientGrad(divide: BinaryBuilder): Gradient {
  return single((op: Operation, grad: Grad) => {
    const [x, y] = op.inputs as [Tensor, Tensor];
    const { sx, sy, rx, ry } = broadcastGradientArgs(x, y);
    const cx = conj(x);
    const cy = conj(y);
    const gx = reshape(reduceSum(divide(grad, cy), rx), sx);
    const byY = mul(grad, divide(divide(neg(cx), cy), cy));
    return [gx, reshape(reduceSum(byY, ry), sy)];
  });
}

const floorModGrad: Gradient = single((op, grad) => {
  const x = conj(op.inputs[0]!);
  const y = conj(op.inputs[1]!);
  const { sx, sy, rx, ry } = broadcastGradientArgs(x, y);
  const quotient = applyOne("FloorDiv", [x, y]);
  const gx = reshape(reduceSum(grad, rx), sx);
  return [gx, reshape(reduceSum(mul(grad, neg(quotient)), ry), sy)];
});

const binary = (type: string): BinaryBuilder => {
  return (x, y, options = {}) => applyOne(type, [x, y], options);
};

export { div, truediv };

/** tf.realdiv: x / y of floating-point tensors. @tfExport realdiv */
export const realdiv: BinaryBuilder = binary("RealDiv");
/** tf.truncatediv: the integer quotient rounded towards zero. @tfExport truncatediv */
export const truncatediv: BinaryBuilder = binary("TruncateDiv");
/** tf.floormod, tf.mod: the remainder with the divisor's sign. @tfExport floormod */
export const floormod: BinaryBuilder = binary("FloorMod");
/** tf.mod: as `floormod`. @tfExport mod */
export const mod: BinaryBuilder = floormod;
/** tf.truncatemod: the remainder with the dividend's sign. @tfExport truncatemod */
export const truncatemod: BinaryBuilder = binary("TruncateMod");
/** tf.floor_div: the quotient rounded towards minus infinity, as a node named "FloorDiv". @tfExport floorDiv */
export const floorDiv: BinaryBuilder = binary("FloorDiv");

/** tf.floordiv: the quotient rounded towards minus infinity. @tfExport floordiv */
export function floordiv(x: Operand, y: Operand, options: NameOption = {}): Tensor {
  return applyOne("FloorDiv", [x, y], { name: options.name ?? "floordiv" });
}

/** tf.divide: `x / y` as Python 3 divides. @tfExport divide */
export function divide(x: Operand, y: Operand, options: NameOption = {}): Tensor {
  return truediv(x, y, options);
}

/** tf.math.divide_no_nan: x / y, 0 where y is 0. @tfExport divNoNan */
export function divNoNan(x: Operand, y: Operand, options: NameOption = {}): Tensor {
  return withScope(resolveGraph([x, y]), options.name, "div_no_nan", (scope) => {
    const a = convertToTensor(x, { name: "x", graph: resolveGraph([x, y]) });
    const b = convertToTensor(y, { name: "y", dtype: a.dtype, graph: a.graph });
    return applyOne("DivNoNan", [a, b], { name: scope });
  });
}

/** Division. */
export const divisionOps: readonly OpEntry[] = defineOps(
  withComplexFunctions({
    RealDiv: entry(lowerBinary("divide"), quotientGrad(realdiv)),
    Div: entry(
      lowerBinary("divide"),
      quotientGrad((x, y) => divide(x, y)),
    ),
    DivNoNan: entry(
      lowerPair((c, a, b) => {
        const zero = filled(c, b, 0);
        return c.builder.select(c.builder.compare("EQ", b, zero), zero, c.builder.binary("divide", a, b));
      }),
      quotientGrad((x, y) => divNoNan(x, y)),
    ),
    FloorDiv: entry(floorDivide, noGradient),
    TruncateDiv: entry(lowerBinary("divide"), noGradient),
    FloorMod: entry(floorRemainder, floorModGrad),
    Mod: { shape: broadcastShape, lower: lowerBinary("remainder") },
    TruncateMod: { shape: broadcastShape, lower: lowerBinary("remainder") },
  }),
);
