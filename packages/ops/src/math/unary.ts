// One number in, one out: one line an op. The gradient ops that they use (TanhGrad ...) are in unary-gradient-ops.ts.
// Source: core/ops/math_ops.cc, core/kernels/cwise_ops.h, python/ops/math_grad.py.

import type { Operation, Tensor } from "@org/graph";
import type { HloInstruction, UnaryOpcode } from "@org/hlo";
import { dtypes } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { constant } from "../array/constant.ts";
import { zeros } from "../array/fill.ts";
import { shape } from "../array/shape-of.ts";
import { isComplex, realDType, withComplexFunctions } from "../complex/kernels.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { after, type Grad, noGradient, single } from "../gradient.ts";
import { filled, isFloating, type Lower, lowerUnary } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { unchanged } from "../shape-rules.ts";
import type { NameOption } from "../tensor-like.ts";
import { multiply, subtract } from "./binary.ts";
import { conj } from "./conj.ts";
import { type Operand, operator, type UnaryBuilder } from "./operator.ts";

const { add, mul, neg, truediv } = operator;

type UnaryGradient = (x: Tensor, grad: Grad, op: Operation) => Tensor | undefined;

function entry(lower: UnaryOpcode | Lower, gradient: UnaryGradient | null): OpSpec {
  return {
    shape: unchanged,
    lower: typeof lower === "string" ? lowerUnary(lower) : lower,
    gradient: gradient && single((op, grad) => gradient(op.inputs[0]!, grad, op)),
  };
}

/** An entry whose op stops gradients without being an error (Floor ...). */
function flat(lower: UnaryOpcode | Lower): OpSpec {
  return { ...entry(lower, null), gradient: noGradient };
}

/** f(conj x, grad), under a control dependency on the gradient. */
function late(f: (x: Tensor, grad: Grad) => Tensor): UnaryGradient {
  return (x, grad) => after(grad, () => f(conj(x), grad));
}

/** f(conj y, grad) of the op's own result, under a control dependency on the gradient. */
function lateOfResult(f: (y: Tensor, grad: Grad) => Tensor): UnaryGradient {
  return (_, grad, op) => after(grad, () => f(conj(op.outputs[0]!), grad));
}

/** An op of the op's own result and the gradient, such as TanhGrad(y, dy). */
function byOp(type: string): UnaryGradient {
  return (_, grad, op) => applyOne(type, [op.outputs[0]!, grad]);
}

const node = (type: string): UnaryBuilder => {
  return (x, options = {}) => applyOne(type, [x], options);
};

/** A builder that opens a scope of the op's name and converts its argument to "x" in it. */
const scoped = (type: string): UnaryBuilder => {
  return (x, options = {}) => {
    const graph = resolveGraph([x]);
    return withScope(graph, options.name, type, (scope) =>
      applyOne(type, [convertToTensor(x, { name: "x", graph })], { name: scope }),
    );
  };
};

