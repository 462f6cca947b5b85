// WebAssembly's vector instructions as typed functions over expressions: `f32x4.add(a, b)`. As wasm-opcodes.ts has the scalar
// ones; 0xfd.. is the SIMD prefix.
import { type Code, type Expr, unsignedLeb } from "./wasm-assembler.ts";
import {
  type Binary,
  floatBytes,
  type Load,
  loads,
  operators,
  type Shift,
  type Store,
  stores,
  type Ternary,
  type Unary,
} from "./wasm-instructions.ts";

const loadV128 = {
  load: 0xfd000,
  load8x8_s: 0xfd001,
  load8x8_u: 0xfd002,
  load16x4_s: 0xfd003,
  load16x4_u: 0xfd004,
  load32_splat: 0xfd009,
  load64_splat: 0xfd00a,
  load32_zero: 0xfd05c,
  load64_zero: 0xfd05d,
} as const;
const storeV128 = { store: 0xfd00b } as const;
const bitsV128 = { and: 0xfd04e, andnot: 0xfd04f, or: 0xfd050, xor: 0xfd051 } as const;
const notV128 = { not: 0xfd04d } as const;
const selectV128 = { bitselect: 0xfd052 } as const;
const testV128 = { any_true: 0xfd053 } as const;

/** Instructions on v128 as bits; loads and stores. */
export const v128: Load<"v128", typeof loadV128> &
  Store<"v128", typeof storeV128> &
  Binary<"v128", "v128", typeof bitsV128> &
  Unary<"v128", "v128", typeof notV128> &
  Ternary<"v128", typeof selectV128> &
  Unary<"v128", "i32", typeof testV128> & {
    /** Stores lane 0..3 (32 bits). */
    readonly store32_lane: (address: Expr<"i32">, value: Expr<"v128">, lane: number, offset?: number) => Code;
    /** Stores lane 0..1 (64 bits). */
    readonly store64_lane: (address: Expr<"i32">, value: Expr<"v128">, lane: number, offset?: number) => Code;
    /** `i8x16.shuffle`: 16 byte indices into a then b. */
    readonly shuffle: (a: Expr<"v128">, b: Expr<"v128">, bytes: readonly number[]) => Expr<"v128">;
    /** Four 32-bit lanes out of a's 0..3 and b's 4..7. */
    readonly shuffle32: (a: Expr<"v128">, b: Expr<"v128">, lanes: readonly number[]) => Expr<"v128">;
  } = {
  ...loads<Load<"v128", typeof loadV128>>("v128", loadV128),
  ...stores<Store<"v128", typeof storeV128>>(storeV128),
  ...operators<Binary<"v128", "v128", typeof bitsV128>>("v128", bitsV128),
  ...operators<Unary<"v128", "v128", typeof notV128>>("v128", notV128),
  ...operators<Ternary<"v128", typeof selectV128>>("v128", selectV128),
  ...operators<Unary<"v128", "i32", typeof testV128>>("i32", testV128),
  store32_lane: (address, value, lane, offset = 0) => [
    address.code,
    value.code,
    0xfd,
    0x5a,
    0,
    unsignedLeb(offset),
    lane,
  ],
  store64_lane: (address, value, lane, offset = 0) => [
    address.code,
    value.code,
    0xfd,
    0x5b,
    0,
    unsignedLeb(offset),
    lane,
  ],
  shuffle: (a, b, bytes) => ({ type: "v128", code: [a.code, b.code, 0xfd, 0x0d, bytes] }),
  shuffle32: (a, b, lanes) => ({
    type: "v128",
    code: [
      a.code,
      b.code,
      0xfd,
      0x0d,
      lanes.map((lane) => [lane * 4, lane * 4 + 1, lane * 4 + 2, lane * 4 + 3]),
    ],
  }),
};

const compareF32x4 = {
  eq: 0xfd041,
  ne: 0xfd042,
  lt: 0xfd043,
  gt: 0xfd044,
  le: 0xfd045,
  ge: 0xfd046,
} as const;
const unaryF32x4 = {
  ceil: 0xfd067,
  floor: 0xfd068,
  trunc: 0xfd069,
  nearest: 0xfd06a,
  abs: 0xfd0e0,
  neg: 0xfd0e1,
  sqrt: 0xfd0e3,
  convert_i32x4_s: 0xfd0fa,
  convert_i32x4_u: 0xfd0fb,
  demote_f64x2_zero: 0xfd05e,
} as const;
const binaryF32x4 = {
  add: 0xfd0e4,
  sub: 0xfd0e5,
  mul: 0xfd0e6,
  div: 0xfd0e7,
  min: 0xfd0e8,
  max: 0xfd0e9,
  pmin: 0xfd0ea,
  pmax: 0xfd0eb,
} as const;
const splatF32x4 = { splat: 0xfd013 } as const;
/** relaxed_madd(a, b, c) = a * b + c with one rounding or two; relaxed_nmadd = c - a * b. */
const ternaryF32x4 = { relaxed_madd: 0xfd105, relaxed_nmadd: 0xfd106 } as const;

