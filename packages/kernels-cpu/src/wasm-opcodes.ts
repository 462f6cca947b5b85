// WebAssembly's scalar instructions as typed functions over expressions: `i32.add(a, b)`. Each line of a table is
// a name and its opcode; what the table's instructions take and give is in the table's type. Only what kernels use.
// Opcodes: https://webassembly.github.io/spec/core/appendix/index-instructions.html. Vectors are in wasm-simd.ts.
import { type Code, type Expr, type Local, signedLeb, unsignedLeb, type ValType } from "./wasm-assembler.ts";
import {
  type Binary,
  floatBytes,
  type Load,
  loads,
  operators,
  type Store,
  stores,
  type Unary,
} from "./wasm-instructions.ts";

const compareI32 = {
  eq: 0x46,
  ne: 0x47,
  lt_s: 0x48,
  lt_u: 0x49,
  gt_s: 0x4a,
  gt_u: 0x4b,
  le_s: 0x4c,
  le_u: 0x4d,
  ge_s: 0x4e,
  ge_u: 0x4f,
} as const;
const binaryI32 = {
  add: 0x6a,
  sub: 0x6b,
  mul: 0x6c,
  div_s: 0x6d,
  div_u: 0x6e,
  rem_s: 0x6f,
  rem_u: 0x70,
  and: 0x71,
  or: 0x72,
  xor: 0x73,
  shl: 0x74,
  shr_s: 0x75,
  shr_u: 0x76,
  rotl: 0x77,
} as const;
const unaryI32 = { eqz: 0x45, clz: 0x67, extend8_s: 0xc0, extend16_s: 0xc1 } as const;
const loadI32 = { load: 0x28, load8_s: 0x2c, load8_u: 0x2d, load16_s: 0x2e, load16_u: 0x2f } as const;
const storeI32 = { store: 0x36, store8: 0x3a, store16: 0x3b } as const;
const f32ToI32 = { trunc_sat_f32_s: 0xfc00, trunc_sat_f32_u: 0xfc01, reinterpret_f32: 0xbc } as const;
const f64ToI32 = { trunc_sat_f64_s: 0xfc02, trunc_sat_f64_u: 0xfc03 } as const;
const i64ToI32 = { wrap_i64: 0xa7 } as const;

/** Instructions on i32, and those that give an i32 (comparisons of other types are with those types). */
export const i32: Binary<"i32", "i32", typeof compareI32> &
  Binary<"i32", "i32", typeof binaryI32> &
  Unary<"i32", "i32", typeof unaryI32> &
  Load<"i32", typeof loadI32> &
  Store<"i32", typeof storeI32> &
  Unary<"f32", "i32", typeof f32ToI32> &
  Unary<"f64", "i32", typeof f64ToI32> &
  Unary<"i64", "i32", typeof i64ToI32> & { readonly const: (value: number) => Expr<"i32"> } = {
  ...operators<Binary<"i32", "i32", typeof compareI32>>("i32", compareI32),
  ...operators<Binary<"i32", "i32", typeof binaryI32>>("i32", binaryI32),
  ...operators<Unary<"i32", "i32", typeof unaryI32>>("i32", unaryI32),
  ...loads<Load<"i32", typeof loadI32>>("i32", loadI32),
  ...stores<Store<"i32", typeof storeI32>>(storeI32),
  ...operators<Unary<"f32", "i32", typeof f32ToI32>>("i32", f32ToI32),
  ...operators<Unary<"f64", "i32", typeof f64ToI32>>("i32", f64ToI32),
  ...operators<Unary<"i64", "i32", typeof i64ToI32>>("i32", i64ToI32),
  const: (value) => ({ type: "i32", code: [0x41, signedLeb(value)] }),
};