/** tf.negative: -x. @tfExport negative */
export const negative: UnaryBuilder = node("Neg");
/** tf.sign: -1, 0 or 1. @tfExport sign */
export const sign: UnaryBuilder = node("Sign");
/** tf.reciprocal: 1 / x. @tfExport reciprocal */
export const reciprocal: UnaryBuilder = node("Reciprocal");
/** tf.square: x^2. @tfExport square */
export const square: UnaryBuilder = node("Square");
/** tf.sqrt: the square root. @tfExport sqrt */
export const sqrt: UnaryBuilder = node("Sqrt");
/** tf.rsqrt: 1 / sqrt(x). @tfExport rsqrt */
export const rsqrt: UnaryBuilder = node("Rsqrt");
/** tf.exp: e^x. @tfExport exp */
export const exp: UnaryBuilder = node("Exp");
/** tf.math.expm1: e^x - 1. @tfExport expm1 */
export const expm1: UnaryBuilder = node("Expm1");
/** tf.log: the natural logarithm. @tfExport log */
export const log: UnaryBuilder = node("Log");
/** tf.math.log1p: log(1 + x). @tfExport log1p */
export const log1p: UnaryBuilder = node("Log1p");
/** tf.tanh: the hyperbolic tangent. @tfExport tanh, nn.tanh */
export const tanh: UnaryBuilder = node("Tanh");
/** tf.sin: the sine. @tfExport sin */
export const sin: UnaryBuilder = node("Sin");
/** tf.cos: the cosine. @tfExport cos */
export const cos: UnaryBuilder = node("Cos");
/** tf.tan: the tangent. @tfExport tan */
export const tan: UnaryBuilder = node("Tan");
/** tf.asin: the inverse sine. @tfExport asin */
export const asin: UnaryBuilder = node("Asin");
/** tf.acos: the inverse cosine. @tfExport acos */
export const acos: UnaryBuilder = node("Acos");
/** tf.atan: the inverse tangent. @tfExport atan */
export const atan: UnaryBuilder = node("Atan");
/** tf.sinh: the hyperbolic sine. @tfExport sinh */
export const sinh: UnaryBuilder = node("Sinh");
/** tf.cosh: the hyperbolic cosine. @tfExport cosh */
export const cosh: UnaryBuilder = node("Cosh");
/** tf.asinh: the inverse hyperbolic sine. @tfExport asinh */
export const asinh: UnaryBuilder = node("Asinh");
/** tf.acosh: the inverse hyperbolic cosine. @tfExport acosh */
export const acosh: UnaryBuilder = node("Acosh");
/** tf.atanh: the inverse hyperbolic tangent. @tfExport atanh */
export const atanh: UnaryBuilder = node("Atanh");
/** tf.floor: the next integer below. @tfExport floor */
export const floor: UnaryBuilder = node("Floor");
/** tf.ceil: the next integer above. @tfExport ceil */
export const ceil: UnaryBuilder = node("Ceil");
/** tf.rint: the nearest integer, ties to even. @tfExport rint */
export const rint: UnaryBuilder = node("Rint");
/** tf.is_finite: neither infinite nor NaN. @tfExport isFinite */
// biome-ignore lint/suspicious/noShadowRestrictedNames: TensorFlow's name
export const isFinite: UnaryBuilder = node("IsFinite");
/** tf.is_inf: infinite. @tfExport isInf */
export const isInf: UnaryBuilder = node("IsInf");
/** tf.is_nan: not a number. @tfExport isNan */
export const isNan: UnaryBuilder = node("IsNan");
/** tf.erf: the error function. @tfExport erf */
export const erf: UnaryBuilder = node("Erf");
/** tf.erfc: 1 - erf(x). @tfExport erfc */
export const erfc: UnaryBuilder = node("Erfc");
/** tf.lgamma: log |gamma(x)|. @tfExport lgamma */
export const lgamma: UnaryBuilder = node("Lgamma");
/** tf.digamma: the derivative of lgamma. @tfExport digamma */
export const digamma: UnaryBuilder = node("Digamma");
/** tf.abs: |x|; a real tensor (ComplexAbs) of a complex one. @tfExport abs */
export const abs: UnaryBuilder = (x, options = {}) => {
  const graph = resolveGraph([x]);
  return withScope(graph, options.name, "Abs", (scope) => {
    const tensor = convertToTensor(x, { name: "x", graph });
    if (!isComplex(tensor.dtype)) return applyOne("Abs", [tensor], { name: scope });
    return applyOne("ComplexAbs", [tensor], { name: scope, attrs: { Tout: realDType(tensor.dtype) } });
  });
};
/** tf.sigmoid: 1 / (1 + e^-x). @tfExport sigmoid, nn.sigmoid */
export const sigmoid: UnaryBuilder = scoped("Sigmoid");

/** tf.round: the nearest integer, ties to even; an integer tensor itself. @tfExport round */
export function round(x: Operand, options: NameOption = {}): Tensor {
  const tensor = convertToTensor(x, { name: "x" });
  const { kind } = dtypes[tensor.dtype];
  return kind === "int" || kind === "uint" ? tensor : applyOne("Round", [tensor], options);
}

/** tf.log_sigmoid: log(sigmoid(x)), as -softplus(-x). @tfExport nn.logSigmoid */
export function logSigmoid(x: Operand, options: NameOption = {}): Tensor {
  const graph = resolveGraph([x]);
  return withScope(graph, options.name, "LogSigmoid", (scope) => {
    const tensor = convertToTensor(x, { name: "x", graph });
    return applyOne("Neg", [applyOne("Softplus", [neg(tensor)])], { name: scope });
  });
}

const squareLower: Lower = (c) => c.builder.binary("multiply", c.input(0), c.input(0));
const reciprocalLower: Lower = (c) => c.builder.binary("divide", filled(c, c.input(0), 1), c.input(0));

/** Identity on integers, which TensorFlow takes too. */
function unlessInteger(opcode: UnaryOpcode): Lower {
  return (c: LoweringContext): HloInstruction =>
    isFloating(c.input(0).dtype) ? c.builder.unary(opcode, c.input(0)) : c.input(0);
}

function oneLike(grad: Grad): Tensor {
  return constant(1, grad.dtype);
}

