// What a data set is while a graph runs: something that can be gone through, again and again, element by element. It travels between ops as a
// variant that carries the object itself. Source: core/framework/dataset.h.
import type { DType, NdArray, Shape } from "@org/tensor";
import { dtypeString, ndArray } from "@org/tensor";
import type { HostContext } from "../op-entry.ts";
import type { Iteration } from "./iteration.ts";

/** The components of one element. */
export type DataElement = readonly NdArray[];

/** One way through a data set. Calls of `next` come one after another. */
export interface DataIterator {
  /** undefined at the end. What it rejects with ends nothing: the next call goes on behind it. */
  next(): Promise<DataElement | undefined>;
  /** Gives up files and what runs in the background. */
  close(): void | Promise<void>;
}

export interface Dataset {
  /** "RangeDataset", for messages and places. */
  readonly type: string;
  readonly dtypes: readonly DType[];
  readonly shapes: readonly Shape[];
  /** Begins at the first element. `place` tells where among the data sets of an iterator this one is. */
  iterate(iteration: Iteration, place: string): DataIterator;
  /** The same with some data sets that it is made of replaced: what OptimizeDataset needs. Absent where it is made of none. */
  rebuilt?(replace: (input: Dataset) => Dataset): Dataset;
}

/** The value of a data set. */
export const datasetValue = (dataset: Dataset): NdArray => ndArray("variant", [], [dataset] as never);

/** The data set that a value carries. Throws TfError INVALID_ARGUMENT where it is none. */
export function datasetOf(c: Pick<HostContext, "fail">, value: NdArray): Dataset {
  const [found] = value.data as unknown as readonly Partial<Dataset>[];
  if (value.dtype !== "variant" || value.shape.length !== 0)
    c.fail("INVALID_ARGUMENT", "Dataset tensor must be a scalar of dtype DT_VARIANT.");
  if (typeof found?.iterate !== "function") c.fail("INVALID_ARGUMENT", "Tensor must be a Dataset object.");
  return found as Dataset;
}

/** Throws TfError INVALID_ARGUMENT where types differ, or shapes cannot be of one thing. */
export function checkStructure(
  fail: (code: "INVALID_ARGUMENT", sentence: string) => never,
  expected: Pick<Dataset, "dtypes" | "shapes">,
  received: Pick<Dataset, "dtypes" | "shapes">,
): void {
  const refuse = (sentence: string): never => fail("INVALID_ARGUMENT", sentence);
  for (const what of ["dtypes", "shapes"] as const)
    if (expected[what].length !== received[what].length)
      refuse(
        `Number of components does not match: expected ${expected[what].length} ${what === "dtypes" ? "types" : "shapes"} but got ${received[what].length}.`,
      );
  for (const [i, dtype] of expected.dtypes.entries())
    if (dtype !== received.dtypes[i])
      refuse(
        `Data type mismatch at component ${i}: expected ${dtypeString(dtype)} but got ${dtypeString(received.dtypes[i]!)}.`,
      );
  for (const [i, shape] of expected.shapes.entries())
    if (!shape.isCompatibleWith(received.shapes[i]!))
      refuse(`Incompatible shapes at component ${i}: expected ${shape} but got ${received.shapes[i]}.`);
}