const compareI64 = {
  eq: 0x51,
  ne: 0x52,
  lt_s: 0x53,
  lt_u: 0x54,
  gt_s: 0x55,
  gt_u: 0x56,
  le_s: 0x57,
  le_u: 0x58,
  ge_s: 0x59,
  ge_u: 0x5a,
} as const;
const testI64 = { eqz: 0x50 } as const;
const binaryI64 = {
  add: 0x7c,
  sub: 0x7d,
  mul: 0x7e,
  div_s: 0x7f,
  div_u: 0x80,
  rem_s: 0x81,
  rem_u: 0x82,
  and: 0x83,
  or: 0x84,
  xor: 0x85,
  shl: 0x86,
  shr_s: 0x87,
  shr_u: 0x88,
} as const;
const loadI64 = { load: 0x29 } as const;
const storeI64 = { store: 0x37 } as const;
const i32ToI64 = { extend_i32_s: 0xac, extend_i32_u: 0xad } as const;
const f32ToI64 = { trunc_sat_f32_s: 0xfc04, trunc_sat_f32_u: 0xfc05 } as const;
const f64ToI64 = { trunc_sat_f64_s: 0xfc06, trunc_sat_f64_u: 0xfc07, reinterpret_f64: 0xbd } as const;

/** Instructions on i64, and those that give an i64. */
export const i64: Binary<"i64", "i32", typeof compareI64> &
  Unary<"i64", "i32", typeof testI64> &
  Binary<"i64", "i64", typeof binaryI64> &
  Load<"i64", typeof loadI64> &
  Store<"i64", typeof storeI64> &
  Unary<"i32", "i64", typeof i32ToI64> &
  Unary<"f32", "i64", typeof f32ToI64> &
  Unary<"f64", "i64", typeof f64ToI64> & { readonly const: (value: bigint) => Expr<"i64"> } = {
  ...operators<Binary<"i64", "i32", typeof compareI64>>("i32", compareI64),
  ...operators<Unary<"i64", "i32", typeof testI64>>("i32", testI64),
  ...operators<Binary<"i64", "i64", typeof binaryI64>>("i64", binaryI64),
  ...loads<Load<"i64", typeof loadI64>>("i64", loadI64),
  ...stores<Store<"i64", typeof storeI64>>(storeI64),
  ...operators<Unary<"i32", "i64", typeof i32ToI64>>("i64", i32ToI64),
  ...operators<Unary<"f32", "i64", typeof f32ToI64>>("i64", f32ToI64),
  ...operators<Unary<"f64", "i64", typeof f64ToI64>>("i64", f64ToI64),
  const: (value) => ({ type: "i64", code: [0x42, signedLeb(BigInt.asIntN(64, value))] }),
};

const compareF32 = { eq: 0x5b, ne: 0x5c, lt: 0x5d, gt: 0x5e, le: 0x5f, ge: 0x60 } as const;
const unaryF32 = {
  abs: 0x8b,
  neg: 0x8c,
  ceil: 0x8d,
  floor: 0x8e,
  trunc: 0x8f,
  nearest: 0x90,
  sqrt: 0x91,
} as const;
const binaryF32 = {
  add: 0x92,
  sub: 0x93,
  mul: 0x94,
  div: 0x95,
  min: 0x96,
  max: 0x97,
  copysign: 0x98,
} as const;
const loadF32 = { load: 0x2a } as const;
const storeF32 = { store: 0x38 } as const;
const i32ToF32 = { convert_i32_s: 0xb2, convert_i32_u: 0xb3, reinterpret_i32: 0xbe } as const;
const i64ToF32 = { convert_i64_s: 0xb4, convert_i64_u: 0xb5 } as const;
const f64ToF32 = { demote_f64: 0xb6 } as const;

/** Instructions on f32, and those that give an f32. */
export const f32: Binary<"f32", "i32", typeof compareF32> &
  Unary<"f32", "f32", typeof unaryF32> &
  Binary<"f32", "f32", typeof binaryF32> &
  Load<"f32", typeof loadF32> &
  Store<"f32", typeof storeF32> &
  Unary<"i32", "f32", typeof i32ToF32> &
  Unary<"i64", "f32", typeof i64ToF32> &
  Unary<"f64", "f32", typeof f64ToF32> & { readonly const: (value: number) => Expr<"f32"> } = {
  ...operators<Binary<"f32", "i32", typeof compareF32>>("i32", compareF32),
  ...operators<Unary<"f32", "f32", typeof unaryF32>>("f32", unaryF32),
  ...operators<Binary<"f32", "f32", typeof binaryF32>>("f32", binaryF32),
  ...loads<Load<"f32", typeof loadF32>>("f32", loadF32),
  ...stores<Store<"f32", typeof storeF32>>(storeF32),
  ...operators<Unary<"i32", "f32", typeof i32ToF32>>("f32", i32ToF32),
  ...operators<Unary<"i64", "f32", typeof i64ToF32>>("f32", i64ToF32),
  ...operators<Unary<"f64", "f32", typeof f64ToF32>>("f32", f64ToF32),
  const: (value) => ({ type: "f32", code: [0x43, floatBytes(value, 4)] }),
};