/** 2 / sqrt(pi) exp(-x^2) dy, with the sign given. */
function erfGrad(sign: 1 | -1): UnaryGradient {
  return (x, grad) => {
    const factor = constant((sign * 2) / Math.sqrt(Math.PI), grad.dtype);
    return after(grad, () => mul(mul(grad, factor), exp(neg(square(conj(x))))));
  };
}

/** 1 / sqrt(1 - x^2). */
function inverseRoot(x: Tensor, grad: Grad): Tensor {
  const x2 = square(x);
  return reciprocal(sqrt(subtract(oneLike(grad), x2)));
}

/** Element-wise functions of one tensor. */
export const unaryOps: readonly OpEntry[] = defineOps(
  withComplexFunctions({
    Abs: entry("abs", (x, grad) => mul(grad, sign(x))),
    Neg: entry("negate", (_, grad) => neg(grad)),
    Sign: entry("sign", (x) => zeros(shape(x), x.dtype)),
    Inv: entry(reciprocalLower, byOp("ReciprocalGrad")),
    Reciprocal: entry(reciprocalLower, byOp("ReciprocalGrad")),
    // (x^2)' = 2 x
    Square: entry(
      squareLower,
      late((x, grad) => multiply(grad, multiply(x, constant(2, x.dtype)))),
    ),
    Sqrt: entry("sqrt", byOp("SqrtGrad")),
    Rsqrt: entry("rsqrt", byOp("RsqrtGrad")),
    Exp: entry(
      "exp",
      lateOfResult((y, grad) => mul(grad, y)),
    ),
    Expm1: entry(
      "expm1",
      late((x, grad) => mul(grad, exp(x))),
    ),
    Log: entry(
      "log",
      late((x, grad) => mul(grad, reciprocal(x))),
    ),
    Log1p: entry(
      "log1p",
      late((x, grad) => mul(grad, reciprocal(add(1, x)))),
    ),
    Sigmoid: entry(
      "logistic",
      lateOfResult((y, grad) => applyOne("SigmoidGrad", [y, grad])),
    ),
    Tanh: entry(
      "tanh",
      lateOfResult((y, grad) => applyOne("TanhGrad", [y, grad])),
    ),
    Sin: entry(
      "sin",
      late((x, grad) => mul(grad, cos(x))),
    ),
    Cos: entry(
      "cos",
      late((x, grad) => mul(neg(grad), sin(x))),
    ),
    Tan: entry(
      "tan",
      late((x, grad) => mul(square(reciprocal(cos(x))), grad)),
    ),
    Asin: entry(
      "asin",
      late((x, grad) => mul(grad, inverseRoot(x, grad))),
    ),
    // TensorFlow negates before it multiplies; the inverse comes first.
    Acos: entry(
      "acos",
      late((x, grad) => {
        const inverse = inverseRoot(x, grad);
        return mul(neg(grad), inverse);
      }),
    ),
    Atan: entry(
      "atan",
      late((x, grad) => {
        const x2 = square(x);
        return mul(grad, reciprocal(applyOne("Add", [oneLike(grad), x2])));
      }),
    ),
    Sinh: entry(
      "sinh",
      late((x, grad) => mul(grad, cosh(x))),
    ),
    Cosh: entry(
      "cosh",
      late((x, grad) => mul(grad, sinh(x))),
    ),
    Asinh: entry(
      "asinh",
      lateOfResult((y, grad) => truediv(grad, cosh(y))),
    ),
    Acosh: entry(
      "acosh",
      lateOfResult((y, grad) => truediv(grad, sinh(y))),
    ),
    Atanh: entry(
      "atanh",
      late((x, grad) => {
        const x2 = square(x);
        return mul(grad, reciprocal(subtract(oneLike(grad), x2)));
      }),
    ),
    Erf: entry("erf", erfGrad(1)),
    Erfc: entry("erfc", erfGrad(-1)),
    Lgamma: entry(
      "lgamma",
      late((x, grad) => mul(grad, digamma(x))),
    ),
    Digamma: entry(
      "digamma",
      late((x, grad) => mul(grad, applyOne("Polygamma", [constant(1, x.dtype), x]))),
    ),
    Floor: flat(unlessInteger("floor")),
    Ceil: flat(unlessInteger("ceil")),
    Round: flat(unlessInteger("roundNearestEven")),
    Rint: flat(unlessInteger("roundNearestEven")),
    IsFinite: { shape: unchanged, lower: lowerUnary("isFinite"), gradient: null },
    IsInf: { shape: unchanged, lower: lowerUnary("isInf"), gradient: null },
    IsNan: { shape: unchanged, lower: lowerUnary("isNan"), gradient: null },
    Conj: { shape: unchanged, gradient: single((_, grad) => conj(grad as Tensor)) },
  }),
);
