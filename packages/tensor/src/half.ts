// The narrow floats, from number to bits and back: float16, bfloat16, the five float8 types and float4.
// Source: IEEE 754 binary16; TensorFlow's lib/bfloat16; the ml_dtypes package for float8 (rounding to nearest, ties to even).
import { getFloat16, setFloat16 } from "@petamoriken/float16";
import type { DType } from "./dtype.ts";

/** Types whose elements are stored as bits rather than as numbers. */
export type NarrowFloat = Extract<DType, "float16" | "bfloat16" | `float8_${string}` | "float4_e2m1fn">;

interface Narrow {
  /** Number of a bit pattern. */
  decode(bits: number): number;
  /** Nearest bit pattern of a number. */
  encode(value: number): number;
}

const scratch = new DataView(new ArrayBuffer(4));

const float16: Narrow = {
  decode(bits) {
    scratch.setUint16(0, bits);
    return getFloat16(scratch, 0);
  },
  encode(value) {
    setFloat16(scratch, 0, value);
    return scratch.getUint16(0);
  },
};

const bfloat16: Narrow = {
  decode(bits) {
    scratch.setUint32(0, bits << 16);
    return scratch.getFloat32(0);
  },
  encode(value) {
    if (Number.isNaN(value)) return 0x7fc0;
    scratch.setFloat32(0, value);
    const bits = scratch.getUint32(0);
    // Round to nearest even: add half, and one less where the kept part is even.
    return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
  },
};

/**
 * An 8-bit float of `mantissa` bits and `bias`. `special`: "ieee" has infinities; "fn" has one NaN pattern and no
 * infinity; "fnuz" has no negative zero either, its pattern is the only NaN.
 */
function float8(mantissa: number, bias: number, special: "ieee" | "fn" | "fnuz"): Narrow {
  const steps = 1 << mantissa;
  const magnitude = (code: number): number => {
    const exponent = code >> mantissa;
    const fraction = (code & (steps - 1)) / steps;
    return exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
  };
  const largest = special === "ieee" ? 0x7f - steps : special === "fn" ? 0x7e : 0x7f;
  const nan = special === "fnuz" ? 0x80 : special === "fn" ? 0x7f : 0x7f - steps + 1 + steps / 2;
  const infinity = 0x7f - steps + 1;
  return {
    decode(bits) {
      if (special === "fnuz" && bits === 0x80) return Number.NaN;
      const code = bits & 0x7f;
      const sign = bits & 0x80 ? -1 : 1;
      if (code > largest) return special === "ieee" && code === infinity ? sign * Infinity : Number.NaN;
      return sign * magnitude(code);
    },
    encode(value) {
      if (Number.isNaN(value)) return nan;
      const sign = value < 0 || Object.is(value, -0) ? 0x80 : 0;
      const size = Math.abs(value);
      // Codes ascend with the magnitude; the code after the largest is where overflow begins.
      let low = 0;
      let high = largest + 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (magnitude(middle) <= size) low = middle;
        else high = middle - 1;
      }
      let code = low;
      if (code <= largest) {
        const below = size - magnitude(code);
        const above = magnitude(code + 1) - size;
        if (above < below || (above === below && code % 2 === 1)) code++;
      }
      if (code > largest) return special === "ieee" ? sign | infinity : special === "fn" ? sign | nan : nan;
      return special === "fnuz" && code === 0 ? 0 : sign | code;
    },
  };
}

/** Magnitudes of the eight codes of float4_e2m1fn; bit 3 is the sign. No infinity, no NaN: what is too large saturates. */
const float4Magnitudes = [0, 0.5, 1, 1.5, 2, 3, 4, 6];

const float4: Narrow = {
  decode: (bits) => (bits & 8 ? -1 : 1) * float4Magnitudes[bits & 7]!,
  encode(value) {
    const sign = value < 0 || Object.is(value, -0) ? 8 : 0;
    const size = Math.abs(value);
    let code = 0;
    for (let next = 1; next < 8; next++) {
      const middle = (float4Magnitudes[next - 1]! + float4Magnitudes[next]!) / 2;
      if (size > middle || (size === middle && next % 2 === 0)) code = next;
    }
    return sign | code;
  },
};

const narrow: Record<NarrowFloat, Narrow> = {
  float16,
  bfloat16,
  float8_e5m2: float8(2, 15, "ieee"),
  float8_e4m3fn: float8(3, 7, "fn"),
  float8_e4m3fnuz: float8(3, 8, "fnuz"),
  float8_e4m3b11fnuz: float8(3, 11, "fnuz"),
  float8_e5m2fnuz: float8(2, 16, "fnuz"),
  float4_e2m1fn: float4,
};

/** Whether `dtype`'s elements are stored as bits of a narrow float. */
export function isNarrowFloat(dtype: DType): dtype is NarrowFloat {
  return Object.hasOwn(narrow, dtype);
}

/** The number that `bits` of a narrow float stand for. */
export function fromBits(dtype: NarrowFloat, bits: number): number {
  return narrow[dtype].decode(bits);
}

/** The bits of a narrow float nearest to `value` (ties to even); overflow gives infinity or, where there is none, NaN. */
export function toBits(dtype: NarrowFloat, value: number): number {
  return narrow[dtype].encode(value);
}

/** All of an array of bits as numbers. */
export function decodeNarrow(dtype: NarrowFloat, bits: ArrayLike<number>): Float32Array {
  const { decode } = narrow[dtype];
  const out = new Float32Array(bits.length);
  for (let i = 0; i < out.length; i++) out[i] = decode(bits[i]!);
  return out;
}

/** All of an array of numbers as bits. */
export function encodeNarrow(dtype: "float16" | "bfloat16", values: ArrayLike<number>): Uint16Array;
export function encodeNarrow(dtype: NarrowFloat, values: ArrayLike<number>): Uint16Array | Uint8Array;
export function encodeNarrow(dtype: NarrowFloat, values: ArrayLike<number>): Uint16Array | Uint8Array {
  const { encode } = narrow[dtype];
  const wide = dtype === "float16" || dtype === "bfloat16";
  const out = wide ? new Uint16Array(values.length) : new Uint8Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = encode(values[i]!);
  return out;
}
