// A truth value as host kernels return it.
import { type NdArray, ndArray } from "@org/tensor";

/** A scalar bool. */
export function hostBool(value: boolean): NdArray {
  return ndArray("bool", [], Uint8Array.of(value ? 1 : 0));
}
