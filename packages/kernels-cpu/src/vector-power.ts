// x to the power y on four f32 lanes, for finite x > 0 and finite y: through log2 and exp2 in f64, two lanes at a time, so that the result is
// the nearest f32 but for rare ties. Series: log((1 + s) / (1 - s)) = 2 (s + s^3 / 3 + ...) for |s| <= 0.172, e^t for |t| <= ln 2 / 2.
import type { MathContext } from "./vector-math.ts";
import type { Expr, Local } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";
import { f32x4, f64x2, i64x2, v128 } from "./wasm-simd.ts";

type V = Expr<"v128">;

/** Terms after which the series of the logarithm is off by less than 2e-12, that of e^t by less than 3e-10. */
const logTerms = Array.from({ length: 7 }, (_, k) => 2 / (2 * k + 1));
const expTerms = [1, 1, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040, 1 / 40320];
/** Bits of sqrt(1/2): mantissas are moved to lie between it and sqrt 2. */
const rootOfHalf = 0x3fe6a09e667f3bcdn;
/** 1.5 * 2^52: adding it rounds to an integer, kept in the low bits. */
const magic = 6755399441055744;
const magicBits = 0x4338000000000000n;

function powerOfHalf({ f, constants }: MathContext, x: V, y: V): V {
  const { f64x2: d } = constants;
  const keep = (value: V): Local<"v128"> => f.local("v128", value);
  const series = (t: V, terms: readonly number[]): V =>
    terms.reduceRight<V | undefined>(
      (sum, term) => (sum ? f64x2.add(f64x2.mul(sum, t), d(term)) : d(term)),
      undefined,
    )!;
  const moved = keep(i64x2.sub(x, i64x2.const(rootOfHalf)));
  const exponent = i64x2.add(i64x2.shr_s(moved, i32.const(52)), i64x2.const(magicBits));
  const whole = keep(f64x2.sub(exponent, d(magic)));
  const fraction = v128.and(moved, i64x2.const(0xfffffffffffffn));
  const m = keep(i64x2.add(fraction, i64x2.const(rootOfHalf)));
  const s = keep(f64x2.div(f64x2.sub(m, d(1)), f64x2.add(m, d(1))));
  const square = keep(f64x2.mul(s, s));
  const log2 = f64x2.add(whole, f64x2.mul(f64x2.mul(s, series(square, logTerms)), d(Math.LOG2E)));
  // Beyond what f32 holds either way, all is infinity or 0.
  const wanted = keep(f64x2.pmin(d(200), f64x2.pmax(d(-200), f64x2.mul(y, log2))));
  const shifted = keep(f64x2.add(wanted, d(magic)));
  const rest = keep(f64x2.mul(f64x2.sub(wanted, f64x2.sub(shifted, d(magic))), d(Math.LN2)));
  const scale = i64x2.shl(i64x2.add(shifted, i64x2.const(1023n)), i32.const(52));
  return f64x2.mul(series(rest, expTerms), scale);
}

/** x^y. Lanes that are not finite, or where x is not positive, are of no meaning: see `isOrdinaryPower`. */
export function power(context: MathContext, x: Local<"v128">, y: Local<"v128">): V {
  const high = (value: V): V => v128.shuffle32(value, value, [2, 3, 2, 3]);
  const wide = (value: V): Local<"v128"> => context.f.local("v128", f64x2.promote_low_f32x4(value));
  const low = f32x4.demote_f64x2_zero(powerOfHalf(context, wide(x), wide(y)));
  const upper = f32x4.demote_f64x2_zero(powerOfHalf(context, wide(high(x)), wide(high(y))));
  return v128.shuffle32(low, upper, [0, 1, 4, 5]);
}

/** Lanes that `power` is right for. */
export function isOrdinaryPower({ constants }: MathContext, x: V, y: V): V {
  const infinity = constants.f32x4(Number.POSITIVE_INFINITY);
  const positive = v128.and(f32x4.gt(x, constants.f32x4(0)), f32x4.lt(x, infinity));
  return v128.and(positive, f32x4.lt(f32x4.abs(y), infinity));
}
