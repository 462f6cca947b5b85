// sin, cos, tan and their inverses for f32. Angles are reduced exactly, however large, in integers (Payne & Hanek 1983).
import type { WgslLibrary } from "../wgsl-functions.ts";
import { polynomial } from "./float-math.ts";

// (sin(r) - r) / r^3 and (cos(r) - 1) / r^2 in r^2 on [0, (pi / 4)^2]
const sinTerms = [-0.166666666639, 0.00833333187384, -0.000198400862638, 2.72498646551e-6];
const cosTerms = [-0.5, 0.0416666666374, -0.00138888850891, 2.47998615025e-5, -2.72370767313e-7];
// (atan(x) - x) / x^3 in x^2 on [0, tan(pi / 8)^2], error 1.5e-8
const atanTerms = [-0.333333318, 0.199995501, -0.142642326, 0.107462988, -0.0645937722];
// (asin(x) - x) / x^3 in x^2 on [0, 0.25], error 3.9e-9
const asinTerms = [0.166666663, 0.0750009876, 0.0445980323, 0.0311161559, 0.0170778616, 0.0338057451];

const halfPi = Math.PI / 2;

/** Bits of 2 / pi behind the binary point, behind 32 zeros. */
const twoOverPi = [
  0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561,
];

export const trigonometry: WgslLibrary = {
  // [low, high] words of a product.
  multiply_wide: {
    text: `fn multiply_wide(a: u32, b: u32) -> vec2<u32> {
  let a0 = a & 0xffffu; let a1 = a >> 16u;
  let b0 = b & 0xffffu; let b1 = b >> 16u;
  let low = a0 * b0;
  let middle = a1 * b0 + (low >> 16u);
  let other = a0 * b1 + (middle & 0xffffu);
  return vec2<u32>((other << 16u) | (low & 0xffffu), a1 * b1 + (middle >> 16u) + (other >> 16u));
}`,
  },
  // x = quadrant pi / 2 + angle, |angle| <= pi / 4, for finite x. The mantissa times those 96 bits of 2 / pi that matter modulo 4.
  reduce_angle: {
    text: `struct Angle { quadrant: u32, angle: f32 }
fn reduce_angle(x: f32) -> Angle {
  if (abs(x) <= ${Math.PI / 4}) { return Angle(0u, x); }
  var bits = array<u32, ${twoOverPi.length}>(${twoOverPi.map((w) => `${w}u`).join(", ")});
  let magnitude = bitcast<u32>(x) & 0x7fffffffu;
  let mantissa = (magnitude & 0x7fffffu) | 0x800000u;
  let first = i32(magnitude >> 23u) - 150 + 30;
  let at = u32(first) >> 5u;
  let shift = u32(first) & 31u;
  var window = array<u32, 3>();
  for (var k = 0u; k < 3u; k++) {
    let next = select(0u, bits[at + k + 1u] >> ((32u - shift) & 31u), shift != 0u);
    window[k] = (bits[at + k] << shift) | next;
  }
  let p2 = multiply_wide(mantissa, window[2]);
  let p1 = multiply_wide(mantissa, window[1]);
  let middle = p1.x + p2.y;
  let top = mantissa * window[0] + p1.y + select(0u, 1u, middle < p1.x);
  var quadrant = top >> 30u;
  var f0 = (top << 2u) | (middle >> 30u);
  var f1 = (middle << 2u) | (p2.x >> 30u);
  let above = (f0 & 0x80000000u) != 0u;
  if (above) {
    quadrant += 1u;
    f0 = ~f0;
    f1 = ~f1;
  }
  var scale = ${halfPi};
  if (f0 == 0u) {
    f0 = f1;
    f1 = 0u;
    scale = scale * ${2 ** -32};
  }
  let zeros = countLeadingZeros(f0);
  if (zeros > 0u && zeros < 32u) { f0 = (f0 << zeros) | (f1 >> (32u - zeros)); }
  let angle = f32(f0) * ${2 ** -32} * bitcast<f32>((127u - min(zeros, 32u)) << 23u) * scale;
  let negative = above != (x < 0.0);
  return Angle(select(quadrant, 0u - quadrant, x < 0.0), select(angle, -angle, negative));
}`,
    needs: ["multiply_wide"],
  },
  sin_reduced: {
    text: `fn sin_reduced(r: f32) -> f32 {
  let square = r * r;
  return r + r * square * ${polynomial("square", sinTerms)};
}`,
  },
  cos_reduced: {
    text: `fn cos_reduced(r: f32) -> f32 {
  let square = r * r;
  return 1.0 + square * ${polynomial("square", cosTerms)};
}`,
  },
  sin_of_quadrant: {
    text: `fn sin_of_quadrant(quadrant: u32, r: f32) -> f32 {
  let value = select(sin_reduced(r), cos_reduced(r), (quadrant & 1u) == 1u);
  return select(value, -value, (quadrant & 2u) == 2u);
}`,
    needs: ["sin_reduced", "cos_reduced"],
  },
  sin_f32: {
    text: `fn sin_f32(x: f32) -> f32 {
  if (!isFinite_f32(x)) { return nan_f32(); }
  let reduced = reduce_angle(x);
  return sin_of_quadrant(reduced.quadrant, reduced.angle);
}`,
    needs: ["isFinite_f32", "nan_f32", "reduce_angle", "sin_of_quadrant"],
  },
  cos_f32: {
    text: `fn cos_f32(x: f32) -> f32 {
  if (!isFinite_f32(x)) { return nan_f32(); }
  let reduced = reduce_angle(x);
  return sin_of_quadrant(reduced.quadrant + 1u, reduced.angle);
}`,
    needs: ["isFinite_f32", "nan_f32", "reduce_angle", "sin_of_quadrant"],
  },
  tan_f32: {
    text: `fn tan_f32(x: f32) -> f32 {
  if (!isFinite_f32(x)) { return nan_f32(); }
  let reduced = reduce_angle(x);
  let sine = sin_reduced(reduced.angle);
  let cosine = cos_reduced(reduced.angle);
  return select(sine / cosine, -cosine / sine, (reduced.quadrant & 1u) == 1u);
}`,
    needs: ["isFinite_f32", "nan_f32", "reduce_angle", "sin_reduced", "cos_reduced"],
  },
  // For x >= 0, infinity included: moved by pi / 2 or pi / 4 into [-tan(pi / 8), tan(pi / 8)].
  atan_positive: {
    text: `fn atan_positive(x: f32) -> f32 {
  var offset = 0.0;
  var r = x;
  if (x > ${Math.tan((3 * Math.PI) / 8)}) {
    offset = ${halfPi};
    r = select(-1.0 / x, 0.0, isInf_f32(x));
  } else if (x > ${Math.tan(Math.PI / 8)}) {
    offset = ${Math.PI / 4};
    r = (x - 1.0) / (x + 1.0);
  }
  let square = r * r;
  return offset + (r + r * square * ${polynomial("square", atanTerms)});
}`,
    needs: ["isInf_f32"],
  },
  atan_f32: {
    text: `fn atan_f32(x: f32) -> f32 {
  if (isNan_f32(x)) { return x; }
  let value = atan_positive(abs(x));
  return select(value, -value, x < 0.0);
}`,
    needs: ["isNan_f32", "atan_positive"],
  },
  // The sign of a zero counts, on both sides.
  atan2_f32: {
    text: `fn atan2_f32(y: f32, x: f32) -> f32 {
  if (isNan_f32(x)) { return x; }
  if (isNan_f32(y)) { return y; }
  let xNegative = (bitcast<u32>(x) & 0x80000000u) != 0u;
  let yNegative = (bitcast<u32>(y) & 0x80000000u) != 0u;
  var value: f32;
  if (y == 0.0) {
    value = 0.0;
  } else if (isInf_f32(x)) {
    value = select(0.0, ${Math.PI / 4}, isInf_f32(y));
  } else if (isInf_f32(y) || x == 0.0) {
    value = ${halfPi};
  } else {
    value = atan_positive(abs(y) / abs(x));
  }
  if (xNegative) { value = ${Math.PI} - value; }
  return select(value, -value, yNegative);
}`,
    needs: ["isNan_f32", "isInf_f32", "atan_positive"],
  },
  // For |x| <= 1/2.
  asin_small: {
    text: `fn asin_small(x: f32) -> f32 {
  let square = x * x;
  return x + x * square * ${polynomial("square", asinTerms)};
}`,
  },
  asin_f32: {
    text: `fn asin_f32(x: f32) -> f32 {
  let size = abs(x);
  if (isNan_f32(x) || size > 1.0) { return nan_f32(); }
  if (size <= 0.5) { return asin_small(x); }
  let value = ${halfPi} - 2.0 * asin_small(sqrt((1.0 - size) * 0.5));
  return select(value, -value, x < 0.0);
}`,
    needs: ["isNan_f32", "nan_f32", "asin_small"],
  },
  acos_f32: {
    text: `fn acos_f32(x: f32) -> f32 {
  let size = abs(x);
  if (isNan_f32(x) || size > 1.0) { return nan_f32(); }
  if (size <= 0.5) { return ${halfPi} - asin_small(x); }
  let value = 2.0 * asin_small(sqrt((1.0 - size) * 0.5));
  return select(value, ${Math.PI} - value, x < 0.0);
}`,
    needs: ["isNan_f32", "nan_f32", "asin_small"],
  },
};
