// Puts a tensor, or a part of it, together from the slices that were saved.
import { TfError } from "@org/errors";
import { allocateData, type DType, dtypes, type NdArray, ndArray, sizeOf } from "@org/tensor";
import { fullSlice, intersectSlices, sliceShape, sliceToString, type TensorSlice } from "./tensor-slice.ts";

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
  const outShape = sliceShape(wanted, shape);
  const total = sizeOf(outShape);
  const parts: { stored: StoredSlice; start: readonly number[]; size: readonly number[]; count: number }[] =
    [];
  for (const part of stored) {
    const common = intersectSlices(part.slice, wanted, shape);
    const count = common ? sizeOf(common.size) : 0;
    if (common && count > 0) parts.push({ stored: part, ...common, count });
  }
  if (parts.reduce((sum, { count }) => sum + count, 0) !== total) {
    throw new TfError(
      "INVALID_ARGUMENT",
      `Does not have sufficient slices for partitioned tensor ${name} to restore in slice_spec: ${sliceToString(wanted)}`,
      { key: name },
    );
  }
  // The largest part is read first, before room for all is made: sizes that a damaged file only claims become no memory.
  parts.sort((a, b) => b.count - a.count);
  let data = total === 0 ? allocateData(dtype, 0) : undefined;
  for (const { stored: part, start, size } of parts) {
    const value = await part.read();
    data ??= allocateData(dtype, total);
    copyBlock(
      { data: value.data, shape: value.shape, start: start.map((at, i) => at - part.slice.starts[i]!) },
      { data, shape: outShape, start: start.map((at, i) => at - wanted.starts[i]!) },
      size,
      dtypes[dtype].width,
    );
  }
  return ndArray(dtype, outShape, data!);
}

interface Block {
  readonly data: NdArray["data"];
  readonly shape: readonly number[];
  readonly start: readonly number[];
}

/** Copies a block of `size` between two row-major arrays, a run of the last dimension at a time. */
export function copyBlock(from: Block, to: Block, size: readonly number[], width: number): void {
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
