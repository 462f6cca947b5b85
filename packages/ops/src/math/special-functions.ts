// Functions of two and three numbers that are no elementary ones: Igamma, Igammac, IgammaGradA, RandomGammaGrad, Zeta, Polygamma, Betainc, and
// BesselI0e, BesselI1e. Host kernels; the functions themselves are in special/. Source: core/ops/math_ops.cc, core/kernels/cwise_op_igammas.cc,
// cwise_op_zeta.cc, betainc_op.cc, python/ops/math_grad.py.
import type { Operation, Tensor } from "@org/graph";
import { convertToNdArray, type DType, type NdArray, ndArray, sizeOf, toNumbers } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { zerosLike } from "../array/fill.ts";
import { reshape } from "../array/reshape.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { after, type Grad, single } from "../gradient.ts";
import { broadcastDims, forEachPair } from "../host/broadcast-pairs.ts";
import type { OpEntry } from "../op-entry.ts";
import { broadcastShape, mergeShapes, unchanged } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { broadcastGradientArgs } from "./broadcast-gradient.ts";
import { conj } from "./conj.ts";
import { type BinaryBuilder, operator, type UnaryBuilder } from "./operator.ts";
import { reduceSum } from "./reductions.ts";
import { where } from "./select.ts";
import { besselI0e as i0e, besselI1e as i1e } from "./special/bessel.ts";
import { betainc as incompleteBeta } from "./special/incomplete-beta.ts";
import {
  gammaSampleSlope,
  igammaGradA,
  igamma as lowerGamma,
  igammac as upperGamma,
} from "./special/incomplete-gamma.ts";
import { polygamma as polygammaOf, zeta as zetaOf } from "./special/zeta.ts";
import { abs, exp, lgamma, log, reciprocal, sign } from "./unary.ts";

const { add, gt, mul, neg, sub } = operator;

const binary = (type: string): BinaryBuilder => {
  return (x, y, options = {}) => applyOne(type, [x, y], options);
};

/** tf.igamma: the regularized lower incomplete gamma function P(a, x), with broadcasting. float32, float64. @tfExport igamma, math.igamma */
export const igamma: BinaryBuilder = binary("Igamma");
/** tf.igammac: the upper one, 1 - P(a, x). float32, float64. @tfExport igammac, math.igammac */
export const igammac: BinaryBuilder = binary("Igammac");
/** tf.zeta: Hurwitz's zeta function, the sum of (q + n)^-x. float32, float64. @tfExport zeta, math.zeta */
export const zeta: BinaryBuilder = binary("Zeta");
/** tf.polygamma: the a-th derivative of digamma at x, a whole. float32, float64. @tfExport polygamma, math.polygamma */
export const polygamma: BinaryBuilder = binary("Polygamma");

/**
 * tf.betainc: the regularized incomplete beta function I(a, b, x). float32, float64. Of one shape, but for scalars. Throws TfError
 * INVALID_ARGUMENT where shapes differ otherwise.
 * @tfExport betainc, math.betainc
 */
export function betainc(a: TensorLike, b: TensorLike, x: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("Betainc", [a, b, x], options);
}

/** tf.math.bessel_i0e: e^-|x| I0(x), the modified Bessel function. Floating-point types. @tfExport math.besselI0e */
export const besselI0e: UnaryBuilder = (x, options = {}) => applyOne("BesselI0e", [x], options);
/** tf.math.bessel_i1e: e^-|x| I1(x). Floating-point types. @tfExport math.besselI1e */
export const besselI1e: UnaryBuilder = (x, options = {}) => applyOne("BesselI1e", [x], options);

/** The elements, as numbers. */
function read(value: NdArray): ArrayLike<number> {
  const { data } = value;
  return data instanceof Float32Array || data instanceof Float64Array ? data : toNumbers(value);
}

/** An array of numbers, rounded to the type. */
function written(dtype: DType, shape: readonly number[], values: Float64Array): NdArray {
  const flat = dtype === "float64" ? values : convertToNdArray(Array.from(values), dtype).data;
  return ndArray(dtype, shape, flat as never);
}

function ofOne(f: (x: number) => number, gradient: (op: Operation, x: Tensor, y: Tensor) => Tensor): OpSpec {
  return {
    shape: unchanged,
    host: (c) => {
      const x = c.input(0);
      return [written(x.dtype, x.shape, Float64Array.from(read(x), f))];
    },
    gradient: single((op, grad) => after(grad, () => mul(grad, gradient(op, op.inputs[0]!, op.outputs[0]!)))),
  };
}

function ofTwo(f: (x: number, y: number) => number, gradient?: OpSpec["gradient"]): OpSpec {
  return {
    shape: broadcastShape,
    host: (c) => {
      const [x, y] = [c.input(0), c.input(1)];
      const dims = broadcastDims(c, x.shape, y.shape);
      const values = new Float64Array(sizeOf(dims));
      const [a, b] = [read(x), read(y)];
      forEachPair(dims, x.shape, y.shape, (at, i, j) => {
        values[at] = f(a[i]!, b[j]!);
      });
      return [written(x.dtype, dims, values)];
    },
    ...(gradient === undefined ? {} : { gradient }),
  };
}

