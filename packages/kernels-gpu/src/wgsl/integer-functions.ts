// Integer arithmetic that is more than an operator. `fault` is of kernels with faults: see shader-source.ts.
import { faultCodes } from "../fault-record.ts";
import type { WgslLibrary } from "../wgsl-functions.ts";

const types = ["i32", "u32"] as const;

function divisions(): [string, { text: string }][] {
  return types.flatMap((type) =>
    (
      [
        ["divide", "/"],
        ["remainder", "%"],
      ] as const
    ).map(([name, operator]): [string, { text: string }] => [
      `${name}_${type}`,
      {
        text: `fn ${name}_${type}(a: ${type}, b: ${type}, position: u32) -> ${type} {
  if (b == 0) { fault(${faultCodes.divisionByZero}u, position, bitcast<u32>(a)); return 0; }
  return a ${operator} b;
}`,
      },
    ]),
  );
}

export const integerFunctions: WgslLibrary = {
  ...Object.fromEntries(divisions()),
  // Wraps; a negative exponent gives 1 or -1 for those bases, else 0.
  power_i32: {
    text: `fn power_i32(base: i32, exponent: i32) -> i32 {
  if (exponent < 0) {
    if (base == 1) { return 1; }
    if (base == -1) { return select(-1, 1, (exponent & 1) == 0); }
    return 0;
  }
  return bitcast<i32>(power_u32(bitcast<u32>(base), bitcast<u32>(exponent)));
}`,
    needs: ["power_u32"],
  },
  power_u32: {
    text: `fn power_u32(base: u32, exponent: u32) -> u32 {
  var result = 1u;
  var square = base;
  for (var rest = exponent; rest != 0u; rest = rest >> 1u) {
    if ((rest & 1u) == 1u) { result = result * square; }
    square = square * square;
  }
  return result;
}`,
  },
  shiftLeft_u32: {
    text: "fn shiftLeft_u32(a: u32, b: u32) -> u32 { return select(0u, a << (b & 31u), b < 32u); }",
  },
  shiftLeft_i32: {
    text: "fn shiftLeft_i32(a: i32, b: i32) -> i32 { return bitcast<i32>(shiftLeft_u32(bitcast<u32>(a), bitcast<u32>(b))); }",
    needs: ["shiftLeft_u32"],
  },
  // The lowest `bits` as a signed number; by at least the width: all sign bits.
  shiftRightArithmetic_i32: {
    text: `fn shiftRightArithmetic_i32(a: i32, b: i32, bits: u32) -> i32 {
  let signed = (a << (32u - bits)) >> (32u - bits);
  return signed >> min(bitcast<u32>(b), 31u);
}`,
  },
  shiftRightArithmetic_u32: {
    text: "fn shiftRightArithmetic_u32(a: u32, b: u32, bits: u32) -> u32 { return bitcast<u32>(shiftRightArithmetic_i32(bitcast<i32>(a), bitcast<i32>(b), bits)); }",
    needs: ["shiftRightArithmetic_i32"],
  },
  shiftRightLogical_u32: {
    text: "fn shiftRightLogical_u32(a: u32, b: u32, bits: u32) -> u32 { return select(0u, (a & (0xffffffffu >> (32u - bits))) >> (b & 31u), b < bits); }",
  },
  shiftRightLogical_i32: {
    text: "fn shiftRightLogical_i32(a: i32, b: i32, bits: u32) -> i32 { return bitcast<i32>(shiftRightLogical_u32(bitcast<u32>(a), bitcast<u32>(b), bits)); }",
    needs: ["shiftRightLogical_u32"],
  },
};
