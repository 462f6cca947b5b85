// float16 and bfloat16 to and from f32 lanes, by their bits: nearest, ties to even; subnormals, infinities and NaN kept.
import type { MathContext } from "./vector-math.ts";
import type { Expr } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";
import { f32x4, i32x4, v128 } from "./wasm-simd.ts";

type V = Expr<"v128">;
const keep = ({ f }: MathContext, value: V): V => f.local("v128", value);

/** f32 lanes of the 16-bit patterns in i32 lanes. */
export function fromHalfBits(context: MathContext, dtype: "float16" | "bfloat16", bits: V): V {
  if (dtype === "bfloat16") return i32x4.shl(bits, i32.const(16));
  const { f32x4: k, i32x4: ki } = context.constants;
  const value = keep(context, bits);
  // As if the exponent were f32's: too small by 2^112, which the product mends, subnormals included.
  const scaled = keep(context, f32x4.mul(i32x4.shl(v128.and(value, ki(0x7fff)), i32.const(13)), k(2 ** 112)));
  const special = v128.and(f32x4.ge(scaled, k(65536)), ki(0x7f800000));
  const sign = i32x4.shl(v128.and(value, ki(0x8000)), i32.const(16));
  return v128.or(v128.or(scaled, special), sign);
}

/** The 16-bit patterns, in i32 lanes, of f32 lanes. */
export function toHalfBits(context: MathContext, dtype: "float16" | "bfloat16", x: V): V {
  const { f32x4: k, i32x4: ki } = context.constants;
  const value = keep(context, x);
  const nan = keep(context, f32x4.ne(value, value));
  if (dtype === "bfloat16") {
    const odd = v128.and(i32x4.shr_u(value, i32.const(16)), ki(1));
    const rounded = i32x4.shr_u(i32x4.add(i32x4.add(value, ki(0x7fff)), odd), i32.const(16));
    const quiet = v128.or(i32x4.shr_u(value, i32.const(16)), ki(0x40));
    return v128.bitselect(quiet, rounded, nan);
  }
  const sign = i32x4.shr_u(v128.and(value, ki(-0x80000000)), i32.const(16));
  const size = keep(context, v128.and(value, ki(0x7fffffff)));
  const odd = v128.and(i32x4.shr_u(size, i32.const(13)), ki(1));
  const rebased = i32x4.add(i32x4.add(size, ki(((15 - 127) << 23) + 0xfff)), odd);
  const normal = keep(context, i32x4.shr_u(rebased, i32.const(13)));
  // Below 2^-14: adding 0.5 leaves the subnormal's bits at the low end, rounded.
  const subnormal = i32x4.sub(f32x4.add(size, k(0.5)), ki(0x3f000000));
  const finite = v128.bitselect(subnormal, normal, f32x4.lt(size, k(2 ** -14)));
  const overflow = v128.bitselect(ki(0x7c00), finite, f32x4.ge(size, k(65520)));
  return v128.or(v128.bitselect(ki(0x7e00), overflow, nan), sign);
}

/** f32 lanes rounded to the type and back. */
export function roundToHalf(context: MathContext, dtype: "float16" | "bfloat16", x: V): V {
  return fromHalfBits(context, dtype, toHalfBits(context, dtype, x));
}