type Slopes = readonly [Tensor | undefined, Tensor | undefined];

/** Gradients by both arguments from partial derivatives, which are made after the gradient; undefined ones are not known. */
function broadcast(partials: (x: Tensor, y: Tensor) => Slopes) {
  return (op: Operation, grad: Grad): Slopes => {
    const [x, y] = op.inputs as [Tensor, Tensor];
    const { sx, sy, rx, ry } = broadcastGradientArgs(x, y);
    return after(grad, () => {
      const [byX, byY] = partials(x, y);
      return [
        byX && reshape(reduceSum(mul(byX, grad), rx), sx),
        byY && reshape(reduceSum(mul(byY, grad), ry), sy),
      ] as const;
    });
  };
}

// By x: e^-x x^(a-1) / gamma(a), as a sum of logarithms.
const gammaGradient = broadcast((a, x) => {
  const byA = applyOne("IgammaGradA", [a, x]);
  const inner = add(neg(x), mul(sub(a, 1), log(x)));
  return [byA, exp(sub(inner, lgamma(a)))];
});

function betaGradient(op: Operation, grad: Grad): readonly (Tensor | undefined)[] {
  const [a, b, x] = op.inputs as [Tensor, Tensor, Tensor];
  const { sy, ry } = broadcastGradientArgs(a, x);
  const logBeta = sub(add(lgamma(a), lgamma(b)), lgamma(add(a, b)));
  const inner = add(mul(sub(b, 1), log(sub(1, x))), mul(sub(a, 1), log(x)));
  const byX = exp(sub(inner, logBeta));
  return [undefined, undefined, reshape(reduceSum(mul(byX, grad), ry), sy)];
}

const precision: Partial<Record<DType, number>> = {
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
  float32: 2 ** -23,
  float64: 2 ** -52,
};

// I0e(x) - I1e(x) (sign x + 1/x); one half at 0, where that is no number.
function slopeOfI1e(x: Tensor, y: Tensor): Tensor {
  const least = precision[x.dtype]!;
  const none = zerosLike(x);
  const isLarge = gt(abs(x), least);
  const safe = where(isLarge, x, add(least, none));
  const first = besselI0e(safe);
  const slope = sub(first, mul(y, add(sign(safe), reciprocal(safe))));
  return where(isLarge, slope, add(0.5, none));
}

/** Entries of the special functions. */
export const specialFunctionOps: readonly OpEntry[] = defineOps({
  BesselI0e: ofOne(i0e, (_, x, y) => sub(besselI1e(x), mul(sign(x), y))),
  BesselI1e: ofOne(i1e, (_, x, y) => slopeOfI1e(x, y)),
  Igamma: ofTwo(lowerGamma, single(gammaGradient)),
  Igammac: ofTwo(
    upperGamma,
    single((op, grad) => gammaGradient(op, grad).map((slope) => neg(slope!))),
  ),
  IgammaGradA: ofTwo(igammaGradA),
  RandomGammaGrad: ofTwo(gammaSampleSlope),
  Zeta: ofTwo(
    zetaOf,
    single(
      broadcast((x0, q0) => {
        const [x, q] = [conj(x0), conj(q0)];
        return [undefined, mul(neg(x), zeta(add(x, 1), q))];
      }),
    ),
  ),
  Polygamma: ofTwo(
    polygammaOf,
    single(
      broadcast((n0, x0) => {
        const [n, x] = [conj(n0), conj(x0)];
        return [undefined, polygamma(add(n, 1), x)];
      }),
    ),
  ),
  Betainc: {
    // Scalars go with any shape.
    shape: (c) => {
      const shapes = [c.input(0), c.input(1), c.input(2)];
      const [first, ...rest] = shapes.filter(({ rank }) => rank !== 0);
      return [rest.reduce((shape, other) => mergeShapes(shape, other), first ?? shapes[0]!)];
    },
    host: (c) => {
      const inputs = [c.input(0), c.input(1), c.input(2)];
      const shape = inputs.find((value) => value.shape.length > 0)?.shape ?? [];
      if (inputs.some((value) => value.shape.length > 0 && `${value.shape}` !== `${shape}`))
        c.fail(
          "INVALID_ARGUMENT",
          `Shapes of a, b and x are inconsistent: ${inputs.map((v) => `[${v.shape}]`).join(" vs. ")}`,
        );
      const [a, b, x] = inputs.map((value) => {
        const data = read(value);
        return value.shape.length > 0 ? (i: number) => data[i]! : () => data[0]!;
      });
      const values = Float64Array.from({ length: sizeOf(shape) }, (_, i) =>
        incompleteBeta(a!(i), b!(i), x!(i)),
      );
      return [written(inputs[0]!.dtype, shape, values)];
    },
    gradient: single(betaGradient),
  },
});
