// Two lanes of 64 bits: float64 as f64x2, 64-bit integers as i64x2, bool as a mask of all ones or zeros. float32 and 32-bit integers
// are only carried, in the two lower of four lanes: loaded, converted, stored. Division, shifts and powers of integers, and
// halves, are left to scalar-lanes.ts.
import type { Direction, HloDType, Opcode, Reducer } from "@org/hlo";
import { elementBytes, isUnsigned, isWide, type KernelContext, type Lanes, type Operation } from "./lanes.ts";
import { call, type Expr, type Local } from "./wasm-assembler.ts";
import { i32, i64 } from "./wasm-opcodes.ts";
import { f64x2, i32x4, i64x2, v128 } from "./wasm-simd.ts";
import { wideConvert, widenedMask } from "./wide-convert.ts";

type V = Expr<"v128">;

const isReal = (dtype: HloDType): boolean => dtype === "float64";
const isComputed = (dtype: HloDType): boolean => isReal(dtype) || isWide(dtype) || dtype === "bool";
const isCarried = (dtype: HloDType): boolean =>
  dtype === "float32" || dtype === "int32" || dtype === "uint32";

/** Types that wide lanes hold at all. */
export const isWideType = (dtype: HloDType): boolean => isComputed(dtype) || isCarried(dtype);

/** Types that they reduce. */
export const isWideSum = (dtype: HloDType): boolean => isComputed(dtype);

const integerOps: ReadonlySet<Opcode> = new Set([
  "abs",
  "negate",
  "sign",
  "not",
  "add",
  "subtract",
  "multiply",
  "maximum",
  "minimum",
  "clamp",
  "and",
  "or",
  "xor",
]);
const boolOps: ReadonlySet<Opcode> = new Set(["not", "and", "or", "xor"]);

/** Whether `wideLanes` can do this operation. */
export function isWideOperation({ opcode, dtype, argTypes }: Operation): boolean {
  const from = argTypes[0]!;
  if (opcode === "convert") return isWideType(dtype) && isWideType(from);
  if (![dtype, ...argTypes].every(isComputed) || opcode === "bitcastConvert") return false;
  if (opcode === "compare") return from !== "bool";
  if (opcode === "select" || isReal(dtype) || isReal(from)) return true;
  return (isWide(dtype) ? integerOps : boolOps).has(opcode);
}

