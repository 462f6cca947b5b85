// A tensor's value: a dense row-major array with dtype and shape. Plain data that needs no disposing.
import { allocateData, type DataOf, type DType, dtypes, isDataOf } from "./dtype.ts";

/** Dense, row-major. `data` holds `shape`'s product of elements (twice that many numbers for complex types). */
export interface NdArray<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: DataOf<D>;
}

/** Elements of a shape: the product of its dims. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const dim of shape) size *= dim;
  return size;
}

/**
 * An NdArray over existing data (not copied), or zeros.
 * Throws a RangeError where `data` does not have the elements that `shape` asks for.
 */
export function ndArray<D extends DType>(dtype: D, shape: readonly number[], data?: DataOf<D>): NdArray<D> {
  const size = sizeOf(shape);
  const array = data ?? allocateData(dtype, size);
  if (array.length !== size * dtypes[dtype].width) {
    throw new RangeError(
      `${dtype} of shape [${shape}] needs ${size} elements, got ${array.length / dtypes[dtype].width}`,
    );
  }
  return { dtype, shape, data: array };
}

/**
 * Throws a TypeError for an NdArray that is not what it says, as one that was put together by hand may be: dims that are none, data of
 * another type, or of another number of elements. Whoever takes an array from outside asks this before it reads.
 */
export function checkNdArray({ dtype, shape, data }: NdArray): void {
  const isShape = Array.isArray(shape) && shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0);
  if (!isShape) throw new TypeError(`[${String(shape)}] is not a shape`);
  if (!isDataOf(dtype, data)) throw new TypeError(`The data of this array is not what ${dtype} is kept in`);
  const count = sizeOf(shape) * dtypes[dtype].width;
  if (data.length !== count)
    throw new TypeError(
      `${dtype} of shape [${shape}] needs ${count} elements in its data, not ${data.length}`,
    );
}
