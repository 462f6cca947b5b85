// One element at a time, any type: f32 for float32 and the halves, f64, i64 for 64-bit integers, i32 for the rest (narrow
// ones sign- or zero-extended, bool 0 or 1). What vector-lanes.ts has for f32 is used through one lane of it.
import type { HloDType, Opcode, Reducer } from "@org/hlo";
import {
  elementBytes,
  isNarrow,
  isSingle,
  isUnsigned,
  isWide,
  type KernelContext,
  type Lanes,
  type Operation,
} from "./lanes.ts";
import { scalarInteger } from "./scalar-integers.ts";
import { narrowRange, vectorLanes } from "./vector-lanes.ts";
import { call, type Expr, type ValType } from "./wasm-assembler.ts";
import { f32, f64, i32, i64, select } from "./wasm-opcodes.ts";
import { f32x4, i32x4 } from "./wasm-simd.ts";

type I32 = Expr<"i32">;
type I64 = Expr<"i64">;
type F32 = Expr<"f32">;
type F64 = Expr<"f64">;

const valueType = (dtype: HloDType): ValType =>
  isSingle(dtype) ? "f32" : dtype === "float64" ? "f64" : isWide(dtype) ? "i64" : "i32";

/** Lanes of width 1 over a function in the making. */
export function scalarLanes(context: KernelContext): Lanes {
  const { f } = context;
  const vector = vectorLanes(context);

  /** What `vectorLanes` makes of it, through lane 0. */
  const throughVector = (operation: Operation, args: readonly Expr[]): Expr => {
    const spread = args.map((arg, i) => {
      const type = operation.argTypes[i]!;
      if (arg.type === "f32") return f32x4.splat(arg as F32);
      const lanes = i32x4.splat(arg as I32);
      return type === "bool" ? i32x4.neg(lanes) : lanes;
    });
    const result = vector.compute(operation, spread) as Expr<"v128">;
    if (isSingle(operation.dtype)) return f32x4.extract_lane(result, 0);
    const lane = i32x4.extract_lane(result, 0);
    return operation.dtype === "bool" ? i32.and(lane, i32.const(1)) : lane;
  };

  const wrap = (dtype: HloDType, value: I32): I32 => {
    switch (dtype) {
      case "int8":
        return i32.extend8_s(value);
      case "int16":
        return i32.extend16_s(value);
      case "uint8":
        return i32.and(value, i32.const(0xff));
      case "uint16":
        return i32.and(value, i32.const(0xffff));
      case "bool":
        return i32.and(value, i32.const(1));
      default:
        return value;
    }
  };
  const host = (opcode: Opcode, args: readonly F64[]): F64 => {
    const callee = context.host.get(opcode);
    if (!callee) throw new TypeError(`No code for ${opcode}`);
    return call(callee, ...args);
  };

  const double = (opcode: Opcode, [x, y, z]: readonly F64[]): F64 => {
    switch (opcode) {
      case "abs":
        return f64.abs(x!);
      case "negate":
        return f64.neg(x!);
      case "floor":
        return f64.floor(x!);
      case "ceil":
        return f64.ceil(x!);
      case "roundNearestEven":
        return f64.nearest(x!);
      case "sqrt":
        return f64.sqrt(x!);
      case "rsqrt":
        return f64.div(f64.const(1), f64.sqrt(x!));
      case "sign": {
        const value = f.local("f64", x!);
        return select(f64.gt(f64.abs(value), f64.const(0)), f64.copysign(f64.const(1), value), value);
      }
      case "add":
        return f64.add(x!, y!);
      case "subtract":
        return f64.sub(x!, y!);
      case "multiply":
        return f64.mul(x!, y!);
      case "divide":
        return f64.div(x!, y!);
      case "maximum":
        return f64.max(x!, y!);
      case "minimum":
        return f64.min(x!, y!);
      case "clamp":
        return f64.min(f64.max(y!, x!), z!);
      default:
        return host(opcode, y ? [x!, y] : [x!]);
    }
  };

  const convert = (to: HloDType, from: HloDType, x: Expr): Expr => {
    if (to === from) return x;
    const sign = isUnsigned(from) ? "u" : "s";
    if (to === "float64") {
      if (isSingle(from)) return f64.promote_f32(x as F32);
      return isWide(from) ? f64[`convert_i64_${sign}`](x as I64) : f64[`convert_i32_${sign}`](x as I32);
    }
    if (isSingle(to)) {
      if (from === "float64") return f32.demote_f64(x as F64);
      if (isSingle(from)) return x;
      return isWide(from) ? f32[`convert_i64_${sign}`](x as I64) : f32[`convert_i32_${sign}`](x as I32);
    }
    if (to === "bool") {
      if (isSingle(from)) return f32.ne(x as F32, f32.const(0));
      if (from === "float64") return f64.ne(x as F64, f64.const(0));
      return isWide(from) ? i64.ne(x as I64, i64.const(0n)) : i32.ne(x as I32, i32.const(0));
    }
    const toSign = isUnsigned(to) ? "u" : "s";
    if (isWide(to)) {
      if (isSingle(from)) return i64[`trunc_sat_f32_${toSign}`](x as F32);
      if (from === "float64") return i64[`trunc_sat_f64_${toSign}`](x as F64);
      return isWide(from) ? x : i64[`extend_i32_${sign}`](x as I32);
    }
    if (isNarrow(from)) return wrap(to, x as I32);
    if (isWide(from)) return wrap(to, i32.wrap_i64(x as I64));
    const whole = isSingle(from)
      ? i32[`trunc_sat_f32_${toSign}`](x as F32)
      : i32[`trunc_sat_f64_${toSign}`](x as F64);
    if (elementBytes(to) === 4) return whole;
    const value = f.local("i32", whole);
    const [low, high] = narrowRange(to);
    const capped = f.local(
      "i32",
      select(i32[`gt_${toSign}`](value, i32.const(high)), i32.const(high), value),
    );
    return select(i32[`lt_${toSign}`](capped, i32.const(low)), i32.const(low), capped);
  };

  const bitcast = (operation: Operation, x: Expr): Expr => {
    const { dtype: to, argTypes } = operation;
    const from = argTypes[0]!;
    if (isWide(to) && from === "float64") return i64.reinterpret_f64(x as F64);
    if (to === "float64" && isWide(from)) return f64.reinterpret_i64(x as I64);
    if (elementBytes(to) === 8) return x;
    return throughVector(operation, [x]);
  };

  const compare = (dtype: HloDType, direction: string, a: Expr, b: Expr): I32 => {
    const key = direction.toLowerCase() as "eq" | "ne" | "lt" | "le" | "gt" | "ge";
    if (isSingle(dtype)) return f32[key](a as F32, b as F32);
    if (dtype === "float64") return f64[key](a as F64, b as F64);
    const name = key === "eq" || key === "ne" ? key : (`${key}_${isUnsigned(dtype) ? "u" : "s"}` as const);
    return isWide(dtype) ? i64[name](a as I64, b as I64) : i32[name](a as I32, b as I32);
  };

  const compute = (operation: Operation, args: readonly Expr[]): Expr => {
    const { opcode, dtype, argTypes, direction } = operation;
    const from = argTypes[0]!;
    switch (opcode) {
      case "compare":
        return compare(from, direction!, args[0]!, args[1]!);
      case "select":
        return select(args[0] as I32, args[1]!, args[2]!);
      case "convert": {
        const value = convert(dtype, from, args[0]!);
        if (dtype !== "float16" && dtype !== "bfloat16") return value;
        return throughVector({ opcode: "convert", dtype, argTypes: ["float32"] }, [value]);
      }
      case "bitcastConvert":
        return bitcast(operation, args[0]!);
      case "isNan":
      case "isInf":
      case "isFinite": {
        const x = f.local("f64", convert("float64", from, args[0]!) as F64);
        if (opcode === "isNan") return f64.ne(x, x);
        const infinity = f64.const(Number.POSITIVE_INFINITY);
        return opcode === "isInf" ? f64.eq(f64.abs(x), infinity) : f64.lt(f64.abs(x), infinity);
      }
      default:
        if (isSingle(dtype)) return throughVector(operation, args);
        if (dtype === "float64") return double(opcode, args as F64[]);
        if (isWide(dtype)) return scalarInteger(context, "i64", dtype, opcode, args as I64[]);
        return wrap(dtype, scalarInteger(context, "i32", dtype, opcode, args as I32[]));
    }
  };

  return {
    width: 1,
    valueType,
    load: (dtype, { address, offset }) => {
      switch (valueType(dtype)) {
        case "f64":
          return f64.load(address, offset);
        case "i64":
          return i64.load(address, offset);
        case "f32": {
          if (dtype === "float32") return f32.load(address, offset);
          const lanes = vector.load(dtype, { address, offset, movement: "broadcast", steps: [] });
          return f32x4.extract_lane(lanes as Expr<"v128">, 0);
        }
        default:
          switch (dtype) {
            case "int8":
              return i32.load8_s(address, offset);
            case "uint8":
              return i32.load8_u(address, offset);
            case "bool":
              return i32.ne(i32.load8_u(address, offset), i32.const(0));
            case "int16":
              return i32.load16_s(address, offset);
            case "uint16":
              return i32.load16_u(address, offset);
            default:
              return i32.load(address, offset);
          }
      }
    },
    literal: (dtype, address, offset) => {
      switch (valueType(dtype)) {
        case "f64":
          return f64.load(address, offset);
        case "i64":
          return i64.load(address, offset);
        case "f32":
          return f32.load(address, offset);
        default:
          return i32.load(address, offset);
      }
    },
    index: (dtype, start) => compute({ opcode: "convert", dtype, argTypes: ["int32"] }, [start]),
    store: (dtype, address, offset, value) => {
      switch (valueType(dtype)) {
        case "f64":
          f.emit(f64.store(address, value as F64, offset));
          return;
        case "i64":
          f.emit(i64.store(address, value as I64, offset));
          return;
        case "f32":
          if (dtype === "float32") f.emit(f32.store(address, value as F32, offset));
          else vector.store(dtype, address, offset, f32x4.splat(value as F32), "one");
          return;
        default:
          switch (elementBytes(dtype)) {
            case 1:
              f.emit(i32.store8(address, value as I32, offset));
              return;
            case 2:
              f.emit(i32.store16(address, value as I32, offset));
              return;
            default:
              f.emit(i32.store(address, value as I32, offset));
          }
      }
    },
    compute,
    identity: (reducer, dtype) => {
      const [least, greatest] = dtype === "int64" ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
      const whole = (narrow: number, wide: bigint): Expr =>
        isWide(dtype) ? i64.const(wide) : i32.const(narrow);
      const real = (value: number): Expr => (dtype === "float64" ? f64.const(value) : f32.const(value));
      const isReal = isSingle(dtype) || dtype === "float64";
      switch (reducer) {
        case "add":
        case "or":
          return isReal ? real(0) : whole(0, 0n);
        case "multiply":
          return isReal ? real(1) : whole(1, 1n);
        case "and":
          return whole(isUnsigned(dtype) ? narrowRange(dtype)[1] : -1, -1n);
        case "maximum":
          return isReal
            ? real(Number.NEGATIVE_INFINITY)
            : whole(isWide(dtype) ? 0 : narrowRange(dtype)[0], least);
        case "minimum":
          return isReal
            ? real(Number.POSITIVE_INFINITY)
            : whole(isWide(dtype) ? 0 : narrowRange(dtype)[1], greatest);
      }
    },
    combine: (reducer: Reducer, dtype, a, b) =>
      compute({ opcode: reducer, dtype, argTypes: [dtype, dtype] }, [a, b]),
    across: (_reducer, _dtype, value) => value,
    keepFirst: (_count, value) => value,
  };
}
