// Conversions between element types. To a float: nearest, ties to even (float64 to half by way of float32). Float to
// integer: towards zero, saturating, NaN to 0. Integer to integer: wraps. To bool: whether it is not 0 (NaN is not).
import { dtypes, sizeOf, viewData } from "@org/tensor";
import type { HloDType } from "../instruction.ts";
import { isFloat } from "../opcodes.ts";
import { allocateNumbers, bitsOf, fromNumbers, type HloArray, isWide, numbersOf } from "./array.ts";

/** The array with its numbers as `dtype`. */
export function convertArray(array: HloArray, dtype: HloDType): HloArray {
  const { dims } = array;
  const from = numbersOf(array);
  const to = allocateNumbers(dtype, sizeOf(dims));
  const convert = elementConversion(array.dtype, dtype) as (x: number) => number;
  for (let i = 0; i < to.length; i++) (to as Float32Array)[i] = convert((from as Float32Array)[i]!);
  return fromNumbers(dtype, dims, to);
}

function elementConversion(from: HloDType, to: HloDType): (x: never) => number | bigint {
  if (to === "bool")
    return isWide(from) ? (x: bigint) => (x === 0n ? 0 : 1) : (x: number) => (x === 0 ? 0 : 1);
  if (isFloat(to)) {
    if (!isWide(from)) return (x: number) => x;
    return to === "float64" ? (x: bigint) => Number(x) : wideToFloat32;
  }
  if (isFloat(from)) {
    const [low, high] = integerRange(to);
    if (!isWide(to)) {
      const [min, max] = [Number(low), Number(high)];
      return (x: number) => (Number.isNaN(x) ? 0 : Math.min(Math.max(Math.trunc(x), min), max));
    }
    return (x: number) =>
      Number.isNaN(x) ? 0n : x >= Number(high) ? high : x <= Number(low) ? low : BigInt(Math.trunc(x));
  }
  if (isWide(to)) return isWide(from) ? (x: bigint) => x : (x: number) => BigInt(x);
  return isWide(from) ? (x: bigint) => Number(BigInt.asIntN(32, x)) : (x: number) => x;
}

/** The least and greatest integer of a type. */
export function integerRange(dtype: HloDType): readonly [bigint, bigint] {
  const bits = BigInt(bitsOf(dtype));
  return dtypes[dtype].kind === "int"
    ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n]
    : [0n, (1n << bits) - 1n];
}

/** One rounding, not two: cuts to 53 bits, and the last of them remembers what was cut. */
function wideToFloat32(x: bigint): number {
  const magnitude = x < 0n ? -x : x;
  const excess = BigInt(Math.max(magnitude.toString(2).length - 53, 0));
  const cut = magnitude >> excess;
  const sticky = cut << excess === magnitude ? cut : cut | 1n;
  return Math.fround(Number((x < 0n ? -sticky : sticky) << excess));
}

/** The array with its bits as `dtype`, of the same width. */
export function bitcastArray(array: HloArray, dtype: HloDType): HloArray {
  const { buffer, byteOffset, byteLength } = array.data;
  const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  return { dtype, dims: array.dims, data: viewData(dtype, bytes) };
}
