// A tensor's value: a dense row-major array with dtype and shape. Plain data that needs no disposing.
import { allocateData, type DataOf, type DType, dtypes } from "./dtype.ts";

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
