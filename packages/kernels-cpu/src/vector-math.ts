// exp, tanh and their like on four f32 lanes (log: vector-log.ts, power: vector-power.ts), as code that is put into a loop's body. Within 2 ulp
// of the true result (test/vector-math.test.ts measures; README has the figures), subnormals, infinities and NaN included.
// Polynomials are Chebyshev and minimax fits made for these intervals; method: Cody & Waite 1980 (reduction by pieces of ln 2 and
// pi / 2). sin and cos reduce and evaluate in f64, since f32 loses all digits near multiples of pi.

import type { ConstantPool } from "./constants.ts";
import { multiplyAdd } from "./gemm-micro.ts";
import type { Expr, FunctionBuilder, Local } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";
import { f32x4, f64x2, i32x4, v128 } from "./wasm-simd.ts";

type V = Expr<"v128">;

/** What one function body shares: where locals are made, and whether there is a fused multiply-add. */
export interface MathContext {
  readonly f: FunctionBuilder;
  readonly relaxed: boolean;
  readonly constants: ConstantPool;
}

const magic = 12582912; // 1.5 * 2^23: adding it rounds to an integer, kept in the low bits

export const keep = ({ f }: MathContext, value: V): Local<"v128"> => f.local("v128", value);

/** c[0] + x * (c[1] + x * (c[2] + ...)), by Horner's rule. */
export function polynomial({ relaxed, constants }: MathContext, x: V, coefficients: readonly number[]): V {
  const madd = multiplyAdd(relaxed);
  const k = constants.f32x4;
  return coefficients.reduceRight<V | undefined>((sum, c) => (sum ? madd(sum, x, k(c)) : k(c)), undefined)!;
}

const log2e = Math.LOG2E;
export const ln2High = 0.693145751953125;
export const ln2Low = 1.42860682031e-6;
// (e^r - 1 - r) / r^2 on [-ln 2 / 2, ln 2 / 2], error 3.1e-9 of e^r
const expTerms = [
  0.4999999343211462, 0.16666520399003026, 0.041668390786567366, 0.008368745112581035, 0.0013814540026757006,
];
// The same, error 2.4e-10 of e^r - 1
const expm1Terms = [
  0.5000000044268361, 0.16666666369755304, 0.04166636042837071, 0.008333389458708047, 0.0013940668472955976,
  0.00019845881214355932,
];

/** x = n ln 2 + r: the float n + magic + bias, whose low bits are those of n + bias, and r. */
function reduceByLn2(
  context: MathContext,
  x: Local<"v128">,
  bias: number,
): { shifted: Local<"v128">; r: Local<"v128"> } {
  const { f32x4: k } = context.constants;
  const madd = multiplyAdd(context.relaxed);
  const shifted = keep(context, madd(x, k(log2e), k(magic + bias)));
  const n = keep(context, f32x4.sub(shifted, k(magic + bias)));
  const r = keep(context, madd(n, k(-ln2Low), madd(n, k(-ln2High), x)));
  return { shifted, r };
}

/** 2^n for integer lanes of n + 127 in -126..127; what lies above the low nine bits is shifted out. */
const powerOfTwo = (biased: V): V => i32x4.shl(biased, i32.const(23));

const clampTo = ({ constants }: MathContext, x: V, low: number, high: number): V =>
  f32x4.pmin(f32x4.pmax(x, constants.f32x4(low)), constants.f32x4(high));

/** e^x: within 1 ulp; overflows to infinity, underflows through subnormals to 0. */
export function exp(context: MathContext, argument: V): V {
  return exponential(context, keep(context, clampTo(context, argument, -104, 89)));
}

/** e^x for what is known to be 0 or less, or NaN. */
export function expOfNonPositive(context: MathContext, argument: V): V {
  const { f32x4: k } = context.constants;
  const x = keep(context, f32x4.pmax(argument, k(-104)));
  // 2^(n + 24) is a normal number, and so is what it makes of e^r.
  const { shifted, r } = reduceByLn2(context, x, 127 + 24);
  return f32x4.mul(f32x4.mul(expOfRest(context, r), powerOfTwo(shifted)), k(2 ** -24));
}

/** e^r for -ln 2 / 2 to ln 2 / 2. */
function expOfRest(context: MathContext, r: Local<"v128">): V {
  const madd = multiplyAdd(context.relaxed);
  if (context.relaxed) return polynomial(context, r, [1, 1, ...expTerms]);
  // Where a step rounds twice, r is added last but one, and whole.
  const bent = polynomial(context, r, expTerms);
  return f32x4.add(madd(f32x4.mul(r, r), bent, r), context.constants.f32x4(1));
}

/** e^x for -104 to 89, and NaN. */
function exponential(context: MathContext, x: Local<"v128">): V {
  const { shifted, r } = reduceByLn2(context, x, 254);
  // 2^n in two factors, so that both are normal numbers: n + 254 halved has half the bias, and so has the rest.
  const half = keep(context, i32x4.shr_u(shifted, i32.const(1)));
  return f32x4.mul(f32x4.mul(expOfRest(context, r), powerOfTwo(half)), powerOfTwo(i32x4.sub(shifted, half)));
}