const compareF64 = { eq: 0x61, ne: 0x62, lt: 0x63, gt: 0x64, le: 0x65, ge: 0x66 } as const;
const unaryF64 = {
  abs: 0x99,
  neg: 0x9a,
  ceil: 0x9b,
  floor: 0x9c,
  trunc: 0x9d,
  nearest: 0x9e,
  sqrt: 0x9f,
} as const;
const binaryF64 = {
  add: 0xa0,
  sub: 0xa1,
  mul: 0xa2,
  div: 0xa3,
  min: 0xa4,
  max: 0xa5,
  copysign: 0xa6,
} as const;
const loadF64 = { load: 0x2b } as const;
const storeF64 = { store: 0x39 } as const;
const i32ToF64 = { convert_i32_s: 0xb7, convert_i32_u: 0xb8 } as const;
const i64ToF64 = { convert_i64_s: 0xb9, convert_i64_u: 0xba, reinterpret_i64: 0xbf } as const;
const f32ToF64 = { promote_f32: 0xbb } as const;

/** Instructions on f64, and those that give an f64. */
export const f64: Binary<"f64", "i32", typeof compareF64> &
  Unary<"f64", "f64", typeof unaryF64> &
  Binary<"f64", "f64", typeof binaryF64> &
  Load<"f64", typeof loadF64> &
  Store<"f64", typeof storeF64> &
  Unary<"i32", "f64", typeof i32ToF64> &
  Unary<"i64", "f64", typeof i64ToF64> &
  Unary<"f32", "f64", typeof f32ToF64> & { readonly const: (value: number) => Expr<"f64"> } = {
  ...operators<Binary<"f64", "i32", typeof compareF64>>("i32", compareF64),
  ...operators<Unary<"f64", "f64", typeof unaryF64>>("f64", unaryF64),
  ...operators<Binary<"f64", "f64", typeof binaryF64>>("f64", binaryF64),
  ...loads<Load<"f64", typeof loadF64>>("f64", loadF64),
  ...stores<Store<"f64", typeof storeF64>>(storeF64),
  ...operators<Unary<"i32", "f64", typeof i32ToF64>>("f64", i32ToF64),
  ...operators<Unary<"i64", "f64", typeof i64ToF64>>("f64", i64ToF64),
  ...operators<Unary<"f32", "f64", typeof f32ToF64>>("f64", f32ToF64),
  const: (value) => ({ type: "f64", code: [0x44, floatBytes(value, 8)] }),
};

/** condition ? a : b, both computed. */
export function select<T extends ValType>(condition: Expr<"i32">, a: Expr<T>, b: Expr<T>): Expr<T> {
  // 0x1c: typed select; the untyped 0x1b does for all but references.
  return { type: a.type, code: [a.code, b.code, condition.code, 0x1b] };
}

/** Sets the local and gives its value. */
export function tee<T extends ValType>(local: Local<T>, value: Expr<T>): Expr<T> {
  return { type: local.type, code: [value.code, 0x22, unsignedLeb(local.index)] };
}

/** memory.copy: bytes may overlap. */
export function memoryCopy(to: Expr<"i32">, from: Expr<"i32">, byteLength: Expr<"i32">): Code {
  return [to.code, from.code, byteLength.code, 0xfc, 0x0a, 0, 0];
}

/** memory.fill with a byte. */
export function memoryFill(to: Expr<"i32">, byte: Expr<"i32">, byteLength: Expr<"i32">): Code {
  return [to.code, byte.code, byteLength.code, 0xfc, 0x0b, 0];
}
