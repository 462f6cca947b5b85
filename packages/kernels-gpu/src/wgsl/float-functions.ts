// Floats where WGSL's own words are not enough: compilers may take it that there is neither NaN nor infinity, so both are
// told by their bits; and WGSL promises less accuracy than OPERATIONS.md does.
import type { WgslLibrary } from "../wgsl-functions.ts";

export const floatFunctions: WgslLibrary = {
  isNan_f32: {
    text: "fn isNan_f32(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }",
  },
  isInf_f32: {
    text: "fn isInf_f32(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u; }",
  },
  isFinite_f32: {
    text: "fn isFinite_f32(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) < 0x7f800000u; }",
  },
  // Not a constant: shaders with a constant infinity are no shaders.
  infinity_f32: {
    text: `fn infinity_f32(negative: bool) -> f32 {
  var bits = 0x7f800000u;
  if (negative) { bits = 0xff800000u; }
  return bitcast<f32>(bits);
}`,
  },
  ordered_f32: {
    text: "fn ordered_f32(a: f32, b: f32) -> bool { return !(isNan_f32(a) || isNan_f32(b)); }",
    needs: ["isNan_f32"],
  },
  // -0 and NaN stay.
  sign_f32: {
    text: `fn sign_f32(x: f32) -> f32 {
  if (isNan_f32(x) || x == 0.0) { return x; }
  return select(-1.0, 1.0, x > 0.0);
}`,
    needs: ["isNan_f32"],
  },
  maximum_f32: {
    text: `fn maximum_f32(a: f32, b: f32) -> f32 {
  if (isNan_f32(a)) { return a; }
  if (isNan_f32(b)) { return b; }
  return max(a, b);
}`,
    needs: ["isNan_f32"],
  },
  minimum_f32: {
    text: `fn minimum_f32(a: f32, b: f32) -> f32 {
  if (isNan_f32(a)) { return a; }
  if (isNan_f32(b)) { return b; }
  return min(a, b);
}`,
    needs: ["isNan_f32"],
  },
  // The sum that is its argument, rounded: compilers that calculate as with real numbers would take (a + b) - a for b. `zero` is a
  // variable of the shader that they know nothing of: see shader-source.ts.
  rounded: { text: "fn rounded(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) ^ zero); }" },
  // Saturating, towards zero; NaN gives 0.
  convert_f32_i32: {
    text: `fn convert_f32_i32(x: f32) -> i32 {
  if (isNan_f32(x)) { return 0; }
  if (x >= 2147483648.0) { return 2147483647; }
  if (x < -2147483648.0) { return i32(-2147483647 - 1); }
  return i32(x);
}`,
    needs: ["isNan_f32"],
  },
  convert_f32_u32: {
    text: `fn convert_f32_u32(x: f32) -> u32 {
  if (isNan_f32(x) || x <= 0.0) { return 0u; }
  if (x >= 4294967296.0) { return 0xffffffffu; }
  return u32(x);
}`,
    needs: ["isNan_f32"],
  },
};
