// Sums of complex arrays, for updates of variables on the host.
import type { NdArray } from "@org/tensor";

/** `a + sign b`, element by element: complex arrays of one shape, or real ones of floats. */
export function sumOfComplex(a: NdArray, b: NdArray, sign: 1 | -1): NdArray {
  const data = (a.data as Float64Array).slice();
  for (let i = 0; i < data.length; i++) data[i] = data[i]! + sign * (b.data as Float64Array)[i]!;
  return { ...a, data };
}
