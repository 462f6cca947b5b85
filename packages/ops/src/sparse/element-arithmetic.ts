// Arithmetic on the elements of arrays of any numeric type, for host kernels whose shapes data tells (sums of sparse tensors ...): results are
// rounded or wrapped as the type's own are. Not for dense arrays: those are lowered.
import {
  allocateData,
  type DType,
  dtypes,
  fromBits,
  isNarrowFloat,
  type NarrowFloat,
  type NdArray,
  ndArray,
  toBits,
} from "@org/tensor";

/** A number of the type; [re, im] of a complex one. */
export type Num = number | bigint | readonly [re: number, im: number];

/** What numbers of one type can do. */
export interface Arithmetic {
  readonly zero: Num;
  add(a: Num, b: Num): Num;
  multiply(a: Num, b: Num): Num;
  /** Quotient; of integers the one towards zero. Throws a RangeError for an integer divided by zero. */
  divide(a: Num, b: Num): Num;
  /** The larger and the smaller: not of complex numbers. */
  max(a: Num, b: Num): Num;
  min(a: Num, b: Num): Num;
  /** How large, for comparison with a real threshold. */
  magnitude(a: Num): number | bigint;
}

// Not Math.max and Math.min: what comes first stays where one is NaN, as Eigen has it.
const larger = (a: Num, b: Num): Num => {
  if (a < b) return b;
  return a;
};
const smaller = (a: Num, b: Num): Num => {
  if (b < a) return b;
  return a;
};

const floats = (round: (x: number) => number): Arithmetic => ({
  zero: 0,
  add: (a, b) => round((a as number) + (b as number)),
  multiply: (a, b) => round((a as number) * (b as number)),
  divide: (a, b) => round((a as number) / (b as number)),
  max: larger,
  min: smaller,
  magnitude: (a) => Math.abs(a as number),
});

/** Integers of up to 32 bits; storing them wraps. */
const integers: Arithmetic = {
  ...floats((x) => x),
  multiply: (a, b) => Math.imul(a as number, b as number),
  divide: (a, b) => {
    if (b === 0) throw new RangeError("Integer division by zero");
    return Math.trunc((a as number) / (b as number));
  },
};

/** 64-bit integers; storing them wraps. */
const wideIntegers: Arithmetic = {
  zero: 0n,
  add: (a, b) => (a as bigint) + (b as bigint),
  multiply: (a, b) => (a as bigint) * (b as bigint),
  divide: (a, b) => {
    if (b === 0n) throw new RangeError("Integer division by zero");
    return (a as bigint) / (b as bigint);
  },
  max: larger,
  min: smaller,
  magnitude: (a) => ((a as bigint) < 0n ? -(a as bigint) : (a as bigint)),
};

type Pair = readonly [number, number];

const complexNumbers = (round: (x: number) => number): Arithmetic => {
  const pairs = (f: (a: Pair, b: Pair) => Pair) => (a: Num, b: Num) => {
    const [re, im] = f(a as Pair, b as Pair);
    return [round(re), round(im)] as const;
  };
  const unordered = (): never => {
    throw new TypeError("Complex numbers have no order");
  };
  return {
    zero: [0, 0],
    add: pairs(([a, b], [c, d]) => [a + c, b + d]),
    multiply: pairs(([a, b], [c, d]) => [a * c - b * d, a * d + b * c]),
    divide: pairs(([a, b], [c, d]) => {
      const size = c * c + d * d;
      return [(a * c + b * d) / size, (b * c - a * d) / size];
    }),
    max: unordered,
    min: unordered,
    magnitude: (a) => Math.hypot(...(a as Pair)),
  };
};

/** What numbers of `dtype` can do. Throws a TypeError for a type that is not numeric. */
export function arithmeticOf(dtype: DType): Arithmetic {
  if (dtype === "float32") return floats(Math.fround);
  if (isNarrowFloat(dtype))
    return floats((x) => fromBits(dtype as NarrowFloat, toBits(dtype as NarrowFloat, x)));
  if (dtype === "complex64") return complexNumbers(Math.fround);
  if (dtype === "complex128") return complexNumbers((x) => x);
  if (dtype === "int64" || dtype === "uint64") return wideIntegers;
  const { kind } = dtypes[dtype];
  if (kind === "float") return floats((x) => x);
  if (kind === "int" || kind === "uint") return integers;
  throw new TypeError(`${dtype} is not numeric`);
}

/** The elements of a numeric array. */
export function numbersIn({ dtype, data }: NdArray): Num[] {
  if (dtypes[dtype].kind === "complex") {
    const parts = data as Float64Array;
    return Array.from({ length: parts.length / 2 }, (_, i) => [parts[2 * i]!, parts[2 * i + 1]!] as const);
  }
  const plain = Array.from(data as unknown as ArrayLike<number | bigint>);
  return isNarrowFloat(dtype) ? plain.map((bits) => fromBits(dtype as NarrowFloat, Number(bits))) : plain;
}

/** An array of numbers. */
export function numericArray(dtype: DType, shape: readonly number[], values: readonly Num[]): NdArray {
  const data = allocateData(dtype, values.length) as unknown as (number | bigint)[];
  const isPair = dtypes[dtype].kind === "complex";
  values.forEach((value, i) => {
    if (isPair) [data[2 * i], data[2 * i + 1]] = value as Pair;
    else data[i] = isNarrowFloat(dtype) ? toBits(dtype as NarrowFloat, value as number) : (value as number);
  });
  return ndArray(dtype, shape, data as never);
}