/** Lanes over a function in the making. */
export function wideLanes(context: KernelContext): Lanes {
  const { f, constants } = context;
  const { f64x2: d, i32x4: ki } = constants;
  const keep = (value: V): Local<"v128"> => f.local("v128", value);
  /** Each lane by a scalar function. */
  const byLanes = (lane: (i: number) => Expr<"f64">): V => {
    const first = f64x2.splat(lane(0));
    return f64x2.replace_lane(first, 1, lane(1));
  };
  const host = (opcode: Opcode, args: readonly V[]): V => {
    const callee = context.host.get(opcode);
    if (!callee) throw new TypeError(`No code for ${opcode}`);
    const kept = args.map(keep);
    return byLanes((i) => call(callee, ...kept.map((arg) => f64x2.extract_lane(arg, i))));
  };

  const real = (opcode: Opcode, [x, y, z]: readonly V[]): V => {
    switch (opcode) {
      case "abs":
        return f64x2.abs(x!);
      case "negate":
        return f64x2.neg(x!);
      case "floor":
        return f64x2.floor(x!);
      case "ceil":
        return f64x2.ceil(x!);
      case "roundNearestEven":
        return f64x2.nearest(x!);
      case "sqrt":
        return f64x2.sqrt(x!);
      case "rsqrt":
        return f64x2.div(d(1), f64x2.sqrt(x!));
      case "sign": {
        const value = keep(x!);
        const one = v128.or(v128.and(value, d(-0)), d(1));
        return v128.bitselect(one, value, f64x2.gt(f64x2.abs(value), d(0)));
      }
      case "add":
        return f64x2.add(x!, y!);
      case "subtract":
        return f64x2.sub(x!, y!);
      case "multiply":
        return f64x2.mul(x!, y!);
      case "divide":
        return f64x2.div(x!, y!);
      case "maximum":
        return f64x2.max(x!, y!);
      case "minimum":
        return f64x2.min(x!, y!);
      case "clamp":
        return f64x2.min(f64x2.max(y!, x!), z!);
      default:
        return host(opcode, y ? [x!, y] : [x!]);
    }
  };

  const least = i64x2.const(-(2n ** 63n));
  /** a > b as masks. */
  const greater = (dtype: HloDType, a: V, b: V): V =>
    isUnsigned(dtype) ? i64x2.gt_s(v128.xor(a, least), v128.xor(b, least)) : i64x2.gt_s(a, b);
  const integer = (opcode: Opcode, dtype: HloDType, args: readonly V[]): V => {
    const [x, y, z] = args.map(keep) as readonly V[] as [V, V, V];
    const max = (a: V, b: V): V => v128.bitselect(a, b, greater(dtype, a, b));
    const min = (a: V, b: V): V => v128.bitselect(b, a, greater(dtype, a, b));
    const zero = i64x2.const(0n);
    switch (opcode) {
      case "abs":
        return isUnsigned(dtype) ? x : i64x2.abs(x);
      case "negate":
        return i64x2.neg(x);
      case "sign":
        // Masks are -1.
        return isUnsigned(dtype)
          ? i64x2.neg(i64x2.ne(x, zero))
          : i64x2.sub(i64x2.lt_s(x, zero), i64x2.gt_s(x, zero));
      case "not":
        return v128.not(x);
      case "add":
        return i64x2.add(x, y);
      case "subtract":
        return i64x2.sub(x, y);
      case "multiply":
        return i64x2.mul(x, y);
      case "maximum":
        return max(x, y);
      case "minimum":
        return min(x, y);
      case "clamp":
        return min(keep(max(y, x)), z);
      case "and":
        return v128.and(x, y);
      case "or":
        return v128.or(x, y);
      case "xor":
        return v128.xor(x, y);
      default:
        throw new TypeError(`No code for ${opcode} of ${dtype}`);
    }
  };

  const convert = wideConvert(context);
  const compare = (dtype: HloDType, direction: Direction, a: V, b: V): V => {
    const key = direction.toLowerCase() as "eq" | "ne" | "lt" | "le" | "gt" | "ge";
    if (isReal(dtype)) return f64x2[key](a, b);
    if (key === "eq" || key === "ne") return i64x2[key](a, b);
    const shift = (x: V): V => (isUnsigned(dtype) ? v128.xor(x, least) : x);
    return i64x2[`${key}_s`](shift(a), shift(b));
  };

  const compute = ({ opcode, dtype, argTypes, direction }: Operation, args: readonly V[]): V => {
    const from = argTypes[0]!;
    const [x, y, z] = args as [V, V, V];
    switch (opcode) {
      case "compare":
        return compare(from, direction!, x, y);
      case "select":
        return v128.bitselect(y, z, x);
      case "convert":
        return convert(dtype, from, x);
      case "isNan": {
        const value = keep(x);
        return f64x2.ne(value, value);
      }
      case "isInf":
        return f64x2.eq(f64x2.abs(x), d(Number.POSITIVE_INFINITY));
      case "isFinite":
        return f64x2.lt(f64x2.abs(x), d(Number.POSITIVE_INFINITY));
      default:
        return isReal(dtype) ? real(opcode, args) : integer(opcode, dtype, args);
    }
  };
  const combine = (reducer: Reducer, dtype: HloDType, a: V, b: V): V =>
    isReal(dtype) ? real(reducer, [a, b]) : integer(reducer, dtype, [a, b]);

  return {
    width: 2,
    valueType: () => "v128",
    load: (dtype, { address, offset, movement, steps }) => {
      const bytes = elementBytes(dtype);
      if (dtype === "bool") {
        const first = i32x4.splat(i32.load8_u(address, offset));
        if (movement === "broadcast") return i32x4.ne(first, ki(0));
        const second =
          movement === "unit"
            ? i32.load8_u(address, offset + 1)
            : i32.load8_u(i32.add(address, steps[0]!), offset);
        return widenedMask(i32x4.ne(i32x4.replace_lane(first, 1, second), ki(0)));
      }
      if (movement === "broadcast")
        return bytes === 8 ? v128.load64_splat(address, offset) : v128.load32_splat(address, offset);
      if (movement === "unit")
        return bytes === 8 ? v128.load(address, offset) : v128.load64_zero(address, offset);
      const second = i32.add(address, steps[0]!);
      return bytes === 8
        ? i64x2.replace_lane(v128.load64_zero(address, offset), 1, i64.load(second, offset))
        : i32x4.replace_lane(v128.load32_zero(address, offset), 1, i32.load(second, offset));
    },
    literal: (dtype, address, offset) => {
      if (elementBytes(dtype) === 8) return v128.load64_splat(address, offset);
      const value = v128.load32_splat(address, offset);
      return dtype === "bool" ? i32x4.neg(value) : value;
    },
    index: (dtype, start, step) => {
      const lanes = i32x4.add(i32x4.splat(start), i32x4.mul(i32x4.splat(step), ki(0, 1, 0, 1)));
      return convert(dtype, "int32", lanes);
    },
    store: (dtype, address, offset, value, count, step) => {
      const bytes = elementBytes(dtype);
      const v = value as V;
      if (!count && !step && bytes !== 1) {
        f.emit(bytes === 8 ? v128.store(address, v, offset) : v128.store64_lane(address, v, 0, offset));
        return;
      }
      const kept = keep(v);
      const one = (at: Expr<"i32">, shift: number, lane: number): void => {
        if (bytes === 8) f.emit(v128.store64_lane(at, kept, lane, shift));
        else if (bytes === 4) f.emit(v128.store32_lane(at, kept, lane, shift));
        else f.emit(i32.store8(at, i32.and(i32x4.extract_lane(kept, lane * 2), i32.const(1)), shift));
      };
      one(address, offset, 0);
      // A part of two lanes is the first.
      if (!count) one(step ? i32.add(address, step) : address, step ? offset : offset + bytes, 1);
    },
    compute: (operation, args) => compute(operation, args as V[]),
    identity: (reducer, dtype) => {
      const [low, high] = dtype === "int64" ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
      const { POSITIVE_INFINITY: infinity } = Number;
      switch (reducer) {
        case "add":
        case "or":
          return i64x2.const(0n);
        case "and":
          return i64x2.const(-1n);
        case "multiply":
          return isReal(dtype) ? d(1) : i64x2.const(1n);
        case "maximum":
          return isReal(dtype) ? d(-infinity) : i64x2.const(low);
        case "minimum":
          return isReal(dtype) ? d(infinity) : i64x2.const(high);
      }
    },
    combine: (reducer, dtype, a, b) => combine(reducer, dtype, a as V, b as V),
    across: (reducer, dtype, value) => {
      const both = keep(value as V);
      return combine(reducer, dtype, both, v128.shuffle32(both, both, [2, 3, 0, 1]));
    },
    keepFirst: (count, value, identity) =>
      v128.bitselect(value as V, identity as V, i32x4.lt_s(ki(0, 0, 1, 1), i32x4.splat(count))),
  };
}
