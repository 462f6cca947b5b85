// exp, log and their kin for f32. WGSL promises absolute errors, or errors that grow with the argument; these are within 4 ulp everywhere.
// Polynomials are Chebyshev fits made for these intervals; methods: Cody & Waite 1980 (reduction by pieces of ln 2), Kahan (log1p).
import type { WgslLibrary } from "../wgsl-functions.ts";

/** c[0] + x * (c[1] + x * (c[2] + ...)), by Horner's rule. */
export function polynomial(x: string, coefficients: readonly number[]): string {
  return coefficients.reduceRight((sum, c) => (sum ? `(${float(c)} + ${x} * ${sum})` : float(c)), "");
}

/** A number as a WGSL literal. */
function float(value: number): string {
  const text = `${value}`;
  return /[.e]/.test(text) ? text : `${text}.0`;
}

const ln2High = 0.693145751953125;
const ln2Low = 1.42860682031e-6;
// (e^r - 1 - r) / r^2 on [-ln 2 / 2, ln 2 / 2], error 1.4e-9
const expTerms = [
  0.500000001354, 0.166666666817, 0.0416664641974, 0.00833331084465, 0.00139337307158, 0.00019891080464,
];
// (log(1 + f) - f + f^2 / 2) / f^3 on [sqrt(1/2) - 1, sqrt 2 - 1], error 2.9e-8
const logTerms = [
  0.3333333118, -0.249999969576, 0.200007157635, -0.166678023676, 0.142490571419, -0.124256856928,
  0.116854235711, -0.114797486254, 0.06971620541,
];
// (tanh(x) - x) / x^3 in x^2 on [0, 0.625^2], error 4.3e-8
const tanhTerms = [-0.333333289402, 0.13332769342, -0.0538508495203, 0.0209968940371, -0.00609629952289];
// erf(x) / x - 1 in x^2 on [0, 1], error 1.2e-9
const erfTerms = [
  0.128379165848, -0.376126266667, 0.112835947152, -0.0268542120106, 0.00518908742343, -0.000801686428717,
  7.87587506269e-5,
];
// e^(x^2) erfc(x) / t in t = 1 / (x + 2) for x on [0.5, 10.2], error 1.4e-8
const erfcTerms = [
  0.564147461, 1.13054478, 1.92709607, 3.40584824, -1.73807815, 20.7295217, -68.1492412, 79.0924052,
  -33.0663655,
];

