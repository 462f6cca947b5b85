// Integer arithmetic on one element, for both widths: what scalar-lanes.ts computes integers by.
import type { HloDType, Opcode } from "@org/hlo";
import { elementBytes, isUnsigned, type KernelContext } from "./lanes.ts";
import type { Expr, FunctionBuilder } from "./wasm-assembler.ts";
import { f64, i32, i64, select } from "./wasm-opcodes.ts";

type I32 = Expr<"i32">;
type F64 = Expr<"f64">;

/** i32's instructions, or i64's. */
interface Instructions<T extends "i32" | "i64"> {
  readonly type: T;
  readonly ops: Record<string, (a: Expr<T>, b: Expr<T>) => Expr<T>>;
  readonly tests: Record<string, (a: Expr<T>, b: Expr<T>) => I32>;
  readonly eqz: (a: Expr<T>) => I32;
  readonly number: (value: number) => Expr<T>;
}

/** One integer operation, on `type` that holds `dtype`; a narrow result is not wrapped. A divisor of 0 gives 0 and is told to the context. */
export function scalarInteger<T extends "i32" | "i64">(
  context: KernelContext,
  type: T,
  dtype: HloDType,
  opcode: Opcode,
  args: readonly Expr<T>[],
): Expr<T> {
  const { f } = context;
  const ops = (type === "i32" ? i32 : i64) as unknown as Record<string, (a: Expr<T>, b: Expr<T>) => Expr<T>>;
  const tests = ops as unknown as Record<string, (a: Expr<T>, b: Expr<T>) => I32>;
  const eqz = (type === "i32" ? i32.eqz : i64.eqz) as unknown as (a: Expr<T>) => I32;
  const number = (value: number): Expr<T> =>
    (type === "i32" ? i32.const(value) : i64.const(BigInt(value))) as Expr<T>;
  const sign = isUnsigned(dtype) ? "u" : "s";
  const [x, y, z] = args.map((arg) => f.local(type, arg)) as unknown as readonly [Expr<T>, Expr<T>, Expr<T>];
  const negated = (): Expr<T> => ops.sub!(number(0), x);
  const greater = (a: Expr<T>, b: Expr<T>): Expr<T> => select(tests[`gt_${sign}`]!(a, b), a, b);
  const lesser = (a: Expr<T>, b: Expr<T>): Expr<T> => select(tests[`lt_${sign}`]!(a, b), a, b);
  const bits = elementBytes(dtype) * 8;
  const shiftable = (): I32 => tests.lt_u!(y, number(bits));
  switch (opcode) {
    case "abs":
      return sign === "u" ? x : select(tests.lt_s!(x, number(0)), negated(), x);
    case "negate":
      return negated();
    case "sign": {
      const positive = select(eqz(x), number(0), number(1));
      return sign === "u" ? positive : select(tests.lt_s!(x, number(0)), number(-1), positive);
    }
    case "not":
      return ops.xor!(x, number(dtype === "bool" ? 1 : -1));
    case "add":
      return ops.add!(x, y);
    case "subtract":
      return ops.sub!(x, y);
    case "multiply":
      return ops.mul!(x, y);
    case "maximum":
      return greater(x, y);
    case "minimum":
      return lesser(x, y);
    case "clamp":
      return lesser(f.local(type, greater(y, x)), z);
    case "and":
      return ops.and!(x, y);
    case "or":
      return ops.or!(x, y);
    case "xor":
      return ops.xor!(x, y);
    case "divide":
    case "remainder": {
      const result = f.local(type, number(0));
      f.if(
        eqz(y),
        () => {
          const toDouble = f64[`convert_${type}_${sign}`] as unknown as (a: Expr<T>) => F64;
          context.onDivisionByZero?.(toDouble(x));
        },
        () => {
          const operation = ops[`${opcode === "divide" ? "div" : "rem"}_${sign}`]!(x, y);
          // The least integer over -1 traps: negate instead, which wraps.
          if (opcode === "remainder" || sign === "u") f.set(result, operation);
          else
            f.if(
              tests.eq!(y, number(-1)),
              () => f.set(result, negated()),
              () => f.set(result, operation),
            );
        },
      );
      return result;
    }
    case "power":
      return integerPower(f, { type, ops, tests, eqz, number }, sign, x, y);
    case "shiftLeft":
      return select(shiftable(), ops.shl!(x, y), number(0));
    case "shiftRightArithmetic": {
      // Of the bits as a signed number, also where the type is unsigned.
      const width = type === "i32" ? 32 : 64;
      const signed = bits === width ? x : ops.shr_s!(ops.shl!(x, number(width - bits)), number(width - bits));
      return ops.shr_s!(signed, select(shiftable(), y, number(width - 1)));
    }
    case "shiftRightLogical": {
      const unsigned = bits < 32 ? ops.and!(x, number(2 ** bits - 1)) : x;
      return select(shiftable(), ops.shr_u!(unsigned, y), number(0));
    }
    default:
      throw new TypeError(`No code for ${opcode} of ${dtype}`);
  }
}

/** By squaring; a negative exponent gives 1 or -1 for those bases, else 0. */
function integerPower<T extends "i32" | "i64">(
  f: FunctionBuilder,
  { type, ops, tests, eqz, number }: Instructions<T>,
  sign: "s" | "u",
  base: Expr<T>,
  exponent: Expr<T>,
): Expr<T> {
  const result = f.local(type, number(1));
  const square = f.local(type, base);
  const rest = f.local(type, exponent);
  const powers = (): void =>
    f.block((exit) =>
      f.loop((again) => {
        f.branch(exit, eqz(rest));
        f.if(i32.eqz(eqz(ops.and!(rest, number(1)))), () => f.set(result, ops.mul!(result, square)));
        f.set(square, ops.mul!(square, square));
        f.set(rest, ops.shr_u!(rest, number(1)));
        f.branch(again);
      }),
    );
  if (sign === "u") {
    powers();
    return result;
  }
  f.if(
    tests.lt_s!(rest, number(0)),
    () => {
      const odd = i32.eqz(eqz(ops.and!(rest, number(1))));
      const ofMinusOne = select(odd, number(-1), number(1));
      const otherwise = select(tests.eq!(square, number(-1)), ofMinusOne, number(0));
      f.set(result, select(tests.eq!(square, number(1)), number(1), otherwise));
    },
    powers,
  );
  return result;
}