/** e^x - 1: 2^n (e^r - 1) + (2^n - 1), all halved so that n = 128 does not overflow early. */
export function expm1(context: MathContext, argument: V): V {
  const { f32x4: k } = context.constants;
  const x = keep(context, clampTo(context, argument, -25, 89));
  const { shifted, r } = reduceByLn2(context, x, 126);
  const madd = multiplyAdd(context.relaxed);
  const q = keep(context, madd(f32x4.mul(r, r), polynomial(context, r, expm1Terms), r));
  const scale = keep(context, powerOfTwo(shifted));
  const value = keep(context, madd(q, scale, f32x4.sub(scale, k(0.5))));
  // -0 and tiny arguments: q is x.
  const small = f32x4.lt(f32x4.abs(argument), k(1e-8));
  const original = keep(context, argument);
  return v128.bitselect(original, f32x4.add(value, value), keep(context, small));
}

// (tanh(x) - x) / x^3 in x^2 on [0, 0.625^2], error 4.3e-8
const tanhTerms = [-0.333333289402, 0.13332769342, -0.0538508495203, 0.0209968940371, -0.00609629952289];

/** With fused multiply-add within 1.9 ulp, by one quotient; else within 1.4, by parts. */
export function tanh(context: MathContext, argument: V): V {
  const x = keep(context, argument);
  const size = keep(context, f32x4.abs(x));
  const value = (context.relaxed ? tanhByQuotient : tanhByParts)(context, size);
  return v128.or(value, v128.and(x, context.constants.i32x4(-0x80000000)));
}

// (e^r - 1 - r) / r^2 on [-ln 2 / 2, ln 2 / 2], error 1.3e-8 of e^r - 1
const tanhExpTerms = [
  0.49999998149618397, 0.16666543543427781, 0.04166720071215098, 0.008366547130458148, 0.001388251643096368,
];
/** Both sides of tanh's quotient are this much smaller: so their rounding errors are small where those of the result count most. */
const quotientScale = 0.75;

/** (e^2x - 1) / (e^2x + 1) for x from 0, e^2x - 1 being 2^n (e^r - 1) + (2^n - 1). */
function tanhByQuotient(context: MathContext, size: Local<"v128">): V {
  const { f32x4: k } = context.constants;
  const madd = multiplyAdd(context.relaxed);
  // From 9.02 on it is 1.
  const clamped = keep(context, f32x4.pmin(size, k(9.1)));
  const { shifted, r } = reduceByLn2(context, keep(context, f32x4.add(clamped, clamped)), 127);
  const scaled = tanhExpTerms.map((c) => c * quotientScale);
  const bent = f32x4.mul(f32x4.mul(r, r), polynomial(context, r, scaled));
  const q = keep(context, madd(r, k(quotientScale), bent));
  const scale = keep(context, powerOfTwo(shifted));
  const above = keep(context, madd(q, scale, madd(scale, k(quotientScale), k(-quotientScale))));
  return f32x4.div(above, f32x4.add(above, k(2 * quotientScale)));
}

/** A polynomial below 0.625, 1 - 2 / (e^2x + 1) above; x from 0. */
function tanhByParts(context: MathContext, size: Local<"v128">): V {
  const { f32x4: k } = context.constants;
  const madd = multiplyAdd(context.relaxed);
  const square = keep(context, f32x4.mul(size, size));
  const small = keep(context, madd(f32x4.mul(square, size), polynomial(context, square, tanhTerms), size));
  const e = exponential(context, keep(context, f32x4.pmin(f32x4.add(size, size), k(89))));
  const large = keep(context, f32x4.sub(k(1), f32x4.div(k(2), f32x4.add(e, k(1)))));
  return v128.bitselect(large, small, keep(context, f32x4.ge(size, k(0.625))));
}

/** 1 / (1 + e^-x), through e^-|x| so that neither end loses digits, and with what 1 + e^-|x| loses put back: 1.9 ulp. */
export function logistic(context: MathContext, argument: V): V {
  const { f32x4: k, i32x4: ki } = context.constants;
  const x = keep(context, argument);
  const e = keep(context, expOfNonPositive(context, v128.or(x, ki(-0x80000000))));
  const sum = keep(context, f32x4.add(e, k(1)));
  const lost = f32x4.sub(e, f32x4.sub(sum, k(1)));
  // e itself below 0, else 1, which is more.
  const numerator = f32x4.pmax(e, v128.and(f32x4.ge(x, k(0)), k(1)));
  const quotient = keep(context, f32x4.div(numerator, sum));
  // 1 / sum: the quotient, or what it is short of 1.
  const inverse = f32x4.pmax(quotient, f32x4.sub(k(1), quotient));
  return f32x4.sub(quotient, f32x4.mul(f32x4.mul(quotient, lost), inverse));
}

