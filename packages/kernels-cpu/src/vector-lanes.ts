// Four lanes of 32 bits: floats as f32x4, integers of at most 32 bits as i32x4 (narrow ones sign- or zero-extended), bool
// as a mask of all ones or zeros. 64-bit types, integer division and shifts by lanes are left to scalar-lanes.ts.
import type { HloDType, Opcode, Reducer } from "@org/hlo";
import { roundToHalf, toHalfBits } from "./half-lanes.ts";
import {
  elementBytes,
  isNarrow,
  isSingle,
  isUnsigned,
  type KernelContext,
  type Lanes,
  type Operation,
} from "./lanes.ts";
import { log, log1p } from "./vector-log.ts";
import { cos, erf, exp, expm1, expOfNonPositive, largestAngle, logistic, sin, tanh } from "./vector-math.ts";
import { vectorMemory } from "./vector-memory.ts";
import { isOrdinaryPower, power } from "./vector-power.ts";
import { call, type Expr, type Local } from "./wasm-assembler.ts";
import { f32, f64, i32 } from "./wasm-opcodes.ts";
import { f32x4, i32x4, v128 } from "./wasm-simd.ts";

type V = Expr<"v128">;

const scalarOnly: ReadonlySet<Opcode> = new Set(["shiftLeft", "shiftRightArithmetic", "shiftRightLogical"]);

/** Whether `vectorLanes` can do this operation. */
export function isVectorizable({ opcode, dtype, argTypes }: Operation): boolean {
  const types = [dtype, ...argTypes];
  if (types.some((type) => type === "float64" || type === "int64" || type === "uint64")) return false;
  if (scalarOnly.has(opcode)) return false;
  return !(isNarrow(dtype) && (opcode === "divide" || opcode === "remainder" || opcode === "power"));
}

