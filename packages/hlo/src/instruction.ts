// The IR: what an array program is. A value is an instruction; shapes are concrete, since a cluster is
// planned when it is about to run. Kernels made from it are not: see Fusion. Terms and semantics are
// XLA's (https://openxla.org/xla/operation_semantics) except where noted here; differences are restrictions.
import type { DType, NdArray } from "@org/tensor";

/** Types that instructions may have: what TensorFlow computes with, but for strings, handles and complex numbers. */
export type HloDType = Extract<
  DType,
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "bool"
>;

/** One number in, one out. `not` is logical for bool, bitwise for integers. */
export type UnaryOpcode =
  | "abs"
  | "negate"
  | "sign"
  | "floor"
  | "ceil"
  | "roundNearestEven"
  | "not"
  | "isFinite"
  | "isNan"
  | "isInf"
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "logistic"
  | "tanh"
  | "sqrt"
  | "rsqrt"
  | "sin"
  | "cos"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "sinh"
  | "cosh"
  | "asinh"
  | "acosh"
  | "atanh"
  | "erf"
  | "erfc"
  | "lgamma"
  | "digamma";

/** Operands of one type and shape. Integer `divide` truncates; `remainder` has the dividend's sign. */
export type BinaryOpcode =
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "remainder"
  | "power"
  | "maximum"
  | "minimum"
  | "atan2"
  | "and"
  | "or"
  | "xor"
  | "shiftLeft"
  | "shiftRightArithmetic"
  | "shiftRightLogical";

export type Direction = "EQ" | "NE" | "LT" | "LE" | "GT" | "GE";

/** What a reduction combines by. maximum and minimum pass NaN on. */
export type Reducer = "add" | "multiply" | "maximum" | "minimum" | "and" | "or";

/** What scatter does with an update; "set" writes the last one in index order. */
export type Combiner = "set" | "add" | "subtract" | "multiply" | "divide" | "maximum" | "minimum";

export interface Window {
  readonly size: readonly number[];
  readonly strides: readonly number[];
  /** [low, high] for each dimension. */
  readonly padding: readonly (readonly [number, number])[];
  /** Dilation of the window. */
  readonly dilation: readonly number[];
  /** Dilation of the base. */
  readonly baseDilation: readonly number[];
}

/** Attributes by opcode; opcodes with none are not listed. */
export interface Attributes {
  parameter: { readonly index: number };
  /**
   * A whole array; a scalar one is a literal inside kernels. `fromExtents` marks a number that was computed from shapes
   * (a mean's count): it may be another one at the next batch size, so `simplify` must not look at its value.
   */
  constant: { readonly value: NdArray; readonly fromExtents?: boolean };
  iota: { readonly dimension: number };
  compare: { readonly direction: Direction };
  /** Operand dimension i becomes result dimension `dimensions[i]` (increasing); size 1 does not stretch: reshape first. */
  broadcast: { readonly dimensions: readonly number[] };
  transpose: { readonly permutation: readonly number[] };
  reverse: { readonly dimensions: readonly number[] };
  slice: {
    readonly start: readonly number[];
    readonly limit: readonly number[];
    readonly strides: readonly number[];
  };
  /** Operands: array, scalar padding value. Negative edges cut. */
  pad: {
    readonly low: readonly number[];
    readonly high: readonly number[];
    readonly interior: readonly number[];
  };
  concatenate: { readonly dimension: number };
  /** Operands: array, then one int32 scalar start for each dimension, clamped as in XLA. */
  dynamicSlice: { readonly sizes: readonly number[] };
  /** Operands: array, int32 or int64 indices. Result: dims[:axis] + indices.dims + dims[axis+1:]. An index out of range is a fault and reads 0. */
  gather: { readonly axis: number };
  /** Operands: array, indices [n...], updates [n..., array.dims[1:]]. Along axis 0. An index out of range is a fault and is skipped. */
  scatter: { readonly combiner: Combiner };
  /** Operand and no init value: an empty reduction gives the reducer's identity. Result drops `dimensions`. */
  reduce: { readonly reducer: Reducer; readonly dimensions: readonly number[] };
  /** Index (int32) of the first largest or smallest along one dimension; NaN never wins, 0 where all are NaN. */
  argReduce: { readonly reducer: "maximum" | "minimum"; readonly dimension: number };
  reduceWindow: { readonly reducer: Reducer; readonly window: Window };
  /** Inclusive or exclusive running combination along one dimension. */
  cumulative: {
    readonly reducer: Reducer;
    readonly dimension: number;
    readonly exclusive: boolean;
    readonly reverse: boolean;
  };
  /** Batch dimensions first in the result, then the lhs's free ones, then the rhs's. */
  dot: {
    readonly lhsBatch: readonly number[];
    readonly rhsBatch: readonly number[];
    readonly lhsContracting: readonly number[];
    readonly rhsContracting: readonly number[];
  };
  /** lhs [N, spatial..., C], rhs [spatial..., C / groups, O], result [N, spatial..., O]. */
  convolution: { readonly window: Window; readonly featureGroupCount: number };
  /** uint32 result; operands: key uint32 [2], counter uint32 [4]. Philox 4x32-10, TensorFlow's order of outputs. */
  rngBitGenerator: { readonly algorithm: "philox" };
  /** Sorts along the last dimension, stably, NaN as the largest; extra operands follow the first. One result an operand: see `resultsOf`. */
  sort: { readonly descending: boolean };
  /** Picks result `index` of a sort or customCall. */
  getTupleElement: { readonly index: number };
  /** A kernel that a backend has by name; its results' shapes are given. */
  customCall: {
    readonly name: string;
    readonly attributes: Readonly<Record<string, unknown>>;
    readonly results: readonly { readonly dtype: HloDType; readonly dims: readonly number[] }[];
  };
}

export type Opcode =
  | UnaryOpcode
  | BinaryOpcode
  | keyof Attributes
  | "select"
  | "clamp"
  | "convert"
  | "bitcastConvert"
  | "reshape"
  | "dynamicUpdateSlice";

/** A value: one operation's result. Immutable; made by HloBuilder, which infers and checks dtype and dims. */
export interface HloInstruction<O extends Opcode = Opcode> {
  readonly id: number;
  readonly opcode: O;
  readonly dtype: HloDType;
  readonly dims: readonly number[];
  readonly operands: readonly HloInstruction[];
  readonly attributes: O extends keyof Attributes ? Attributes[O] : Attributes[keyof Attributes] | undefined;
  /** Which node of the graph it was made for (HloBuilder.site): XLA's OpMetadata as a number. Passes hand it on; it means nothing to a kernel. */
  readonly site?: number;
}

/** A straight-line program: instructions in topological order, parameters by index, any number of roots. */
export interface HloComputation {
  readonly name: string;
  readonly parameters: readonly HloInstruction[];
  readonly instructions: readonly HloInstruction[];
  readonly roots: readonly HloInstruction[];
}

/** The attributes of an instruction whose opcode is known. Throws a TypeError where it is another one. */
export function attributesOf<O extends keyof Attributes>(
  instruction: HloInstruction,
  opcode: O,
): Attributes[O] {
  if (instruction.opcode !== opcode)
    throw new TypeError(`Instruction ${instruction.id} is ${instruction.opcode}, not ${opcode}`);
  return instruction.attributes as Attributes[O];
}
