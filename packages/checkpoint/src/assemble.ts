// Puts a tensor, or a part of it, together from the slices that were saved.
import { TfError } from "@org/errors";
import { allocateData, type DType, dtypes, type NdArray, ndArray, sizeOf } from "@org/tensor";
import {
  fullSlice,
  intersectSlices,
  relativeSlice,
  sliceShape,
  sliceToString,
  type TensorSlice,
} from "./tensor-slice.ts";

/** A slice that lies in the checkpoint, and how to read it whole. */
export interface StoredSlice {
  readonly slice: TensorSlice;
  read(): Promise<NdArray>;
}

/**
 * The part `wanted` of a tensor from `stored`, reading only what meets it; each element must be there.
 * INVALID_ARGUMENT "Does not have sufficient slices for partitioned tensor ..." where one is not.
 */
export async function assembleSlices(
  name: string,
  dtype: DType,
  shape: readonly number[],
  stored: readonly StoredSlice[],
  wanted: TensorSlice = fullSlice(shape.length),
): Promise<NdArray> {
  const outShape = sliceShape(wanted, shape, "INVALID_ARGUMENT");
  const total = sizeOf(outShape);
  const parts = stored.flatMap((part) => {
    const common = intersectSlices(part.slice, wanted);
    const count = common ? sizeOf(sliceShape(common, shape)) : 0;
    return count > 0 ? [{ part, count }] : [];
  });
  if (parts.reduce((sum, { count }) => sum + count, 0) !== total) {
    throw new TfError(
      "INVALID_ARGUMENT",
      `Does not have sufficient slices for partitioned tensor ${name} to restore in slice_spec: ${sliceToString(wanted)}`,
      { key: name },
    );
  }
  // The largest part is read first, before room for all is made: sizes that a damaged file only claims become no memory.
  parts.sort((a, b) => b.count - a.count);
  let out: NdArray | undefined = total === 0 ? ndArray(dtype, outShape, allocateData(dtype, 0)) : undefined;
  for (const { part } of parts) {
    const value = await part.read();
    out ??= ndArray(dtype, outShape, allocateData(dtype, total));
    copySlice(shape, part.slice, value, wanted, out);
  }
  return out!;
}

/**
 * Copies what the slices `fromSlice` and `toSlice` of a tensor of `shape` share out of `from` into `to`, which hold them; false where they do
 * not meet. As CopyDataFromTensorSliceToTensorSlice.
 */
export function copySlice(
  shape: readonly number[],
  fromSlice: TensorSlice,
  from: NdArray,
  toSlice: TensorSlice,
  to: NdArray,
): boolean {
  const common = intersectSlices(fromSlice, toSlice);
  if (!common) return false;
  const block = (array: NdArray, slice: TensorSlice): Block => ({
    data: array.data,
    shape: array.shape,
    start: relativeSlice(slice, common).starts,
  });
  copyBlock(block(from, fromSlice), block(to, toSlice), sliceShape(common, shape), dtypes[from.dtype].width);
  return true;
}

interface Block {
  readonly data: NdArray["data"];
  readonly shape: readonly number[];
  readonly start: readonly number[];
}

/** Copies a block of `size` between two row-major arrays, a run of the last dimension at a time. */
function copyBlock(from: Block, to: Block, size: readonly number[], width: number): void {
  const rank = size.length;
  const strides = (shape: readonly number[]): number[] => {
    const result = new Array<number>(rank).fill(width);
    for (let i = rank - 2; i >= 0; i--) result[i] = result[i + 1]! * shape[i + 1]!;
    return result;
  };
  const fromStrides = strides(from.shape);
  const toStrides = strides(to.shape);
  const run = rank === 0 ? width : size[rank - 1]! * width;
  const walk = (dim: number, source: number, target: number): void => {
    if (dim >= rank - 1) {
      const at = source + (rank === 0 ? 0 : from.start[dim]! * width);
      const into = target + (rank === 0 ? 0 : to.start[dim]! * width);
      if (Array.isArray(to.data))
        for (let i = 0; i < run; i++) to.data[into + i] = (from.data as unknown[])[at + i] as never;
      else (to.data as Float32Array).set((from.data as Float32Array).subarray(at, at + run), into);
      return;
    }
    for (let i = 0; i < size[dim]!; i++) {
      walk(
        dim + 1,
        source + (from.start[dim]! + i) * fromStrides[dim]!,
        target + (to.start[dim]! + i) * toStrides[dim]!,
      );
    }
  };
  walk(0, 0, 0);
}
