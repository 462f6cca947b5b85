// How far two arrays are apart, in units in the last place of their type.
import type { NdArray } from "@org/tensor";
import { numbersOf } from "../evaluator/array.ts";
import type { HloDType } from "../instruction.ts";
import { isFloat } from "../opcodes.ts";

/** Below it numbers are subnormal: float16 is computed in float32, where its subnormals are not. */
const leastNormal = (dtype: HloDType): number => (dtype === "float64" ? 2 ** -1022 : 2 ** -126);

/** Bits of precision. */
const precision: Readonly<Record<string, number>> = { float64: 53, float32: 24, float16: 11, bfloat16: 8 };

/**
 * Says where `actual` is not `expected` within `ulps` (a sum's error counts against the largest magnitude of the result);
 * undefined where it is. With `flushesSubnormals` 0 is right where a subnormal float is due. NaN equals NaN, zeros are equal, infinities must be the same.
 */
export function difference(
  actual: NdArray,
  expected: NdArray,
  ulps: number,
  flushesSubnormals = false,
): string | undefined {
  if (actual.dtype !== expected.dtype || `${actual.shape}` !== `${expected.shape}`)
    return `got ${actual.dtype}[${actual.shape}], not ${expected.dtype}[${expected.shape}]`;
  const dtype = expected.dtype as HloDType;
  const numbers = (array: NdArray): ArrayLike<number | bigint> =>
    numbersOf({ dtype, dims: array.shape, data: array.data as never });
  const [got, wanted] = [numbers(actual), numbers(expected)];
  const float = isFloat(dtype);
  let largest = 0;
  if (float && ulps > 16)
    for (let i = 0; i < wanted.length; i++)
      if (Number.isFinite(wanted[i])) largest = Math.max(largest, Math.abs(Number(wanted[i])));
  for (let i = 0; i < wanted.length; i++) {
    const [a, e] = [got[i]!, wanted[i]!];
    if (a === e || (Number.isNaN(a) && Number.isNaN(e))) continue;
    if (flushesSubnormals && float && Number(a) === 0 && Math.abs(Number(e)) < leastNormal(dtype)) continue;
    const magnitude = Math.max(Math.abs(Number(e)), largest, 2 ** -126);
    const unit = 2 ** (Math.floor(Math.log2(magnitude)) + 1 - (precision[dtype] ?? 0));
    if (float && Math.abs(Number(a) - Number(e)) <= ulps * unit) continue;
    return `element ${i} is ${a}, not ${e}`;
  }
  return undefined;
}