/** Instructions on four f32 lanes. */
export const f32x4: Binary<"v128", "v128", typeof compareF32x4> &
  Unary<"v128", "v128", typeof unaryF32x4> &
  Binary<"v128", "v128", typeof binaryF32x4> &
  Ternary<"v128", typeof ternaryF32x4> &
  Unary<"f32", "v128", typeof splatF32x4> & {
    readonly const: (value: number) => Expr<"v128">;
    readonly extract_lane: (a: Expr<"v128">, lane: number) => Expr<"f32">;
    readonly replace_lane: (a: Expr<"v128">, lane: number, value: Expr<"f32">) => Expr<"v128">;
  } = {
  ...operators<Binary<"v128", "v128", typeof compareF32x4>>("v128", compareF32x4),
  ...operators<Unary<"v128", "v128", typeof unaryF32x4>>("v128", unaryF32x4),
  ...operators<Binary<"v128", "v128", typeof binaryF32x4>>("v128", binaryF32x4),
  ...operators<Ternary<"v128", typeof ternaryF32x4>>("v128", ternaryF32x4),
  ...operators<Unary<"f32", "v128", typeof splatF32x4>>("v128", splatF32x4),
  const: (value) => {
    const bytes = floatBytes(value, 4);
    return { type: "v128", code: [0xfd, 0x0c, bytes, bytes, bytes, bytes] };
  },
  extract_lane: (a, lane) => ({ type: "f32", code: [a.code, 0xfd, 0x1f, lane] }),
  replace_lane: (a, lane, value) => ({ type: "v128", code: [a.code, value.code, 0xfd, 0x20, lane] }),
};

const compareI32x4 = {
  eq: 0xfd037,
  ne: 0xfd038,
  lt_s: 0xfd039,
  lt_u: 0xfd03a,
  gt_s: 0xfd03b,
  gt_u: 0xfd03c,
  le_s: 0xfd03d,
  le_u: 0xfd03e,
  ge_s: 0xfd03f,
  ge_u: 0xfd040,
} as const;
const unaryI32x4 = {
  abs: 0xfd0a0,
  neg: 0xfd0a1,
  trunc_sat_f32x4_s: 0xfd0f8,
  trunc_sat_f32x4_u: 0xfd0f9,
  trunc_sat_f64x2_s_zero: 0xfd0fc,
  trunc_sat_f64x2_u_zero: 0xfd0fd,
  extend_low_i16x8_s: 0xfd0a7,
  extend_low_i16x8_u: 0xfd0a9,
} as const;
const binaryI32x4 = {
  add: 0xfd0ae,
  sub: 0xfd0b1,
  mul: 0xfd0b5,
  min_s: 0xfd0b6,
  min_u: 0xfd0b7,
  max_s: 0xfd0b8,
  max_u: 0xfd0b9,
} as const;
const shiftI32x4 = { shl: 0xfd0ab, shr_s: 0xfd0ac, shr_u: 0xfd0ad } as const;
const splatI32x4 = { splat: 0xfd011 } as const;

/** Instructions on four i32 lanes. */
export const i32x4: Binary<"v128", "v128", typeof compareI32x4> &
  Unary<"v128", "v128", typeof unaryI32x4> &
  Binary<"v128", "v128", typeof binaryI32x4> &
  Shift<typeof shiftI32x4> &
  Unary<"i32", "v128", typeof splatI32x4> & {
    readonly const: (a: number, b?: number, c?: number, d?: number) => Expr<"v128">;
    readonly extract_lane: (a: Expr<"v128">, lane: number) => Expr<"i32">;
    readonly replace_lane: (a: Expr<"v128">, lane: number, value: Expr<"i32">) => Expr<"v128">;
  } = {
  ...operators<Binary<"v128", "v128", typeof compareI32x4>>("v128", compareI32x4),
  ...operators<Unary<"v128", "v128", typeof unaryI32x4>>("v128", unaryI32x4),
  ...operators<Binary<"v128", "v128", typeof binaryI32x4>>("v128", binaryI32x4),
  ...operators<Shift<typeof shiftI32x4>>("v128", shiftI32x4),
  ...operators<Unary<"i32", "v128", typeof splatI32x4>>("v128", splatI32x4),
  const: (a, b = a, c = a, d = a) => ({
    type: "v128",
    code: [0xfd, 0x0c, ...new Uint8Array(Int32Array.of(a, b, c, d).buffer)],
  }),
  extract_lane: (a, lane) => ({ type: "i32", code: [a.code, 0xfd, 0x1b, lane] }),
  replace_lane: (a, lane, value) => ({ type: "v128", code: [a.code, value.code, 0xfd, 0x1c, lane] }),
};

const unaryI16x8 = { extend_low_i8x16_s: 0xfd087, extend_low_i8x16_u: 0xfd089 } as const;
/** Widening through eight i16 lanes. */
export const i16x8: Unary<"v128", "v128", typeof unaryI16x8> = operators("v128", unaryI16x8);

