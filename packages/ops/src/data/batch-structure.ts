// What is known of batches of elements. Source: BatchDataset and PaddedBatchDataset in python/data/ops/dataset_ops.py.
import { constantValue, type Tensor } from "@org/graph";
import { type NdArray, ndArray, Shape } from "@org/tensor";
import { convertToTensor } from "../convert.ts";
import type { Structure } from "./structure.ts";

const scalarBool = (value: boolean): NdArray => ndArray("bool", [], Uint8Array.of(value ? 1 : 0));

/** Whether a last batch that is smaller is left out, as a tensor. */
export const dropTensor = (drop: boolean | Tensor | undefined): Tensor =>
  convertToTensor(typeof drop === "object" ? drop : scalarBool(drop ?? false), {
    dtype: "bool",
    name: "drop_remainder",
  });

/** Whether it is known that a smaller batch is kept. */
export function keepsRemainder(drop: Tensor): boolean {
  const known = constantValue(drop);
  return known !== undefined && !(known.data as Uint8Array)[0];
}

/** Rows of a batch: known where no batch is smaller. */
function rowsOf(size: Tensor, drop: Tensor): number | null {
  const dropped = constantValue(drop);
  const known = dropped && (dropped.data as Uint8Array)[0] ? constantValue(size) : undefined;
  return known ? Number((known.data as BigInt64Array)[0]) : null;
}

/** Elements with a dimension for the batch more; `shapes`: of its rows, where they are others than the elements'. */
export function batched(
  structure: Structure,
  size: Tensor,
  drop: Tensor,
  shapes: readonly Shape[] = structure.components.map(({ shape }) => shape),
): Structure {
  const rows = new Shape([rowsOf(size, drop)]);
  const components = structure.components.map(({ dtype }, i) => ({
    dtype,
    shape: rows.concat(shapes[i]!),
  }));
  return { form: structure.form, components };
}
