// Logarithms on four f32 lanes, as vector-math.ts. What is odd (subnormals, 0, negatives, infinities, NaN) has code of its own, which a vector
// with such a lane takes. Source of log1p: Kahan.
import { multiplyAdd } from "./gemm-micro.ts";
import { keep, ln2High, ln2Low, type MathContext, polynomial } from "./vector-math.ts";
import type { Expr, Local } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";
import { f32x4, i32x4, v128 } from "./wasm-simd.ts";

type V = Expr<"v128">;

// (log(1 + f) - f + f^2 / 2) / f^3 on [sqrt(1/2) - 1, sqrt 2 - 1], error 2.9e-8
const logTerms = [
  0.3333333118, -0.249999969576, 0.200007157635, -0.166678023676, 0.142490571419, -0.124256856928,
  0.116854235711, -0.114797486254, 0.06971620541,
];

/** Natural logarithm: within 1 ulp. 0 gives -inf, negatives NaN. */
export function log(context: MathContext, argument: V): V {
  const { f } = context;
  const { i32x4: ki } = context.constants;
  const x = keep(context, argument);
  const result = f.local("v128");
  // By their bits: less than the least normal number, or infinite, or not a number.
  const odd = v128.or(i32x4.lt_s(x, ki(0x00800000)), i32x4.gt_s(x, ki(0x7f7fffff)));
  f.if(
    v128.any_true(odd),
    () => f.set(result, logOfAny(context, x)),
    () => f.set(result, logOfNormal(context, x)),
  );
  return result;
}

/** log of normal numbers above 0, `less` lanes of 1 taken off the exponents. */
function logOfNormal(context: MathContext, x: V, less?: V): V {
  const { f32x4: k, i32x4: ki } = context.constants;
  const madd = multiplyAdd(context.relaxed);
  // Exponent and mantissa, moved so that the mantissa lies in [sqrt(1/2), sqrt 2).
  const moved = keep(context, i32x4.sub(x, ki(0x3f3504f3)));
  const exponent = i32x4.shr_s(moved, i32.const(23));
  const e = keep(context, f32x4.convert_i32x4_s(less ? i32x4.sub(exponent, less) : exponent));
  const mantissa = i32x4.add(v128.and(moved, ki(0x7fffff)), ki(0x3f3504f3));
  const f = keep(context, f32x4.sub(mantissa, k(1)));
  const f2 = keep(context, f32x4.mul(f, f));
  const p = keep(context, f32x4.mul(f32x4.mul(f2, f), polynomial(context, f, logTerms)));
  const low = madd(f2, k(-0.5), madd(e, k(ln2Low), p));
  return madd(e, k(ln2High), f32x4.add(f, low));
}

/** log of whatever comes: subnormals, 0, negatives, infinities, NaN. */
function logOfAny(context: MathContext, x: Local<"v128">): V {
  const { f32x4: k, i32x4: ki } = context.constants;
  const tiny = keep(context, f32x4.lt(x, k(1.1754943508222875e-38)));
  const scaled = keep(context, v128.bitselect(f32x4.mul(x, k(8388608)), x, tiny));
  const result = keep(context, logOfNormal(context, scaled, v128.and(tiny, ki(23))));
  // 0 -> -inf, negative -> NaN, +inf and NaN as they are.
  const zero = f32x4.eq(x, k(0));
  const special = v128.bitselect(k(Number.NEGATIVE_INFINITY), v128.or(x, k(Number.NaN)), zero);
  const positive = v128.bitselect(x, keep(context, special), f32x4.gt(x, k(0)));
  const ordinary = v128.and(f32x4.gt(x, k(0)), f32x4.lt(x, k(Number.POSITIVE_INFINITY)));
  return v128.bitselect(result, keep(context, positive), keep(context, ordinary));
}

/** log(1 + x): log(u) + (x - (u - 1)) / u with u = 1 + x rounded. */
export function log1p(context: MathContext, argument: V): V {
  const { f32x4: k } = context.constants;
  const x = keep(context, argument);
  const u = keep(context, f32x4.add(x, k(1)));
  const logU = keep(context, log(context, u));
  const correction = f32x4.div(f32x4.sub(x, f32x4.sub(u, k(1))), u);
  const inside = v128.and(f32x4.gt(u, k(0)), f32x4.lt(u, k(Number.POSITIVE_INFINITY)));
  const value = keep(context, f32x4.add(logU, v128.and(keep(context, correction), keep(context, inside))));
  // -0 stays -0.
  return v128.bitselect(x, value, f32x4.eq(x, k(0)));
}
