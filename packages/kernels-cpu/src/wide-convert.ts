// Conversions of two lanes of 64 bits, and of what they only carry in the two lower of four lanes: float32, 32-bit integers.
import type { HloDType } from "@org/hlo";
import { isUnsigned, isWide, type KernelContext } from "./lanes.ts";
import type { Expr, Local } from "./wasm-assembler.ts";
import { f32, f64, i64 } from "./wasm-opcodes.ts";
import { f32x4, f64x2, i32x4, i64x2, v128 } from "./wasm-simd.ts";

type V = Expr<"v128">;

const isReal = (dtype: HloDType): boolean => dtype === "float64";

/** The lower two of four lanes as masks of 64 bits. */
export const widenedMask = (mask: V): V => i64x2.extend_low_i32x4_s(mask);

/** Converts lanes of a function in the making: `(to, from, x)`. */
export function wideConvert({ f, constants }: KernelContext): (to: HloDType, from: HloDType, x: V) => V {
  const { f64x2: d, i32x4: ki } = constants;
  const keep = (value: V): Local<"v128"> => f.local("v128", value);
  const byLanes = (lane: (i: number) => Expr<"f64">): V =>
    f64x2.replace_lane(f64x2.splat(lane(0)), 1, lane(1));
  const widened = widenedMask;
  const narrowed = (value: V): V => {
    const kept = keep(value);
    return v128.shuffle32(kept, kept, [0, 2, 0, 2]);
  };
  return (to, from, x) => {
    if (to === from || (isWide(to) && isWide(from))) return x;
    const sign = isUnsigned(from) ? "u" : "s";
    const toSign = isUnsigned(to) ? "u" : "s";
    if (to === "bool") {
      if (isReal(from)) return f64x2.ne(x, d(0));
      if (isWide(from)) return i64x2.ne(x, i64x2.const(0n));
      return widened(from === "float32" ? f32x4.ne(x, f32x4.const(0)) : i32x4.ne(x, ki(0)));
    }
    if (from === "bool") {
      if (isReal(to)) return v128.and(x, d(1));
      if (isWide(to)) return i64x2.neg(x);
      return v128.and(narrowed(x), to === "float32" ? constants.f32x4(1) : ki(1));
    }
    const value = keep(x);
    if (isReal(to)) {
      if (from === "float32") return f64x2.promote_low_f32x4(value);
      if (isWide(from)) return byLanes((i) => f64[`convert_i64_${sign}`](i64x2.extract_lane(value, i)));
      return f64x2[`convert_low_i32x4_${sign}`](value);
    }
    if (isWide(to)) {
      if (from === "int32" || from === "uint32") return i64x2[`extend_low_i32x4_${sign}`](value);
      const whole = (i: number): Expr<"i64"> =>
        from === "float32"
          ? i64[`trunc_sat_f32_${toSign}`](f32x4.extract_lane(value, i))
          : i64[`trunc_sat_f64_${toSign}`](f64x2.extract_lane(value, i));
      return i64x2.replace_lane(i64x2.splat(whole(0)), 1, whole(1));
    }
    if (to === "float32") {
      if (isReal(from)) return f32x4.demote_f64x2_zero(value);
      if (!isWide(from)) return f32x4[`convert_i32x4_${sign}`](value);
      const single = (i: number): Expr<"f32"> => f32[`convert_i64_${sign}`](i64x2.extract_lane(value, i));
      return f32x4.replace_lane(f32x4.splat(single(0)), 1, single(1));
    }
    if (isReal(from)) return i32x4[`trunc_sat_f64x2_${toSign}_zero`](value);
    if (isWide(from)) return narrowed(value);
    return from === "float32" ? i32x4[`trunc_sat_f32x4_${toSign}`](value) : value;
  };
}
