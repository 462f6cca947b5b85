// Elements of less than 32 bits: out of their word, rounded to their type, and into bits again.
import type { WgslLibrary } from "../wgsl-functions.ts";

export const elementFunctions: WgslLibrary = {
  load_bool: {
    text: "fn load_bool(word: u32, lane: u32) -> bool { return ((word >> (lane * 8u)) & 0xffu) != 0u; }",
  },
  load_uint8: {
    text: "fn load_uint8(word: u32, lane: u32) -> u32 { return (word >> (lane * 8u)) & 0xffu; }",
  },
  load_int8: {
    text: "fn load_int8(word: u32, lane: u32) -> i32 { return bitcast<i32>(word << (24u - lane * 8u)) >> 24u; }",
  },
  load_uint16: {
    text: "fn load_uint16(word: u32, lane: u32) -> u32 { return (word >> (lane * 16u)) & 0xffffu; }",
  },
  load_int16: {
    text: "fn load_int16(word: u32, lane: u32) -> i32 { return bitcast<i32>(word << (16u - lane * 16u)) >> 16u; }",
  },
  // Half: the exponent's bias is moved by multiplying, which makes subnormals right too; the largest exponent stays largest.
  load_float16: {
    text: `fn load_float16(word: u32, lane: u32) -> f32 {
  let half = (word >> (lane * 16u)) & 0xffffu;
  let sign = (half & 0x8000u) << 16u;
  let magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00u) { return bitcast<f32>(sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13u)); }
  if (magnitude < 0x400u) { return bitcast<f32>(sign | bitcast<u32>(f32(magnitude) * 5.9604644775390625e-8)); }
  return bitcast<f32>(sign | ((magnitude << 13u) + 0x38000000u));
}`,
  },
  load_bfloat16: {
    text: "fn load_bfloat16(word: u32, lane: u32) -> f32 { return bitcast<f32>((word >> (lane * 16u)) << 16u); }",
  },

  bits_bool: { text: "fn bits_bool(x: bool) -> u32 { return select(0u, 1u, x); }" },
  bits_uint8: { text: "fn bits_uint8(x: u32) -> u32 { return x & 0xffu; }" },
  bits_int8: { text: "fn bits_int8(x: i32) -> u32 { return bitcast<u32>(x) & 0xffu; }" },
  bits_uint16: { text: "fn bits_uint16(x: u32) -> u32 { return x & 0xffffu; }" },
  bits_int16: { text: "fn bits_int16(x: i32) -> u32 { return bitcast<u32>(x) & 0xffffu; }" },
  // To nearest, ties to even; from 65520 on infinite. Subnormals: in units of 2^-24.
  bits_float16: {
    text: `fn bits_float16(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let sign = (bits >> 16u) & 0x8000u;
  let magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) { return sign | 0x7e00u; }
  if (magnitude >= 0x477ff000u) { return sign | 0x7c00u; }
  if (magnitude < 0x38800000u) { return sign | u32(round(bitcast<f32>(magnitude) * 16777216.0)); }
  let rounded = magnitude + 0xfffu + ((magnitude >> 13u) & 1u);
  return sign | ((rounded - 0x38000000u) >> 13u);
}`,
  },
  bits_bfloat16: {
    text: `fn bits_bfloat16(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return (bits >> 16u) | 0x40u; }
  return (bits + 0x7fffu + ((bits >> 16u) & 1u)) >> 16u;
}`,
  },

  round_float16: {
    text: "fn round_float16(x: f32) -> f32 { return load_float16(bits_float16(x), 0u); }",
    needs: ["load_float16", "bits_float16"],
  },
  round_bfloat16: {
    text: "fn round_bfloat16(x: f32) -> f32 { return bitcast<f32>(bits_bfloat16(x) << 16u); }",
    needs: ["bits_bfloat16"],
  },
  round_int8: { text: "fn round_int8(x: i32) -> i32 { return (x << 24u) >> 24u; }" },
  round_uint8: { text: "fn round_uint8(x: u32) -> u32 { return x & 0xffu; }" },
  round_int16: { text: "fn round_int16(x: i32) -> i32 { return (x << 16u) >> 16u; }" },
  round_uint16: { text: "fn round_uint16(x: u32) -> u32 { return x & 0xffffu; }" },
};
