// A plain value that a variable starts from, as an array of the type that the variable gets.
import type { DType, NdArray } from "@org/tensor";
import type { ValueLike } from "../tensor-like.ts";
import { toNdArray } from "../to-nd-array.ts";

/** A value to start from: bare numbers get the variable's type, all else its own. */
export function initialArray(value: ValueLike, dtype: DType): NdArray {
  let first: unknown = value;
  while (Array.isArray(first)) first = first[0];
  return toNdArray(value, typeof first === "number" ? dtype : undefined);
}