// erf(x) / x - 1 in x^2 on [0, 1], error 1.2e-9; log(erfc(x)) on [0.98, 4], error 1.7e-8
const erfTerms = [
  0.128379165848, -0.376126266667, 0.112835947152, -0.0268542120106, 0.00518908742343, -0.000801686428717,
  7.87587506269e-5,
];
const logErfcTerms = [
  0.00032147102638, -1.13023920142, -0.631815699582, -0.110090197464, 0.0264270437721, -0.00476171723581,
  0.000597264433142, -4.61129139062e-5, 1.63993801648e-6,
];

/** Error function: a polynomial below 1, 1 - e^P(|x|) above. */
export function erf(context: MathContext, argument: V): V {
  const { f32x4: k, i32x4: ki } = context.constants;
  const madd = multiplyAdd(context.relaxed);
  const x = keep(context, argument);
  const size = keep(context, f32x4.abs(x));
  const square = keep(context, f32x4.mul(x, x));
  const small = keep(context, madd(x, polynomial(context, square, erfTerms), x));
  const clamped = keep(context, f32x4.pmin(size, k(4)));
  const large = keep(
    context,
    f32x4.sub(k(1), exp(context, keep(context, polynomial(context, clamped, logErfcTerms)))),
  );
  const signed = v128.or(large, v128.and(x, ki(-0x80000000)));
  const result = keep(context, signed);
  const isSmall = keep(context, v128.not(f32x4.ge(size, k(1))));
  return v128.bitselect(small, result, isSmall);
}

const twoOverPi = 0.6366197723675814;
const halfPiHigh = 1.5707963109016418; // 33 bits: n times it is exact
const halfPiLow = 1.5893254773528196e-8;
const sinTerms = [-0.166666666639, 0.00833333187384, -0.000198400862638, 2.72498646551e-6];
const cosTerms = [-0.5, 0.0416666666374, -0.00138888850891, 2.47998615025e-5, -2.72370767313e-7];

/** Largest |x| that the reduction holds for; beyond, sin and cos call the host's (see lanes). */
export const largestAngle = 1e6;

/** sin(x + quarter pi / 2) for two lanes given in f64. */
function sinOfHalf(context: MathContext, x: V, quarter: number): V {
  const { f64x2: d, i32x4: ki } = context.constants;
  const horner = (t: V, terms: readonly number[]): V =>
    terms.reduceRight<V | undefined>(
      (sum, c) => (sum ? f64x2.add(f64x2.mul(sum, t), d(c)) : d(c)),
      undefined,
    )!;
  const roundingMagic = 6755399441055744; // 1.5 * 2^52
  const value = keep(context, x);
  const shifted = keep(context, f64x2.add(f64x2.mul(value, d(twoOverPi)), d(roundingMagic)));
  const n = keep(context, f64x2.sub(shifted, d(roundingMagic)));
  const reduced = f64x2.sub(f64x2.sub(value, f64x2.mul(n, d(halfPiHigh))), f64x2.mul(n, d(halfPiLow)));
  const r = keep(context, reduced);
  const r2 = keep(context, f64x2.mul(r, r));
  const sine = keep(context, f64x2.add(r, f64x2.mul(f64x2.mul(r, r2), horner(r2, sinTerms))));
  const cosine = keep(context, f64x2.add(d(1), f64x2.mul(r2, horner(r2, cosTerms))));
  // The low word of `shifted` holds n; spread it over both words of each lane.
  const low = v128.shuffle32(shifted, shifted, [0, 0, 2, 2]);
  const quadrant = keep(context, i32x4.add(low, ki(quarter)));
  const odd = i32x4.shr_s(i32x4.shl(quadrant, i32.const(31)), i32.const(31));
  const magnitude = v128.bitselect(cosine, sine, odd);
  const sign = v128.and(i32x4.shl(quadrant, i32.const(30)), ki(0, -0x80000000, 0, -0x80000000));
  return v128.xor(magnitude, sign);
}

function sinOrCos(context: MathContext, argument: V, quarter: number): V {
  const { f32x4: k } = context.constants;
  const x = keep(context, argument);
  const low = keep(context, sinOfHalf(context, f64x2.promote_low_f32x4(x), quarter));
  const upper = v128.shuffle32(x, x, [2, 3, 2, 3]);
  const high = keep(context, sinOfHalf(context, f64x2.promote_low_f32x4(upper), quarter));
  const joined = v128.shuffle32(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), [0, 1, 4, 5]);
  // inf - inf along the way gives NaN for infinities, as it should.
  return quarter === 0 ? v128.bitselect(x, keep(context, joined), f32x4.eq(x, k(0))) : joined;
}

/** Sine, for |x| up to `largestAngle`. */
export const sin = (context: MathContext, x: V): V => sinOrCos(context, x, 0);
/** Cosine, for |x| up to `largestAngle`. */
export const cos = (context: MathContext, x: V): V => sinOrCos(context, x, 1);
