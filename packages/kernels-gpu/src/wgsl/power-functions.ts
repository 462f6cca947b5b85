// Powers and remainders of f32. A power's logarithm needs more digits than f32 has, since its exponent multiplies the error: it is
// carried as a sum of two (Dekker 1971). A remainder is exact, by long division in integers.
import type { WgslLibrary } from "../wgsl-functions.ts";

const ln2High = 0.693145751953125;
const ln2Low = 1.42860682031e-6;

export const powerFunctions: WgslLibrary = {
  // a b - product, exactly: halves of 12 bits multiply without rounding.
  product_error: {
    text: `fn product_error(a: f32, b: f32, product: f32) -> f32 {
  let ah = bitcast<f32>(bitcast<u32>(a) & 0xfffff000u);
  let bh = bitcast<f32>(bitcast<u32>(b) & 0xfffff000u);
  let al = a - ah;
  let bl = b - bh;
  return ((ah * bh - product) + ah * bl + al * bh) + al * bl;
}`,
  },
  // log(x) of a positive normal number, as a sum: e ln 2 + 2 atanh((m - 1) / (m + 1)).
  log_sum: {
    text: `fn log_sum(x: f32) -> vec2<f32> {
  let moved = bitcast<u32>(x) - 0x3f3504f3u;
  let e = f32(bitcast<i32>(moved) >> 23u);
  let m = bitcast<f32>((moved & 0x7fffffu) + 0x3f3504f3u);
  let a = m - 1.0;
  let b = rounded(m + 1.0);
  let bRest = m - (b - 1.0);
  let s = a / b;
  let p = rounded(s * b);
  let sRest = ((a - p) - product_error(s, b, p) - s * bRest) / b;
  let s2 = s * s;
  let tail = s * s2 * (0.66666666 + s2 * (0.4 + s2 * (0.28571428 + s2 * (0.22222222 + s2 * 0.19))));
  let high = e * ${ln2High};
  let sum = rounded(high + 2.0 * s);
  // What the sum lost, whichever of the two is larger.
  let back = rounded(sum - high);
  let lost = (high - (sum - back)) + (2.0 * s - back);
  return vec2<f32>(sum, lost + (2.0 * sRest + (tail + e * ${ln2Low})));
}`,
    needs: ["rounded", "product_error"],
  },
  // C's pow: 1 to any power, and anything to the power 0, is 1. Subnormals count as 0.
  power_f32: {
    text: `fn power_f32(x: f32, y: f32) -> f32 {
  if (y == 0.0 || x == 1.0) { return 1.0; }
  if (isNan_f32(x)) { return x; }
  if (isNan_f32(y)) { return y; }
  let size = abs(x);
  let yInfinite = isInf_f32(y);
  let isInteger = !yInfinite && floor(y) == y;
  let isOdd = isInteger && abs(y) < 16777216.0 && (i32(y) & 1) == 1;
  let negative = (bitcast<u32>(x) & 0x80000000u) != 0u && isOdd;
  var value: f32;
  if (yInfinite) {
    if (size == 1.0) { return 1.0; }
    value = select(0.0, infinity_f32(false), (size > 1.0) == (y > 0.0));
  } else if (isInf_f32(x) || size < 1.17549435e-38) {
    value = select(0.0, infinity_f32(false), isInf_f32(x) == (y > 0.0));
  } else {
    if (x < 0.0 && !isInteger) { return nan_f32(); }
    let logarithm = log_sum(size);
    let exponent = rounded(y * logarithm.x);
    if (abs(exponent) > 200.0) {
      value = select(0.0, infinity_f32(false), exponent > 0.0);
    } else {
      let rest = product_error(y, logarithm.x, exponent) + y * logarithm.y;
      value = exp_sum_f32(exponent, rest);
    }
  }
  return select(value, -value, negative);
}`,
    needs: [
      "rounded",
      "isNan_f32",
      "isInf_f32",
      "infinity_f32",
      "nan_f32",
      "log_sum",
      "product_error",
      "exp_sum_f32",
    ],
  },
  // C's fmod. Subnormals count as 0.
  remainder_f32: {
    text: `fn remainder_f32(a: f32, b: f32) -> f32 {
  if (isNan_f32(a)) { return a; }
  if (isNan_f32(b)) { return b; }
  let aBits = bitcast<u32>(a) & 0x7fffffffu;
  let bBits = bitcast<u32>(b) & 0x7fffffffu;
  if (aBits == 0x7f800000u || bBits < 0x00800000u) { return nan_f32(); }
  if (aBits < bBits) { return a; }
  let divisor = (bBits & 0x7fffffu) | 0x800000u;
  var rest = (aBits & 0x7fffffu) | 0x800000u;
  for (var k = (aBits >> 23u) - (bBits >> 23u); ; k--) {
    if (rest >= divisor) { rest -= divisor; }
    if (k == 0u) { break; }
    rest = rest << 1u;
  }
  let scale = i32(bBits >> 23u) - 150;
  let half = scale >> 1u;
  let value = f32(rest) * power_of_two(half) * power_of_two(scale - half);
  return select(value, -value, (bitcast<u32>(a) & 0x80000000u) != 0u);
}`,
    needs: ["isNan_f32", "nan_f32", "power_of_two"],
  },
};