/** Least and greatest value of a narrow integer type. */
export function narrowRange(dtype: HloDType): readonly [number, number] {
  if (dtype === "bool") return [0, 1];
  const bits = elementBytes(dtype) * 8;
  return isUnsigned(dtype) ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

const generated = { exp, expm1, log, log1p, tanh, logistic, erf } as const;

/** Whether vectors leave some element of `opcode` to a function of the host. */
export const vectorsNeedHost = (opcode: string): boolean => !Object.hasOwn(generated, opcode);

/** Lanes over a function in the making. */
export function vectorLanes(context: KernelContext): Lanes {
  const { f, constants } = context;
  const { f32x4: k, i32x4: ki } = constants;
  const keep = (value: V): Local<"v128"> => f.local("v128", value);
  const { load, store, fromStored, toStored } = vectorMemory(context);

  /** Wraps i32 lanes to a narrow type. */
  const wrap = (dtype: HloDType, value: V): V => {
    const bits = elementBytes(dtype) * 8;
    if (bits === 32 || dtype === "bool") return value;
    if (isUnsigned(dtype)) return v128.and(value, ki(2 ** bits - 1));
    return i32x4.shr_s(i32x4.shl(value, i32.const(32 - bits)), i32.const(32 - bits));
  };
  /** One f64 function of the host, lane by lane. */
  const byLanes = (opcode: Opcode, args: readonly V[]): V => {
    const callee = context.host.get(opcode);
    if (!callee) throw new TypeError(`No code for ${opcode}`);
    const kept = args.map(keep);
    let result: V = kept[0]!;
    for (let lane = 0; lane < 4; lane++) {
      const values = kept.map((arg) => f64.promote_f32(f32x4.extract_lane(arg, lane)));
      result = f32x4.replace_lane(result, lane, f32.demote_f64(call(callee, ...values)));
    }
    return result;
  };
  const angle = (opcode: "sin" | "cos", argument: V): V => {
    const x = keep(argument);
    const result = keep((opcode === "sin" ? sin : cos)(context, x));
    f.if(v128.any_true(f32x4.gt(f32x4.abs(x), k(largestAngle))), () => f.set(result, byLanes(opcode, [x])));
    return result;
  };

  const raised = (base: V, exponent: V): V => {
    const [x, y] = [keep(base), keep(exponent)];
    const result = keep(power(context, x, y));
    const odd = v128.any_true(v128.not(isOrdinaryPower(context, x, y)));
    f.if(odd, () => f.set(result, byLanes("power", [x, y])));
    return result;
  };

  const single = (opcode: Opcode, [x, y, z]: readonly V[]): V => {
    switch (opcode) {
      case "abs":
        return f32x4.abs(x!);
      case "negate":
        return f32x4.neg(x!);
      case "floor":
        return f32x4.floor(x!);
      case "ceil":
        return f32x4.ceil(x!);
      case "roundNearestEven":
        return f32x4.nearest(x!);
      case "sqrt":
        return f32x4.sqrt(x!);
      case "rsqrt":
        return f32x4.div(k(1), f32x4.sqrt(x!));
      case "sign": {
        const value = keep(x!);
        const one = v128.or(v128.and(value, ki(-0x80000000)), k(1));
        return v128.bitselect(one, value, f32x4.gt(f32x4.abs(value), k(0)));
      }
      case "add":
        return f32x4.add(x!, y!);
      case "subtract":
        return f32x4.sub(x!, y!);
      case "multiply":
        return f32x4.mul(x!, y!);
      case "divide":
        return f32x4.div(x!, y!);
      case "maximum":
        return f32x4.max(x!, y!);
      case "minimum":
        return f32x4.min(x!, y!);
      case "clamp":
        return f32x4.min(f32x4.max(y!, x!), z!);
      case "sin":
      case "cos":
        return angle(opcode, x!);
      case "power":
        return raised(x!, y!);
      default: {
        const inline = generated[opcode as keyof typeof generated];
        return inline ? inline(context, x!) : byLanes(opcode, y ? [x!, y] : [x!]);
      }
    }
  };

  const integer = (opcode: Opcode, dtype: HloDType, [x, y, z]: readonly V[]): V => {
    const unsigned = dtype === "uint32" || dtype === "bool";
    const max = unsigned ? i32x4.max_u : i32x4.max_s;
    const min = unsigned ? i32x4.min_u : i32x4.min_s;
    switch (opcode) {
      case "abs":
        return isUnsigned(dtype) ? x! : i32x4.abs(x!);
      case "negate":
        return i32x4.neg(x!);
      case "sign": {
        const value = keep(x!);
        if (isUnsigned(dtype)) return v128.and(i32x4.ne(value, i32x4.const(0)), ki(1));
        return i32x4.sub(i32x4.lt_s(value, i32x4.const(0)), i32x4.gt_s(value, i32x4.const(0)));
      }
      case "not":
        return v128.not(x!);
      case "add":
        return i32x4.add(x!, y!);
      case "subtract":
        return i32x4.sub(x!, y!);
      case "multiply":
        return i32x4.mul(x!, y!);
      case "maximum":
        return max(x!, y!);
      case "minimum":
        return min(x!, y!);
      case "clamp":
        return min(max(y!, x!), z!);
      case "and":
        return v128.and(x!, y!);
      case "or":
        return v128.or(x!, y!);
      case "xor":
        return v128.xor(x!, y!);
      default:
        throw new TypeError(`No code for ${opcode} of ${dtype}`);
    }
  };

  const compare = (dtype: HloDType, direction: string, a: V, b: V): V => {
    const key = direction.toLowerCase() as "eq" | "ne" | "lt" | "le" | "gt" | "ge";
    if (isSingle(dtype)) return f32x4[key](a, b);
    if (key === "eq" || key === "ne") return i32x4[key](a, b);
    return i32x4[`${key}_${isUnsigned(dtype) ? "u" : "s"}`](a, b);
  };

  const convert = (to: HloDType, from: HloDType, x: V): V => {
    if (to === from) return x;
    if (isSingle(to)) {
      if (isSingle(from)) return x;
      if (from === "bool") return v128.and(x, k(1));
      return from === "uint32" ? f32x4.convert_i32x4_u(x) : f32x4.convert_i32x4_s(x);
    }
    if (to === "bool") return isSingle(from) ? f32x4.ne(x, k(0)) : i32x4.ne(x, i32x4.const(0));
    if (from === "bool") return v128.and(x, ki(1));
    if (!isSingle(from)) return wrap(to, x);
    if (to === "uint32") return i32x4.trunc_sat_f32x4_u(x);
    const whole = i32x4.trunc_sat_f32x4_s(x);
    if (to === "int32") return whole;
    const [low, high] = narrowRange(to);
    return i32x4.min_s(i32x4.max_s(whole, ki(low)), ki(high));
  };

  const bitcast = (to: HloDType, from: HloDType, x: V): V => {
    const stored =
      isSingle(from) && from !== "float32" ? toHalfBits(context, from as "float16", x) : toStored(from, x);
    return to === "float16" || to === "bfloat16" || to === "bool" ? fromStored(to, stored) : wrap(to, stored);
  };

  const compute = (
    { opcode, dtype, argTypes, direction, ofNonPositive }: Operation,
    args: readonly V[],
  ): V => {
    const [from] = argTypes as readonly [HloDType];
    const [x, y, z] = args;
    switch (opcode) {
      case "compare":
        return compare(from, direction!, x!, y!);
      case "select":
        return v128.bitselect(y!, z!, x!);
      case "isNan": {
        const value = keep(x!);
        return f32x4.ne(value, value);
      }
      case "isInf":
        return f32x4.eq(f32x4.abs(x!), k(Number.POSITIVE_INFINITY));
      case "isFinite":
        return f32x4.lt(f32x4.abs(x!), k(Number.POSITIVE_INFINITY));
      case "bitcastConvert":
        return bitcast(dtype, from, x!);
      case "convert": {
        const value = convert(dtype, from, x!);
        return dtype === "float16" || dtype === "bfloat16" ? roundToHalf(context, dtype, value) : value;
      }
      default: {
        if (!isSingle(dtype)) return wrap(dtype, integer(opcode, dtype, args));
        const value =
          opcode === "exp" && ofNonPositive ? expOfNonPositive(context, x!) : single(opcode, args);
        return dtype === "float16" || dtype === "bfloat16" ? roundToHalf(context, dtype, value) : value;
      }
    }
  };

  const combine = (reducer: Reducer, dtype: HloDType, a: V, b: V): V =>
    isSingle(dtype) ? single(reducer, [a, b]) : wrap(dtype, integer(reducer, dtype, [a, b]));

  return {
    width: 4,
    valueType: () => "v128",
    load,
    literal: (dtype, address, offset) => {
      const value = v128.load32_splat(address, offset);
      return dtype === "bool" ? i32x4.neg(value) : value;
    },
    index: (dtype, start, step) => {
      const lanes = i32x4.add(i32x4.splat(start), i32x4.mul(i32x4.splat(step), ki(0, 1, 2, 3)));
      const value = convert(dtype, "int32", lanes);
      return dtype === "float16" || dtype === "bfloat16" ? roundToHalf(context, dtype, value) : value;
    },
    store,
    compute: (operation, args) => compute(operation, args as V[]),
    identity: (reducer, dtype) => {
      if (reducer === "add" || reducer === "or") return i32x4.const(0);
      if (reducer === "and") return ki(dtype === "bool" || !isUnsigned(dtype) ? -1 : narrowRange(dtype)[1]);
      if (isSingle(dtype)) {
        return k(
          reducer === "multiply"
            ? 1
            : reducer === "maximum"
              ? Number.NEGATIVE_INFINITY
              : Number.POSITIVE_INFINITY,
        );
      }
      return ki(reducer === "multiply" ? 1 : narrowRange(dtype)[reducer === "maximum" ? 0 : 1]);
    },
    combine: (reducer, dtype, a, b) => combine(reducer, dtype, a as V, b as V),
    across: (reducer, dtype, value) => {
      const all = keep(value as V);
      const pairs = keep(combine(reducer, dtype, all, v128.shuffle32(all, all, [2, 3, 0, 1])));
      return combine(reducer, dtype, pairs, v128.shuffle32(pairs, pairs, [1, 0, 3, 2]));
    },
    keepFirst: (count, value, identity) =>
      v128.bitselect(value as V, identity as V, i32x4.lt_s(ki(0, 1, 2, 3), i32x4.splat(count))),
  };
}
