// Values that leave a run, as arrays of the caller's own.
import { TfError } from "@org/errors";
import type { NdArray } from "@org/tensor";
import type { Value } from "./values.ts";

/** Arrays of fetched values, whose references are given up. At once where everything is on the host or comes there at once. */
export function readOut(values: readonly Value[]): readonly NdArray[] | Promise<readonly NdArray[]> {
  const arrays: (NdArray | Promise<NdArray>)[] = new Array(values.length);
  let waits = false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value.kind !== "tensor") throw new TfError("INTERNAL", "A Ref was fetched");
    const array = value.handOut();
    if (array instanceof Promise) waits = true;
    arrays[i] = array;
  }
  return waits ? Promise.all(arrays) : (arrays as NdArray[]);
}
