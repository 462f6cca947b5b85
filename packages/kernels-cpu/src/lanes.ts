// How a kernel holds elements: four lanes of 32 bits in a v128 (vector-lanes.ts), two of 64 bits (wide-lanes.ts), or one element
// in a scalar (scalar-lanes.ts, any type). Loops and reductions are written once, over this interface.
import type { Direction, HloDType, Movement, Opcode, Reducer, RunningSums } from "@org/hlo";
import type { MathContext } from "./vector-math.ts";
import type { Callee, Expr, ValType } from "./wasm-assembler.ts";

/** What code needs beside its function: functions of the host by name, for what is not worth generating. */
export interface KernelContext extends MathContext {
  /** `float64 -> float64` (or two arguments) by opcode. Declared before the module's functions: see host-functions.ts. */
  readonly host: ReadonlyMap<string, Callee<"f64">>;
  /** See CpuOptions. */
  readonly runningSums?: RunningSums;
  /** Called where an integer division has divisor 0; the dividend as f64. Only in kernels that divide integers. */
  readonly onDivisionByZero?: (dividend: Expr<"f64">) => void;
  /** Called after each element of a scalar loop, to count them for faults. */
  readonly onElement?: () => void;
}

/** One scalar operation of a nest, with the types that decide its code. */
export interface Operation {
  readonly opcode: Opcode;
  readonly dtype: HloDType;
  readonly argTypes: readonly HloDType[];
  readonly direction?: Direction;
  /** The argument is known to be 0 or less, or NaN. */
  readonly ofNonPositive?: boolean;
}

/** Where a group of elements lies: lane i at address + i * step (step given as steps of lanes 1, 2, 3). */
export interface LaneAddress {
  readonly address: Expr<"i32">;
  readonly offset: number;
  readonly movement: Movement;
  /** Byte distances of lanes 1.. from lane 0, for "strided". */
  readonly steps: readonly Expr<"i32">[];
}

export interface Lanes {
  /** Elements at once. */
  readonly width: 1 | 2 | 4;
  /** The local that holds a value of this type. */
  valueType(dtype: HloDType): ValType;
  load(dtype: HloDType, at: LaneAddress): Expr;
  /** A literal in the argument block, in every lane. */
  literal(dtype: HloDType, address: Expr<"i32">, offset: number): Expr;
  /** start + i * step in lane i, as `dtype`. */
  index(dtype: HloDType, start: Expr<"i32">, step: Expr<"i32">): Expr;
  /** Stores all lanes, or the first `count` (1 to width - 1). Lane i goes to address + i * step; contiguous where no step is given. */
  store(
    dtype: HloDType,
    address: Expr<"i32">,
    offset: number,
    value: Expr,
    count?: Expr<"i32"> | "one",
    step?: Expr<"i32">,
  ): void;
  compute(operation: Operation, args: readonly Expr[]): Expr;
  identity(reducer: Reducer, dtype: HloDType): Expr;
  combine(reducer: Reducer, dtype: HloDType, a: Expr, b: Expr): Expr;
  /** All lanes combined, in every lane. */
  across(reducer: Reducer, dtype: HloDType, value: Expr): Expr;
  /** Lanes from `count` on replaced by the reducer's identity. */
  keepFirst(count: Expr<"i32">, value: Expr, identity: Expr): Expr;
}

/** Bytes of an element in memory. */
export function elementBytes(dtype: HloDType): number {
  return bytes[dtype];
}

const bytes: Readonly<Record<HloDType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
};

/** The f32-valued types: float32, and the halves, which are computed in it and rounded after each operation. */
export const isSingle = (dtype: HloDType): boolean =>
  dtype === "float32" || dtype === "float16" || dtype === "bfloat16";
/** Held in an i64. */
export const isWide = (dtype: HloDType): boolean => dtype === "int64" || dtype === "uint64";
/** Integers of at most 32 bits, and bool: held in an i32, sign- or zero-extended. */
export const isNarrow = (dtype: HloDType): boolean =>
  !isSingle(dtype) && !isWide(dtype) && dtype !== "float64";
/** Compared and divided as unsigned. */
export const isUnsigned = (dtype: HloDType): boolean => dtype.startsWith("uint") || dtype === "bool";