export const floatMath: WgslLibrary = {
  nan_f32: {
    text: `fn nan_f32() -> f32 {
  var bits = 0x7fc00000u;
  return bitcast<f32>(bits);
}`,
  },
  power_of_two: {
    text: "fn power_of_two(n: i32) -> f32 { return bitcast<f32>(bitcast<u32>(n + 127) << 23u); }",
  },
  // e^high (1 + low). 2^n in two factors, so that both are normal numbers.
  exp_sum_f32: {
    text: `fn exp_sum_f32(high: f32, low: f32) -> f32 {
  let x = clamp(high, -104.0, 89.0);
  let n = round(x * ${Math.LOG2E});
  let r = (x - n * ${ln2High}) - n * ${ln2Low} + low;
  let value = 1.0 + (r + r * r * ${polynomial("r", expTerms)});
  let k = i32(n);
  let half = k >> 1u;
  return value * power_of_two(half) * power_of_two(k - half);
}`,
    needs: ["power_of_two"],
  },
  exp_f32: {
    text: `fn exp_f32(x: f32) -> f32 {
  if (isNan_f32(x)) { return x; }
  return exp_sum_f32(x, 0.0);
}`,
    needs: ["isNan_f32", "exp_sum_f32"],
  },
  // 2^n (e^r - 1) + (2^n - 1), all halved so that n = 128 does not overflow early. What is tiny is its own result.
  expm1_f32: {
    text: `fn expm1_f32(argument: f32) -> f32 {
  if (isNan_f32(argument) || abs(argument) < 1e-8) { return argument; }
  let x = clamp(argument, -25.0, 89.0);
  let n = round(x * ${Math.LOG2E});
  let r = (x - n * ${ln2High}) - n * ${ln2Low};
  let q = r + r * r * ${polynomial("r", expTerms)};
  let scale = power_of_two(i32(n) - 1);
  let value = q * scale + (scale - 0.5);
  return value + value;
}`,
    needs: ["isNan_f32", "power_of_two"],
  },
  // Subnormals count as 0.
  log_f32: {
    text: `fn log_f32(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) < 0x00800000u) { return infinity_f32(true); }
  if (isNan_f32(x)) { return x; }
  if (bits >= 0x80000000u) { return nan_f32(); }
  if (bits == 0x7f800000u) { return x; }
  let moved = bits - 0x3f3504f3u;
  let e = f32(bitcast<i32>(moved) >> 23u);
  let f = bitcast<f32>((moved & 0x7fffffu) + 0x3f3504f3u) - 1.0;
  let f2 = f * f;
  let p = f2 * f * ${polynomial("f", logTerms)};
  return e * ${ln2High} + (f + (f2 * -0.5 + (e * ${ln2Low} + p)));
}`,
    needs: ["infinity_f32", "isNan_f32", "nan_f32"],
  },
  // log(u) + (x - (u - 1)) / u with u = 1 + x rounded.
  log1p_f32: {
    text: `fn log1p_f32(x: f32) -> f32 {
  if (abs(x) < 1e-8) { return x; }
  let u = rounded(1.0 + x);
  let result = log_f32(u);
  if (!isFinite_f32(result)) { return result; }
  return result + (x - (u - 1.0)) / u;
}`,
    needs: ["rounded", "log_f32", "isFinite_f32"],
  },
  // Through e^-|x|, so that neither end loses digits.
  logistic_f32: {
    text: `fn logistic_f32(x: f32) -> f32 {
  let e = exp_f32(-abs(x));
  return select(1.0, e, x < 0.0) / (e + 1.0);
}`,
    needs: ["exp_f32"],
  },
  // A polynomial below 0.625, 1 - 2 / (e^(2|x|) + 1) above.
  tanh_f32: {
    text: `fn tanh_f32(x: f32) -> f32 {
  if (isNan_f32(x)) { return x; }
  let size = abs(x);
  if (size < 0.625) {
    let square = x * x;
    return x + x * square * ${polynomial("square", tanhTerms)};
  }
  let value = 1.0 - 2.0 / (exp_f32(min(size, 44.0) * 2.0) + 1.0);
  return select(value, -value, x < 0.0);
}`,
    needs: ["isNan_f32", "exp_f32"],
  },
  rsqrt_f32: { text: "fn rsqrt_f32(x: f32) -> f32 { return 1.0 / sqrt(x); }" },
  // e^(x/2) twice, which does not overflow before its half does.
  sinh_f32: {
    text: `fn sinh_f32(x: f32) -> f32 {
  let size = abs(x);
  if (size < 1.0) {
    let e = expm1_f32(size);
    let value = 0.5 * (e + e / (e + 1.0));
    return select(value, -value, x < 0.0);
  }
  let root = exp_f32(0.5 * size);
  let value = 0.5 * root * root - 0.5 / root / root;
  return select(value, -value, x < 0.0);
}`,
    needs: ["expm1_f32", "exp_f32"],
  },
  cosh_f32: {
    text: `fn cosh_f32(x: f32) -> f32 {
  let root = exp_f32(0.5 * abs(x));
  return 0.5 * root * root + 0.5 / root / root;
}`,
    needs: ["exp_f32"],
  },
  asinh_f32: {
    text: `fn asinh_f32(x: f32) -> f32 {
  let size = abs(x);
  var value: f32;
  if (size > 1e4) {
    value = log_f32(size) + ${Math.LN2};
  } else {
    let square = size * size;
    value = log1p_f32(size + square / (1.0 + sqrt(1.0 + square)));
  }
  return select(value, -value, x < 0.0);
}`,
    needs: ["log_f32", "log1p_f32"],
  },
  acosh_f32: {
    text: `fn acosh_f32(x: f32) -> f32 {
  if (x < 1.0) { return nan_f32(); }
  if (x > 1e4) { return log_f32(x) + ${Math.LN2}; }
  let t = x - 1.0;
  return log1p_f32(t + sqrt(2.0 * t + t * t));
}`,
    needs: ["nan_f32", "log_f32", "log1p_f32"],
  },
  atanh_f32: {
    text: `fn atanh_f32(x: f32) -> f32 {
  let size = abs(x);
  if (size == 1.0) { return infinity_f32(x < 0.0); }
  if (size > 1.0) { return nan_f32(); }
  let value = 0.5 * log1p_f32(2.0 * size / (1.0 - size));
  return select(value, -value, x < 0.0);
}`,
    needs: ["infinity_f32", "nan_f32", "log1p_f32"],
  },
  // For |x| <= 1.
  erf_small_f32: {
    text: `fn erf_small_f32(x: f32) -> f32 {
  let square = x * x;
  return x + x * ${polynomial("square", erfTerms)};
}`,
  },
  // For 0.5 <= x <= 10.2. The square is taken of the upper half of x, which is exact; the rest follows.
  erfc_large_f32: {
    text: `fn erfc_large_f32(x: f32) -> f32 {
  let high = bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
  let t = 1.0 / (x + 2.0);
  let scaled = t * ${polynomial("t", erfcTerms)};
  return exp_sum_f32(-high * high, 0.0) * exp_sum_f32((high - x) * (high + x), 0.0) * scaled;
}`,
    needs: ["exp_sum_f32"],
  },
  erf_f32: {
    text: `fn erf_f32(x: f32) -> f32 {
  if (isNan_f32(x)) { return x; }
  let size = abs(x);
  if (size < 1.0) { return erf_small_f32(x); }
  let value = 1.0 - erfc_large_f32(min(size, 5.0));
  return select(value, -value, x < 0.0);
}`,
    needs: ["isNan_f32", "erf_small_f32", "erfc_large_f32"],
  },
  erfc_f32: {
    text: `fn erfc_f32(x: f32) -> f32 {
  if (isNan_f32(x)) { return x; }
  if (x >= 0.5) { return select(erfc_large_f32(min(x, 10.2)), 0.0, x > 10.2); }
  if (x > -1.0) { return 1.0 - erf_small_f32(x); }
  return 2.0 - erfc_large_f32(min(-x, 5.0));
}`,
    needs: ["isNan_f32", "erf_small_f32", "erfc_large_f32"],
  },
};