const compareF64x2 = {
  eq: 0xfd047,
  ne: 0xfd048,
  lt: 0xfd049,
  gt: 0xfd04a,
  le: 0xfd04b,
  ge: 0xfd04c,
} as const;
const binaryF64x2 = {
  add: 0xfd0f0,
  sub: 0xfd0f1,
  mul: 0xfd0f2,
  div: 0xfd0f3,
  min: 0xfd0f4,
  max: 0xfd0f5,
  pmin: 0xfd0f6,
  pmax: 0xfd0f7,
} as const;
const unaryF64x2 = {
  ceil: 0xfd074,
  floor: 0xfd075,
  nearest: 0xfd094,
  abs: 0xfd0ec,
  neg: 0xfd0ed,
  sqrt: 0xfd0ef,
  promote_low_f32x4: 0xfd05f,
  convert_low_i32x4_s: 0xfd0fe,
  convert_low_i32x4_u: 0xfd0ff,
} as const;
const splatF64x2 = { splat: 0xfd014 } as const;
const ternaryF64x2 = { relaxed_madd: 0xfd107 } as const;

/** Instructions on two f64 lanes. */
export const f64x2: Binary<"v128", "v128", typeof compareF64x2> &
  Binary<"v128", "v128", typeof binaryF64x2> &
  Unary<"v128", "v128", typeof unaryF64x2> &
  Ternary<"v128", typeof ternaryF64x2> &
  Unary<"f64", "v128", typeof splatF64x2> & {
    readonly extract_lane: (a: Expr<"v128">, lane: number) => Expr<"f64">;
    readonly replace_lane: (a: Expr<"v128">, lane: number, value: Expr<"f64">) => Expr<"v128">;
  } = {
  ...operators<Binary<"v128", "v128", typeof compareF64x2>>("v128", compareF64x2),
  ...operators<Binary<"v128", "v128", typeof binaryF64x2>>("v128", binaryF64x2),
  ...operators<Unary<"v128", "v128", typeof unaryF64x2>>("v128", unaryF64x2),
  ...operators<Ternary<"v128", typeof ternaryF64x2>>("v128", ternaryF64x2),
  ...operators<Unary<"f64", "v128", typeof splatF64x2>>("v128", splatF64x2),
  extract_lane: (a, lane) => ({ type: "f64", code: [a.code, 0xfd, 0x21, lane] }),
  replace_lane: (a, lane, value) => ({ type: "v128", code: [a.code, value.code, 0xfd, 0x22, lane] }),
};

const compareI64x2 = {
  eq: 0xfd0d6,
  ne: 0xfd0d7,
  lt_s: 0xfd0d8,
  gt_s: 0xfd0d9,
  le_s: 0xfd0da,
  ge_s: 0xfd0db,
} as const;
const binaryI64x2 = { add: 0xfd0ce, sub: 0xfd0d1, mul: 0xfd0d5 } as const;
const unaryI64x2 = {
  abs: 0xfd0c0,
  neg: 0xfd0c1,
  extend_low_i32x4_s: 0xfd0c7,
  extend_low_i32x4_u: 0xfd0c9,
} as const;
const shiftI64x2 = { shl: 0xfd0cb, shr_s: 0xfd0cc, shr_u: 0xfd0cd } as const;
const splatI64x2 = { splat: 0xfd012 } as const;

/** Instructions on two i64 lanes. */
export const i64x2: Binary<"v128", "v128", typeof compareI64x2> &
  Binary<"v128", "v128", typeof binaryI64x2> &
  Unary<"v128", "v128", typeof unaryI64x2> &
  Shift<typeof shiftI64x2> &
  Unary<"i64", "v128", typeof splatI64x2> & {
    readonly const: (value: bigint) => Expr<"v128">;
    readonly extract_lane: (a: Expr<"v128">, lane: number) => Expr<"i64">;
    readonly replace_lane: (a: Expr<"v128">, lane: number, value: Expr<"i64">) => Expr<"v128">;
  } = {
  ...operators<Binary<"v128", "v128", typeof compareI64x2>>("v128", compareI64x2),
  ...operators<Binary<"v128", "v128", typeof binaryI64x2>>("v128", binaryI64x2),
  ...operators<Unary<"v128", "v128", typeof unaryI64x2>>("v128", unaryI64x2),
  ...operators<Shift<typeof shiftI64x2>>("v128", shiftI64x2),
  ...operators<Unary<"i64", "v128", typeof splatI64x2>>("v128", splatI64x2),
  const: (value) => {
    const bytes = [...new Uint8Array(BigInt64Array.of(BigInt.asIntN(64, value)).buffer)];
    return { type: "v128", code: [0xfd, 0x0c, bytes, bytes] };
  },
  extract_lane: (a, lane) => ({ type: "i64", code: [a.code, 0xfd, 0x1d, lane] }),
  replace_lane: (a, lane, value) => ({ type: "v128", code: [a.code, value.code, 0xfd, 0x1e, lane] }),
};
