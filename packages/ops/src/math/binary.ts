// Arithmetic of two tensors with broadcasting: one line an op. Division and remainders are in division.ts,
// comparison and logic in comparison.ts. Source: core/ops/math_ops.cc, core/kernels/cwise_ops.h, python/ops/math_grad.py.

import type { Operation, Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { applyOne } from "../apply-op.ts";
import { onesLike, zeros, zerosLike } from "../array/fill.ts";
import { reshape } from "../array/reshape.ts";
import { shape } from "../array/shape-of.ts";
import { withComplexFunctions } from "../complex/kernels.ts";
import { convertToTensor } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { after, dense, type Grad, single } from "../gradient.ts";
import { broadcastInputs, filled, isFloating, type Lower, lowerBinary } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { broadcastShape } from "../shape-rules.ts";
import type { NameOption } from "../tensor-like.ts";
import {
  broadcastGradientArgs,
  sameKnownShapes,
  smartBroadcastGradientArgs,
  unbroadcast,
} from "./broadcast-gradient.ts";
import { cast } from "./cast.ts";
import { conj } from "./conj.ts";
import { type BinaryBuilder, type Operand, operator } from "./operator.ts";
import { reduceSum } from "./reductions.ts";
import { where } from "./select.ts";

const { sub, mul, neg, gt } = operator;

type Pair = readonly [Grad | undefined, Grad | undefined];

function entry(
  lower: Lower,
  gradient: ((op: Operation, x: Tensor, y: Tensor, grad: Grad) => Pair) | null,
): OpSpec {
  return {
    shape: broadcastShape,
    lower,
    gradient: gradient && single((op, grad) => gradient(op, op.inputs[0]!, op.inputs[1]!, grad)),
  };
}

/** Lowering through two stretched operands. */
function lowerPair(f: (c: LoweringContext, a: HloInstruction, b: HloInstruction) => HloInstruction): Lower {
  return (c) => f(c, ...broadcastInputs(c));
}

/** `zero` where `test` is 0, else `otherwise`. */
function unlessZero(c: LoweringContext, test: HloInstruction, otherwise: HloInstruction): HloInstruction {
  const zero = filled(c, test, 0);
  return c.builder.select(c.builder.compare("EQ", test, zero), zero, otherwise);
}

/** `a` to the power `b`; of integers a fault where an exponent is below 0 (a division by zero: the session has Pow's sentence for it). */
function power(c: LoweringContext, a: HloInstruction, b: HloInstruction): HloInstruction {
  const result = c.builder.binary("power", a, b);
  if (isFloating(b.dtype)) return result;
  const negative = c.builder.compare("LT", b, filled(c, b, 0));
  return c.builder.binary("divide", result, c.builder.select(negative, filled(c, b, 0), filled(c, b, 1)));
}

// (x + y)' = x' + y'
function addGrad(_: Operation, x: Tensor, y: Tensor, grad: Grad): Pair {
  if (sameKnownShapes(x, y, grad)) return [grad, grad];
  const [bx, by] = smartBroadcastGradientArgs(x, y, grad);
  const gx = bx.needed ? unbroadcast(grad, bx) : grad;
  return [gx, by.needed ? unbroadcast(grad, by) : grad];
}

// (x - y)' = x' - y'
function subGrad(_: Operation, x: Tensor, y: Tensor, grad: Grad): Pair {
  if (sameKnownShapes(x, y, grad)) return [grad, neg(grad)];
  const [bx, by] = smartBroadcastGradientArgs(x, y, grad);
  const gx = bx.needed ? unbroadcast(grad, bx) : grad;
  return [gx, by.needed ? unbroadcast(neg(grad), by) : neg(grad)];
}

const genMul: BinaryBuilder = (x, y) => applyOne("Mul", [x, y]);

// (x y)' = x' y + x y'
function mulGrad(_: Operation, x: Tensor, y: Tensor, grad: Grad): Pair {
  if (sameKnownShapes(x, y, grad) && (grad.dtype === "int32" || grad.dtype === "float32")) {
    return [genMul(grad, y), genMul(grad, x)];
  }
  const [bx, by] = smartBroadcastGradientArgs(x, y, grad);
  const cx = conj(x);
  const cy = conj(y);
  const gx = bx.needed ? unbroadcast(genMul(grad, cy), bx) : genMul(grad, cy);
  return [gx, by.needed ? unbroadcast(genMul(cx, grad), by) : genMul(cx, grad)];
}

function mulNoNanGrad(_: Operation, x: Tensor, y: Tensor, grad: Grad): Pair {
  const times: BinaryBuilder = (a, b) => applyOne("MulNoNan", [a, b]);
  if (sameKnownShapes(x, y, grad)) return [times(grad, y), times(x, grad)];
  const { sx, sy, rx, ry } = broadcastGradientArgs(x, y);
  return [reshape(reduceSum(times(grad, y), rx), sx), reshape(reduceSum(times(x, grad), ry), sy)];
}

// (x^y)' = y x^(y-1) x' + x^y log(x) y'; log x counts as 0 where x is not above 0
function powGrad(op: Operation, x0: Tensor, y0: Tensor, grad: Grad): Pair {
  const [bx, by] = smartBroadcastGradientArgs(x0, y0, grad);
  const x = conj(x0);
  const y = conj(y0);
  let gx = mul(mul(grad, y), pow(x, sub(y, 1)));
  if (bx.needed) gx = unbroadcast(gx, bx);
  const z = conj(op.outputs[0]!);
  const complex = x.dtype === "complex64" || x.dtype === "complex128";
  const mask = complex ? applyOne("NotEqual", [x, 0]) : gt(x, 0);
  const safe = where(mask, x, onesLike(x));
  const logX = where(mask, applyOne("Log", [safe]), zerosLike(x));
  let gy = mul(mul(grad, z), logX);
  if (by.needed) gy = unbroadcast(gy, by);
  return [gx, gy];
}

// The larger (smaller) one takes the gradient; x does where they are equal.
function extremumGrad(selects: "GreaterEqual" | "LessEqual") {
  return (_: Operation, x: Tensor, y: Tensor, grad0: Grad): Pair => {
    const grad = dense(grad0);
    const sx = shape(x);
    const sy = shape(y);
    const none = zeros(shape(grad), grad.dtype);
    const takesX = applyOne(selects, [x, y]);
    const [rx, ry] = broadcastGradientOf(sx, sy);
    const gx = reshape(reduceSum(where(takesX, grad, none), rx), sx);
    return [gx, reshape(reduceSum(where(takesX, none, grad), ry), sy)];
  };
}

function broadcastGradientOf(sx: Tensor, sy: Tensor): [Tensor, Tensor] {
  const { outputs } = applyOne("BroadcastGradientArgs", [sx, sy]).op;
  return [outputs[0]!, outputs[1]!];
}

// ((x - y)^2)' = 2 (x - y) (x' - y')
function squaredDifferenceGrad(_: Operation, x: Tensor, y: Tensor, grad: Grad): Pair {
  const gradX = after(grad, () => mul(scalarMul(2, dense(grad)), sub(x, y)));
  if (sameKnownShapes(x, y, grad)) return [gradX, neg(gradX)];
  const [bx, by] = smartBroadcastGradientArgs(x, y, grad);
  const gx = bx.needed ? unbroadcast(gradX, bx) : gradX;
  return [gx, by.needed ? neg(unbroadcast(gradX, by)) : neg(gradX)];
}

// atan2(y, x)' = (x y' - y x') / (x^2 + y^2)
function atan2Grad(_: Operation, y: Tensor, x: Tensor, grad: Grad): Pair {
  return after(grad, () => {
    const square = (t: Tensor): Tensor => applyOne("Square", [t]);
    const inverse = operator.truediv(grad, operator.add(square(x), square(y)));
    return [mul(x, inverse), mul(neg(y), inverse)] as const;
  });
}

function notZero(x: Tensor): Tensor {
  const zero = cast(0, x.dtype);
  return cast(applyOne("NotEqual", [x, zero]), x.dtype);
}

/** x log y and x / y that are 0 where x is 0: partial derivatives by x and y given. */
function zeroSafeGrad(byX: BinaryBuilder, byY: (x: Tensor, y: Tensor) => Tensor) {
  return (_: Operation, x: Tensor, y: Tensor, grad: Grad): Pair => {
    const { sx, sy, rx, ry } = broadcastGradientArgs(x, y);
    return after(grad, () => {
      const partialX = byX(notZero(x), y);
      const partialY = byY(x, y);
      return [
        reshape(reduceSum(mul(partialX, grad), rx), sx),
        reshape(reduceSum(mul(partialY, grad), ry), sy),
      ] as const;
    });
  };
}

const binary = (type: string): BinaryBuilder => {
  return (x, y, options = {}) => applyOne(type, [x, y], options);
};

/** tf.add: an Add node; `operator.add` is what `+` builds. @tfExport add */
export const add: BinaryBuilder = binary("Add");
/** tf.subtract: x - y. @tfExport subtract */
export const subtract: BinaryBuilder = binary("Sub");
/** tf.multiply: x * y. @tfExport multiply */
export const multiply: BinaryBuilder = binary("Mul");
/** tf.maximum: the larger of two, element by element. @tfExport maximum */
export const maximum: BinaryBuilder = binary("Maximum");
/** tf.minimum: the smaller of two, element by element. @tfExport minimum */
export const minimum: BinaryBuilder = binary("Minimum");
/** tf.math.squared_difference: (x - y)^2. @tfExport squaredDifference */
export const squaredDifference: BinaryBuilder = binary("SquaredDifference");
/** tf.atan2: the angle of (x, y), in (-pi, pi]. @tfExport atan2 */
export const atan2: BinaryBuilder = binary("Atan2");
/** tf.math.xdivy: x / y, 0 where x is 0. @tfExport xdivy */
export const xdivy: BinaryBuilder = binary("Xdivy");
/** tf.math.xlogy: x log y, 0 where x is 0. @tfExport xlogy */
export const xlogy: BinaryBuilder = binary("Xlogy");

/** tf.pow: x to the power y. @tfExport pow */
export function pow(x: Operand, y: Operand, options: NameOption = {}): Tensor {
  return applyOne("Pow", [x, y], options);
}

/** tf.scalar_mul: a number times a tensor. @tfExport scalarMul */
export function scalarMul(scalar: number | Tensor, x: Tensor, options: NameOption = {}): Tensor {
  const factor = typeof scalar === "number" ? scalarTensor(scalar, x) : scalar;
  return applyOne("Mul", [factor, x], options);
}

function scalarTensor(value: number, { dtype, graph }: Tensor): Tensor {
  return convertToTensor(value, { dtype, graph, name: "scalar" });
}

/** Arithmetic of two tensors. */
export const binaryOps: readonly OpEntry[] = defineOps(
  withComplexFunctions({
    Add: entry(lowerBinary("add"), addGrad),
    AddV2: entry(lowerBinary("add"), addGrad),
    Sub: entry(lowerBinary("subtract"), subGrad),
    Mul: entry(lowerBinary("multiply"), mulGrad),
    MulNoNan: entry(
      lowerPair((c, a, b) => unlessZero(c, b, c.builder.binary("multiply", a, b))),
      mulNoNanGrad,
    ),
    Pow: entry(lowerPair(power), powGrad),
    Maximum: entry(lowerBinary("maximum"), extremumGrad("GreaterEqual")),
    Minimum: entry(lowerBinary("minimum"), extremumGrad("LessEqual")),
    SquaredDifference: entry(
      lowerPair((c, a, b) => {
        const difference = c.builder.binary("subtract", a, b);
        return c.builder.binary("multiply", difference, difference);
      }),
      squaredDifferenceGrad,
    ),
    Atan2: entry(lowerBinary("atan2"), atan2Grad),
    Xlogy: entry(
      lowerPair((c, a, b) => unlessZero(c, a, c.builder.binary("multiply", a, c.builder.unary("log", b)))),
      zeroSafeGrad(xlogy, xdivy as (x: Tensor, y: Tensor) => Tensor),
    ),
    Xdivy: entry(
      lowerPair((c, a, b) => unlessZero(c, a, c.builder.binary("divide", a, b))),
      zeroSafeGrad(xdivy, (x, y) => xdivy(applyOne("Neg", [x]), operator.pow(y, 2))),
    ),
  }),
);
